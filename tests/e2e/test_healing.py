"""Whatever of the browser side is lost, in whatever state: it is brought back, and nobody is left waiting."""

import asyncio
import contextlib
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import Page

from browser.driver import PageDriver
from browser.session import Session, SessionState
from domain.errors import GatewayError, SessionError, SignedOut, WireError
from domain.events import TextDelta
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site
from simulator.scenario import Scenario
from simulator.server import Simulator
from tests.e2e.driving import (
    DEADLINES,
    RECOVERY_SECONDS,
    Conversation,
    answer,
    counted,
    opened,
    request,
    run,
    text_of,
    to_the_end,
    until,
    until_idle,
    until_ready,
)
from tests.site import SiteControl
from tests.waiting import eventually

FREEZE = "() => { setTimeout(() => { for (;;); }, 0); }"
PATIENCE = 0.5


def processes(driver: PageDriver, kind: str) -> list[psutil.Process]:
    """The driver's own browser processes whose command line has `kind`."""
    assert driver.healer.engine is not None
    found = []
    for process in driver.healer.engine._processes._all():
        with contextlib.suppress(psutil.Error):
            if kind in " ".join(process.cmdline()):
                found.append(process)
    return found


def main_process(driver: PageDriver) -> psutil.Process:
    """The browser itself, whose children are told apart by a type."""
    (browser,) = (
        p for p in processes(driver, "--remote-debugging") if "--type=" not in " ".join(p.cmdline())
    )
    return browser


def kill_browser(driver: PageDriver) -> None:
    main_process(driver).kill()


async def well(driver: PageDriver) -> Counter[str]:
    """Its counters, as soon as its tab is clean."""
    await until_ready(driver, 1)
    return Counter(driver.status().counters)


def since(before: Counter[str], driver: PageDriver) -> Counter[str]:
    return Counter(driver.status().counters) - before


async def crash(driver: PageDriver, _page: Page) -> None:
    for process in processes(driver, "--type=renderer"):
        with contextlib.suppress(psutil.Error):
            process.kill()


async def close(_driver: PageDriver, page: Page) -> None:
    await page.close()


async def freeze(driver: PageDriver, page: Page) -> None:
    """Returns when it has been noticed."""
    before = counted(driver, "sessions_broken")
    await page.evaluate(FREEZE)
    async with asyncio.timeout(RECOVERY_SECONDS):
        while counted(driver, "sessions_broken") == before:
            await driver.watchdog.look(PATIENCE)


WAYS = pytest.mark.parametrize("lose", [crash, close, freeze])
Lose = Callable[[PageDriver, Page], Any]


async def test_a_browser_killed_in_the_middle_of_an_answer_is_back_within_ten_seconds(site: Site) -> None:
    opening = time.monotonic()
    async with opened(site) as driver:
        opening = time.monotonic() - opening
        async with driver.prepare(request("/chunks n=2000 every=0.02")) as generation:
            events = aiter(generation.events())
            assert isinstance(await anext(events), TextDelta)
            killed = time.monotonic()
            kill_browser(driver)
            with pytest.raises((SessionError, WireError)):
                await to_the_end(events)
        assert await answer(driver, "/echo back") == "back"
        assert time.monotonic() - killed < max(RECOVERY_SECONDS, 4 * opening), "or the machine is overloaded"
        assert counted(driver, "retries") == 0
        assert counted(driver, "healing.browser") == 1
        assert driver.status().healing.last_step == "browser"


async def test_a_browser_killed_before_the_first_event_is_not_noticed_by_the_caller(
    site: Site, control: SiteControl
) -> None:
    async with opened(site) as driver:
        submitted = asyncio.Event()

        async def ask() -> str:
            async with driver.prepare(request("/echo(ttft=1.5) whole")) as generation:
                return text_of([event async for event in generation.events(submitted.set)])

        asking = asyncio.create_task(ask())
        await submitted.wait()
        kill_browser(driver)
        assert await asking == "whole"
        assert counted(driver, "retries") == 1
        assert len(await control.requests()) == 2


async def test_a_connection_cut_before_the_first_event_is_made_again_once(
    site: Site, control: SiteControl
) -> None:
    async with opened(site) as driver:
        await control.scenario(next_faults=["cut after=0"])
        assert await answer(driver, "/echo whole") == "whole"
        assert counted(driver, "retries") == 1
        await control.scenario(next_faults=["cut after=0", "cut after=0"])
        with pytest.raises(WireError):
            await answer(driver, "/echo never")
        assert counted(driver, "retries") == 2
        await control.scenario(next_faults=["cut after=5"])
        with pytest.raises(WireError):
            await answer(driver, "/chunks n=20 every=0.05")
        assert counted(driver, "retries") == 2


