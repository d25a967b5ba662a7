"""Drivers on the simulated site, used directly: what a test of the page itself needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from browser.driver import PageDriver
from domain.events import Event, TextDelta
from domain.ports import Deadlines
from domain.requests import GenerateRequest, Sampling, Turn
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site

MODEL = "gemini-2.5-flash"
DEADLINES = Deadlines(queue=30, ready=20, submit=8, first_event=10, idle=10, total=60)


def driver_for(site: Site, deadlines: Deadlines = DEADLINES, **changes: Any) -> PageDriver:
    """A driver that is not open yet; `changes` are browser settings by field name."""
    options: dict[str, Any] = {
        "engine": "chromium",
        "ai_studio_url": site.address,
        "auth_profile": site.profile,
        "evidence_dir": site.profile.parent / "evidence",
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


def request(prompt: str, *, model: str = MODEL, system: str = "", **sampling: Any) -> GenerateRequest:
    return GenerateRequest(model, (Turn.of("user", prompt),), system, Sampling(**sampling))


async def run(driver: PageDriver, asked: GenerateRequest) -> list[Event]:
    """All events of one generation."""
    async with driver.prepare(asked) as generation:
        return [event async for event in generation.events()]


async def answer(driver: PageDriver, prompt: str, **options: Any) -> str:
    return text_of(await run(driver, request(prompt, **options)))


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))
