"""Captures that take turns: who serves, who takes over, and when nobody may."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest
from playwright.async_api import Page

from browser.capture.cdp import CdpCapture
from browser.capture.chain import Chain, Listening
from browser.capture.dom import READ
from browser.capture.hearing import Hearing, PageGone, Unheard
from browser.capture.in_page import InPageCapture
from browser.capture.overhearing import Overhearing
from browser.pages.answers import Answers
from browser.pages.scripting import PageScripts, ScriptLibrary
from browser.pages.selectors import load_selectors
from domain.errors import QuotaExhausted, WireError
from domain.events import Event, Finished, FinishReason, TextDelta, ThoughtDelta
from simulator.demo import Site
from tests.e2e.by_hand import ask
from tests.e2e.driving import text_of

ORDER = ("cdp", "in_page", "dom")


class DeafToAnswers(CdpCapture):
    """Hears the page start, and nothing of its answers."""

    def claim(self, request_id: str) -> None:
        pass


class MuteInBody(CdpCapture):
    """Hears that the page asks, and then nothing."""

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        await hearing.submitted()
        async for _ in hearing.pieces():
            pass
        raise Unheard("the test lost it")
        yield b""


class DeafInPage(InPageCapture):
    """Hears the page start, and nothing of its answers."""

    def claim(self, request_id: str) -> None:
        pass


class BreaksOffLater(CdpCapture):
    """Loses what comes after a few pieces."""

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        async with aclosing(super().body(hearing)) as pieces:
            number = 0
            async for piece in pieces:
                yield piece
                number += 1
                if number == 3:
                    break
        raise Unheard("the test lost it")


class ChangesLater(BreaksOffLater):
    """And what came before was not what the page shows."""

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        async with aclosing(super().body(hearing)) as pieces:
            async for piece in pieces:
                yield piece.replace(b"chunk", b"Chunk")


class Bench:
    """A chain on a page, and what it counts."""

    def __init__(
        self,
        page: Page,
        capture: type[CdpCapture],
        order: Sequence[str],
        seconds: float,
        second: type[InPageCapture] = InPageCapture,
    ) -> None:
        self.counts: list[str] = []
        count = self.counts.append
        self.page = page
        scripts = PageScripts(page, ScriptLibrary(load_selectors(None), count))
        captures = (capture(page, count), second(page, count))
        self.chain = Chain(captures, Answers(scripts), order, seconds, count)

    @property
    def turns(self) -> list[str]:
        """What was counted of captures taking turns."""
        return [name for name in self.counts if name.startswith("capture")]

    async def load(self, site: Site) -> None:
        await self.chain.open()
        await self.visit(site)

    async def visit(self, site: Site) -> None:
        self.chain.forget_page()
        with Overhearing(self.page, "ListModels") as overheard:
            await self.page.goto(site.page)
            assert "models/" in await self.chain.model_list(overheard.json())

    async def press(self, prompt: str) -> Listening:
        listening = self.chain.arm(shown=0)
        await ask(self.page, prompt)
        await listening.submitted()
        return listening


async def note(listening: Listening, events: list[Event]) -> None:
    async for event in listening.events():
        events.append(event)  # noqa: PERF401 they are wanted although an error follows


async def bench(
    page: Page, site: Site, capture: type[CdpCapture], order: Sequence[str] = ORDER, seconds: float = 0.3
) -> Bench:
    made = Bench(page, capture, order, seconds)
    await made.load(site)
    return made


async def test_the_first_one_serves_and_the_others_stay_quiet(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture)
    assert on.chain.name == "cdp"
    listening = await on.press("/echo hello 👩‍👩‍👧‍👦")
    events = [event async for event in listening.events()]
    assert (text_of(events), listening.capture, listening.over) == ("hello 👩‍👩‍👧‍👦", "cdp", True)
    assert on.turns == ["captures.cdp"]


@pytest.mark.parametrize("broken", [DeafToAnswers, MuteInBody])
async def test_the_next_one_takes_over_from_the_beginning(
    page: Page, site: Site, broken: type[CdpCapture]
) -> None:
    on = await bench(page, site, broken)
    wanted = "".join(f"line {n} “quoted”\n" for n in range(200))
    listening = await on.press(f"/echo(every=0.005) {wanted}")
    events = [event async for event in listening.events()]
    assert text_of(events) == wanted
    assert isinstance(events[-1], Finished)
    assert listening.capture == "in_page"
    assert on.turns == ["capture_fallbacks", "captures.in_page"]


async def test_a_deaf_one_is_not_asked_again_on_the_same_page(page: Page, site: Site) -> None:
    on = await bench(page, site, DeafToAnswers)
    [_ async for _ in (await on.press("/echo one")).events()]
    assert on.chain.name == "in_page"
    await on.visit(site)
    assert on.chain.name == "cdp"


async def test_a_model_that_takes_its_time_is_no_deaf_capture(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture, seconds=0.1)
    listening = await on.press("/echo(ttft=1.5) late")
    assert text_of([event async for event in listening.events()]) == "late"
    assert (listening.capture, on.turns) == ("cdp", ["captures.cdp"])


async def test_once_something_was_sent_a_failure_is_the_runs(page: Page, site: Site) -> None:
    on = await bench(page, site, BreaksOffLater, order=("cdp", "in_page"))
    listening = await on.press("/chunks n=150 every=0.01")
    events: list[Event] = []
    with pytest.raises(WireError, match="the test lost it"):
        await note(listening, events)
    assert "capture_fallbacks" not in on.turns
    assert all(isinstance(event, TextDelta) for event in events)


async def test_the_page_is_read_where_nothing_else_hears(page: Page, site: Site) -> None:
    on = Bench(page, DeafToAnswers, ORDER, 0.3, DeafInPage)
    await on.load(site)
    listening = await on.press("/think(every=0.01) why | **so** it is\n")
    events = [event async for event in listening.events()]
    assert events == [ThoughtDelta("why"), TextDelta("**so** it is\n"), Finished(FinishReason.STOP)]
    assert on.turns == ["capture_fallbacks", "capture_fallbacks", "captures.dom"]
    assert (listening.capture, READ in listening.warnings) == ("dom", True)


async def test_the_page_completes_an_answer_that_broke_off(page: Page, site: Site) -> None:
    on = await bench(page, site, BreaksOffLater)
    listening = await on.press("/chunks n=60 every=0.01")
    events = [event async for event in listening.events()]
    await page.locator(".turn-footer").wait_for()
    said = text_of(events)
    assert said.count("chunk") == 60
    assert len(events) < 60
    assert isinstance(events[-1], Finished)
    assert (listening.capture, listening.over) == ("cdp+dom", True)
    assert on.turns == ["captures.cdp"]
    assert "answers_completed" in on.counts


async def test_a_page_that_shows_other_words_completes_nothing(page: Page, site: Site) -> None:
    on = await bench(page, site, ChangesLater)
    listening = await on.press("/chunks n=60 every=0.01")
    with pytest.raises(WireError, match="the test lost it"):
        await note(listening, [])


async def test_what_the_site_cut_is_not_completed(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture)
    listening = await on.press("/fail cut after=2")
    with pytest.raises(WireError, match="connection to AI Studio broke"):
        await note(listening, [])


async def test_nobody_is_asked_once_the_tab_has_gone(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture)
    listening = await on.press("/chunks n=500 every=0.02")
    events = listening.events()
    assert isinstance(await anext(events), TextDelta)
    await page.reload()
    with pytest.raises(PageGone):
        [_ async for _ in events]


async def test_what_the_site_refuses_is_no_reason_to_ask_another(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture)
    listening = await on.press("/fail 429")
    with pytest.raises(QuotaExhausted):
        [_ async for _ in listening.events()]
    assert listening.over
    assert on.turns == []


async def test_the_order_is_the_settings(page: Page, site: Site) -> None:
    on = await bench(page, site, CdpCapture, order=("in_page", "cdp"))
    listening = await on.press("/echo x")
    assert text_of([event async for event in listening.events()]) == "x"
    assert listening.capture == "in_page"


async def test_only_what_was_asked_for_serves(page: Page, site: Site) -> None:
    on = await bench(page, site, DeafToAnswers, order=("cdp",))
    listening = on.chain.arm(shown=0)
    await ask(page, "/echo x")
    await page.locator(".turn-footer").wait_for()
    assert listening.capture == "cdp"
    on.chain.disarm()
