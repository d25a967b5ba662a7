"""Playwright's driver process ends: the process between this one and the browser, which goes with it."""

import asyncio

import psutil
import pytest

from browser.driver import PageDriver
from browser.locate import find_chromium
from browser.playwright_start import running_playwright
from domain.errors import SessionError, WireError
from domain.events import TextDelta
from simulator.demo import Site
from tests.e2e.driving import (
    answer,
    counted,
    opened,
    request,
    text_of,
    to_the_end,
    until,
    until_ready,
)

pytestmark = pytest.mark.timeout(120)
PATIENCE = 50.0
"""Seconds that replacing a browser that answers to nothing may take; on a quiet machine it is a third."""


def kill_driver_process(driver: PageDriver) -> None:
    assert driver.healer.engine is not None
    for root in driver.healer.engine._processes._roots:
        root.kill()


def freeze_driver_process(driver: PageDriver) -> None:
    assert driver.healer.engine is not None
    for root in driver.healer.engine._processes._roots:
        root.suspend()


async def test_a_driver_process_killed_while_idle_is_not_noticed_by_the_next_caller(site: Site) -> None:
    async with opened(site, tabs=2) as driver:
        await until_ready(driver, 2)
        kill_driver_process(driver)
        assert await answer(driver, "/echo next") == "next"
        assert counted(driver, "healing.browser") == 1


async def test_a_driver_process_killed_before_the_first_event_is_not_noticed_by_the_caller(
    site: Site,
) -> None:
    async with opened(site) as driver, driver.prepare(request("/echo(ttft=1.5) whole")) as generation:

        def kill_once() -> None:
            if counted(driver, "retries") == 0:
                kill_driver_process(driver)

        events = [event async for event in generation.events(kill_once)]
        assert text_of(events) == "whole"
        assert counted(driver, "retries") == 1


async def test_a_driver_process_killed_in_the_middle_of_an_answer_is_a_named_error(site: Site) -> None:
    async with opened(site, watchdog_seconds=0) as driver:
        async with driver.prepare(request("/chunks n=2000 every=0.02")) as generation:
            events = aiter(generation.events())
            assert isinstance(await anext(events), TextDelta)
            kill_driver_process(driver)
            with pytest.raises((SessionError, WireError)):
                await to_the_end(events)
        assert await answer(driver, "/echo next") == "next"


async def test_a_driver_process_killed_while_tokens_are_counted_is_not_noticed_by_the_caller(
    site: Site,
) -> None:
    async with opened(site) as driver:
        counting = asyncio.create_task(driver.count(request("one two three")))
        await until(driver, lambda: driver.pool.busy)
        kill_driver_process(driver)
        assert (await counting).total > 0
        assert await answer(driver, "/echo next") == "next"


async def test_a_driver_process_killed_just_before_the_end_keeps_nobody_from_it(site: Site) -> None:
    async with opened(site) as driver:
        kill_driver_process(driver)
        async with asyncio.timeout(PATIENCE):
            await driver.close()


async def test_a_driver_process_that_freezes_is_replaced_and_the_caller_notices_nothing(site: Site) -> None:
    async with opened(site, watchdog_seconds=0.5) as driver:
        freeze_driver_process(driver)
        async with asyncio.timeout(PATIENCE):
            assert await answer(driver, "/echo next") == "next"
        assert counted(driver, "healing.browser") == 1


async def test_a_frozen_driver_process_holds_neither_a_deadline_nor_a_stop(site: Site) -> None:
    async with opened(site, watchdog_seconds=0) as driver:
        freeze_driver_process(driver)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await answer(driver, "/echo never")
        async with asyncio.timeout(PATIENCE):
            await driver.close()


async def test_a_driver_process_that_freezes_while_a_browser_starts_is_ended() -> None:
    before = set(psutil.Process().children())
    async with running_playwright() as playwright:
        (process,) = set(psutil.Process().children()) - before
        process.suspend()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await playwright.chromium.launch(executable_path=find_chromium())
    assert not process.is_running()
