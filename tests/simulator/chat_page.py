"""The simulated chat page in a real Chromium, for the tests of its behaviour.

Each test opens the page anew with the knobs and preferences it needs. Test modules import the two
fixtures by name.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Error, Locator, Page, expect

from simulator.server import Simulator

PATIENCE_MS = 20_000
NARROW = 960
CALM = {"animation_ms": 0, "autosave_dialog_after_ms": None, "token_count_delay_ms": 10}
SEED = """if (window.name) {
  localStorage.clear();
  localStorage.setItem('aiStudioUserPreference', window.name);
  window.name = '';
}"""
OPEN_SECTIONS = {"isAdvancedOpen": True, "areToolsOpen": True}
SET_NATIVELY = """(area, [text, event]) => {
  const setter = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
  setter.call(area, text);
  if (event) area.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
}"""

Opener = Callable[..., Awaitable["ChatPage"]]


class ChatPage:
    """Names of what is on the page; `page` is the tab itself."""

    def __init__(self, page: Page, simulator: Simulator) -> None:
        self.page = page
        self.simulator = simulator
        self.prompt = page.locator("ms-prompt-box textarea")
        self.run = page.locator("ms-prompt-box ms-run-button button")
        self.counter = page.locator("span.v3-token-count-value")
        self.model_id = page.locator('[data-test-id="model-name"]')
        self.footer = page.locator(".turn-footer")
        self.toast = page.locator("ms-toast .content-text")
        self.overlay = page.locator("div.cdk-overlay-container")
        self.answer = page.locator(
            ".chat-turn-container.model ms-text-chunk:not(ms-thought-chunk ms-text-chunk)"
        )

    def setting(self, test_id: str) -> Locator:
        """The switch of a row of the Tools section."""
        return self.page.locator(f'[data-test-id="{test_id}"] button[role="switch"]')

    def named(self, label: str) -> Locator:
        return self.page.locator(f'[aria-label="{label}"]')

    async def send(self, text: str) -> None:
        """Fill and press Run, by hand."""
        await self.prompt.fill(text)
        await self.run.click()

    async def ask(self, text: str, turns: int = 1) -> None:
        """Send, and wait for the end of the answer; `turns` is how many answers there are then."""
        await self.send(text)
        await expect(self.footer).to_have_count(turns)

    def report(self) -> dict[str, Any]:
        """What the newest GenerateContent carried, as the simulator decoded it."""
        report = self.simulator.state.log.entries[-1].report
        assert report is not None
        return report

    async def set_natively(self, text: str, *, event: bool = True) -> None:
        await self.prompt.evaluate(SET_NATIVELY, [text, event])


@pytest_asyncio.fixture(scope="module", name="tab")
async def tab_fixture(chromium: Browser) -> AsyncIterator[Page]:
    """One tab a test module, so that the page's files are fetched and compiled once."""
    async with await chromium.new_context() as context:
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(SEED)
        yield await context.new_page()


@pytest_asyncio.fixture(name="open_page")
async def open_page_fixture(tab: Page, simulator: Simulator) -> AsyncIterator[Opener]:
    """`await open_page(preferences=…, path=…, **knobs)`: the page anew, in a new session, ready for a prompt.

    Animations are off and the autosave notice does not come unless the test wants them.
    """
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    async def open_page(
        *,
        preferences: dict[str, Any] | None = None,
        path: str = "/prompts/new_chat",
        size: tuple[int, int] = (1280, 800),
        **knobs: Any,
    ) -> ChatPage:
        state = simulator.state
        state.scenario = state.scenario.changed({"page": {**CALM, **knobs}})
        await tab.context.add_cookies(simulator.storage_state()["cookies"])
        await tab.set_viewport_size({"width": size[0], "height": size[1]})
        await tab.evaluate("(seed) => { window.name = seed; }", json.dumps(preferences or {}))
        await tab.goto(simulator.http_url + path)
        chat = ChatPage(tab, simulator)
        shows_card = "model_card" not in {*knobs.get("missing", []), *knobs.get("renamed", {})}
        if size[0] > NARROW and shows_card:
            await expect(chat.model_id).not_to_be_empty()
        return chat

    tab.on("pageerror", note)
    yield open_page
    tab.remove_listener("pageerror", note)
    await tab.goto("about:blank")
    assert errors == []
