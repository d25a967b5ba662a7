"""The core scenarios through every engine and every capture, with one expected outcome."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.locate import find_firefox
from domain.errors import PermissionDenied, UpstreamError, WireError
from domain.events import Finished, FinishReason, TextDelta, ThoughtDelta, Usage
from simulator.demo import Site
from tests.e2e.driving import answer, free_port, opened, request, run, text_of
from tests.site import SiteControl

WAYS = [("chromium", "cdp"), ("chromium", "in_page"), ("chromium", "proxy"), ("firefox", "in_page")]


@pytest_asyncio.fixture(scope="module", params=WAYS, ids="-".join)
async def driver(site: Site, request: pytest.FixtureRequest) -> AsyncIterator[PageDriver]:
    engine, capture = request.param
    if engine == "firefox" and find_firefox() is None:
        pytest.skip("no Firefox is installed")
    port = free_port() if capture == "proxy" else 0
    async with opened(site, engine=engine, capture=capture, stream_port=port) as driver:
        assert driver.status().capture == capture
        yield driver


async def test_events_come_in_order_and_end_once(driver: PageDriver) -> None:
    events = await run(driver, request("/think first thoughts | then the answer"))
    kinds = [type(event) for event in events]
    assert kinds == sorted(kinds, key=[ThoughtDelta, TextDelta, Usage, Finished].index)
    assert "".join(e.text for e in events if isinstance(e, ThoughtDelta)) == "first thoughts"
    assert text_of(events) == "then the answer"
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.reason is FinishReason.STOP


async def test_no_byte_is_lost_however_the_body_is_cut(driver: PageDriver, control: SiteControl) -> None:
    text = '你好 👩‍👩‍👧‍👦 \\ " [[,]] <b>&amp;</b> \u2028 end' * 5
    for framing in ({"split": "byte", "gzip": False}, {"split": 7}, {"whitespace": True, "trailer": False}):
        await control.scenario(framing=framing)
        assert await answer(driver, f"/echo {text}") == text


async def test_an_answer_is_over_with_its_last_byte_whenever_the_connection_is(
    driver: PageDriver, control: SiteControl
) -> None:
    late = driver.status().counters.get("late_chunks", 0)
    await control.scenario(framing={"linger": 30})
    async with asyncio.timeout(12):
        assert await answer(driver, "/echo whole") == "whole"
        await control.scenario(framing={"linger": 0})
        assert await answer(driver, "/echo next") == "next"
    assert driver.status().counters.get("late_chunks", 0) == late


async def test_a_burst_of_200_kilobytes_is_complete(driver: PageDriver) -> None:
    text = await answer(driver, "/long chars=200000 every=0")
    numbers = [line.split()[0] for line in text.splitlines() if line]
    assert len(text) >= 200_000
    assert numbers == sorted(set(numbers))


async def test_every_setting_reaches_the_site(driver: PageDriver, control: SiteControl) -> None:
    asked = request(
        "/echo x",
        model="gemini-2.5-pro",
        system="be brief",
        temperature=0.45,
        top_p=0.55,
        max_output_tokens=1234,
        stop=("END", "#1"),
    )
    await run(driver, asked)
    report = (await control.requests())[-1]["report"]
    assert report["model"].endswith("gemini-2.5-pro")
    assert (report["temperature"], report["topP"], report["maxOutputTokens"]) == (0.45, 0.55, 1234)
    assert sorted(report["stopSequences"]) == ["#1", "END"]
    assert "be brief" in str(report["system"])
    assert not report["tools"]


async def test_the_page_counts_a_request_that_is_not_run(driver: PageDriver, control: SiteControl) -> None:
    await control.forget_requests()
    asked = request("Größe: " + "words " * 40_000, system="be brief")
    assert (await driver.count(asked)).total == -(-(9 + 240_000) // 4) + 2
    assert await control.requests() == []


async def test_leaving_early_stops_the_page_within_a_second(driver: PageDriver, control: SiteControl) -> None:
    async with driver.prepare(request("/chunks n=2000 every=0.02")) as generation:
        async for event in generation.events():
            if isinstance(event, TextDelta):
                break
        left = time.monotonic()
    assert time.monotonic() - left < 1.5
    assert await answer(driver, "/echo next") == "next"
    gone, _ = await control.requests()
    assert gone["outcome"] == "client_gone"


async def test_a_cancelled_task_leaves_a_clean_page(driver: PageDriver, control: SiteControl) -> None:
    task = asyncio.create_task(run(driver, request("/chunks n=2000 every=0.02")))
    while not (await control.requests()):
        await asyncio.wait({task}, timeout=0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await answer(driver, "/echo next") == "next"


async def test_failures_are_told_apart(driver: PageDriver) -> None:
    with pytest.raises(PermissionDenied):
        await run(driver, request("/fail 403"))
    with pytest.raises(UpstreamError):
        await run(driver, request("/fail stream after=2"))
    with pytest.raises(WireError):
        await run(driver, request("/fail cut after=2"))
    assert await answer(driver, "/echo next") == "next"


async def test_a_large_prompt_is_put_on_the_page_at_once(driver: PageDriver, control: SiteControl) -> None:
    prompt = "0123456789 abcdef\n" * 60_000 + "/echo done"
    assert await answer(driver, prompt) == "done"
    assert (await control.requests())[-1]["report"]["contents_chars"] == len(prompt)
