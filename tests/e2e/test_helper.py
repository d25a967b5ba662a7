"""An external helper in a chain, on the page."""

import pytest

from browser.capture.helper import LINES_TYPE
from domain.events import Finished, FinishReason, TextDelta
from simulator.demo import Site
from tests.browser.test_helper import END, HelperServer, helping, lines, says
from tests.e2e.driving import opened, request, run, text_of


async def test_a_helper_tells_the_answer_of_the_run_it_is_asked_for(site: Site) -> None:
    server = HelperServer("200 OK", LINES_TYPE, lines(says({"text": "heard elsewhere"}), END))
    async with (
        helping(server) as endpoint,
        opened(site, helper_endpoint=endpoint, capture="helper dom") as driver,
    ):
        async with driver.prepare(request("/echo on the page")) as generation:
            events = [event async for event in generation.events()]
            assert generation.capture == "helper"
        assert events == [TextDelta("heard elsewhere"), Finished(FinishReason.STOP)]
        await run(driver, request("/echo again"))
    (_, first), (_, second) = server.asked
    assert (first["version"], first["model"]) == (1, "gemini-2.5-flash")
    assert first["page_url"].startswith(site.address)
    assert first["request_id"] != second["request_id"]
    assert {"SID", "SAPISID"} <= {cookie["name"] for cookie in first["cookies"]}


@pytest.mark.parametrize("cookies", ["never", "always"])
async def test_cookies_are_told_as_the_setting_says(site: Site, cookies: str) -> None:
    server = HelperServer("200 OK", LINES_TYPE, lines(END))
    async with (
        helping(server) as endpoint,
        opened(site, helper_endpoint=endpoint, capture="helper", helper_cookies=cookies) as driver,
    ):
        await run(driver, request("/echo x"))
    assert ("cookies" in server.asked[0][1]) is (cookies == "always")


async def test_a_helper_that_fails_before_its_first_event_is_passed_over(site: Site) -> None:
    server = HelperServer("500 No", LINES_TYPE, [])
    async with (
        helping(server) as endpoint,
        opened(site, helper_endpoint=endpoint, capture="helper dom") as driver,
    ):
        assert text_of(await run(driver, request("/echo x"))) == "x"
        counters = driver.status().counters
    assert (counters["capture_fallbacks"], counters["captures.dom"]) == (1, 1)
