"""Native requests become plans, or are refused with the path of what is wrong."""

from typing import Any

import pytest

from api.gemini.decode import Asked, decode, decode_count
from api.gemini.parameters import MATRIX, PART_MATRIX
from api.gemini.schema import GenerateContentRequest, GenerationConfig, Part, ToolConfig
from domain.attachments import FileReference
from domain.errors import BadRequest, Unsupported
from domain.events import ToolCall
from domain.requests import (
    HarmCategory,
    HarmThreshold,
    MediaResolution,
    OutputFormat,
    Sampling,
    Text,
    Tool,
    ToolResult,
    Turn,
)
from domain.thinking import ThinkingAsked
from tests.api.gemini_harness import MODEL, says

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING", "nullable": True}},
        "required": ["city"],
    },
}


def read(document: Any = None, *, strict: bool = False, **fields: Any) -> Asked:
    return decode({**says(), **fields} if document is None else document, MODEL, strict=strict)


def config(**fields: Any) -> Asked:
    return read(generationConfig=fields)


def turns(*contents: Any) -> tuple[Turn, ...]:
    return read({"contents": list(contents)}).plan.request.turns


def parts(*given: Any, role: str = "user") -> tuple[Any, ...]:
    [turn] = turns({"role": role, "parts": list(given)})
    return turn.parts


def refused(document: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(document)
    return caught.value


@pytest.mark.parametrize(
    "contents",
    [
        "hi",
        ["hi"],
        {"parts": {"text": "hi"}},
        {"parts": "hi"},
        [{"parts": [{"text": "hi"}]}],
        [{"role": "user", "parts": ["h", "i"]}],
        [{"role": "USER", "parts": [{"text": "hi"}]}],
        [[{"text": "hi"}]],
    ],
)
def test_contents_come_in_many_forms(contents: Any) -> None:
    assert read({"contents": contents}).plan.request.turns == (Turn.of("user", "hi"),)


@pytest.mark.parametrize(
    "instruction",
    [
        "Be brief.",
        {"parts": [{"text": "Be brief."}]},
        {"role": "system", "parts": {"text": "Be brief."}},
        [{"text": "Be brief."}],
    ],
)
@pytest.mark.parametrize("name", ["systemInstruction", "system_instruction"])
def test_instruction_comes_in_many_forms(name: str, instruction: Any) -> None:
    assert read(**{name: instruction}).plan.request.system == "Be brief."


def test_both_spellings_of_names_are_one() -> None:
    camel = config(topP=0.5, maxOutputTokens=7, stopSequences=["x"], thinkingConfig={"thinkingBudget": 5})
    snake = read(
        generation_config={
            "top_p": 0.5,
            "max_output_tokens": "7",
            "stop_sequences": ["x"],
            "thinking_config": {"thinking_budget": 5},
        }
    )
    assert camel == snake
    assert camel.plan.request.sampling == Sampling(None, 0.5, 7, ("x",))
    assert camel.thinking == ThinkingAsked(budget=5, param="generationConfig.thinkingConfig.thinkingBudget")


def test_null_means_not_given() -> None:
    assert config(temperature=None, seed=None, speechConfig=None) == read()


def test_what_protocol_buffers_call_empty_means_not_given() -> None:
    """Generated clients write fields that were never set as empty text."""
    content = {"role": "", "parts": [{"text": "x"}]}
    asked = read({"contents": [content], "cachedContent": "", "serviceTier": "", "tools": []})
    assert asked.plan.request.turns == (Turn.of("user", "x"),)
    assert not asked.ignored


def test_candidate_count_is_the_number_of_choices() -> None:
    assert config(candidateCount=3).plan.choices == 3


@pytest.mark.parametrize("name", ["inlineData", "inline_data"])
@pytest.mark.parametrize("kind", ["mimeType", "mime_type"])
def test_inline_data_is_a_file_in_its_place(name: str, kind: str) -> None:
    found = parts({"text": "a"}, {name: {kind: "image/png", "data": "-_8="}}, {"text": "b"})
    reference = FileReference("data", "-_8=", "contents[0].parts[1].inlineData", None, "image/png")
    assert found == (Text("a"), reference, Text("b"))


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/files/abc123", "file_uri"),
        ("http://127.0.0.1:2048/antigravity/v1beta/files/abc", "file_uri"),
        ("files/abc", "file_uri"),
        ("https://example.com/files/a.png", "url"),
    ],
)
def test_file_uri_is_an_upload_or_an_address(uri: str, source: str) -> None:
    [reference] = parts({"fileData": {"fileUri": uri, "mimeType": "image/png"}})
    assert (reference.source, reference.value, reference.mime_type) == (source, uri, "image/png")


