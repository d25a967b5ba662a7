"""What a snapshot of the page means, without a page."""

from typing import Any

import pytest

from browser.capture.dom import events_of
from browser.capture.sent import Sent
from browser.pages.answers import ShownAnswer
from browser.pages.markdown import markdown_of, renders
from domain.errors import (
    GatewayError,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Refused,
    UpstreamError,
    UpstreamUnavailable,
    WireError,
)
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)

STOP = Finished(FinishReason.STOP)


def p(*inner: Any) -> list[Any]:
    return ["p", {}, *inner]


def text(*inner: Any) -> dict[str, Any]:
    return {"kind": "text", "tree": ["ms-text-chunk", {}, *inner]}


def thought(words: str) -> dict[str, Any]:
    return {"kind": "thought", "tree": ["div", {}, p(words)], "media": []}


def shown(*turns: list[dict[str, Any]], toast: str = "") -> ShownAnswer:
    return ShownAnswer([{"index": at, "pieces": pieces} for at, pieces in enumerate(turns, 1)], toast)


def test_pieces_become_events_in_their_order() -> None:
    answer = shown(
        [
            thought("hm"),
            text(p("words")),
            {"kind": "code", "title": "Python", "text": "1"},
            {"kind": "code", "title": "Result", "text": "one"},
            {"kind": "media", "mime": "image/png", "data": "AA=="},
        ]
    )
    assert events_of(answer, {}) == [
        ThoughtDelta("hm"),
        TextDelta("words"),
        CodeRun(code="1"),
        CodeRun(output="one"),
        Media("image/png", "AA=="),
        STOP,
    ]


def test_a_source_stands_for_all_texts_of_its_turn() -> None:
    answer = shown([thought("hm"), text(p("a")), {"kind": "code", "title": "", "text": "1"}, text(p("b"))])
    assert events_of(answer, {1: "a\n\nb\n"}) == [
        ThoughtDelta("hm"),
        TextDelta("a\n\nb\n"),
        CodeRun(code="1"),
        STOP,
    ]


def test_a_thought_in_a_turn_of_its_own_has_a_source_of_its_own() -> None:
    answer = shown([thought("hm")], [text(p("a"))])
    assert events_of(answer, {1: "*hm*\n", 2: "a"}) == [ThoughtDelta("*hm*\n"), TextDelta("a"), STOP]


def test_calls_are_read_or_refused() -> None:
    call = {"kind": "call", "title": "f", "text": '{"a": [1]}'}
    events = events_of(shown([call, call]), {})
    first, second = events[:-1]
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert (first.name, first.args, first.signature) == ("f", {"a": [1]}, None)
    assert first.call_id != second.call_id
    with pytest.raises(WireError, match="no JSON"):
        events_of(shown([{**call, "text": "{"}]), {})
    with pytest.raises(WireError, match="cannot be read: blob:x"):
        events_of(shown([{"kind": "media", "problem": "blob:x: gone"}]), {})


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Failed to generate content: permission denied. Please try again.", PermissionDenied),
        ("Failed to generate content: user has exceeded quota. Please try again later.", QuotaExhausted),
        ("You are out of free generations.", QuotaExhausted),
        ("Rate limit reached", RateLimited),
        ("The model is overloaded.", UpstreamUnavailable),
        ("An internal error has occurred.", UpstreamUnavailable),
        ("Content blocked", Refused),
        ("Nobody has ever seen this", UpstreamError),
    ],
)
def test_what_the_page_says_has_a_name(said: str, kind: type[GatewayError]) -> None:
    with pytest.raises(kind, match=said):
        events_of(shown([text(p("half")), {"kind": "error", "text": said}]), {})


