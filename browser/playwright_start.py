"""Playwright, started so that being cancelled half-way does no harm."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Playwright, async_playwright


@asynccontextmanager
async def running_playwright() -> AsyncIterator[Playwright]:
    """Playwright for as long as the context.

    A start that is cancelled leaves a driver process whose connection keeps the event loop from ever closing;
    so a cancelled caller waits the fraction of a second until it is up, and then stops it.
    """
    manager = async_playwright()
    starting = asyncio.create_task(manager.__aenter__(), name="playwright start")
    try:
        yield await asyncio.shield(starting)
    finally:
        await asyncio.wait({starting})
        if starting.exception() is None:
            await manager.__aexit__()