async def test_what_the_site_refuses_is_not_asked_again(site: Site, control: SiteControl) -> None:
    async with opened(site) as driver:
        for fault in ("429", "403", "500", "empty"):
            with contextlib.suppress(GatewayError):
                await answer(driver, f"/fail {fault}")
        assert counted(driver, "retries") == 0
        assert len(await control.requests()) == 4


@pytest_asyncio.fixture(scope="module")
async def sound(site: Site) -> AsyncIterator[PageDriver]:
    """One tab that each test may lose, and finds well."""
    async with opened(site) as driver:
        yield driver


@WAYS
async def test_a_tab_lost_while_idle_is_replaced(sound: PageDriver, lose: Lose) -> None:
    before = await well(sound)
    await lose(sound, sound.pool.sessions[0].tab.page)
    await until(sound, lambda: since(before, sound)["sessions_broken"] == 1)
    assert await answer(sound, "/echo next") == "next"
    assert since(before, sound)["healing.page"] == 1
    assert since(before, sound)["retries"] == 0


@WAYS
async def test_a_tab_lost_while_a_request_is_put_on_it_is_not_noticed_by_the_caller(
    sound: PageDriver, lose: Lose
) -> None:
    await well(sound)
    (session,) = sound.pool.sessions
    asking = asyncio.create_task(answer(sound, "/echo whole"))
    await until(sound, lambda: session.state is SessionState.BUSY)
    await lose(sound, session.tab.page)
    assert await asking == "whole"
    assert await answer(sound, "/echo next") == "next"


@WAYS
async def test_a_tab_lost_before_the_first_event_is_not_noticed_by_the_caller(
    sound: PageDriver, control: SiteControl, lose: Lose
) -> None:
    before = await well(sound)
    await control.scenario(ttft=60)
    (session,) = sound.pool.sessions
    asking = asyncio.create_task(answer(sound, "/echo whole"))
    await until_generating(session)
    await control.scenario(ttft=0.02)
    await lose(sound, session.tab.page)
    assert await asking == "whole"
    assert since(before, sound)["retries"] == 1


@WAYS
async def test_a_tab_lost_in_the_middle_of_an_answer_is_a_named_error(sound: PageDriver, lose: Lose) -> None:
    before = await well(sound)
    async with sound.prepare(request("/chunks n=2000 every=0.02")) as generation:
        events = aiter(generation.events())
        await anext(events)
        await lose(sound, sound.pool.sessions[0].tab.page)
        with pytest.raises((SessionError, WireError)):
            await to_the_end(events)
    assert await answer(sound, "/echo next") == "next"
    assert since(before, sound)["retries"] == 0


@WAYS
async def test_a_tab_lost_while_it_is_cleaned_is_replaced(sound: PageDriver, lose: Lose) -> None:
    await well(sound)
    (session,) = sound.pool.sessions
    asking = asyncio.create_task(answer(sound, "/echo one"))
    await until_generating(session)
    while session.generating:  # noqa: ASYNC110 the very moment: no event tells it
        await asyncio.sleep(0)
    await lose(sound, session.tab.page)
    with contextlib.suppress(GatewayError):
        await asking
    assert await answer(sound, "/echo next") == "next"


async def test_a_tab_lost_while_it_holds_a_conversation_costs_nothing_but_the_short_cut(site: Site) -> None:
    async with opened(site, tabs=2) as driver:
        for lose in (crash, close, freeze):
            await until_idle(driver)
            talk = Conversation(driver)
            await talk.say("/echo one")
            (held,) = (s for s in driver.pool.sessions if s.held and s.held.turns == tuple(talk.turns))
            await lose(driver, held.tab.page)
            assert await talk.say("/echo two") == "two"
            assert await answer(driver, "/echo next") == "next"


async def test_a_frozen_tab_is_replaced_while_another_one_answers(site: Site) -> None:
    async with opened(site, tabs=2) as driver:
        await until_ready(driver, 2)
        async with driver.prepare(request("/chunks n=60 every=0.05")) as generation:
            events = aiter(generation.events())
            said = [await anext(events)]
            (idle,) = (session for session in driver.pool.sessions if not session.generating)
            await freeze(driver, idle.tab.page)
            said += [event async for event in events]
            assert len(text_of(said)) > 60
        assert await answer(driver, "/echo next") == "next"
        assert counted(driver, "frozen_tabs") == 1


