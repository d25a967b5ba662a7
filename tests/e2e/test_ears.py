"""Captures on their own: a page pressed by hand, an ear beside it."""

import json
from contextlib import aclosing
from typing import Any

from playwright.async_api import Page

from browser.capture.hearing import Capture, Hearing
from browser.capture.in_page import InPageCapture
from browser.wire.decode import AnswerDecoder
from browser.wire.frames import FrameSplitter
from domain.events import TextDelta
from simulator.demo import Site
from tests.e2e.by_hand import ask

FETCH = """async (url) => (await fetch(url, { method: "POST", body: "[]" })).status"""


class ForgetfulCapture(InPageCapture):
    """Loses every third report of an answer's data on its way."""

    seen = 0

    def _on_report(self, source: dict[str, Any], text: str) -> Any:
        report = json.loads(text)
        if report["kind"] == "data" and report.get("method") == "GenerateContent":
            self.seen += 1
            if self.seen % 3 == 2:
                return None
        return super()._on_report(source, text)


async def text_of(capture: Capture, hearing: Hearing) -> str:
    splitter, decoder, text = FrameSplitter(), AnswerDecoder(), ""
    async with aclosing(capture.body(hearing)) as body:
        async for piece in body:
            for frame in splitter.feed(piece):
                text += "".join(e.text for e in decoder.feed(frame) if isinstance(e, TextDelta))
    assert splitter.ended
    return text


async def test_a_report_that_got_lost_is_read_again(page: Page, site: Site) -> None:
    counts: list[str] = []
    capture = ForgetfulCapture(page, counts.append)
    await capture.open()
    await page.goto(site.page)
    wanted = "".join(f"line {n} 👩‍👩‍👧‍👦 “quoted”\n" for n in range(400))
    hearing = capture.arm()
    await ask(page, f"/echo(every=0.005) {wanted}")
    assert await hearing.status() == 200
    assert await text_of(capture, hearing) == wanted
    assert "gaps_mended" in counts


async def test_a_page_that_fetches_is_heard_as_well(page: Page, site: Site) -> None:
    capture = InPageCapture(page, lambda _: None)
    await capture.open()
    await page.goto(site.page)
    hearing = capture.arm()
    rpc = f"{site.address}/$rpc/google.internal.alkali.applications.makersuite.v1.MakerSuiteService"
    status = await page.evaluate(FETCH, f"{rpc}/GenerateContent")
    assert await hearing.status() == status >= 400
    async with aclosing(capture.body(hearing)) as body:
        heard = b"".join([piece async for piece in body])
    assert heard.startswith(b"[")


async def test_what_no_run_owns_is_dropped_and_counted(page: Page, site: Site) -> None:
    counts: list[str] = []
    capture = InPageCapture(page, counts.append)
    await capture.open()
    await page.goto(site.page)
    hearing = capture.arm()
    await ask(page, "/chunks n=30 every=0.02")
    assert await hearing.status() == 200
    capture.disarm()
    later = capture.arm()
    await page.locator(".turn-footer").wait_for()
    assert "late_chunks" in counts
    assert later.request_id is None


async def test_the_page_of_models_is_heard_again_after_each_load(page: Page, site: Site) -> None:
    capture = InPageCapture(page, lambda _: None)
    await capture.open()
    for _ in range(2):
        capture.forget_page()
        await page.goto(site.page)
        assert "models/gemini-2.5-pro" in await capture.model_list()
