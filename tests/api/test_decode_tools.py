"""Tools, functions and the choice among them."""

from typing import Any

import pytest

from api.openai.decode import Asked, decode
from domain.errors import BadRequest, TooLarge, Unsupported
from domain.requests import FunctionDeclaration, Plan, Tool
from tests.api.harness import body

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
SEARCH: dict[str, Any] = {"google_search": {}}
ENDPOINT = "https://mcp.example/mcp"


def read(**fields: Any) -> Asked:
    return decode(body(**fields), "m", strict=False)


def plan(**fields: Any) -> Plan:
    return read(**fields).plan


def refusal(**fields: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(**fields)
    return caught.value


def tool(name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **fields}}


def names(of: Plan) -> list[str]:
    return [function.name for function in of.request.functions]


def test_function_is_declared_with_both_schemas() -> None:
    schema = {
        **SCHEMA,
        "additionalProperties": False,
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }
    entry = tool("get_weather", description="Weather", parameters=schema, strict=True)
    assert plan(tools=[entry]).request.functions == (
        FunctionDeclaration("get_weather", "Weather", schema, SCHEMA),
    )
    assert plan(tools=[{"function": entry["function"]}]) == plan(tools=[entry])


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object"}, {"type": "object", "properties": {}}])
def test_function_without_arguments_has_no_schema_on_the_site(parameters: Any) -> None:
    assert plan(tools=[tool(parameters=parameters)]).request.functions[0].site_schema is None


def test_many_losses_make_a_short_note_and_huge_schemas_a_refusal() -> None:
    lossy = {"properties": {f"p{at}": {"minLength": 1} for at in range(500)}}
    (note,) = read(tools=[tool(parameters=lossy)]).notes
    assert note.endswith("$.p9: minLength and 490 more")
    huge = {"description": "x" * 500_000}
    assert isinstance(refusal(tools=[tool(parameters=huge)]), TooLarge)
    error = refusal(response_format={"type": "json_schema", "schema": huge})
    assert (type(error), error.param) == (TooLarge, "response_format.schema")
    assert len(refusal(tools=[tool(parameters={"$ref": "#/" + "x" * 10_000})]).public_message) < 500


def test_choice_of_arguments_is_kept() -> None:
    schema = {"anyOf": [SCHEMA, {"type": "object", "properties": {"zip": {"type": "string"}}}]}
    site = plan(tools=[tool(parameters=schema)]).request.functions[0].site_schema
    assert site == {"type": "object", **schema}


def test_lost_meaning_of_arguments_is_noted() -> None:
    asked = read(tools=[tool(parameters={"properties": {"a": {"minLength": 1}}})])
    assert asked.notes == ("tools[0].function.parameters: the site is not told $.a: minLength",)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"google_search": {}}, Tool.GOOGLE_SEARCH),
        ({"googleSearch": {}}, Tool.GOOGLE_SEARCH),
        ({"google_search_retrieval": {}}, Tool.GOOGLE_SEARCH),
        ({"googleSearchRetrieval": {}}, Tool.GOOGLE_SEARCH),
        ({"type": "google_search"}, Tool.GOOGLE_SEARCH),
        ({"type": "google_search", "google_search": {}}, Tool.GOOGLE_SEARCH),
        ({"url_context": {}}, Tool.URL_CONTEXT),
        ({"type": "urlContext", "function": None}, Tool.URL_CONTEXT),
        ({"code_execution": {}}, Tool.CODE_EXECUTION),
        ({"type": "codeExecution"}, Tool.CODE_EXECUTION),
        ({"type": "function", "function": {"name": "codeExecution"}}, Tool.CODE_EXECUTION),
        ({"type": "function", "function": {"name": "codeExecution", "parameters": {}}}, Tool.CODE_EXECUTION),
        ({"google_maps": {}}, Tool.GOOGLE_MAPS),
        ({"googleMaps": {}}, Tool.GOOGLE_MAPS),
    ],
)
def test_tools_of_the_site_have_many_names(entry: Any, expected: Tool) -> None:
    asked = plan(tools=[entry])
    assert asked.request.tools == {expected}
    assert asked.request.functions == ()


