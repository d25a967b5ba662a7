"""Playwright, started so that being cancelled half-way does no harm, and the end of its driver process."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from playwright.async_api import Error, Playwright

from browser.playwright_pipe import PipedPlaywright


class DriverGone(Error):
    """Playwright's driver process has ended, and with it every page of its browsers."""


@contextmanager
def driver_failures() -> Iterator[None]:
    """Playwright tells of its driver's end by a bare `Exception`; inside, it is a `DriverGone`."""
    try:
        yield
    except Exception as error:
        if type(error) is Exception and "reading from the driver" in str(error):
            raise DriverGone(str(error)) from error
        raise


@asynccontextmanager
async def running_playwright() -> AsyncIterator[Playwright]:
    """Playwright for as long as the context.

    A start that is cancelled leaves a driver process whose connection keeps the event loop from ever closing;
    so a cancelled caller waits the fraction of a second until it is up, and then stops it.
    """
    manager = PipedPlaywright()
    starting = asyncio.create_task(manager.__aenter__(), name="playwright start")
    try:
        yield await asyncio.shield(starting)
    finally:
        await asyncio.wait({starting})
        if starting.exception() is None:
            await manager.__aexit__()