def test_a_toast_is_asked_only_where_the_turn_says_nothing_of_use() -> None:
    denied = "Failed to generate content: permission denied."
    with pytest.raises(PermissionDenied):
        events_of(shown([{"kind": "error", "text": "An internal error has occurred."}], toast=denied), {})
    with pytest.raises(Refused):
        events_of(shown([{"kind": "error", "text": "Content blocked"}], toast=denied), {})
    with pytest.raises(PermissionDenied):
        events_of(shown(toast=denied), {})
    assert events_of(shown([text(p("permission denied"))], toast=denied), {})[-1] == STOP


@pytest.mark.parametrize(
    ("tree", "markdown"),
    [
        (["h2", {}, "Title"], "## Title"),
        (
            p("a ", ["strong", {}, "b"], " ", ["em", {}, "c"], ["br", {}], ["s", {}, "d"]),
            "a **b** *c*\n~~d~~",
        ),
        (p(["code", {}, "x`y"], ["code", {}, "z"]), "``x`y```z`"),
        (
            p(["a", {"href": "https://x"}, "x"], ["a", {"href": "https://y"}, "https://y"]),
            "[x](https://x)https://y",
        ),
        (p(["math", {"display": False}, "x^2"]), "$x^2$"),
        (["ul", {}, ["li", {}, "a", ["ul", {}, ["li", {}, "b"]]], ["li", {}, "c"]], "- a\n  - b\n- c"),
        (["ol", {"start": "3"}, ["li", {}, "a"], ["li", {}, "b"]], "3. a\n4. b"),
        (["blockquote", {}, p("a"), p("b")], "> a\n>\n> b"),
        (["pre", {"language": "py"}, "x = 1\n"], "```py\nx = 1\n```"),
        (["pre", {"language": "code"}, "```"], "````\n```\n````"),
        (
            [
                "table",
                {},
                ["thead", {}, ["tr", {}, ["th", {}, "a"]]],
                ["tbody", {}, ["tr", {}, ["td", {}, "1|2"]]],
            ],
            "| a |\n| --- |\n| 1\\|2 |",
        ),
        (["div", {}, p("a"), ["hr", {}], "loose ", ["span", {}, "words"]], "a\n\n---\n\nloose words"),
    ],
)
def test_what_is_rendered_is_written_anew(tree: Any, markdown: str) -> None:
    assert markdown_of(tree) == markdown


def test_a_source_must_have_the_letters_that_are_shown() -> None:
    assert renders("**a** [b](https://c) d", p(["strong", {}, "a"], "b", "d"))
    assert not renders("a d", p("a b d"))
    assert not renders("", p("a"))
    assert renders("", p(" …"))


def sent(*events: Event) -> Sent:
    made = Sent()
    for event in events:
        made.add(event)
    return made


@pytest.mark.parametrize(
    ("before", "whole", "rest"),
    [
        ([TextDelta("ab")], [TextDelta("abc")], [TextDelta("c"), STOP]),
        ([TextDelta("abc")], [TextDelta("abc")], [STOP]),
        (
            [ThoughtDelta("h")],
            [ThoughtDelta("hm"), TextDelta("a")],
            [ThoughtDelta("m"), TextDelta("a"), STOP],
        ),
        (
            [ThoughtDelta("hm\n"), TextDelta("a")],
            [ThoughtDelta("hm"), TextDelta("ab")],
            [TextDelta("b"), STOP],
        ),
        ([TextDelta("ab")], [TextDelta("b")], None),
        ([TextDelta("ab")], [TextDelta("a")], None),
        ([ThoughtDelta("h"), TextDelta("a")], [ThoughtDelta("hm"), TextDelta("a")], None),
        ([TextDelta("a"), CodeRun(code="1")], [TextDelta("a"), CodeRun(code="1")], None),
        ([TextDelta("a"), Usage()], [TextDelta("ab")], None),
    ],
)
def test_only_what_begins_with_what_was_sent_completes_it(
    before: list[Event], whole: list[Event], rest: list[Event] | None
) -> None:
    assert sent(*before).rest_of([*whole, STOP]) == rest


def test_nothing_was_sent_at_first() -> None:
    assert not sent()
    assert sent(Usage())