def test_videos_of_other_sites_are_refused_by_name() -> None:
    error = refused({"contents": [{"parts": [{"fileData": {"fileUri": "https://youtu.be/x"}}]}]})
    assert isinstance(error, Unsupported)
    assert "youtu.be" in str(error)


@pytest.mark.parametrize(
    "uri", ["gs://a/a.png", "data:,hello", "file:///a.png", "ftp://example.com/a.png", "http://[::1/a.png"]
)
def test_addresses_that_cannot_be_read_are_refused_by_name(uri: str) -> None:
    error = refused({"contents": [{"parts": [{"fileData": {"fileUri": uri}}]}]})
    assert error.param == "contents[0].parts[0].fileData.fileUri"
    assert uri in str(error)


def test_a_file_described_like_one_of_this_machine_is_no_text() -> None:
    """What the gateway keeps in a file comes from its own reader only, never out of a caller's JSON."""
    blob = {"data": {"head": "", "path": "/etc/passwd", "length": 1}}
    assert refused({"contents": [{"parts": [{"inlineData": blob}]}]}).param == (
        "contents[0].parts[0].inlineData.data"
    )


def test_calls_and_their_results_find_each_other() -> None:
    _, first, second = turns(
        "weather?",
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "sig"},
                {"function_call": {"name": "f", "id": "x"}},
            ],
        },
        {
            "role": "function",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"r": "é"}}},
                {"functionResponse": {"name": "f", "id": "x"}},
            ],
        },
    )
    made = "call_contents[1].parts[0].functionCall"
    assert first.parts == (ToolCall("f", {"a": 1}, made, "sig"), ToolCall("f", {}, "x"))
    assert second == Turn("user", (ToolResult("f", made, '{"r": "é"}'), ToolResult("f", "x", "{}")))


def test_result_by_an_id_that_the_call_did_not_have_is_matched_by_name() -> None:
    *_, answer = turns(
        "weather?",
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
        {"parts": [{"functionResponse": {"name": "f", "id": "mine", "response": {}}}]},
    )
    assert answer.parts == (ToolResult("f", "call_contents[1].parts[0].functionCall", "{}"),)


def test_result_may_carry_files() -> None:
    *_, answer = turns(
        "weather?",
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
        {
            "parts": [
                {
                    "functionResponse": {
                        "name": "f",
                        "parts": [{"inlineData": {"data": "AA==", "mimeType": "image/png"}}],
                    }
                }
            ]
        },
    )
    assert [type(part) for part in answer.parts] == [ToolResult, FileReference]


def test_code_and_its_output_stay_in_the_text() -> None:
    found = parts(
        {"text": "See:"},
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        role="model",
    )
    assert found == (Text("See:\n```python\nprint(1)\n```\n\n```\n1\n```\n"),)


def test_contents_of_the_model_in_a_row_are_one_answer() -> None:
    chunks = [{"role": "model", "parts": [{"text": text}]} for text in ("Hel", "lo", "")]
    assert turns("a", *chunks, "b")[1] == Turn.of("model", "Hello")
    assert len(turns("a", "b")) == 2


def test_thoughts_are_left_out_with_a_turn_of_nothing_else() -> None:
    thought = {"role": "model", "parts": [{"text": "hm", "thought": True, "thoughtSignature": "s"}]}
    assert turns("a", thought, "b") == (Turn.of("user", "a"), Turn.of("user", "b"))
    assert parts({"text": "hm", "thought": True}, {"text": "a"}, {"thoughtSignature": "s"}) == (Text("a"),)


@pytest.mark.parametrize(
    ("entry", "tool"),
    [
        ({"googleSearch": {}}, Tool.GOOGLE_SEARCH),
        ({"google_search": {"searchTypes": {"webSearch": {}}}}, Tool.GOOGLE_SEARCH),
        ({"google_search_retrieval": {}}, Tool.GOOGLE_SEARCH),
        ({"codeExecution": {}}, Tool.CODE_EXECUTION),
        ({"urlContext": {}}, Tool.URL_CONTEXT),
        ({"googleMaps": {"enableWidget": False}}, Tool.GOOGLE_MAPS),
    ],
)
def test_tools_of_the_site_are_switched_on(entry: Any, tool: Tool) -> None:
    asked = read(tools=[entry])
    assert asked.plan.request.tools == {tool}
    assert asked.ignored == ()


