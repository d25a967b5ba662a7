"""From messages to turns: nothing a caller says is lost, and what cannot be said is refused by its path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai.decode import Asked, decode
from domain.errors import BadRequest, Unsupported
from domain.events import ToolCall
from domain.requests import Text, ToolResult, Turn

USER = {"role": "user", "content": "x"}


def read(*messages: Any) -> Asked:
    return decode({"messages": list(messages)}, "m", strict=False)


def turns(*messages: Any) -> tuple[Turn, ...]:
    return read(*messages).plan.request.turns


def refusal(*messages: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(*messages)
    return caught.value


def calling(*ids: str, arguments: str = "{}", **fields: Any) -> dict[str, Any]:
    """An assistant's message with calls of functions f0, f1, …"""
    calls = [
        {"id": call_id, "type": "function", "function": {"name": f"f{at}", "arguments": arguments}, **fields}
        for at, call_id in enumerate(ids)
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def answering(call_id: str, content: Any = "42") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x", "x"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": " b"}], "a\n b"),
        ({"text": "x", "attachments": []}, "x"),
        ({"text": "x", "attachments": None, "images": [], "files": [], "media": []}, "x"),
        ([{"type": "text", "text": "x", "cache_control": None}], "x"),
    ],
)
def test_content_is_read_in_all_its_forms(content: Any, text: str) -> None:
    for role, said in (("user", "user"), ("assistant", "model")):
        assert turns({"role": role, "content": content}) == (Turn.of(said, text),)  # type: ignore[arg-type]
    assert read({"role": "system", "content": content}, USER).plan.request.system == text
    assert turns(USER, calling("1"), answering("1", content))[-1].parts == (ToolResult("f0", "1", text),)


def test_all_instructions_are_kept_in_order_with_their_names() -> None:
    asked = read(
        {"role": "system", "content": "one"},
        USER,
        {"role": "developer", "content": [{"type": "text", "text": "two"}], "name": "Ada"},
        {"role": "system", "content": ""},
        {"role": "system", "content": " three "},
    )
    assert asked.plan.request.system == "one\n\nAda: two\n\n three "
    assert asked.plan.request.turns == (Turn.of("user", "x"),)


def test_names_of_speakers_are_kept() -> None:
    assert turns({**USER, "name": "Ada"}, {"role": "assistant", "content": "y", "name": "Bot"}) == (
        Turn.of("user", "x", "Ada"),
        Turn.of("model", "y", "Bot"),
    )


def test_answer_without_words_and_calls_is_left_out() -> None:
    contents: tuple[Any, ...] = (None, "", [], {"text": ""})
    for empty in contents:
        assert turns(USER, {"role": "assistant", "content": empty, "tool_calls": []}) == (
            Turn.of("user", "x"),
        )


def test_refusal_part_of_an_answer_is_kept() -> None:
    message = {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    assert turns(message) == (Turn.of("model", "No."),)


def test_calls_and_their_answers_become_turns() -> None:
    spoken = turns(
        USER,
        {**calling("1", "2", arguments='{"city": "Köln"}'), "content": "Let me see."},
        answering("2", "rain"),
        answering("1", ""),
        {"role": "user", "content": "thanks"},
    )
    assert spoken[1] == Turn(
        "model",
        (Text("Let me see."), ToolCall("f0", {"city": "Köln"}, "1"), ToolCall("f1", {"city": "Köln"}, "2")),
    )
    assert spoken[2] == Turn("user", (ToolResult("f1", "2", "rain"), ToolResult("f0", "1", "")))
    assert spoken[3] == Turn.of("user", "thanks")


def test_answers_in_two_rounds_are_two_turns() -> None:
    spoken = turns(USER, calling("1"), answering("1"), calling("2"), answering("2"))
    assert [turn.role for turn in spoken] == ["user", "model", "user", "model", "user"]


def test_arguments_may_be_empty_text_and_signature_is_kept() -> None:
    extra = {"google": {"thought_signature": "sig"}}
    spoken = turns(USER, calling("1", arguments="", extra_content=extra, index=0))
    assert spoken[1].parts == (ToolCall("f0", {}, "1", "sig"),)
    for other in ({}, {"google": 5}, {"google": {"thought_signature": 5}}, "x"):
        assert turns(USER, calling("1", extra_content=other))[1].parts == (ToolCall("f0", {}, "1"),)


def test_legacy_call_and_its_answer_become_the_same_turns() -> None:
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"a": 1}'}}
    spoken = turns(USER, call, {"role": "function", "name": "f", "content": None})
    made = spoken[1].parts[0]
    assert isinstance(made, ToolCall)
    assert (made.name, made.args) == ("f", {"a": 1})
    assert spoken[2].parts == (ToolResult("f", made.call_id, ""),)
    longer = turns(USER, call, {"role": "function", "name": "f", "content": None}, USER)
    assert longer[:3] == spoken


