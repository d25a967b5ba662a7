"""Captured frames mean what the page showed."""

import json
from pathlib import Path
from typing import Any

import pytest

from browser.wire.decode import AnswerDecoder
from browser.wire.frames import EventFrame, FrameSplitter, StatusFrame
from browser.wire.models import decode_models
from browser.wire.status import error_from_http, error_from_status
from browser.wire.struct import decode_struct
from domain.counts import Modality
from domain.errors import (
    BlockReason,
    GatewayError,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Refused,
    SignedOut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamUnavailable,
    WireError,
)
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
from domain.harms import HarmCategory, HarmProbability, Rating

SAMPLES = Path(__file__).parent.parent / "samples"


def decode(body: bytes) -> list[Event]:
    decoder, splitter = AnswerDecoder(), FrameSplitter()
    events = [event for frame in splitter.feed(body) for event in decoder.feed(frame)]
    return events + list(decoder.finish())


def part(*slots: tuple[int, Any]) -> list[Any]:
    """A part with the given slots set."""
    values = dict(slots)
    return [values.get(index) for index in range(max(values) + 1)]


def answer(*parts: list[Any], reason: int | None = 1) -> bytes:
    return json.dumps([[[[[[list(parts), "model"], reason]]]]]).encode()


def test_thinking_and_answer_are_kept_apart() -> None:
    events = decode((SAMPLES / "generatecontent.text-thinking.response.compact.txt").read_bytes())
    thoughts = "".join(e.text for e in events if isinstance(e, ThoughtDelta))
    text = "".join(e.text for e in events if isinstance(e, TextDelta))
    assert thoughts.startswith('The user said "你好"')
    assert text == "你好！有什么我可以帮你的吗？"
    assert events[-2] == Usage(
        prompt=5, answer=8, thoughts=153, cached=0, total=166, prompt_kinds=((Modality.TEXT, 5),)
    )
    assert isinstance(events[-1], Finished)
    assert events[-1].reason is FinishReason.STOP
    assert (events[-1].response_id or "").startswith("v1_")


def test_the_trailer_event_means_nothing() -> None:
    events = decode((SAMPLES / "generatecontent.legacy-trailer.response.json").read_bytes())
    assert [type(event) for event in events] == [ThoughtDelta, TextDelta, Usage, Finished]


def test_a_function_call_arrives_whole_with_id_and_signature() -> None:
    message = json.loads((SAMPLES / "generatecontent.functioncall.chunk.json").read_bytes())
    (call,) = AnswerDecoder().feed(EventFrame(message))
    assert isinstance(call, ToolCall)
    assert (call.name, call.args, call.call_id) == ("getWeather", {"city": "Shanghai"}, "e6ni61kr")
    assert (call.signature or "").startswith("EiYK")


def test_every_part_of_an_event_is_read() -> None:
    events = decode(
        answer(
            part((1, "a")),
            part((1, "hidden"), (12, 1)),
            part((1, "b"), (14, "signature")),
            part((1, ""), (14, "only a signature")),
            part((2, ["image/png", "AAAA"])),
            part((7, [1, "print(1)"])),
            part((8, [1, "1\n"])),
        )
    )
    assert events == [
        TextDelta("a"),
        ThoughtDelta("hidden"),
        TextDelta("b"),
        Media("image/png", "AAAA"),
        CodeRun(code="print(1)"),
        CodeRun(output="1\n", outcome=1),
        Finished(FinishReason.STOP),
    ]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1, FinishReason.STOP),
        (2, FinishReason.MAX_TOKENS),
        (3, FinishReason.SAFETY),
        (4, FinishReason.RECITATION),
        (5, FinishReason.OTHER),
        (6, FinishReason.LANGUAGE),
        (7, FinishReason.BLOCKLIST),
        (8, FinishReason.PROHIBITED_CONTENT),
        (9, FinishReason.SPII),
        (10, FinishReason.MALFORMED_FUNCTION_CALL),
        (11, FinishReason.IMAGE_SAFETY),
        (12, FinishReason.UNEXPECTED_TOOL_CALL),
        (13, FinishReason.TOO_MANY_TOOL_CALLS),
        (14, FinishReason.IMAGE_PROHIBITED),
        (15, FinishReason.IMAGE_OTHER),
        (16, FinishReason.NO_IMAGE),
        (0, FinishReason.OTHER),
        (99, FinishReason.OTHER),
    ],
)
def test_finish_reasons_are_named(number: int, reason: FinishReason) -> None:
    assert decode(answer(part((1, "x")), reason=number))[-1] == Finished(reason)