def test_function_keeps_its_schema_as_json_schema_and_as_the_sites() -> None:
    [function] = read(tools=[{"functionDeclarations": [WEATHER]}]).plan.request.functions
    assert (function.name, function.description) == ("get_weather", "The weather")
    assert function.schema == {
        "type": "object",
        "properties": {"city": {"type": ["string", "null"]}},
        "required": ["city"],
    }
    assert function.site_schema == {
        "type": "object",
        "properties": {"city": {"type": "string", "nullable": True}},
        "required": ["city"],
    }


def test_function_may_come_with_a_json_schema() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string", "minLength": 1}}}
    declared = {"name": "f", "parameters_json_schema": schema}
    asked = read(tools={"function_declarations": declared})
    assert asked.plan.request.functions[0].schema == schema
    assert "minLength" in asked.notes[0]


@pytest.mark.parametrize(
    ("choice", "names", "must_call"),
    [
        ({}, ["get_weather", "g"], False),
        ({"mode": "AUTO"}, ["get_weather", "g"], False),
        ({"mode": "validated"}, ["get_weather", "g"], False),
        ({"mode": "ANY"}, ["get_weather", "g"], True),
        ({"mode": "ANY", "allowed_function_names": ["g"]}, ["g"], True),
        ({"mode": "NONE"}, [], False),
    ],
)
def test_choice_among_functions(choice: Any, names: list[str], must_call: bool) -> None:
    tools = [{"functionDeclarations": [WEATHER, {"name": "g"}]}]
    plan = read(tools=tools, toolConfig={"functionCallingConfig": choice}).plan
    assert [function.name for function in plan.request.functions] == names
    assert plan.must_call is must_call


def test_json_answer_with_googles_schema() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"n": {"type": "INTEGER"}, "list": {"type": "ARRAY", "items": {"type": "STRING"}}},
        "required": ["n"],
        "propertyOrdering": ["n", "list"],
    }
    output = config(responseMimeType="application/json", responseSchema=schema).plan.request.output
    assert output is not None
    assert output.schema is not None
    assert output.schema["properties"]["list"] == {"type": "array", "items": {"type": "string"}}
    assert output.site_schema is not None
    assert output.site_schema["propertyOrdering"] == ["n", "list"]


def test_json_answer_with_a_json_schema_or_without_any() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    with_schema = config(response_mime_type="application/json", response_json_schema=schema)
    assert with_schema.plan.request.output == OutputFormat(schema, schema)
    assert config(responseMimeType="application/json").plan.request.output == OutputFormat()
    assert config(responseMimeType="text/plain").plan.request.output is None


def test_enum_answer_is_asked_for_as_json() -> None:
    asked = config(responseMimeType="text/x.enum", responseSchema={"type": "STRING", "enum": ["a", "b"]})
    assert asked.style.unquoted
    assert asked.plan.request.output is not None
    assert asked.plan.request.output.schema == {"type": "string", "enum": ["a", "b"]}


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        ({"thinkingBudget": 0}, ThinkingAsked(budget=0)),
        ({"thinkingBudget": -1}, ThinkingAsked(budget=-1)),
        ({"thinkingLevel": "HIGH"}, ThinkingAsked("high")),
        ({"thinking_level": "low"}, ThinkingAsked("low")),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
        ({"includeThoughts": True}, None),
    ],
)
def test_thinking(thinking: Any, expected: ThinkingAsked | None) -> None:
    asked = config(thinkingConfig=thinking)
    found = asked.thinking
    assert (found and (found.effort, found.budget)) == (expected and (expected.effort, expected.budget))
    assert asked.style.include_thoughts is thinking.get("includeThoughts", False)


def test_ignored_parameters_are_named_unless_they_ask_for_nothing() -> None:
    asked = read(
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        labels={},
        serviceTier="STANDARD",
        generationConfig={"topK": 40, "presencePenalty": 0, "responseModalities": ["text"], "seed": 1},
        tools=[{"googleSearchRetrieval": {"dynamic_retrieval_config": {"mode": "MODE_DYNAMIC"}}}],
        contents=[{"parts": [{"text": "x", "videoMetadata": {"fps": 2}}]}],
    )
    assert asked.ignored == (
        "generationConfig.topK",
        "generationConfig.seed",
        "contents.parts.videoMetadata",
        "tools.googleSearchRetrieval.dynamicRetrievalConfig",
    )


