"""What a chat request may say, and how it is told that it may not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai.decode import decode
from api.openai.schema import NEUTRAL, NEUTRAL_IN_MESSAGE, ChatRequest
from domain.errors import BadRequest, Unsupported
from domain.requests import GenerateRequest
from tests.api.harness import body

OPENAI_FIELDS: dict[str, Any] = {
    "audio": {"voice": "alloy", "format": "wav"},
    "frequency_penalty": 0.5,
    "function_call": {"name": "f"},
    "functions": [{"name": "f"}],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "metadata": {"a": "b"},
    "modalities": ["text", "audio"],
    "moderation": {},
    "n": 2,
    "parallel_tool_calls": True,
    "prediction": {"type": "content", "content": "x"},
    "presence_penalty": -2,
    "prompt_cache_key": "k",
    "prompt_cache_options": {},
    "prompt_cache_retention": "24h",
    "reasoning_effort": "low",
    "response_format": {"type": "json_object"},
    "safety_identifier": "s",
    "seed": 1,
    "service_tier": "flex",
    "store": True,
    "tool_choice": "required",
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "top_logprobs": 2,
    "user": "u",
    "verbosity": "low",
    "web_search_options": {},
    # Other dialects
    "attachments": ["/etc/hostname"],
    "aspect_ratio": "1:1",
    "image_size": "4K",
    "mcp_endpoint": "http://127.0.0.1:1/",
    "top_k": 4,
    "never_heard_of": 0,
}


def decoded(document: Any) -> GenerateRequest:
    return decode(document, "default-model").request


def refusal(document: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        decode(document, "default-model")
    return caught.value


@pytest.mark.parametrize("field", OPENAI_FIELDS)
def test_field_that_is_not_honoured_is_refused_by_name(field: str) -> None:
    error = refusal(body(**{field: OPENAI_FIELDS[field]}))
    assert isinstance(error, Unsupported)
    assert error.param == field
    assert field in error.public_message


@pytest.mark.parametrize("field", [*OPENAI_FIELDS, *ChatRequest.model_fields])
def test_null_means_not_given(field: str) -> None:
    if field != "messages":
        assert decode({**body(), field: None}, "m") == decode(body(), "m")


@pytest.mark.parametrize(
    ("field", "value"), [(name, value) for name, some in NEUTRAL.items() for value in some]
)
def test_value_that_asks_for_what_happens_anyway_is_accepted(field: str, value: Any) -> None:
    assert decode(body(**{field: value}), "m") == decode(body(), "m")


@pytest.mark.parametrize("field", NEUTRAL_IN_MESSAGE)
def test_empty_list_of_an_answer_sent_back_is_accepted(field: str) -> None:
    message: dict[str, Any] = {"role": "assistant", "content": "x", "refusal": None, field: []}
    assert decoded({"messages": [message]}).turns[0].text == "x"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.01),
        ("temperature", 2.01),
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
        ("stop", 5),
        ("stream", 1),
        ("stream", "true"),
        ("model", ""),
        ("model", 7),
        ("messages", []),
        ("messages", {}),
        ("n", True),
        ("n", 1.0),
    ],
)
def test_wrong_value_is_refused_by_name(field: str, value: Any) -> None:
    error = refusal(body(**{field: value}))
    assert (error.param or "").startswith(field)
    assert field in error.public_message


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "tool", "content": "x", "tool_call_id": "1"}, "messages[0].role"),
        ({"role": "user", "content": "x", "name": "Ada"}, "messages[0].name"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            "messages[0].content[0].type",
        ),
        (
            {"role": "user", "content": [{"type": "text", "text": "x", "detail": "low"}]},
            "messages[0].content[0].detail",
        ),
        ({"role": "user", "content": "x", "images": ["/a.png"]}, "messages[0].images"),
        ({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}, "messages[0].tool_calls"),
    ],
)
def test_form_of_message_that_is_not_honoured_is_refused_by_path(message: Any, param: str) -> None:
    error = refusal({"messages": [message]})
    assert isinstance(error, Unsupported)
    assert error.param == param


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"content": "x"}, "messages[0].role"),
        ({"role": 5, "content": "x"}, "messages[0].role"),
        ({"role": "user"}, "messages[0].content"),
        ({"role": "user", "content": None}, "messages[0].content"),
        ({"role": "system", "content": None}, "messages[0].content"),
        ({"role": "user", "content": ""}, "messages[0].content"),
        ({"role": "user", "content": " \n"}, "messages[0].content"),
        ({"role": "user", "content": []}, "messages[0].content"),
        ({"role": "user", "content": 5}, "messages[0].content"),
        ({"role": "user", "content": {"text": "x"}}, "messages[0].content"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0]"),
        ("x", "messages[0]"),
        ({"role": "system", "content": "only"}, "messages"),
        ({"role": "assistant", "content": ""}, "messages"),
    ],
)
def test_malformed_message_is_refused_by_path(message: Any, param: str) -> None:
    error = refusal({"messages": [message]})
    assert not isinstance(error, Unsupported)
    assert error.param == param


def test_names_of_the_length_limit_must_agree() -> None:
    assert decoded(body(max_tokens=5, max_output_tokens=5)).sampling.max_output_tokens == 5
    assert refusal(body(max_tokens=5, max_completion_tokens=6)).param == "max_completion_tokens"


def test_stop_is_a_tuple_without_duplicates_in_the_callers_order() -> None:
    assert decoded(body(stop="x")).sampling.stop == ("x",)
    assert decoded(body(stop=["b", "a", "b"])).sampling.stop == ("b", "a")


def test_stream_options_take_include_usage_only() -> None:
    assert decode(body(stream=True, stream_options={"include_usage": True}), "m").include_usage
    assert not decode(body(stream=True, stream_options={"include_obfuscation": False}), "m").include_usage
    error = refusal(body(stream=True, stream_options={"include_obfuscation": True}))
    assert error.param == "stream_options.include_obfuscation"


def test_model_defaults_to_the_configured_one() -> None:
    assert decoded(body()).model == "default-model"
    assert decoded(body(model="models/x")).model == "x"


def test_huge_field_name_does_not_make_a_huge_error() -> None:
    error = refusal({**body(), "x" * 100_000: 1})
    assert len(error.public_message) < 1000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from([*ChatRequest.model_fields, *OPENAI_FIELDS, "role", "content", "text", "type"])
objects = st.dictionaries(fields, json_values, max_size=4)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer", "tool"])},
    optional={"content": st.text() | json_values | st.lists(objects, max_size=2), "name": json_values},
)


@given(st.one_of(json_values, objects, st.fixed_dictionaries({"messages": st.lists(messages, max_size=4)})))
def test_any_json_is_read_or_refused_and_nothing_else(document: Any) -> None:
    try:
        request = decoded(document)
    except BadRequest:
        return
    assert request.turns
    assert all(turn.text for turn in request.turns)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(min_size=1)), min_size=1))
def test_text_of_a_conversation_is_passed_on_byte_exact(said: list[tuple[str, str]]) -> None:
    spoken = [(role, text if text.strip() else f"{text}.") for role, text in said]
    request = decoded({"messages": [{"role": role, "content": text} for role, text in spoken]})
    roles = {"user": "user", "assistant": "model"}
    assert [(turn.role, turn.text) for turn in request.turns] == [(roles[r], t) for r, t in spoken]
