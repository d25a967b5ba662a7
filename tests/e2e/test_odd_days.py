"""What no list of faults has: a right answer or an error with a name, soon, and the next request works."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from domain.errors import ControlFailed, SessionLost, SignedOut, WireError
from domain.events import Event
from domain.requests import ThinkingChoice, Tool
from simulator.demo import Site, simulated_site
from tests.e2e.driving import DEADLINES, MODEL, answer, leave_early, opened, request, text_of, until_ready
from tests.site import SiteControl

SOON = 20.0
"""Seconds, on a busy machine, for what is to be told soon."""
COUNTING = {"hold_run_while_counting": True, "token_count_delay_ms": 500}
"""Run is held back until after the page has rewritten the prompt."""


async def asked_of(control: SiteControl) -> dict[str, Any]:
    """The one request that arrived."""
    (entry,) = await control.requests()
    found: dict[str, Any] = entry["report"]
    return found


async def drained(events: AsyncIterator[Event]) -> None:
    async for _ in events:
        pass


@pytest.mark.parametrize("what", ["empty", "draft"])
async def test_a_prompt_that_the_page_rewrites_while_it_waits_is_never_sent(
    site: Site, control: SiteControl, what: str
) -> None:
    await control.scenario(page={"rewrites_prompt": what})
    async with opened(site) as driver:
        async with driver.prepare(request("/echo mine")) as generation:
            [session] = driver.pool.sessions
            box = session.tab.page.locator("ms-prompt-box textarea")
            async with asyncio.timeout(SOON):
                while await box.input_value() == "/echo mine":
                    pass
            assert text_of([event async for event in generation.events()]) == "mine"
        assert driver.status().counters["retries"] == 1
        assert (await asked_of(control))["contents"][0]["texts"] == ["/echo mine"]
        assert await answer(driver, "/echo next") == "next"


@pytest.mark.parametrize("what", ["empty", "draft"])
async def test_a_prompt_that_the_page_rewrites_before_run_is_free_is_written_again(
    site: Site, control: SiteControl, what: str
) -> None:
    await control.scenario(page={"rewrites_prompt": what, **COUNTING})
    async with opened(site) as driver:
        async with asyncio.timeout(SOON):
            assert await answer(driver, "/echo mine") == "mine"
        report = await asked_of(control)
        assert report["contents"][0]["texts"] == ["/echo mine"]
        assert not driver.status().counters.get("retries")


async def test_a_model_that_changes_while_a_request_waits_is_not_asked(
    site: Site, control: SiteControl
) -> None:
    async with opened(site) as driver:
        async with driver.prepare(request("/echo mine")) as generation:
            [session] = driver.pool.sessions
            shown = await session.tab.chat_page.model_picker.choose("gemini-2.5-pro")
            assert shown.model == "gemini-2.5-pro"
            assert text_of([event async for event in generation.events()]) == "mine"
        assert (await asked_of(control))["model"] == MODEL
        assert driver.status().counters["retries"] == 1


async def test_a_copy_of_run_that_does_nothing_holds_nobody_up(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"leftover_run": True})
    async with opened(site) as driver:
        begun = time.monotonic()
        assert await answer(driver, "/echo mine") == "mine"
        assert await answer(driver, "/echo next") == "next"
        assert time.monotonic() - begun < SOON
        assert len(await control.requests()) == 2


async def test_a_web_page_in_place_of_an_answer_has_the_tab_opened_anew() -> None:
    async with simulated_site("--quiet") as own, SiteControl(own.address) as control:
        await control.scenario(every_fault="garbage")
        async with opened(own) as driver, asyncio.timeout(2 * SOON):
            with pytest.raises(WireError, match="does not begin with"):
                await answer(driver, "/echo lost")
            await until_ready(driver, 1)  # signed in still: nothing else is the matter
            assert driver.status().counters["healing.page"] == 1
            async with driver.prepare(request("/echo lost")) as generation:
                with pytest.raises(WireError):
                    await drained(generation.events())
                await control.sign_out()
            with pytest.raises(SignedOut):
                await answer(driver, "/echo lost")


async def test_an_account_without_models_is_told_as_such(site: Site, control: SiteControl) -> None:
    await control.scenario(models=[])
    with pytest.raises(SessionLost, match="shows no model"):
        async with opened(site, deadlines=replace(DEADLINES, ready=5)):
            raise AssertionError("it must not open")


@pytest.mark.parametrize(
    ("leave", "error"), [("location.href = '/signin'", SignedOut), ("location.reload()", WireError)]
)
async def test_a_page_that_leaves_in_the_middle_of_an_answer_is_told_and_the_next_one_serves(
    site: Site, leave: str, error: type[Exception]
) -> None:
    async with opened(site) as driver, asyncio.timeout(2 * SOON):
        async with driver.prepare(request("/chunks n=200 every=0.05")) as generation:
            events = aiter(generation.events())
            await anext(events)
            [session] = driver.pool.sessions
            await session.tab.page.evaluate(f"() => {{ {leave}; }}")
            with pytest.raises(error):
                await drained(events)
        assert await answer(driver, "/echo next") == "next"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, ""),
        ({"temperature": 0.3, "max_output_tokens": 900, "system": "be brief"}, ""),
        ({"tools": frozenset({Tool.GOOGLE_SEARCH})}, ""),
        ({"model": "gemini-2.5-pro"}, ""),
        ({"top_p": 0.5}, "'top_p'"),
        ({"model": "gemini-3-flash-preview", "thinking": ThinkingChoice(level="low")}, "'thinking_level'"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else value,
)
async def test_a_page_in_another_language_serves_or_names_what_it_hides(
    site: Site, control: SiteControl, options: dict[str, Any], named: str
) -> None:
    await control.scenario(page={"language": "pseudo"})
    async with opened(site) as driver:
        async with asyncio.timeout(2 * SOON):
            if named:
                with pytest.raises(ControlFailed, match=named):
                    await answer(driver, "/echo mine", **options)
                assert await control.requests() == []
            else:
                assert await answer(driver, "/echo mine", **options) == "mine"
                report = await asked_of(control)
                assert report["model"] == options.get("model", MODEL)
                assert report["temperature"] == options.get("temperature", 1)
                assert options.get("system", "") in str(report["system"])
                assert bool(report["tools"]) == bool(options.get("tools"))
            assert await answer(driver, "/echo next") == "next"


async def test_an_answer_of_a_page_in_another_language_is_stopped(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"language": "pseudo"})
    async with opened(site) as driver:
        await leave_early(driver)
        assert await answer(driver, "/echo next") == "next"
        assert [entry["outcome"] for entry in await control.requests()] == ["client_gone", "finished"]
