"""Safety settings and media resolution: what is asked arrives at the site, and nothing of it stays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.pages.chat_page import ChatPage
from domain.errors import ControlFailed, GatewayError, PageDrift, Unsupported
from domain.harms import HarmCategory, HarmThreshold
from domain.requests import MediaResolution, Turn
from simulator.demo import Site
from tests.e2e.driving import opened, request, run
from tests.site import SiteControl

FLASH, OTHER = "gemini-2.5-flash", "gemini-2.5-pro"
ERAS = ("E3", "E4", "E5", "E6")
NUMBERS = dict(zip(HarmCategory, (7, 8, 9, 10), strict=True))
ON_THE_WIRE = dict(zip(HarmThreshold, (5, 4, 3, 2, 1), strict=True))
OWN = dict.fromkeys(HarmCategory, HarmThreshold.OFF)
ALL_NONE = dict.fromkeys(HarmCategory, HarmThreshold.BLOCK_NONE)
Asked = dict[HarmCategory, HarmThreshold]


@pytest_asyncio.fixture(scope="module")
async def driver(site: Site) -> AsyncIterator[PageDriver]:
    """One tab for all tests that need no other page: what one of them left behind would fail the next."""
    async with opened(site) as running:
        yield running


def chat_page(driver: PageDriver) -> ChatPage:
    return driver.pool.sessions[0].tab.chat_page


async def arrived(driver: PageDriver, control: SiteControl, **options: Any) -> tuple[Asked, int | None]:
    """The safety settings, and the resolution, of a generation at the site."""
    await run(driver, request("/echo x", **options))
    report = (await control.requests())[-1]["report"]
    found = dict(map(tuple, report["safety"]))
    names = {wire: threshold for threshold, wire in ON_THE_WIRE.items()}
    return {category: names[found[number]] for category, number in NUMBERS.items()}, report["mediaResolution"]


@pytest.mark.parametrize("era", ERAS)
async def test_both_are_set_in_every_era_and_let_go(site: Site, control: SiteControl, era: str) -> None:
    await control.scenario(page={"era": era})
    asked = dict(zip(HarmCategory, list(HarmThreshold)[1:], strict=True))
    async with opened(site) as driver:
        both = {"safety": asked, "media_resolution": MediaResolution.LOW}
        assert await arrived(driver, control, **both) == (asked, 1)
        assert await arrived(driver, control) == (OWN, None)
        assert (await arrived(driver, control, media_resolution=MediaResolution.MEDIUM))[1] == 2


async def test_a_page_that_takes_one_change_at_a_time_takes_them_all(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"tick_ms": 60, "animation_ms": 20})
    asked = dict(zip(HarmCategory, list(HarmThreshold)[1:], strict=True))
    async with opened(site) as driver:
        assert (await arrived(driver, control, safety=asked))[0] == asked
        assert (await arrived(driver, control))[0] == OWN


@pytest.mark.parametrize("threshold", HarmThreshold)
async def test_every_threshold_is_exact_and_holds_for_its_request_only(
    driver: PageDriver, control: SiteControl, threshold: HarmThreshold
) -> None:
    asked = {HarmCategory.HATE_SPEECH: threshold}
    assert (await arrived(driver, control, safety=asked))[0] == {**OWN, **asked}
    assert (await arrived(driver, control))[0] == OWN


async def test_one_request_after_another_gets_its_own(driver: PageDriver, control: SiteControl) -> None:
    first = {HarmCategory.HARASSMENT: HarmThreshold.BLOCK_LOW_AND_ABOVE}
    second = {HarmCategory.DANGEROUS_CONTENT: HarmThreshold.BLOCK_NONE}
    for asked in (first, second, ALL_NONE, second):
        assert (await arrived(driver, control, safety=asked))[0] == {**OWN, **asked}


@pytest.mark.parametrize("knobs", [{}, {"drop_settings_on_new_chat": True}], ids=["kept", "dropped"])
async def test_neither_a_new_chat_nor_another_model_mixes_them_up(
    site: Site, control: SiteControl, knobs: dict[str, Any]
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        for model in (FLASH, OTHER):
            both = {"safety": ALL_NONE, "media_resolution": MediaResolution.MEDIUM}
            assert await arrived(driver, control, model=model, **both) == (ALL_NONE, 2)
            assert await arrived(driver, control, model=model) == (OWN, None)
            assert await arrived(driver, control, model=model, **both) == (ALL_NONE, 2)
        assert await arrived(driver, control, model=FLASH) == (OWN, None)


async def test_the_dialog_is_opened_only_when_the_page_may_hold_something_else(
    site: Site, control: SiteControl
) -> None:
    async with opened(site) as driver:
        safety = chat_page(driver).safety
        await arrived(driver, control)
        await arrived(driver, control)
        assert safety.visits == 0
        await arrived(driver, control, safety=OWN)
        await arrived(driver, control, safety=OWN)
        await arrived(driver, control)
        assert safety.visits == 1
        await arrived(driver, control, safety=ALL_NONE)
        await arrived(driver, control)
        assert safety.visits == 3
        await arrived(driver, control)
        assert safety.visits == 3


async def test_a_conversation_that_goes_on_does_not_open_it_again(site: Site, control: SiteControl) -> None:
    async with opened(site, tabs=2) as driver:
        first = request("/echo one", safety=ALL_NONE)
        await run(driver, first)
        visits = sum(session.tab.chat_page.safety.visits for session in driver.pool.sessions)
        history = [*first.turns, Turn.of("model", "one")]
        assert (await arrived(driver, control, history=history, safety=ALL_NONE))[0] == ALL_NONE
        assert driver.status().counters["continued"] == 1
        assert sum(session.tab.chat_page.safety.visits for session in driver.pool.sessions) == visits


@pytest.mark.parametrize(
    ("control_name", "area"), [("safety_edit", "safety_edit"), ("safety_slider", "safety_harassment")]
)
@pytest.mark.parametrize("how", ["missing", "renamed"])
async def test_a_lost_dialog_is_named_only_where_it_is_needed(
    site: Site, control: SiteControl, control_name: str, area: str, how: str
) -> None:
    await control.scenario(page={how: [control_name] if how == "missing" else {control_name: True}})
    async with opened(site) as driver:
        with pytest.raises((ControlFailed, PageDrift)) as caught:
            await run(driver, request("/echo x", safety=ALL_NONE))
        assert isinstance(caught.value, ControlFailed | PageDrift)
        assert caught.value.area == area
        assert (await chat_page(driver).chat.state()).dialogs == 0
        async with driver.prepare(request("/echo x")) as generation:
            assert generation.warnings == ()


async def test_a_resolution_that_the_page_does_not_offer_is_refused_by_name(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"era": "E5"})
    async with opened(site) as driver:
        with pytest.raises(Unsupported, match=r"'high'.*Default, Low, Medium") as caught:
            await run(driver, request("/echo x", media_resolution=MediaResolution.HIGH))
        assert caught.value.param == "media_resolution"
        assert (await arrived(driver, control))[1] is None


@pytest.mark.parametrize(
    "knobs", [{"missing": ["media_resolution"]}, {"renamed": {"media_resolution": True}}]
)
async def test_a_lost_resolution_is_named_only_where_it_is_asked_for(
    site: Site, control: SiteControl, knobs: dict[str, Any]
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        with pytest.raises(ControlFailed) as caught:
            await run(driver, request("/echo x", media_resolution=MediaResolution.LOW))
        assert caught.value.area == "media_resolution"
        async with driver.prepare(request("/echo x")) as generation:
            assert generation.warnings == ()


async def test_nothing_of_a_request_that_was_given_up_stays(site: Site, control: SiteControl) -> None:
    """Cancelled at every stage: scripts are given up in the middle of the dialog."""
    await control.scenario(page={"tick_ms": 40})
    both: dict[str, Any] = {"safety": ALL_NONE, "media_resolution": MediaResolution.LOW}
    async with opened(site) as driver:
        for step in range(5):
            with contextlib.suppress(TimeoutError, GatewayError):
                async with asyncio.timeout(0.1 + step * 0.2), driver.prepare(request("/echo x", **both)):
                    await asyncio.Event().wait()
            assert await arrived(driver, control) == (OWN, None), step
