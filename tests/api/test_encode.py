"""From events to OpenAI's answers: both forms say the same, in OpenAI's words and nobody else's."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from api.openai.encode import AnswerStyle, ChunkEncoder, completion_object
from domain.completion import fold_choices
from domain.events import (
    Citation,
    Citations,
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    Support,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)

STOP = Finished(FinishReason.STOP)
CALL = ToolCall("f", {"city": "Köln"}, "call_1", "sig")
PNG = Media("image/png", "iVBO")
PLAIN = AnswerStyle()


def streamed(events: Sequence[Event], style: AnswerStyle = PLAIN) -> list[dict[str, Any]]:
    return streams([(0, event) for event in events], 1, style)


def streams(
    events: Sequence[tuple[int, Event]], choices: int, style: AnswerStyle = PLAIN
) -> list[dict[str, Any]]:
    encoder = ChunkEncoder("id", "m", 7, style)
    chunks = encoder.opening(choices)
    for index, event in events:
        chunks += encoder.event(index, event)
    chunks += encoder.closing()
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    return chunks


async def whole(events: Sequence[tuple[int, Event]], style: AnswerStyle = PLAIN) -> dict[str, Any]:
    async def heard() -> AsyncIterator[tuple[int, Event]]:
        for item in events:
            yield item

    document = completion_object("id", "m", 7, await fold_choices(heard()), style)
    ChatCompletion.model_validate(document, strict=True)
    return document


async def choice(*events: Event, style: AnswerStyle = PLAIN) -> dict[str, Any]:
    found: dict[str, Any] = (await whole([(0, event) for event in events], style))["choices"][0]
    return found


def deltas(chunks: Sequence[dict[str, Any]], key: str) -> list[Any]:
    found = (chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"])
    return [delta[key] for delta in found if key in delta]


def end(chunks: Sequence[dict[str, Any]]) -> str:
    reasons = [chunk["choices"][0]["finish_reason"] for chunk in chunks if chunk["choices"]]
    assert reasons[:-1] == [None] * (len(reasons) - 1)
    return str(reasons[-1])


async def test_choices_have_their_index_and_one_role_each() -> None:
    events: list[tuple[int, Event]] = [(1, TextDelta("b")), (0, TextDelta("a")), (1, STOP), (0, STOP)]
    chunks = streams(events, 2)
    opened = [(chunk["choices"][0]["index"], chunk["choices"][0]["delta"].get("role")) for chunk in chunks]
    assert opened == [(0, "assistant"), (1, "assistant"), (1, None), (0, None), (1, None), (0, None)]
    answers = (await whole(events))["choices"]
    assert [(one["index"], one["message"]["content"]) for one in answers] == [(0, "a"), (1, "b")]


async def test_usage_counts_the_prompt_once_and_sums_the_rest() -> None:
    usages = (
        Usage(prompt=10, answer=3, thoughts=4, cached=5, total=17),
        Usage(prompt=10, answer=1, thoughts=0, cached=5, total=20),
    )
    events: list[tuple[int, Event]] = [
        (at, event) for at, usage in enumerate(usages) for event in (TextDelta("x"), usage, STOP)
    ]
    expected = {
        "prompt_tokens": 10,
        "completion_tokens": 8,
        "total_tokens": 27,
        "completion_tokens_details": {"reasoning_tokens": 4},
        "prompt_tokens_details": {"cached_tokens": 5},
    }
    assert (await whole(events))["usage"] == expected
    chunks = streams(events, 2, AnswerStyle(include_usage=True))
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == expected


async def test_later_usage_of_a_choice_replaces_the_earlier() -> None:
    events: list[tuple[int, Event]] = [
        (0, Usage(prompt=1, answer=9)),
        (0, Usage(prompt=1, answer=2)),
        (0, STOP),
    ]
    assert (await whole(events))["usage"]["total_tokens"] == 3


def test_usage_is_null_on_every_other_chunk_and_absent_unless_asked_for() -> None:
    events: list[Event] = [TextDelta("x"), Usage(prompt=1, answer=1, total=2), STOP]
    assert all("usage" not in chunk for chunk in streamed(events))
    asked = streamed(events, AnswerStyle(include_usage=True))
    assert [chunk["usage"] is None for chunk in asked] == [True] * (len(asked) - 1) + [False]
    assert ChunkEncoder("id", "m", 7, AnswerStyle(include_usage=True)).keep_alive()["usage"] is None


async def test_counts_that_the_site_did_not_tell_are_not_invented() -> None:
    assert (await whole([(0, TextDelta("x")), (0, STOP)]))["usage"] is None
    assert streamed([TextDelta("x"), STOP], AnswerStyle(include_usage=True))[-1]["choices"] != []


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (FinishReason.STOP, "stop"),
        (FinishReason.MAX_TOKENS, "length"),
        (FinishReason.SAFETY, "content_filter"),
        (FinishReason.RECITATION, "content_filter"),
        (FinishReason.LANGUAGE, "content_filter"),
        (FinishReason.BLOCKLIST, "content_filter"),
        (FinishReason.PROHIBITED_CONTENT, "content_filter"),
        (FinishReason.SPII, "content_filter"),
        (FinishReason.IMAGE_SAFETY, "content_filter"),
        (FinishReason.IMAGE_PROHIBITED, "content_filter"),
        (FinishReason.MALFORMED_FUNCTION_CALL, "stop"),
        (FinishReason.UNEXPECTED_TOOL_CALL, "stop"),
        (FinishReason.TOO_MANY_TOOL_CALLS, "stop"),
        (FinishReason.IMAGE_OTHER, "stop"),
        (FinishReason.NO_IMAGE, "stop"),
        (FinishReason.OTHER, "stop"),
    ],
)
async def test_every_end_has_openais_word_and_the_sites_own_where_that_says_more(
    reason: FinishReason, word: str
) -> None:
    events: list[Event] = [TextDelta("x"), Finished(reason)]
    answer = await choice(*events)
    assert answer["finish_reason"] == end(streamed(events)) == word
    told = answer["message"].get("gateway", {}).get("finish")
    ordinary = reason in {FinishReason.STOP, FinishReason.MAX_TOKENS}
    assert told == (None if ordinary else {"reason": reason.value, "message": None})
    assert streamed(events)[-1].get("gateway", {}).get("finish") == told


@pytest.mark.parametrize("reason", [FinishReason.STOP, FinishReason.MAX_TOKENS, FinishReason.SAFETY])
async def test_calls_make_the_finish_reason_whatever_the_site_says_later(reason: FinishReason) -> None:
    events: list[Event] = [CALL, Finished(reason)]
    answer = await choice(*events)
    assert answer["finish_reason"] == end(streamed(events)) == "tool_calls"
    assert ("finish" in answer["message"].get("gateway", {})) == (reason is not FinishReason.STOP)


async def test_calls_have_index_id_arguments_and_signature() -> None:
    events: list[Event] = [CALL, ToolCall("g", {}, "call_2"), STOP]
    made = (await choice(*events))["message"]
    assert made["content"] is None
    assert made["tool_calls"] == [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "f", "arguments": '{"city": "Köln"}'},
            "extra_content": {"google": {"thought_signature": "sig"}},
        },
        {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    sent = [call for calls in deltas(streamed(events), "tool_calls") for call in calls]
    assert sent == [{"index": at, **call} for at, call in enumerate(made["tool_calls"])]


async def test_legacy_form_has_one_function_call() -> None:
    style = AnswerStyle(legacy_functions=True)
    events: list[Event] = [CALL, ToolCall("g", {}, "call_2"), STOP]
    answer = await choice(*events, style=style)
    expected = {"name": "f", "arguments": '{"city": "Köln"}'}
    assert answer["message"]["function_call"] == expected
    assert "tool_calls" not in answer["message"]
    assert deltas(streamed(events, style), "function_call") == [expected]
    assert answer["finish_reason"] == end(streamed(events, style)) == "function_call"


@pytest.mark.parametrize("message", [None, "Blocked by policy."])
async def test_answer_that_was_filtered_away_is_a_refusal(message: str | None) -> None:
    finished = Finished(FinishReason.PROHIBITED_CONTENT, message)
    answer = await choice(finished)
    assert answer["finish_reason"] == "content_filter"
    assert answer["message"]["content"] is None
    words = answer["message"]["refusal"]
    assert words == (message or "AI Studio withheld the answer (prohibited_content).")
    assert deltas(streamed([finished]), "refusal") == [words]


async def test_answer_with_words_is_no_refusal() -> None:
    finished = Finished(FinishReason.SAFETY)
    for said in (TextDelta("x"), PNG, CALL):
        answer = await choice(said, finished)
        assert answer["message"]["refusal"] is None
        assert deltas(streamed([said, finished]), "refusal") == []
    assert (await choice(STOP))["message"]["refusal"] is None


async def test_required_keys_of_the_published_schema_are_there() -> None:
    answer = await choice(TextDelta("x"), STOP)
    assert {"index", "message", "logprobs", "finish_reason"} == answer.keys()
    assert {"role", "content", "refusal"} == answer["message"].keys()


async def test_thoughts_are_apart_from_the_answer_and_may_be_hidden() -> None:
    draft = Media("image/png", "AAAA", draft=True)
    usage = Usage(prompt=1, answer=1, thoughts=5, total=7)
    events: list[Event] = [ThoughtDelta("hm"), draft, TextDelta("x"), usage, STOP]
    assert (await choice(*events))["message"]["reasoning_content"].startswith("hm\n\n![image](data:")
    assert "".join(deltas(streamed(events), "reasoning_content")).startswith("hm\n\n![image](data:")
    hidden = AnswerStyle(include_thoughts=False, include_usage=True)
    assert "reasoning_content" not in (await choice(*events, style=hidden))["message"]
    assert deltas(streamed(events, hidden), "reasoning_content") == []
    counted = streamed(events, hidden)[-1]["usage"]["completion_tokens_details"]
    assert counted == {"reasoning_tokens": 5}


CITED = Grounding(
    sources=(("https://a", "A"), ("https://b", "B")),
    queries=("q",),
    supports=(
        Support("Köln 🌧", (0, 1), end=12),
        Support("warm", (1,)),
        Support("not there", (0,)),
        Support("warm", (7,)),
        Support("", (0,), end=3),
    ),
)


async def test_sources_become_annotations_in_characters_on_request() -> None:
    events: list[Event] = [TextDelta("É Köln "), CITED, TextDelta("🌧 warm"), STOP]
    style = AnswerStyle(annotations=True)
    message = (await choice(*events, style=style))["message"]
    found = [entry["url_citation"] for entry in message["annotations"]]
    assert [(one["url"], one["title"]) for one in found] == [
        ("https://a", "A"),
        ("https://b", "B"),
        ("https://b", "B"),
    ]
    quoted = [message["content"][one["start_index"] : one["end_index"]] for one in found]
    assert quoted == ["Köln 🌧", "Köln 🌧", "warm"]
    assert deltas(streamed(events, style), "annotations") == [message["annotations"]]


async def test_citations_become_annotations_where_they_name_a_place_and_an_address() -> None:
    sources = (
        Citation("https://a", "A", "mit", 3, 8),
        Citation("https://b", end=2),
        Citation("", "no address", "mit", 0, 1),
        Citation("https://nowhere", start=1),
        Citation("https://behind-the-end", start=1, end=99),
    )
    events: list[Event] = [TextDelta("É Köln"), Citations(sources), STOP]
    style = AnswerStyle(annotations=True)
    message = (await choice(*events, style=style))["message"]
    found = [entry["url_citation"] for entry in message["annotations"]]
    quoted = [message["content"][one["start_index"] : one["end_index"]] for one in found]
    assert list(zip([one["url"] for one in found], quoted, strict=True)) == [
        ("https://a", "Köln"),
        ("https://b", "É"),
    ]
    assert deltas(streamed(events, style), "annotations") == [message["annotations"]]


async def test_sources_are_in_the_extension_always_and_in_annotations_only_on_request() -> None:
    events: list[Event] = [TextDelta("x"), CITED, STOP]
    message = (await choice(*events))["message"]
    assert "annotations" not in message
    assert message["gateway"]["grounding"]["sources"][0] == {"uri": "https://a", "title": "A"}
    assert deltas(streamed(events), "annotations") == []
    asked = await choice(TextDelta("x"), STOP, style=AnswerStyle(annotations=True))
    assert asked["message"]["annotations"] == []


async def test_repeated_quotation_is_the_one_that_the_site_means() -> None:
    grounding = Grounding(sources=(("u", "t"),), supports=(Support("ab", (0,), end=5),))
    message = (await choice(TextDelta("ab ab"), grounding, STOP, style=AnswerStyle(annotations=True)))[
        "message"
    ]
    assert message["annotations"][0]["url_citation"]["start_index"] == 3


async def test_code_runs_are_in_the_extension() -> None:
    events: list[Event] = [CodeRun(code="1+1"), CodeRun(output="2", outcome=1), TextDelta("2"), STOP]
    runs = [{"code": "1+1"}, {"output": "2", "outcome": 1}]
    assert (await choice(*events))["message"]["gateway"]["code_runs"] == runs
    sent = [chunk["gateway"]["code_runs"] for chunk in streamed(events) if "gateway" in chunk]
    assert [run for some in sent for run in some] == runs


def test_warnings_go_out_with_the_finish() -> None:
    encoder = ChunkEncoder("id", "m", 7, PLAIN)
    assert encoder.event(0, STOP, ("careful",))[-1]["gateway"] == {"warnings": ["careful"]}


@given(st.lists(st.text(min_size=1), min_size=1))
async def test_text_is_byte_exact_and_the_same_in_both_forms(texts: list[str]) -> None:
    events: list[Event] = [*(TextDelta(text) for text in texts), STOP]
    assert "".join(deltas(streamed(events), "content")) == "".join(texts)
    assert (await choice(*events))["message"]["content"] == "".join(texts)


def test_pictures_stand_apart_from_text() -> None:
    assert "".join(deltas(streamed([TextDelta("x"), PNG, STOP]), "content")) == (
        "x\n\n![image](data:image/png;base64,iVBO)"
    )
