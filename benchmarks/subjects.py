"""The two things that are compared: a minimal script on the page, and the gateway through a client."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import psutil
from openai import AsyncOpenAI
from playwright.async_api import Page, async_playwright

from benchmarks.figures import Asked, Served
from browser.locate import find_chromium
from browser.wire.decode import AnswerDecoder
from browser.wire.frames import FrameSplitter
from domain.events import Event, TextDelta
from simulator.demo import LOOPBACK_ONLY, Site

READY_SECONDS = 60.0
POLL_SECONDS = 0.02


class Subject(Protocol):
    """Something that can put a prompt to the page and time what comes back."""

    name: str

    async def ask(self, prompt: str, settings: Mapping[str, Any]) -> Asked: ...

    async def rest(self) -> None:
        """Whatever may be done between requests that come alone."""
        ...


@dataclass(slots=True)
class Script:
    """The limit: fills the box, presses Run, reads the stream. No settings, no clean-up, no checks."""

    page: Page
    name = "script"

    async def ask(self, prompt: str, settings: Mapping[str, Any]) -> Asked:
        del settings
        started = time.time()
        chunks = [time.time() async for event in self._events(prompt) if isinstance(event, TextDelta)]
        return Asked(started, time.time(), tuple(chunks))

    async def rest(self) -> None:
        await self.page.reload(wait_until="domcontentloaded")
        await self.page.locator("ms-prompt-box textarea").wait_for()

    async def _events(self, prompt: str) -> AsyncIterator[Event]:
        client = await self.page.context.new_cdp_session(self.page)
        heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        request: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def on_response(event: dict[str, Any]) -> None:
            if event["response"]["url"].endswith("/GenerateContent") and event["type"] == "XHR":
                request.set_result(event["requestId"])

        def on_data(event: dict[str, Any]) -> None:
            if "data" in event:
                heard.put_nowait(base64.b64decode(event["data"]))

        def on_finished(event: dict[str, Any]) -> None:
            if request.done() and event["requestId"] == request.result():
                heard.put_nowait(None)

        client.on("Network.responseReceived", on_response)
        client.on("Network.dataReceived", on_data)
        client.on("Network.loadingFinished", on_finished)
        await client.send("Network.enable", {"maxPostDataSize": 0})
        await self.page.evaluate(
            """(text) => {
              const box = document.querySelector("ms-prompt-box textarea");
              Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
              box.dispatchEvent(new InputEvent("input", { bubbles: true }));
            }""",
            prompt,
        )
        await self.page.locator("ms-run-button button[type=submit]").click()
        reply = await client.send("Network.streamResourceContent", {"requestId": await request})
        splitter, decoder = FrameSplitter(), AnswerDecoder()
        piece: bytes | None = base64.b64decode(reply["bufferedData"])
        while piece is not None:
            for frame in splitter.feed(piece):
                for event in decoder.feed(frame):
                    yield event
            piece = await heard.get()
        await client.detach()


@dataclass(slots=True)
class Gateway:
    """The gateway as a process of its own, asked through the official client."""

    client: AsyncOpenAI
    process: asyncio.subprocess.Process
    name = "gateway"

    async def ask(self, prompt: str, settings: Mapping[str, Any]) -> Asked:
        started = time.time()
        stream = await self.client.chat.completions.create(
            model="gemini-2.5-flash",
            messages=[{"role": "user", "content": prompt}],
            stream=True,
            **settings,
        )
        chunks = [time.time() async for chunk in stream if chunk.choices and chunk.choices[0].delta.content]
        return Asked(started, time.time(), tuple(chunks))

    async def rest(self) -> None:
        """It cleans up by itself; a request that comes alone comes after that."""
        queue = str(self.client.base_url.join("queue"))
        async with httpx.AsyncClient() as client:
            while (await client.get(queue)).json()["is_processing"]:  # noqa: ASYNC110 another process
                await asyncio.sleep(POLL_SECONDS)

    def memory(self) -> int:
        """Resident bytes of the gateway's own process, without the browser and Playwright's driver."""
        rss: int = psutil.Process(self.process.pid).memory_info().rss
        return rss


@asynccontextmanager
async def script_on(site: Site) -> AsyncIterator[Script]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(own=lambda: playwright.chromium.executable_path),
            args=[LOOPBACK_ONLY],
        )
        context = await browser.new_context(
            storage_state=site.profile, viewport={"width": 1440, "height": 900}
        )
        await context.add_init_script(
            "localStorage.setItem('aiStudioUserPreference', JSON.stringify({hasShownAutosaveOnDialog: true}))"
        )
        page = await context.new_page()
        await page.goto(f"{site.address}/prompts/new_chat?model=gemini-2.5-flash&temporary=true")
        await page.locator("ms-prompt-box textarea").wait_for()
        yield Script(page)
        await browser.close()


async def served(site: Site) -> list[Served]:
    """What the simulator generated since the last call, in order."""
    async with httpx.AsyncClient() as client:
        log = (await client.get(f"{site.address}/_control/requests")).json()
        await client.delete(f"{site.address}/_control/requests")
    entries = log["requests"] if isinstance(log, dict) else log
    return [Served(e["received"], e["first_byte"], e["last_byte"], tuple(e["writes"])) for e in entries]
