"""Drivers on the simulated site, used directly: what a test of the page itself needs."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from browser.driver import PageDriver
from browser.session import SessionState
from domain.events import Event, TextDelta
from domain.ports import Deadlines
from domain.requests import GenerateRequest, Sampling, Turn
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site

PRODUCTION = "https://aistudio.google.com"
MODEL = "gemini-2.5-flash"
RECOVERY_SECONDS = 10.0
DEADLINES = Deadlines(queue=30, ready=20, submit=8, first_event=10, idle=10, total=60)


def driver_for(site: Site, deadlines: Deadlines = DEADLINES, **changes: Any) -> PageDriver:
    """A driver that is not open yet; `changes` are browser settings by field name."""
    options: dict[str, Any] = {
        "engine": "chromium",
        "ai_studio_url": site.address,
        "auth_profile": site.profile,
        "evidence_dir": site.profile.parent / "evidence",
        "stream_ca_dir": site.profile.parent / "stream_ca",
        "args": (LOOPBACK_ONLY,) if changes.get("engine", "chromium") == "chromium" else (),
        **changes,
    }
    return PageDriver(BrowserSettings(**options), deadlines)


@asynccontextmanager
async def opened(site: Site, **changes: Any) -> AsyncIterator[PageDriver]:
    """An open driver with one tab, closed afterwards."""
    driver = driver_for(site, **{"tabs": 1, **changes})
    try:
        await driver.open()
        yield driver
    finally:
        await driver.close()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def request(
    prompt: str, *, model: str = MODEL, system: str = "", history: Sequence[Turn] = (), **options: Any
) -> GenerateRequest:
    """A user's `prompt` after a `history`; `options` are fields of the request or of its sampling."""
    fields = ("thinking", "tools", "functions", "output", "safety", "media_resolution", "pictures")
    whole = {name: options.pop(name) for name in fields if name in options}
    turns = (*history, Turn.of("user", prompt))
    return GenerateRequest(model, turns, system, Sampling(**options), **whole)


async def run(driver: PageDriver, asked: GenerateRequest) -> list[Event]:
    """All events of one generation."""
    async with driver.prepare(asked) as generation:
        return [event async for event in generation.events()]


async def answer(driver: PageDriver, prompt: str, **options: Any) -> str:
    return text_of(await run(driver, request(prompt, **options)))


async def leave_early(driver: PageDriver) -> None:
    """Have a long answer begin, and go; returns when a tab is clean again."""
    async with driver.prepare(request("/chunks n=4000 every=0.02")) as generation:
        events = generation.events()
        await anext(aiter(events))
        await events.aclose()
    await until_ready(driver, 1)


async def until_ready(driver: PageDriver, tabs: int) -> None:
    """Return as soon as so many tabs are clean."""
    await _until(driver, lambda states: states.count(SessionState.READY) >= tabs)


async def until_idle(driver: PageDriver) -> None:
    """Return as soon as a tab is clean and the others are, or hold a conversation."""
    at_rest = {SessionState.READY, SessionState.HOLDING}
    await _until(driver, lambda states: SessionState.READY in states and at_rest.issuperset(states))


def counted(driver: PageDriver, name: str) -> int:
    return driver.status().counters.get(name, 0)


async def until(driver: PageDriver, holds: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        await driver.pool.until(holds)


async def to_the_end(events: AsyncIterator[Event], seconds: float = RECOVERY_SECONDS) -> None:
    """Hear the rest of an answer that is about to break off."""
    async with asyncio.timeout(seconds):
        async for _ in events:
            pass


async def _until(driver: PageDriver, wanted: Callable[[list[SessionState]], bool]) -> None:
    async with asyncio.timeout(20):
        while not wanted([session.state for session in driver.pool.sessions]):
            driver.pool.changed.clear()
            await driver.pool.changed.wait()


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


class Conversation:
    """A client that keeps the whole history and sends it with each message."""

    def __init__(self, driver: PageDriver, **options: Any) -> None:
        self._driver = driver
        self._options = options
        self.turns: list[Turn] = []

    async def say(self, prompt: str, **changes: Any) -> str:
        """The answer to one more message; `changes` are options for this message alone."""
        asked = request(prompt, history=self.turns, **{**self._options, **changes})
        said = text_of(await run(self._driver, asked))
        self.turns = [*asked.turns, Turn.of("model", said)]
        return said
