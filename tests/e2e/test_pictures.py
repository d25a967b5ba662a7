"""Pictures: their form is set on the page for one request, and they come back as they were made."""

import base64
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from domain.errors import ControlFailed, Unsupported
from domain.events import Event, Finished, FinishReason, Media
from domain.requests import GenerateRequest, PictureFormat
from simulator.demo import Site
from simulator.model import media
from tests.e2e.driving import opened, request, run, text_of
from tests.site import SiteControl

SIZED = "gemini-3.1-flash-image-preview"
PLAIN = "gemini-2.5-flash-image"
MEGABYTES = 10
QUICK = 20.0
"""Seconds that so many megabytes may take on a busy machine; alone they take about one."""


@pytest_asyncio.fixture(scope="module")
async def driver(site: Site) -> AsyncIterator[PageDriver]:
    async with opened(site) as running:
        yield running


def asking(model: str = SIZED, prompt: str = "a cat", **form: str) -> GenerateRequest:
    return request(prompt, model=model, pictures=PictureFormat(**form))


async def sent(driver: PageDriver, control: SiteControl, asked: GenerateRequest) -> dict[str, Any]:
    await run(driver, asked)
    report: dict[str, Any] = (await control.requests())[-1]["report"]
    return report


def pictures_of(events: list[Event]) -> list[Media]:
    return [event for event in events if isinstance(event, Media)]


@pytest.mark.parametrize("era", ["E3", "E5", "E6"])
async def test_the_form_of_pictures_holds_for_its_request_only(
    site: Site, control: SiteControl, era: str
) -> None:
    await control.scenario(page={"era": era})
    async with opened(site) as driver:
        report = await sent(driver, control, asking(aspect_ratio="16:9", size="4K"))
        assert (report["image"], report["modalities"]) == (["16:9", "4K"], [2, 1])
        assert (await sent(driver, control, asking()))["image"] == [None, "1K"]
        assert (await sent(driver, control, asking(size="512")))["image"] == [None, "512"]
        assert (await sent(driver, control, asking(PLAIN, aspect_ratio="1:1")))["image"] == ["1:1"]
        assert (await sent(driver, control, asking(PLAIN)))["image"] is None
        report = await sent(driver, control, request("/echo x"))
        assert (report["image"], report["modalities"]) == (None, [])


async def test_a_picture_comes_as_it_was_made_behind_its_draft(driver: PageDriver) -> None:
    events = await run(driver, asking())
    made = base64.b64encode(media.png()).decode()
    draft, picture = pictures_of(events)
    assert (draft.draft, picture) == (True, Media("image/png", made))
    assert text_of(events) == "Here is a picture."
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.reason, end.message) == (FinishReason.STOP, None)


async def test_a_form_that_the_page_does_not_offer_is_refused_with_what_it_offers(
    driver: PageDriver, control: SiteControl
) -> None:
    with pytest.raises(Unsupported, match=r"'7:3'.*Auto, 1:1, 2:3") as caught:
        await run(driver, asking(aspect_ratio="7:3"))
    assert caught.value.param == "aspect_ratio"
    assert await control.requests() == []
    assert (await sent(driver, control, asking()))["image"] == [None, "1K"]


@pytest.mark.parametrize(
    ("lost", "form"), [("aspect_ratio", {"aspect_ratio": "1:1"}), ("image_size", {"size": "2K"})]
)
async def test_a_control_that_is_gone_fails_who_asks_for_it_and_warns_others(
    site: Site, control: SiteControl, lost: str, form: dict[str, str]
) -> None:
    await control.scenario(page={"missing": [lost]})
    async with opened(site) as driver:
        with pytest.raises(ControlFailed, match=f"'{lost}' control is missing"):
            await run(driver, asking(**form))
        async with driver.prepare(asking()) as generation:
            assert pictures_of([event async for event in generation.events()])
            assert [warning for warning in generation.warnings if lost in warning]


@pytest.mark.parametrize("capture", ["cdp", "in_page"])
async def test_a_picture_of_many_megabytes_comes_quickly(site: Site, capture: str) -> None:
    size = MEGABYTES << 20
    async with opened(site, capture=capture) as driver:
        await run(driver, asking())
        begun = time.monotonic()
        events = await run(driver, asking(prompt=f"/image size={size}"))
        spent = time.monotonic() - begun
    picture = base64.b64decode(pictures_of(events)[-1].data)
    assert hashlib.sha256(picture).digest() == hashlib.sha256(media.png(size)).digest()
    assert spent < QUICK
