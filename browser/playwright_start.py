"""Playwright, started so that being cancelled half-way does no harm, and the end of its driver process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Playwright

from browser.playwright_pipe import PipedPlaywright

_STOP_SECONDS = 8.0


def on_driver_end(browser: Browser, told: Callable[[], None]) -> None:
    """Have the unexpected end of a browser's driver process told. Playwright has no public place for this."""
    ended: asyncio.Future[None] = browser._impl_obj._connection._transport.on_error_future  # noqa: SLF001
    ended.add_done_callback(lambda _: told() if not ended.cancelled() and ended.exception() else None)


@asynccontextmanager
async def running_playwright() -> AsyncIterator[Playwright]:
    """Playwright for as long as the context.

    A start that is cancelled leaves a driver process whose connection keeps the event loop from ever closing;
    so a cancelled caller waits the fraction of a second until it is up, and then stops it. One that does not
    stop is killed.
    """
    manager = PipedPlaywright()
    starting = asyncio.create_task(manager.__aenter__(), name="playwright start")
    try:
        yield await asyncio.shield(starting)
    finally:
        killing = asyncio.get_running_loop().call_later(_STOP_SECONDS, manager.kill)
        try:
            await asyncio.wait({starting})
            if starting.exception() is None:
                await manager.__aexit__()
        finally:
            killing.cancel()