def test_ratings_are_told_as_far_as_they_have_names() -> None:
    rated = [[None, None, 7, 1], [None, None, 10, 4, 1], [None, None, 99, 1], [None, None, 8, 9], None]
    candidate: list[Any] = [[[part((1, "x"))], "model"], 3, None, None, rated]
    assert decode(json.dumps([[[[candidate]]]]).encode())[-1] == Finished(
        FinishReason.SAFETY,
        ratings=(
            Rating(HarmCategory.HARASSMENT, HarmProbability.NEGLIGIBLE),
            Rating(HarmCategory.DANGEROUS_CONTENT, HarmProbability.HIGH, blocked=True),
        ),
    )


def test_grounding_is_found_in_either_slot() -> None:
    metadata = [None, [[["https://a.example", "A", "a.example"]]], None, None, ["query"]]
    for slot in (7, 8):
        candidate: list[Any] = [[[part((1, "x"))], "model"], 1, *[None] * (slot - 2), metadata]
        events = decode(json.dumps([[[[candidate]]]]).encode())
        assert Grounding((("https://a.example", "A"),), ("query",)) in events


def cited(*sources: Any) -> list[Event]:
    """An answer whose second event cites."""
    candidates = [[[[part((1, text))], "model"], None, None, None, None, [[*sources]]] for text in "ab"]
    end: list[Any] = [[[]], 1]
    return decode(json.dumps([[[[c]] for c in (*candidates, end)]]).encode())


@pytest.mark.parametrize(
    ("source", "citation"),
    [
        ([0, 5, "https://a.example", "mit"], Citation("https://a.example", "", "mit", 0, 5)),
        ([None, "5", "https://a.example"], Citation("https://a.example", end=5)),
        ([1, 2, "https://a.example", "A", "mit"], Citation("https://a.example", "A", "mit", 1, 2)),
        ([1, 2, None, "mit"], Citation("", "", "mit", 1, 2)),
    ],
)
def test_citations_are_told_once_at_the_end(source: list[Any], citation: Citation) -> None:
    *_, citations, finished = cited(source)
    assert citations == Citations((citation,))
    assert finished == Finished(FinishReason.STOP)


@pytest.mark.parametrize("source", [None, [], "x", 3, [1, 2], [[1], [2], [3]]])
def test_what_names_no_source_is_no_citation(source: Any) -> None:
    assert not [event for event in cited(source) if isinstance(event, Citations)]


def test_tokens_are_told_by_their_kinds() -> None:
    usage = [9, 438, 2087, None, [[1, 5], [2, "4"], [99, 1], [3]], None, [[2, 747]], 12, None, 1640]
    candidate = [[[part((1, "x"))], "model"], 1]
    _, found, _ = decode(json.dumps([[[[candidate], None, usage]]]).encode())
    assert isinstance(found, Usage)
    assert found.prompt_kinds == ((Modality.TEXT, 5), (Modality.IMAGE, 4))
    assert (found.answer_kinds, found.tools) == (((Modality.IMAGE, 747),), 12)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(1, BlockReason.SAFETY), (4, BlockReason.PROHIBITED_CONTENT), (9, BlockReason.OTHER)],
)
def test_a_blocked_prompt_has_its_reason(number: int, reason: BlockReason) -> None:
    with pytest.raises(Refused) as refused:
        decode(json.dumps([[[None, [number]]]]).encode())
    assert refused.value.reason is reason


def grounded(*supports: Any, chunks: list[Any] | None = None) -> Grounding:
    """The grounding of an answer of one candidate."""
    chunks = [[["https://a.example", "A", "a"]], [["https://b.example", "B"]]] if chunks is None else chunks
    metadata = [None, chunks, list(supports), None, ["query"]]
    candidate: list[Any] = [[[part((1, "x"))], "model"], 1, *[None] * 5, metadata]
    (found,) = [
        event for event in decode(json.dumps([[[[candidate]]]]).encode()) if isinstance(event, Grounding)
    ]
    return found


def test_supports_tell_which_words_rest_on_which_sources() -> None:
    found = grounded(
        [[None, None, 12, "Grüße an A"], [0], [0.9]],
        [[0, 13, 30, "both"], [0, 1]],
        [[1, 0, 9, "elsewhere"], [1]],
    )
    assert found.supports == (
        Support("Grüße an A", (0,), 12),
        Support("both", (0, 1), 30),
        Support("elsewhere", (1,)),
    )


def test_supports_name_sources_by_their_own_index_when_a_chunk_is_none() -> None:
    chunks: list[Any] = [None, [["https://a.example", "A"]], [[]], [["https://b.example"]]]
    found = grounded([[0, 0, 4, "text"], [0, 1, 2, 3, 9]], chunks=chunks)
    assert found.sources == (("https://a.example", "A"), ("https://b.example", ""))
    assert found.supports == (Support("text", (0, 1), 4),)