async def test_a_browser_that_is_stopped_as_a_whole_is_replaced(site: Site) -> None:
    async with opened(site, watchdog_seconds=0.5) as driver:
        browser = main_process(driver)
        browser.send_signal(signal.SIGSTOP)
        await until(driver, lambda: counted(driver, "healing.browser") == 1)
        assert await answer(driver, "/echo next") == "next"
        assert not browser.is_running()


async def test_a_context_that_was_closed_is_opened_anew(site: Site) -> None:
    async with opened(site) as driver:
        await driver.pool.sessions[0].tab.page.context.close()
        assert await answer(driver, "/echo next") == "next"
        assert counted(driver, "healing.context") == 1
        assert counted(driver, "healing.browser") == 0


async def test_a_site_that_cannot_be_reached_leads_up_the_ladder_until_it_is_back(tmp_path: Path) -> None:
    async with Simulator(Scenario(ttft=0, pace=0)) as simulator:
        profile = tmp_path / "profile.json"
        profile.write_text(json.dumps(simulator.storage_state()))
        driver = PageDriver(
            BrowserSettings(
                engine="chromium",
                ai_studio_url=simulator.http_url,
                auth_profile=profile,
                args=(LOOPBACK_ONLY,),
                tabs=1,
            ),
            DEADLINES,
        )
        await driver.open()
        port = simulator.http_port
    try:
        await driver.pool.sessions[0].tab.page.close()
        await until(driver, lambda: counted(driver, "healing.browser") == 1, 40)
        assert (counted(driver, "healing.page"), counted(driver, "healing.context")) == (3, 2)
        status = driver.status()
        assert not status.page_ready
        assert status.healing.failures >= 5
        assert status.healing.broken_seconds > 0
        async with Simulator(Scenario(ttft=0, pace=0), http_port=port) as again:
            profile.write_text(json.dumps(again.storage_state()))
            await until(driver, lambda: bool(driver.pool.alive), 40)
            assert await answer(driver, "/echo next") == "next"
            assert (driver.status().stage, driver.status().healing.failures) == ("", 0)
            assert counted(driver, "healing.browser") < 4
    finally:
        await driver.close()


async def test_a_browser_that_has_grown_too_large_is_replaced_between_two_answers(site: Site) -> None:
    async with opened(site, tabs=2, memory_limit_mb=1) as driver:
        await until_ready(driver, 2)
        async with driver.prepare(request("/chunks n=40 every=0.02")) as generation:
            events = aiter(generation.events())
            said = [await anext(events)]
            async with driver.prepare(request("/echo moved")) as prepared:
                await driver.watchdog.look(PATIENCE)
                said += [event async for event in events]
                assert len(text_of(said)) > 0
                assert counted(driver, "healing.browser") == 0
                await generation.leave(well=True)
                assert text_of([event async for event in prepared.events()]) == "moved"
        assert counted(driver, "memory_recycles") == counted(driver, "healing.browser") == 1
        assert driver.status().healing.memory_mb > 100
        await driver.watchdog.look(PATIENCE)
        assert counted(driver, "memory_recycles") == 1, "a limit that is too low must not stop service"
        assert await answer(driver, "/echo next") == "next"


async def test_a_sign_out_that_an_idle_hour_shows_is_heeded_and_a_new_sign_in_is_read(
    site: Site, control: SiteControl
) -> None:
    del control

    async def signed_out() -> None:
        raise SignedOut("Sign in again.")

    async with opened(site) as driver:
        driver.watchdog.on_idle.append(signed_out)
        await driver.watchdog.look(PATIENCE)
        driver.watchdog.on_idle.clear()
        assert not driver.pool.alive
        assert driver.status().stage == "sign_in"
        with pytest.raises(SignedOut):
            await run(driver, request("/echo refused"))
        await until(driver, lambda: bool(driver.pool.alive))
        assert await answer(driver, "/echo in again") == "in again"


async def test_requests_may_wait_for_a_new_sign_in(site: Site) -> None:
    async with opened(site, when_signed_out="wait") as driver:
        driver.pool.refuse(SignedOut("Sign in again."))
        assert await answer(driver, "/echo waited") == "waited"


async def until_generating(session: Session) -> None:
    """Nothing of the driver tells when Run is pressed."""
    await eventually(lambda: session.generating, DEADLINES.ready)
