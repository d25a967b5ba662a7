"""Playwright, started so that being cancelled half-way does no harm, and the end of its driver process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from playwright.async_api import Browser, Error, Playwright

from browser.playwright_pipe import PipedPlaywright

_ABORT_SECONDS = 0.5


class _Ending(asyncio.Future[None]):
    """Where Playwright puts the end of its driver process, for whoever waits for an answer of it."""

    def set_exception(self, exception: type | BaseException, /) -> None:
        super().set_exception(exception if isinstance(exception, Error) else Error(str(exception)))


def guard_driver(browser: Browser, told: Callable[[], None]) -> None:
    """Outlive a browser's driver process, whatever becomes of it. Playwright has no public place for this.

    When it ends, `told` is called and every call fails with an `Error`; Playwright itself tells nobody but
    those who wait for an answer, by a bare `Exception` that passes all handlers of its errors. When it
    freezes, calls can be cancelled all the same.
    """
    connection = browser._impl_obj._connection  # noqa: SLF001
    connection._abort = partial(_abort_in_time, connection._abort)  # noqa: SLF001
    transport = connection._transport  # noqa: SLF001
    if transport.on_error_future.done():
        told()
        return
    transport.on_error_future = ending = _Ending()
    ending.add_done_callback(lambda _: told() if not ending.cancelled() and ending.exception() else None)


async def _abort_in_time(abort: Callable[..., Awaitable[None]], *call: Any) -> None:
    """What Playwright does when a call is cancelled, which lasts until the driver has confirmed it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_ABORT_SECONDS):
            await abort(*call)


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
