"""What a page looked like when a control was not found or did not obey: a screenshot and its HTML.

Both show what the page showed, prompts and account included, so they are readable by their owner alone.
"""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiofiles
from playwright.async_api import Error, Page

from domain.errors import ControlFailed, PageDrift

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 5.0
"""Whoever is told of the failure waits for so long at most; a page that has frozen gives no picture."""
_KEPT = 20
"""Older evidence goes when more than this many folders have gathered."""


@asynccontextmanager
async def evidence_of(page: Page, folder: Path) -> AsyncIterator[None]:
    """Keep what the page shows when something inside does not understand it."""
    try:
        yield
    except (PageDrift, ControlFailed) as error:
        await keep_evidence(page, folder, error.area if isinstance(error, PageDrift) else "control")
        raise


async def keep_evidence(page: Page, folder: Path, area: str) -> Path | None:
    """Save `page.png` and `page.html` in a folder of their own; its path, or `None` if nothing can be had."""
    place = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{area}"
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            picture, html = await page.screenshot(), await page.content()
        place.mkdir(mode=0o700, parents=True)
        await _write(place / "page.png", picture)
        await _write(place / "page.html", html.encode("utf-8"))
    except (Error, OSError, TimeoutError) as error:
        _log.warning("no evidence of %s could be kept: %s", area, error or "the page does not answer")
        return None
    _forget_old(folder)
    _log.warning("what the page showed is kept in %s", place)
    return place


def _forget_old(folder: Path) -> None:
    for old in sorted(folder.iterdir())[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


async def _write(path: Path, content: bytes) -> None:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    async with aiofiles.open(path, "wb", opener=private) as file:
        await file.write(content)