def test_function_named_code_execution_with_arguments_is_a_function() -> None:
    assert names(plan(tools=[tool("codeExecution", parameters=SCHEMA)])) == ["codeExecution"]


def test_web_search_is_google_search_and_its_options_are_named_as_ignored() -> None:
    asked = read(
        web_search_options={
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": {"city": "Bonn"}},
        },
        tools=[{"url_context": {}}],
    )
    assert asked.plan.request.tools == {Tool.GOOGLE_SEARCH, Tool.URL_CONTEXT}
    assert asked.ignored == ("web_search_options.user_location", "web_search_options.search_context_size")


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        ({"type": "custom", "custom": {"name": "x"}}, "tools[0].type"),
        ({"type": "file_search"}, "tools[0].type"),
        ({"type": "web_search"}, "tools[0].type"),
        ({}, "tools[0]"),
        ({"computer_use": {}}, "tools[0]"),
        ({"google_search": {"time_range_filter": {}}}, "tools[0].google_search"),
        ({"google_search": {}, "url_context": {}}, "tools[0].url_context"),
        (tool(deferred=True), "tools[0].function.deferred"),
        ({**tool(), "cache": 1}, "tools[0].cache"),
    ],
)
def test_other_tools_and_options_are_refused_by_path(entry: Any, param: str) -> None:
    error = refusal(tools=[entry])
    assert isinstance(error, Unsupported)
    assert error.param == param


@pytest.mark.parametrize(
    ("entry", "param"),
    [
        ({"type": "function"}, "tools[0].function"),
        ({"type": "function", "function": "f"}, "tools[0].function"),
        ({"type": "function", "function": {}}, "tools[0].function.name"),
        (tool(""), "tools[0].function.name"),
        (tool("a b"), "tools[0].function.name"),
        (tool("é"), "tools[0].function.name"),
        (tool("x" * 65), "tools[0].function.name"),
        (tool(description=5), "tools[0].function.description"),
        (tool(strict="yes"), "tools[0].function.strict"),
        (tool(parameters=[]), "tools[0].function.parameters"),
        (tool(parameters={"type": "string"}), "tools[0].function.parameters"),
        (tool(parameters={"type": "object", "required": "a"}), "tools[0].function.parameters"),
        (tool(parameters={"properties": {"a": {"$ref": "#/x"}}}), "tools[0].function.parameters"),
    ],
)
def test_malformed_function_is_refused_by_path(entry: Any, param: str) -> None:
    error = refusal(tools=[entry])
    assert not isinstance(error, Unsupported)
    assert error.param == param


def test_functions_of_one_name_are_refused() -> None:
    assert refusal(tools=[tool("f"), tool("g"), tool("f")]).param == "tools[2].function.name"


@pytest.mark.parametrize(
    ("choice", "offered", "must_call"),
    [
        (None, ["f", "g"], False),
        ("auto", ["f", "g"], False),
        ("none", [], False),
        ("required", ["f", "g"], True),
        ({"type": "function", "function": {"name": "g"}}, ["g"], True),
        ({"type": "function", "name": "g"}, ["g"], True),
        ({"name": "g"}, ["g"], True),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool("f")]}}, ["f"], False),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool("f")]}}, ["f"], True),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "g"}]},
            ["g"],
            False,
        ),
    ],
)
def test_choice_of_functions_is_honoured(choice: Any, offered: list[str], *, must_call: bool) -> None:
    asked = plan(tools=[tool("f"), tool("g")], tool_choice=choice)
    assert (names(asked), asked.must_call) == (offered, must_call)


