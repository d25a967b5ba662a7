"""Whose answer it is: what the proxy saw and what tabs sent, in any order."""

import base64
from typing import Any

import pytest

from browser.stream_proxy.matching import Matching


class Heard:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def on_response(self, status: int) -> None:
        self.told.append(status)

    def on_data(self, piece: bytes) -> None:
        self.told.append(piece)

    def on_end(self, failure: str | None = None) -> None:
        self.told.append(failure)


def seen(flow: str, digest: str, method: str = "GenerateContent") -> dict[str, Any]:
    return {"kind": "request", "id": flow, "method": method, "digest": digest}


def answer(flow: str, text: str) -> list[dict[str, Any]]:
    return [
        {"kind": "head", "id": flow, "status": 200},
        {"kind": "data", "id": flow, "data": base64.b64encode(text.encode()).decode()},
        {"kind": "end", "id": flow, "failure": None},
    ]


def hear(matching: Matching, *events: dict[str, Any]) -> None:
    for event in events:
        matching.hear(event)


@pytest.mark.parametrize("early", range(5))
def test_answer_reaches_its_tab_whoever_is_told_first(early: int) -> None:
    matching, tab, other = Matching(print), Heard(), Heard()
    matching.expect("GenerateContent", "d2", other)
    events = [seen("f1", "d1"), *answer("f1", "mine")]
    hear(matching, *events[:early])
    matching.expect("GenerateContent", "d1", tab)
    hear(matching, *events[early:])
    assert tab.told == [200, b"mine", None]
    assert other.told == []


def test_answers_of_two_tabs_are_not_mixed() -> None:
    matching, one, two = Matching(print), Heard(), Heard()
    matching.expect("GenerateContent", "d1", one)
    hear(matching, seen("f2", "d2"), seen("f1", "d1"))
    matching.expect("GenerateContent", "d2", two)
    for first, second in zip(answer("f1", "one"), answer("f2", "two"), strict=True):
        hear(matching, second, first)
    assert (one.told, two.told) == ([200, b"one", None], [200, b"two", None])


def test_requests_that_cannot_be_told_apart_are_given_to_nobody() -> None:
    counts: list[str] = []
    matching, one, two = Matching(counts.append), Heard(), Heard()
    matching.expect("GenerateContent", "same", one)
    hear(matching, seen("f1", "same"), seen("f2", "same"))
    matching.expect("GenerateContent", "same", two)
    hear(matching, *answer("f1", "whose?"), *answer("f2", "whose?"))
    assert all(told == ["two requests cannot be told apart"] for told in (one.told[:1], two.told[:1]))
    assert b"whose?" not in [*one.told, *two.told]
    assert counts


def test_any_list_of_models_is_as_good_as_any_other() -> None:
    matching, lost, one = Matching(print), Heard(), Heard()
    matching.expect("ListModels", "", lost)
    matching.expect("ListModels", "", one)
    hear(matching, seen("f1", "x", "ListModels"), *answer("f1", "models"))
    assert one.told == [200, b"models", None]


def test_whoever_listens_or_waits_learns_that_the_proxy_is_gone() -> None:
    matching, listening, waiting, done = Matching(print), Heard(), Heard(), Heard()
    matching.expect("GenerateContent", "d0", done)
    hear(matching, seen("f0", "d0"), *answer("f0", "over"))
    matching.expect("GenerateContent", "d1", listening)
    hear(matching, seen("f1", "d1"), answer("f1", "x")[0])
    matching.expect("GenerateContent", "d2", waiting)
    matching.lose("gone")
    hear(matching, *answer("f1", "late"))
    assert (listening.told, waiting.told) == ([200, "gone"], ["gone"])
    assert done.told[-1] is None


def test_what_nobody_claims_is_forgotten() -> None:
    matching = Matching(print)
    for number in range(500):
        hear(matching, seen(f"f{number}", f"d{number}"), *answer(f"f{number}", "x"))
        hear(matching, seen(f"l{number}", "x", "ListModels"), *answer(f"l{number}", "x"))
    assert len(matching._by_body) <= 64
    assert len(matching._lists) <= 64
    assert not matching._flows
