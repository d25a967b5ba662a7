"""Native requests become plans: settings, tools, formats, and how names are read."""

from typing import Any

import pytest

from api.gemini.decode import decode_count
from api.gemini.parameters import MATRIX, PART_MATRIX
from api.gemini.schema import GenerateContentRequest, GenerationConfig, Part, ToolConfig
from domain.errors import BadRequest, Unsupported
from domain.harms import HarmCategory, HarmThreshold
from domain.requests import (
    MediaResolution,
    OutputFormat,
    Sampling,
    Tool,
    Turn,
)
from domain.thinking import ThinkingAsked
from tests.api.gemini_harness import MODEL, says
from tests.api.gemini_reading import WEATHER, config, read, refused


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


def test_enumerations_may_be_numbers() -> None:
    """Clients that are generated from protocol buffers send them so, asking for numbers in the answer."""
    schema = {"type": 6, "properties": {"x": {"type": 5, "items": {"type": 3}}}}
    numbered: dict[str, Any] = {
        "safetySettings": [{"category": 7, "threshold": 4}],
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": schema, "behavior": 1}]}],
        "toolConfig": {"functionCallingConfig": {"mode": 2}},
        "generationConfig": {"mediaResolution": 1, "responseModalities": [1]},
    }
    named: dict[str, Any] = {
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "f",
                        "parameters": {
                            "type": "OBJECT",
                            "properties": {"x": {"type": "ARRAY", "items": {"type": "INTEGER"}}},
                        },
                    }
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW", "responseModalities": ["TEXT"]},
    }
    assert read(**numbered) == read(**named)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"safetySettings": [{"category": 99, "threshold": 4}]}, "safetySettings[0].category"),
        ({"safetySettings": [{"category": 7, "threshold": True}]}, "safetySettings[0].threshold"),
        ({"toolConfig": {"functionCallingConfig": {"mode": -1}}}, "toolConfig.functionCallingConfig.mode"),
    ],
)
def test_numbers_without_a_name_are_refused(fields: dict[str, Any], param: str) -> None:
    assert refused(says(**fields)).param == param


def test_candidate_count_is_the_number_of_choices() -> None:
    assert config(candidateCount=3).plan.choices == 3


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
    asked = read(safetySettings=settings)
    assert asked.plan.request.safety == {
        HarmCategory.HARASSMENT: HarmThreshold.BLOCK_NONE,
        HarmCategory.HATE_SPEECH: HarmThreshold.OFF,
        HarmCategory.SEXUALLY_EXPLICIT: HarmThreshold.BLOCK_ONLY_HIGH,
    }
    assert asked.ignored == ("safetySettings[4].HARM_CATEGORY_CIVIC_INTEGRITY",)
    with pytest.raises(Unsupported, match="CIVIC_INTEGRITY"):
        read(safety_settings=settings, strict=True)
    assert read(safetySettings=[], strict=True).plan.request.safety == {}


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
    assert refused(says(safetySettings=settings)).param == param


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
    asked = read(generationConfig=config, strict=True)
    assert asked.plan.request.media_resolution == resolution


def test_unknown_media_resolution_is_refused_by_name() -> None:
    error = refused(says(generationConfig={"mediaResolution": "ENORMOUS"}))
    assert error.param == "generationConfig.mediaResolution"
