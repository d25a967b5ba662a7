"""What a bug report needs of a page: pictures, documents and findings, without what its user wrote or is.

Files are readable by their owner alone all the same: whoever passes them on should look at them before.
"""

import json
import logging
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiofiles
from playwright.async_api import Error, Locator, Page

from browser.doctor.areas import EMAIL, KEYS, PRIVATE_AREAS, PRIVATE_PLACES
from browser.doctor.probe import Probe
from browser.doctor.report import Report
from browser.pages.selectors import Selectors
from domain.errors import SessionLost

_log = logging.getLogger(__name__)
_HOME = r"((?:/home/|/Users/|\\Users\\+))[^/\\\s'\"]+"
"""Whose folder a path is in; backslashes may be doubled, as JSON has them."""
_MOST = 20
"""No more photographs than this in one bundle."""


def private_places(selectors: Selectors) -> tuple[str, ...]:
    """CSS of everything that is not to be seen in a bug report."""
    areas = [
        candidate.css
        for area in PRIVATE_AREAS
        for candidate in selectors.get(area, ())
        if candidate.text is None
    ]
    return (*PRIVATE_PLACES, *areas)


class Bundle:
    """One folder of its own below `folder`, made when the first file is kept.

    A page or a disk that does not give or take a file costs that file, not the examination.
    """

    def __init__(self, folder: Path, page: Page, probe: Probe, hidden: Sequence[str]) -> None:
        self.place = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-doctor"
        self._page = page
        self._probe = probe
        self._hidden = hidden
        self._taken: set[str] = set()

    async def photograph(self, name: str) -> None:
        """Keep what the page shows right now, once a name."""
        if name in self._taken or len(self._taken) >= _MOST:
            return
        self._taken.add(name)
        try:
            html = await self._probe.redacted(self._hidden, EMAIL, KEYS)
            picture = await self._page.screenshot(mask=self._painted_over())
            await self._keep(f"{name}.html", html.encode("utf-8"))
            await self._keep(f"{name}.png", picture)
        except (Error, OSError, SessionLost) as error:
            _log.warning("no photograph of %s could be kept: %s", name, error)

    def _painted_over(self) -> list[Locator]:
        places = [self._page.locator(css) for css in self._hidden]
        return [*places, *(self._page.get_by_text(re.compile(pattern)) for pattern in (EMAIL, KEYS))]

    async def write(self, report: Report) -> Path | None:
        """Add the findings; the folder, or `None` where nothing can be written."""
        data = json.dumps(report.as_dict(), ensure_ascii=False, indent=2)
        try:
            await self._keep("report.json", _anonymous(data).encode("utf-8"))
            await self._keep("report.txt", _anonymous(report.table()).encode("utf-8"))
        except OSError as error:
            _log.warning("the findings could not be kept: %s", error)
            return None
        return self.place

    async def _keep(self, name: str, content: bytes) -> None:
        def private(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with aiofiles.open(self.place / name, "wb", opener=private) as file:
            await file.write(content)


def _anonymous(text: str) -> str:
    for pattern, word in ((EMAIL, "[address]"), (KEYS, "[secret]"), (_HOME, r"\1[user]")):
        text = re.sub(pattern, word, text)
    return text