@pytest.mark.parametrize(
    "support", [None, [], "x", [None, None], [[0, 0, 4, "no source"], []], [[0, 0, 4, ""], [0]], [[0], "0"]]
)
def test_a_support_that_says_nothing_is_left_out(support: Any) -> None:
    assert grounded(support).supports == ()


def calling(*parts: list[Any], response_id: str) -> list[str]:
    """The ids of an answer's calls."""
    body = json.dumps([[[[[[list(parts), "model"], 1]], *[None] * 6, response_id]]])
    return [event.call_id for event in decode(body.encode()) if isinstance(event, ToolCall)]


def test_a_call_without_an_id_gets_one_that_is_stable_and_its_own() -> None:
    named, nameless = part((10, ["f", [], "own"])), part((10, ["f", []]))
    first = calling(nameless, named, nameless, response_id="v1_a")
    assert first == calling(nameless, named, nameless, response_id="v1_a")
    assert first[1] == "own"
    other = calling(nameless, response_id="v1_b")
    assert len({*first, *other}) == 4


def test_an_answer_that_stops_after_its_calls_keeps_them() -> None:
    call = part((10, ["f", [[["a", [None, 1]]]], "id"]))
    calling, closing = [[call], "model"], [[part((1, ""))], "model"]
    body = json.dumps([[[[[calling]]], [[[closing, 1]]]]]).encode()
    assert decode(body) == [ToolCall("f", {"a": 1}, "id"), Finished(FinishReason.STOP)]


def test_a_blocked_prompt_is_a_refusal() -> None:
    with pytest.raises(Refused, match="prohibited_content"):
        list(AnswerDecoder().feed(EventFrame([None, [4], [5]])))


def test_an_answer_without_a_reason_is_not_complete() -> None:
    with pytest.raises(WireError, match="finish reason"):
        decode(answer(part((1, "x")), reason=None))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ([3, "Invalid value"], UpstreamInvalid),
        ([7, "The caller does not have permission"], PermissionDenied),
        ([8, "You exceeded your current quota"], QuotaExhausted),
        ([8, "Too fast"], RateLimited),
        ([13, "internal"], UpstreamUnavailable),
        ([14, "unavailable"], UpstreamUnavailable),
        ([16, "Request is missing required authentication credential."], SignedOut),
        ([99, "?"], UpstreamError),
    ],
)
def test_a_status_becomes_a_named_error(status: list[Any], error: type[GatewayError]) -> None:
    with pytest.raises(error) as caught:
        list(AnswerDecoder().feed(StatusFrame(status)))
    assert type(caught.value) is error
    assert status[1] in caught.value.public_message


def test_a_refusal_outside_the_stream_form_is_told_by_status() -> None:
    assert isinstance(error_from_http(401, b'[16,"Request is missing"]'), SignedOut)
    assert isinstance(error_from_http(503, b"<html>busy</html>"), UpstreamUnavailable)
    assert isinstance(error_from_status([]), UpstreamError)


def test_arguments_of_every_type_are_decoded() -> None:
    message = [
        [
            ["text", [None, None, "x"]],
            ["number", [None, 1.5]],
            ["yes", [None, None, None, 1]],
            ["nothing", [0]],
            ["empty", []],
            ["object", [None, None, None, None, [[["a", [None, 1]]]]]],
            ["list", [None, None, None, None, None, [[[None, 1], [None, None, "y"], [0]]]]],
            ["empty list", [None, None, None, None, None, []]],
        ]
    ]
    assert decode_struct(message) == {
        "text": "x",
        "number": 1.5,
        "yes": True,
        "nothing": None,
        "empty": None,
        "object": {"a": 1},
        "list": [1, "y", None],
        "empty list": [],
    }
    assert decode_struct([]) == {}


def test_the_captured_model_list_is_read() -> None:
    cards = {
        card.id: card
        for card in decode_models((SAMPLES / "listmodels.2026-02-14.response.jspb.json").read_text())
    }
    flash = cards["gemini-3-flash-preview"]
    assert (flash.input_limit, flash.output_limit, flash.temperature, flash.top_p) == (
        1048576,
        65536,
        1,
        0.95,
    )
    assert flash.thinking is not None
    assert flash.thinking.levels == ("minimal", "low", "medium", "high")
    assert flash.can_chat
    assert cards["gemini-3-pro-image-preview"].needs_paid_key
    makers = {card.id: card.picture_sizes for card in cards.values() if card.makes_pictures}
    assert makers == {"gemini-3-pro-image-preview": True, "gemini-2.5-flash-image": False}


@pytest.mark.parametrize("body", ["", "{}", "[]", "[[]]", "[[[1]]]"])
def test_a_model_list_without_models_is_an_error(body: str) -> None:
    with pytest.raises(WireError):
        decode_models(body)
