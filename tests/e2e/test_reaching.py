"""A hook that does not get into the page's own world before the page's scripts, and what is done about it."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import async_playwright

from browser.capture.in_page import InPageCapture
from browser.context import open_context
from browser.engine import Engine
from browser.locate import find_firefox
from browser.pages.scripting import ScriptLibrary
from browser.pages.selectors import load_selectors
from browser.tab import Tab, TabOpener
from domain.errors import SessionLost
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.by_hand import NO_NOTICE, ask
from tests.e2e.driving import text_of

NO_HOOK_AT_START = "if (false) "
"""What makes of the script that is to hook the page one that does nothing."""
NO_HOOK_EVER = "XMLHttpRequest.prototype.open.__heard = true"
"""The page has it that somebody has hooked it already."""
IN_A_WORLD_APART = """({
  query(root, work) {
    globalThis.eval(atob(work));
    root.documentElement.dataset.patchedApart = XMLHttpRequest.prototype.open.__heard === true;
    return root.documentElement;
  },
  queryAll(root, work) { return [this.query(root, work)]; },
})"""


@asynccontextmanager
async def opened_tab(
    site: Site, counts: list[str], *, world_mark: str = "", init_script: str = "", **options: Any
) -> AsyncIterator[Tab]:
    """A tab as the gateway opens it, in a browser that puts `world_mark` before the hook."""
    args = (LOOPBACK_ONLY,) if options["engine"] == "chromium" else ()
    settings = BrowserSettings(
        **{"ai_studio_url": site.address, "args": args, "capture_fallback": 0.3, **options}
    )
    async with Engine(settings) as engine:
        engine.world_mark = world_mark
        context = await open_context(engine, settings, json.loads(site.profile.read_text("utf-8")))
        if init_script:
            await context.add_init_script(init_script)
        library = ScriptLibrary(load_selectors(None), counts.append)
        tab = await TabOpener(engine, context, settings, 20, library, counts.append).open(counts.append)
        yield tab
        await tab.close()


async def answer(tab: Tab, prompt: str) -> tuple[str, str]:
    """What it is, and which capture has heard it."""
    listening = tab.captures.arm(shown=0)
    await ask(tab.page, prompt)
    await listening.submitted()
    return text_of([event async for event in listening.events()]), listening.capture


async def test_a_hook_that_was_kept_out_at_the_start_gets_in_afterwards(site: Site) -> None:
    counts: list[str] = []
    options: dict[str, Any] = {"engine": "chromium", "capture": "in_page"}
    async with opened_tab(site, counts, world_mark=NO_HOOK_AT_START, **options) as tab:
        assert "gemini-2.5-pro" in {card.id for card in tab.cards}
        assert await answer(tab, "/echo heard 👩‍👩‍👧‍👦") == ("heard 👩‍👩‍👧‍👦", "in_page")
        await tab.load(20)
        assert await answer(tab, "/echo again") == ("again", "in_page")
    assert counts.count("late_hooks") == 2


async def test_a_page_that_no_hook_hears_is_read(site: Site) -> None:
    counts: list[str] = []
    options: dict[str, Any] = {"engine": "chromium", "capture": "in_page dom"}
    async with opened_tab(site, counts, init_script=NO_HOOK_EVER, **options) as tab:
        assert tab.captures.name == "dom"
        assert await answer(tab, "/echo read") == ("read", "dom")
    assert "capture_fallbacks" not in counts


async def test_where_nothing_else_may_serve_a_deaf_hook_is_named(site: Site) -> None:
    options: dict[str, Any] = {"engine": "chromium", "capture": "in_page"}
    with pytest.raises(SessionLost, match=r"in_page: its hook does not reach the page's own world") as caught:
        async with opened_tab(site, [], init_script=NO_HOOK_EVER, **options):
            pass
    assert caught.value.stage == "capture"


async def test_a_hook_that_stands_behind_another_ear_is_no_reason_to_fail(site: Site) -> None:
    options: dict[str, Any] = {"engine": "chromium", "capture": "cdp in_page"}
    async with opened_tab(site, [], init_script=NO_HOOK_EVER, **options) as tab:
        assert await answer(tab, "/echo x") == ("x", "cdp")


class RunApart(InPageCapture):
    """Its hook is run by a selector engine, in a world apart, as scripts of some browsers are."""

    async def open(self) -> None:
        self._awake = True
        await self._page.expose_binding(self._channel, self._on_report)
        await self._page.evaluate(self._script("relay.js"))
        work = b64encode(self._script("hook.js").encode("ascii")).decode("ascii")
        await self._page.locator(f"apart={work}").wait_for()


@pytest.mark.skipif(find_firefox() is None, reason="no Firefox")
async def test_a_hook_that_runs_apart_from_the_page_has_the_page_run_it(site: Site) -> None:
    async with async_playwright() as playwright:
        await playwright.selectors.register("apart", IN_A_WORLD_APART, content_script=True)
        browser = await playwright.firefox.launch(channel="moz-firefox", executable_path=find_firefox())
        context = await browser.new_context(storage_state=site.profile)
        await context.add_init_script(NO_NOTICE)
        page = await context.new_page()
        await page.goto(site.page)
        capture = RunApart(page, lambda _: None)
        await capture.open()
        assert await page.evaluate("document.documentElement.dataset.patchedApart") == "false"
        assert await capture.reach() == ""
        hearing = capture.arm()
        await ask(page, "/echo from apart")
        assert await hearing.status() == 200
        body = b"".join([piece async for piece in capture.body(hearing)])
        assert b"from apart" in body
        await browser.close()