def test_strict_refuses_what_would_be_ignored() -> None:
    with pytest.raises(Unsupported, match="STRICT_PARAMETERS") as caught:
        read(strict=True, generationConfig={"topK": 40})
    assert caught.value.param == "generationConfig.topK"


def test_every_field_has_its_row() -> None:
    def names(model: Any) -> set[str]:
        return {field.alias for field in model.model_fields.values()}

    top = {row.name.split(".")[0] for row in MATRIX}
    inside = {row.name.split(".")[1] for row in MATRIX if row.name.startswith("generationConfig.")}
    choice = {row.name.split(".")[1] for row in MATRIX if row.name.startswith("toolConfig.")}
    assert top == names(GenerateContentRequest)
    assert inside == names(GenerationConfig)
    assert choice == names(ToolConfig)
    assert {row.name for row in PART_MATRIX} == names(Part)


def test_count_takes_contents_or_a_whole_request() -> None:
    inner = says("hi", systemInstruction="s", model=f"models/{MODEL}")
    assert decode_count({"generateContentRequest": inner}, MODEL).system == "s"
    assert decode_count(says("hi"), MODEL).turns == (Turn.of("user", "hi"),)
    with pytest.raises(BadRequest, match="either"):
        decode_count({"generateContentRequest": inner, **says()}, MODEL)
    with pytest.raises(BadRequest, match="either"):
        decode_count({}, MODEL)


def test_safety_settings_are_the_pages_sliders() -> None:
    settings = [
        {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"},
        {"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "OFF"},
        {"category": "harm_category_sexually_explicit", "threshold": "block_only_high"},
        {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "threshold": "HARM_BLOCK_THRESHOLD_UNSPECIFIED"},
        {"category": "HARM_CATEGORY_CIVIC_INTEGRITY", "threshold": "BLOCK_NONE"},
    ]
    asked = decode(says("hi", safetySettings=settings), MODEL, strict=False)
    assert asked.plan.request.safety == {
        HarmCategory.HARASSMENT: HarmThreshold.BLOCK_NONE,
        HarmCategory.HATE_SPEECH: HarmThreshold.OFF,
        HarmCategory.SEXUALLY_EXPLICIT: HarmThreshold.BLOCK_ONLY_HIGH,
    }
    assert asked.ignored == ("safetySettings[4].HARM_CATEGORY_CIVIC_INTEGRITY",)
    with pytest.raises(Unsupported, match="CIVIC_INTEGRITY"):
        decode(says("hi", safety_settings=settings), MODEL, strict=True)
    assert decode(says("hi", safetySettings=[]), MODEL, strict=True).plan.request.safety == {}


HARASSMENT = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ([{"category": "HARM_CATEGORY_FUN", "threshold": "OFF"}], "safetySettings[0].category"),
        ([{**HARASSMENT, "category": "HARM_CATEGORY_UNSPECIFIED"}], "safetySettings[0].category"),
        ([HARASSMENT, {**HARASSMENT, "threshold": "BLOCK"}], "safetySettings[1].threshold"),
        ([HARASSMENT, HARASSMENT], "safetySettings[1].category"),
        ([{"category": "HARM_CATEGORY_HARASSMENT"}], "safetySettings[0].threshold"),
        ([{**HARASSMENT, "method": "SEVERITY"}], "safetySettings[0].method"),
    ],
)
def test_wrong_safety_settings_are_refused_by_name(settings: list[dict[str, str]], param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        decode(says("hi", safetySettings=settings), MODEL, strict=False)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("name", "resolution"),
    [
        ("MEDIA_RESOLUTION_LOW", MediaResolution.LOW),
        ("media_resolution_high", MediaResolution.HIGH),
        ("MEDIA_RESOLUTION_UNSPECIFIED", None),
    ],
)
def test_media_resolution_is_the_pages_choice(name: str, resolution: MediaResolution | None) -> None:
    config = {"mediaResolution": name}
    asked = decode(says("hi", generationConfig=config), MODEL, strict=True)
    assert asked.plan.request.media_resolution == resolution


def test_unknown_media_resolution_is_refused_by_name() -> None:
    with pytest.raises(BadRequest) as refused:
        decode(says("hi", generationConfig={"mediaResolution": "ENORMOUS"}), MODEL, strict=False)
    assert refused.value.param == "generationConfig.mediaResolution"
