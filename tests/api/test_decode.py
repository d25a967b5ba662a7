"""What a chat request may say, and how it is told that it may not, less messages and tools."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai.decode import Asked, decode
from api.openai.encode import AnswerStyle
from api.openai.schema import LENGTH_NAMES, ChatRequest
from domain.errors import BadRequest, Unsupported
from domain.requests import OutputFormat
from domain.thinking import ThinkingAsked
from tests.api.harness import body

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def read(document: Any, *, strict: bool = False) -> Asked:
    return decode(document, "default-model", strict=strict)


def refusal(document: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(document)
    return caught.value


@pytest.mark.parametrize("document", [None, [], "x", 5, True])
def test_body_must_be_an_object(document: Any) -> None:
    assert "JSON object" in refusal(document).public_message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.01),
        ("temperature", 2.01),
        ("max_tokens", 10**400),
        ("temperature", True),
        ("temperature", "1"),
        ("temperature", 10**400),
        ("temperature", float("nan")),
        ("top_p", 1.1),
        ("top_p", -1),
        ("top_p", [0.5]),
        ("max_tokens", 0),
        ("max_tokens", True),
        ("max_tokens", 1.5),
        ("max_completion_tokens", -1),
        ("max_output_tokens", "10"),
        ("stop", ""),
        ("stop", ["a", ""]),
        ("stop", ["a", "b", "c", "d", "e", "f"]),
        ("stop", [5]),
        ("stop", 5),
        ("stream", 1),
        ("stream", "true"),
        ("model", ""),
        ("model", 7),
        ("messages", []),
        ("messages", {}),
        ("n", 0),
        ("n", 9),
        ("n", True),
        ("n", 1.0),
        ("parallel_tool_calls", "yes"),
        ("tools", {}),
        ("tools", ["x"]),
        ("functions", "f"),
        ("stream_options", True),
        ("reasoning", "high"),
        ("reasoning", {"effort": 5}),
        ("thinking", {"type": 1}),
        ("thinking", {"budget_tokens": 100}),
        ("enable_thinking", "on"),
        ("google", {"thinking_config": {"thinking_budget": "x"}}),
        ("extra_body", []),
        ("web_search_options", {"user_location": {"type": "approximate", "approximate": 1}}),
        ("gateway", {"annotations": 1}),
    ],
)
def test_wrong_value_is_refused_by_name(field: str, value: Any) -> None:
    error = refusal(body(**{field: value}))
    assert not isinstance(error, Unsupported)
    assert (error.param or "").startswith(field)
    assert field in error.public_message


@pytest.mark.parametrize(
    ("field", "param"),
    [
        ({"never_heard_of": 0}, "never_heard_of"),
        ({"<text>": 0}, "<text>"),
        ({"gateway": {"<text>": 0}}, "gateway.<text>"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"google": {"cached_content": "x"}}, "google.cached_content"),
        ({"extra_body": {"top_k": 5}}, "extra_body.top_k"),
        ({"reasoning": {"summary": "auto"}}, "reasoning.summary"),
        ({"gateway": {"magic": True}}, "gateway.magic"),
        ({"verbosity": "chatty"}, "verbosity"),
        ({"thinking": {"type": "sometimes"}}, "thinking.type"),
    ],
)
def test_unknown_field_is_refused_by_path(field: dict[str, Any], param: str) -> None:
    error = refusal(body(**field))
    assert isinstance(error, Unsupported)
    assert error.param == param


def test_misspelt_field_is_refused_with_the_name_that_may_be_meant() -> None:
    assert "'max_tokens'" in refusal(body(max_token=5)).public_message
    assert "Did you mean" not in refusal(body(zzz=5)).public_message


def test_huge_field_name_does_not_make_a_huge_error() -> None:
    error = refusal({**body(), "x" * 100_000: 1})
    assert len(error.public_message) < 1000


def test_names_of_the_length_limit_must_agree() -> None:
    assert read(body(max_tokens=5, max_output_tokens=5)).plan.request.sampling.max_output_tokens == 5
    assert refusal(body(max_tokens=5, max_completion_tokens=6)).param == "max_completion_tokens"


@pytest.mark.parametrize("name", LENGTH_NAMES)
def test_length_limit_remembers_its_name(name: str) -> None:
    asked = read({**body(), name: 7})
    assert (asked.length_param, asked.plan.request.sampling.max_output_tokens) == (name, 7)


def test_stop_is_a_tuple_without_duplicates_in_the_callers_order() -> None:
    assert read(body(stop="x")).plan.request.sampling.stop == ("x",)
    assert read(body(stop=["b", "a", "b"])).plan.request.sampling.stop == ("b", "a")
    assert read(body(stop=[])).plan.request.sampling.stop == ()


def test_sampling_and_choices_are_passed_on() -> None:
    plan = read(body(temperature=0, top_p=1, n=8)).plan
    assert (plan.request.sampling.temperature, plan.request.sampling.top_p, plan.choices) == (0, 1, 8)


def test_style_of_the_answer() -> None:
    assert read(body()).style == AnswerStyle()
    assert read(body(stream=True, stream_options={"include_usage": True})).style.include_usage
    assert read(body(stream_options={"include_obfuscation": False})).style == AnswerStyle()
    assert read(body(gateway={"annotations": True})).style.annotations
    assert read(body(web_search_options={})).style.annotations


def test_model_defaults_to_the_configured_one() -> None:
    assert read(body()).plan.request.model == "default-model"
    assert read(body(model="models/x")).plan.request.model == "x"


@pytest.mark.parametrize(
    ("fields", "effort", "budget", "param"),
    [
        ({"reasoning_effort": "high"}, "high", None, "reasoning_effort"),
        ({"reasoning_effort": "None"}, "none", None, "reasoning_effort"),
        ({"reasoning_effort": "max"}, "max", None, "reasoning_effort"),
        ({"reasoning_effort": 16_000}, None, 16_000, "reasoning_effort"),
        ({"reasoning_effort": "16000"}, None, 16_000, "reasoning_effort"),
        ({"reasoning_effort": -1}, None, -1, "reasoning_effort"),
        ({"reasoning_effort": "-1"}, None, -1, "reasoning_effort"),
        ({"reasoning_effort": 0}, None, 0, "reasoning_effort"),
        ({"reasoning": {"effort": "low"}}, "low", None, "reasoning.effort"),
        ({"reasoning": {"max_tokens": 900}}, None, 900, "reasoning.max_tokens"),
        ({"reasoning": {"enabled": False}}, "none", None, "reasoning.enabled"),
        ({"reasoning": {"enabled": True, "effort": "low"}}, "low", None, "reasoning.effort"),
        ({"thinking": {"type": "enabled", "budget_tokens": 900}}, None, 900, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled"}}, "auto", None, "thinking"),
        ({"thinking": {"type": "adaptive"}}, "auto", None, "thinking"),
        ({"thinking": {"type": "disabled"}}, "none", None, "thinking"),
        ({"enable_thinking": True}, "auto", None, "enable_thinking"),
        ({"enable_thinking": False}, "none", None, "enable_thinking"),
        ({"enable_thinking": False, "reasoning_effort": "none"}, "none", None, "reasoning_effort"),
        ({"enable_thinking": False, "reasoning_effort": 0}, None, 0, "reasoning_effort"),
        ({"thinking_config": {"thinking_budget": 5}}, None, 5, "thinking_config.thinking_budget"),
        ({"thinkingConfig": {"thinkingBudget": 5}}, None, 5, "thinking_config.thinking_budget"),
        ({"google": {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, "high", None, None),
        ({"extra_body": {"thinking_config": {"thinking_level": "low"}}}, "low", None, None),
        (
            {"extra_body": {"google": {"thinking_config": {"thinking_budget": -1}}}},
            None,
            -1,
            "extra_body.google.thinking_config.thinking_budget",
        ),
        (
            {"reasoning_effort": "low", "google": {"thinking_config": {"thinking_level": "LOW"}}},
            "low",
            None,
            None,
        ),
    ],
)
def test_thinking_is_read_in_all_its_forms(
    fields: dict[str, Any], effort: str | None, budget: int | None, param: str | None
) -> None:
    asked = read(body(**fields)).thinking
    assert asked is not None
    assert asked == ThinkingAsked(effort, budget, param or asked.param)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"reasoning_effort": "hard"}, "reasoning_effort"),
        ({"reasoning_effort": True}, "reasoning_effort"),
        ({"reasoning_effort": 1.5}, "reasoning_effort"),
        ({"reasoning_effort": -2}, "reasoning_effort"),
        ({"reasoning_effort": "9" * 5000}, "reasoning_effort"),
        ({"reasoning_effort": "low", "thinking_config": {"thinking_level": "high"}}, None),
        ({"reasoning_effort": "low", "enable_thinking": False}, "enable_thinking"),
        ({"enable_thinking": True, "thinking": {"type": "disabled"}}, None),
        ({"reasoning": {"effort": "low", "max_tokens": 1000}}, "reasoning.max_tokens"),
        ({"thinking": {"type": "disabled", "budget_tokens": 100}}, "thinking.budget_tokens"),
        ({"include_reasoning": True, "reasoning": {"exclude": True}}, "reasoning.exclude"),
    ],
)
def test_thinking_that_makes_no_sense_is_refused(fields: dict[str, Any], param: str | None) -> None:
    error = refusal(body(**fields))
    assert error.param == param or (param is None and error.param is not None)


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": {"exclude": True}},
        {"include_reasoning": False},
        {"extra_body": {"google": {"thinking_config": {"include_thoughts": False}}}},
        {"thinkingConfig": {"includeThoughts": False}},
    ],
)
def test_thoughts_may_be_hidden(fields: dict[str, Any]) -> None:
    asked = read(body(**fields))
    assert asked.style == AnswerStyle(include_thoughts=False)
    assert asked.thinking is None


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (None, None),
        ("text", None),
        ({"type": "text"}, None),
        ("json_object", OutputFormat()),
        ({"type": "json_object"}, OutputFormat()),
        ({"type": "json_object", "schema": SCHEMA}, OutputFormat(SCHEMA, SCHEMA)),
        ({"type": "json_schema", "schema": SCHEMA}, OutputFormat(SCHEMA, SCHEMA)),
        ({"type": "json_schema", "json_schema": SCHEMA}, OutputFormat(SCHEMA, SCHEMA)),
        ({"type": "json_schema", "json_schema": {"schema": SCHEMA}}, OutputFormat(SCHEMA, SCHEMA)),
        (
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "strict": True, "description": "d"},
            },
            OutputFormat(SCHEMA, SCHEMA),
        ),
        ({"type": "json_schema", "json_schema": {"name": "n"}}, OutputFormat()),
        ({"type": "json_schema", "json_schema": {"schema": {}}}, OutputFormat({}, None)),
    ],
)
def test_response_format_is_read_in_all_its_forms(value: Any, output: OutputFormat | None) -> None:
    asked = read(body(response_format=value))
    assert asked.plan.request.output == output
    assert asked.notes == ()


@pytest.mark.parametrize(
    ("value", "param"),
    [
        (5, "response_format"),
        ([], "response_format"),
        ("xml", "response_format.type"),
        ({}, "response_format.type"),
        ({"type": 5}, "response_format.type"),
        ({"type": "grammar"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        ({"type": "text", "schema": SCHEMA}, "response_format"),
        ({"type": "json_object", "grammar": "x"}, "response_format.grammar"),
        ({"type": "json_schema", "json_schema": "x"}, "response_format.json_schema"),
        ({"type": "json_schema", "json_schema": {"schema": [1]}}, "response_format.json_schema.schema"),
        ({"type": "json_schema", "json_schema": {"type": "objekt"}}, "response_format.json_schema"),
        (
            {"type": "json_schema", "schema": {"properties": {"a": {"pattern": "("}}}},
            "response_format.schema",
        ),
        ({"type": "json_schema", "schema": {"$ref": "#/$defs/x"}}, "response_format.schema"),
        ({"type": "json_schema", "schema": {"properties": {"a": {"$ref": "#"}}}}, "response_format.schema"),
    ],
)
def test_bad_response_format_is_refused_by_path(value: Any, param: str) -> None:
    assert refusal(body(response_format=value)).param == param


def test_lost_meaning_of_a_schema_is_noted() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}
    asked = read(body(response_format={"type": "json_schema", "json_schema": schema}))
    assert asked.notes == ("response_format.json_schema: the site is not told $.a: minLength",)
    assert asked.plan.request.output is not None
    assert asked.plan.request.output.schema == schema


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from([*ChatRequest.model_fields, "role", "content", "text", "type", "name", "function"])
objects = st.dictionaries(fields, json_values, max_size=4)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer", "tool", "function"])},
    optional={
        "content": st.text() | json_values | st.lists(objects, max_size=2),
        "name": json_values,
        "tool_calls": json_values | st.lists(objects, max_size=2),
        "tool_call_id": st.text(),
    },
)
requests = st.fixed_dictionaries(
    {"messages": st.lists(messages, max_size=4)},
    optional={
        "tools": st.lists(objects | json_values, max_size=2),
        "tool_choice": objects | json_values,
        "response_format": objects | json_values,
        "reasoning_effort": json_values,
        "functions": st.lists(objects, max_size=2),
    },
)


@given(st.one_of(json_values, objects, requests), st.booleans())
def test_any_json_is_read_or_refused_and_nothing_else(document: Any, strict: bool) -> None:
    try:
        asked = read(document, strict=strict)
    except BadRequest:
        return
    assert asked.plan.request.turns
    assert all(turn.parts for turn in asked.plan.request.turns)
