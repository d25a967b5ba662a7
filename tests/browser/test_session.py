"""Whose session it is and what it holds, without a page."""

from dataclasses import replace
from pathlib import Path

import pytest

from browser.driver import PageDriver
from browser.flows.held import AnswerNotes, Held
from browser.foreground import Foreground
from browser.session import Session, SessionState
from domain.attachments import Attachment
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.ports import Deadlines
from domain.requests import GenerateRequest, Sampling, Text, ToolResult, Turn
from settings import BrowserSettings


def session() -> Session:
    """A session whose tab has never been opened: enough to be taken and given back."""
    return Session(
        None,  # type: ignore[arg-type]  # no opener: nothing here opens a tab
        BrowserSettings(engine="chromium"),
        Deadlines(),
        foreground=Foreground(),
        count=lambda _: None,
        heal=lambda _: None,
        on_change=lambda: None,
    )


async def test_an_old_lease_does_not_touch_the_next_owners_tab() -> None:
    tab = session()
    old = tab.take()
    tab.break_("lost while it was used")
    tab.state = SessionState.READY  # brought back
    tab.take()
    await tab.clean(old)
    assert tab.state is SessionState.BUSY


async def test_a_tab_that_cannot_be_cleaned_is_broken_and_says_why() -> None:
    tab = session()
    await tab.clean(tab.take())
    assert tab.state is SessionState.BROKEN
    assert tab.reason


async def test_a_driver_that_was_not_opened_says_so() -> None:
    driver = PageDriver(BrowserSettings(engine="chromium"), Deadlines())
    status = driver.status()
    assert not status.page_ready
    assert "not been started" in status.reason
    await driver.close()
    await driver.close()


ASKED = GenerateRequest("m", (Turn.of("user", "hi"),))
ANSWER = (TextDelta("hel"), TextDelta("lo"), Usage(), Finished(FinishReason.STOP))


def held_after(*events: Event) -> Held | None:
    notes = AnswerNotes()
    for event in events:
        notes.add(event)
    return notes.held(ASKED, shown_before=0)


def held() -> Held:
    found = held_after(*ANSWER)
    assert found is not None
    return found


async def test_only_its_owner_lets_a_tab_hold_a_conversation() -> None:
    tab = session()
    old = tab.take()
    new = tab.take()
    tab.hold(old, held())
    assert tab.state is SessionState.BUSY
    tab.hold(new, held())
    assert (tab.state, tab.held) == (SessionState.HOLDING, held())


async def test_a_tab_that_is_used_for_anything_else_holds_nothing() -> None:
    for end in (Session.take, lambda tab: tab.break_("lost")):
        tab = session()
        tab.hold(tab.take(), held())
        end(tab)
        assert tab.held is None


def test_an_answer_that_ended_well_is_held_as_it_was_reported() -> None:
    whole = (Turn.of("user", "hi"), Turn.of("model", "hello"))
    assert held() == Held("m", whole, (2,))
    cut = held_after(TextDelta("hello"), Grounding(), Finished(FinishReason.MAX_TOKENS))
    assert cut is not None
    assert cut.turns == whole
    thoughtful = held_after(ThoughtDelta("hm"), *ANSWER)
    assert thoughtful == Held("m", whole, (2, 3))


@pytest.mark.parametrize(
    "events",
    [
        ANSWER[:-1],
        (Finished(FinishReason.STOP),),
        (TextDelta("x"), Finished(FinishReason.SAFETY)),
        (ToolCall("f", {}, "c"), *ANSWER),
        (Media("image/png", ""), *ANSWER),
        (CodeRun(code="1"), *ANSWER),
    ],
)
def test_anything_but_a_whole_answer_in_words_is_not_held(events: tuple[Event, ...]) -> None:
    assert held_after(*events) is None


def test_files_may_be_shown_as_turns_of_their_own() -> None:
    notes = AnswerNotes()
    for event in (ThoughtDelta("hm"), *ANSWER):
        notes.add(event)
    found = notes.held(ASKED, shown_before=2, files=2)
    assert found is not None
    assert tuple(found.shown) == (4, 5, 6, 7)


def test_a_file_is_known_by_its_content_wherever_it_lies() -> None:
    file = Attachment(Path("one/a.txt"), "a.txt", "text/plain", 1, "00")
    sent = replace(held(), turns=(Turn("user", (Text("hi"), file)), held().turns[1]))
    for path, content, known in (("two/a.txt", "00", True), ("one/a.txt", "11", False)):
        again = replace(file, path=Path(path), sha256=content)
        turns = (Turn("user", (Text("hi"), again)), held().turns[1], Turn("user", (file, Text("more"))))
        assert sent.is_extended_by(replace(ASKED, turns=turns)) is known


NEXT = replace(ASKED, turns=(*held().turns, Turn.of("user", "more")))


def test_one_more_message_goes_on_with_what_is_held_whatever_its_settings() -> None:
    assert held().is_extended_by(NEXT)
    assert held().is_extended_by(replace(NEXT, system="be brief", sampling=Sampling(temperature=1.0)))


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        replace(NEXT, model="other"),
        replace(NEXT, turns=NEXT.turns[:-1]),
        replace(NEXT, turns=(*NEXT.turns, Turn.of("user", "and more"))),
        replace(NEXT, turns=(Turn.of("user", "hi "), *NEXT.turns[1:])),
        replace(NEXT, turns=(Turn.of("user", "hi", "Ada"), *NEXT.turns[1:])),
        replace(NEXT, turns=(*held().turns, Turn.of("user", "more", "Ada"))),
        replace(NEXT, turns=(*held().turns, Turn.of("model", "more"))),
        replace(NEXT, turns=(*held().turns, Turn("user", (Text("x"), ToolResult("f", "c", ""))))),
    ],
)
def test_nothing_else_goes_on_with_it(asked: GenerateRequest) -> None:
    assert not held().is_extended_by(asked)
