"""Playwright, started so that being cancelled half-way does no harm, and the end of its driver process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Error, Playwright

from browser.playwright_pipe import PipedPlaywright


class _Ending(asyncio.Future[None]):
    """Where Playwright puts the end of its driver process, for whoever waits for an answer of it."""

    def set_exception(self, exception: type | BaseException, /) -> None:
        super().set_exception(exception if isinstance(exception, Error) else Error(str(exception)))


def watch_driver(browser: Browser, told: Callable[[], None]) -> None:
    """Have it told that a browser's driver process has ended, after which every call fails with an `Error`.

    Playwright has no public place for this: it tells nobody but those who wait for an answer, by a bare
    `Exception`, which passes all handlers of its errors.
    """
    transport = browser._impl_obj._connection._transport  # noqa: SLF001
    if transport.on_error_future.done():
        told()
        return
    transport.on_error_future = ending = _Ending()
    ending.add_done_callback(lambda _: told() if not ending.cancelled() and ending.exception() else None)


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