def test_answer_sent_back_whole_is_accepted() -> None:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "x",
        "refusal": None,
        "annotations": [{"type": "url_citation"}],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
        "reasoning_content": "hm",
        "reasoning": "hm",
        "parsed": {"a": 1},
        "provider_specific_fields": {},
        "gateway": {"finish": {}},
        "images": [],
    }
    assert turns(message) == (Turn.of("model", "x"),)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
        {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
    ],
)
def test_how_closely_a_picture_is_to_be_looked_at_is_named_as_ignored(part: dict[str, Any]) -> None:
    assert read({"role": "user", "content": [part]}).ignored == ("image_url.detail",)


def test_cache_marks_are_named_as_ignored() -> None:
    part = {
        "type": "text",
        "text": "x",
        "cache_control": {"type": "ephemeral"},
        "prompt_cache_breakpoint": {},
    }
    message = {"role": "user", "content": [part]}
    assert read(message).ignored == ("cache_control", "prompt_cache_breakpoint")
    with pytest.raises(Unsupported):
        decode({"messages": [message]}, "m", strict=True)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "critic", "content": "x"}, "role"),
        ({"role": "system", "content": [{"type": "image_url", "image_url": "/a.png"}]}, "content[0].type"),
        ({"role": "developer", "content": "x", "images": ["/a.png"]}, "images"),
        ({"role": "system", "content": {"text": "x", "files": ["/a.png"]}}, "content.files"),
        ({"role": "tool", "tool_call_id": "1", "content": [{"type": "file"}]}, "content[0].type"),
        ({"role": "tool", "tool_call_id": "1", "content": "x", "attachments": ["/a"]}, "attachments"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "/a", "fps": 1}}]},
            "content[0].image_url.fps",
        ),
        ({"role": "user", "content": "x", "files": [{"path": "/a", "crop": 1}]}, "files[0].crop"),
        ({"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}, "content[0].type"),
        ({"role": "user", "content": [{"type": "text", "text": "x", "detail": "low"}]}, "content[0].detail"),
        ({"role": "user", "content": "x", "tool_calls": [1]}, "tool_calls"),
        ({"role": "assistant", "content": "x", "audio": {"id": "1"}}, "audio"),
        (
            {"role": "assistant", "tool_calls": [{"id": "1", "type": "custom", "custom": {}}]},
            "tool_calls[0].type",
        ),
    ],
)
def test_form_of_message_that_is_not_honoured_is_refused_by_path(message: Any, param: str) -> None:
    error = refusal(message)
    assert isinstance(error, Unsupported)
    assert error.param == f"messages[0].{param}"


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
        ({"role": "user", "content": {"attachments": []}}, "messages[0].content"),
        ({"role": "user", "content": {"text": " "}}, "messages[0].content"),
        ({"role": "user", "content": "x", "images": 5}, "messages[0].images"),
        ({"role": "user", "content": "x", "images": [5]}, "messages[0].images[0]"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages[0].content[0]"),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
            "messages[0].content[0].input_audio",
        ),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text"),
        ({"role": "user", "content": ["x"]}, "messages[0].content[0]"),
        ({"role": "user", "content": "x", "name": 5}, "messages[0].name"),
        ("x", "messages[0]"),
        ({"role": "system", "content": "only"}, "messages"),
        ({"role": "assistant", "content": ""}, "messages"),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "tool", "content": "x", "tool_call_id": "1"}, "messages[0].tool_call_id"),
        ({"role": "function", "content": "x", "name": "f"}, "messages[0].name"),
        ({"role": "function", "content": "x"}, "messages[0].name"),
        ({"role": "assistant", "tool_calls": [{"id": "1"}]}, "messages[0].tool_calls[0].function"),
        (calling(""), "messages[0].tool_calls[0].id"),
        (calling("1", arguments="{"), "messages[0].tool_calls[0].function.arguments"),
        (calling("1", arguments="[]"), "messages[0].tool_calls[0].function.arguments"),
        (calling("1", arguments='{"a": NaN}'), "messages[0].tool_calls[0].function.arguments"),
        (calling("1", arguments='{"a": 1e999}'), "messages[0].tool_calls[0].function.arguments"),
        (calling("1", arguments='{"a": "\\ud800"}'), "messages[0].tool_calls[0].function.arguments"),
        (calling("1", arguments="[" * 100_000), "messages[0].tool_calls[0].function.arguments"),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": "x"}},
            "messages[0].function_call.arguments",
        ),
    ],
)
def test_malformed_message_is_refused_by_path(message: Any, param: str) -> None:
    error = refusal(message)
    assert not isinstance(error, Unsupported)
    assert error.param == param
    assert len(error.public_message) < 500


def test_answer_to_a_call_that_comes_later_is_refused() -> None:
    assert refusal(USER, answering("1"), calling("1")).param == "messages[1].tool_call_id"


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(min_size=1)), min_size=1))
def test_text_of_a_conversation_is_passed_on_byte_exact(said: list[tuple[str, str]]) -> None:
    spoken = [(role, text if text.strip() else f"{text}.") for role, text in said]
    roles = {"user": "user", "assistant": "model"}
    read_turns = turns(*({"role": role, "content": text} for role, text in spoken))
    assert [(turn.role, turn.text) for turn in read_turns] == [(roles[r], t) for r, t in spoken]