@pytest.mark.parametrize(
    "choice",
    [
        "any",
        5,
        [],
        {"type": "custom", "custom": {"name": "x"}},
        {"type": "function"},
        {"type": "function", "function": {"name": "unknown"}},
        {"type": "allowed_tools"},
        {"type": "allowed_tools", "allowed_tools": {"mode": "none", "tools": []}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{}]}},
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}},
    ],
)
def test_choice_of_nothing_known_is_refused(choice: Any) -> None:
    assert (refusal(tools=[tool("f")], tool_choice=choice).param or "").startswith("tool_choice")


def test_tools_of_the_site_cannot_be_required_but_be_switched_off() -> None:
    assert plan(tools=[SEARCH], tool_choice="auto").request.tools == {Tool.GOOGLE_SEARCH}
    assert plan(tools=[SEARCH], tool_choice="none").request.tools == frozenset()
    assert refusal(tools=[SEARCH], tool_choice="required").param == "tool_choice"
    assert refusal(tool_choice="required").param == "tool_choice"


def test_choice_without_tools_means_nothing() -> None:
    for choice in ("auto", "none"):
        assert read(tool_choice=choice, tools=[], functions=[], function_call=choice) == read()


def test_legacy_functions_are_the_same_with_one_call() -> None:
    asked = read(functions=[{"name": "f", "parameters": SCHEMA}], function_call={"name": "f"})
    assert asked.style.legacy_functions
    assert asked.plan.request.functions == plan(tools=[tool(parameters=SCHEMA)]).request.functions
    assert (asked.plan.must_call, asked.plan.parallel_calls) == (True, False)
    assert names(plan(functions=[{"name": "f"}], function_call="none")) == []
    assert refusal(functions=[{"name": "a b"}]).param == "functions[0].name"
    assert refusal(functions=[{"name": "f"}], function_call="required").param == "function_call"
    assert refusal(function_call={"name": "f"}).param == "function_call"


def test_parallel_calls_may_be_switched_off() -> None:
    assert plan(tools=[tool()]).parallel_calls
    assert not plan(tools=[tool()], parallel_tool_calls=False).parallel_calls


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tools": [tool(), SEARCH]}, "google_search"),
        ({"tools": [tool()], "web_search_options": {}}, "google_search"),
        ({"functions": [{"name": "f"}], "tools": [{"code_execution": {}}]}, "'functions' and 'tools'"),
        ({"functions": [{"name": "f"}], "tools": [tool()]}, "'functions' and 'tools'"),
        ({"functions": [{"name": "f"}], "tool_choice": "required"}, "'functions' and 'tools'"),
        ({"tools": [tool()], "response_format": "json_object"}, "response_format"),
        ({"mcp_endpoint": ENDPOINT, "tools": [tool()]}, "mcp_endpoint"),
        ({"mcp_endpoint": ENDPOINT, "tools": [SEARCH]}, "mcp_endpoint"),
        ({"mcp_endpoint": ENDPOINT, "response_format": "json_object"}, "mcp_endpoint"),
        ({"mcp_endpoint": ENDPOINT, "tool_choice": "required"}, "no functions"),
    ],
)
def test_what_the_site_cannot_combine_is_refused(fields: dict[str, Any], words: str) -> None:
    error = refusal(**fields)
    assert not isinstance(error, Unsupported)
    assert words in error.public_message


def test_functions_that_are_not_offered_conflict_with_nothing() -> None:
    asked = plan(tools=[tool()], tool_choice="none", response_format="json_object", web_search_options={})
    assert asked.request.output is not None
    assert asked.request.tools == {Tool.GOOGLE_SEARCH}


def test_mcp_endpoint_is_a_web_address() -> None:
    assert plan(mcp_endpoint=ENDPOINT).mcp_endpoint == ENDPOINT
    assert plan(mcp_endpoint=ENDPOINT, tool_choice="none").mcp_endpoint is None
    for bad in ("", "mcp.example", "ftp://x", "file:///etc/hostname", "https://", 5):
        assert refusal(mcp_endpoint=bad).param == "mcp_endpoint"
