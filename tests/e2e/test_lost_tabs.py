"""What the driver makes of tabs and browsers that go at the worst moment."""

import asyncio
from pathlib import Path

import psutil
import pytest

from browser.session import SessionState
from domain.errors import SignedOut
from simulator.demo import Site
from tests.e2e.driving import answer, driver_for, opened, request, run, text_of, until_ready
from tests.e2e.test_bad_days import kill_new

RENDERER = "--type=renderer"
FREEZE_ONCE = """
if (location.pathname.startsWith("/prompts") && !document.cookie.includes("frozen")) {
  document.cookie = "frozen=1";
  setTimeout(() => { for (;;); }, 50);
}
"""


def processes() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


async def test_a_browser_that_dies_before_run_is_not_noticed_by_the_caller(
    site: Site, tmp_path: Path
) -> None:
    before = processes()
    async with opened(site, evidence_dir=tmp_path) as driver:
        async with driver.prepare(request("/echo whole")) as generation:
            assert kill_new(before, "--remote-debugging") > 0
            assert text_of([event async for event in generation.events()]) == "whole"
        assert await answer(driver, "/echo back") == "back"


async def test_one_refusal_is_no_sign_out(site: Site) -> None:
    async with opened(site, tabs=2) as driver:
        await until_ready(driver, 2)
        async with driver.prepare(request("/chunks n=30 every=0.03")) as working:
            events = working.events()
            await anext(events)
            with pytest.raises(SignedOut):
                await run(driver, request("/fail 401"))
            assert await answer(driver, "/echo at once") == "at once"
            assert [event async for event in events]
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(answer(driver, f"/echo {n}") for n in range(3)))
        assert answers == ["0", "1", "2"]
        assert driver.status().reason == ""


async def test_a_tab_that_crashes_while_it_opens_is_opened_again(site: Site) -> None:
    before = processes()
    driver = driver_for(site, tabs=1)
    try:
        await driver.open()
        (session,) = driver.pool.sessions
        kill_new(before, RENDERER)
        async with asyncio.timeout(10):
            while session.state is not SessionState.OPENING:
                driver.pool.changed.clear()
                await driver.pool.changed.wait()
            while not kill_new(before, RENDERER):  # the new tab's, as soon as there is one
                await asyncio.to_thread(processes)
            assert await answer(driver, "/echo whole") == "whole"
    finally:
        await driver.close()


async def test_a_tab_that_freezes_while_it_opens_is_given_up(site: Site) -> None:
    async with opened(site, watchdog_seconds=1) as driver:
        [session] = driver.pool.sessions
        page = session.tab.page
        await page.context.add_init_script(FREEZE_ONCE)
        await page.close()
        async with asyncio.timeout(25):  # with nobody looking it takes twice as long
            assert await answer(driver, "/echo whole") == "whole"
        assert driver.status().counters["healing.page"] == 2
