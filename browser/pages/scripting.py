"""Runs the page objects' scripts: one round trip each, whatever the number of controls.

A script is the body of an async function with `arg` in scope, behind the shared toolkit. It reports which
candidate found each area; a winner other than the first is drift, and an area that is missing altogether
is `PageDrift`.
"""

import asyncio
import logging
from collections.abc import Awaitable
from functools import cached_property
from importlib.resources import files
from typing import Any, TypeVar

from playwright.async_api import ElementHandle, Error, Page

from browser.counting import Count
from browser.pages.selectors import Selectors, as_json
from domain.errors import PageDrift, SessionLost

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class ScriptLibrary:
    """All scripts of the page objects, compiled against one set of selectors. Shared by all tabs."""

    def __init__(self, selectors: Selectors, count: Count) -> None:
        self._selectors = selectors
        self._count = count
        self._drifted: set[str] = set()
        self.understood = False
        """Whether a browser has understood all selectors."""

    @cached_property
    def _sources(self) -> dict[str, str]:
        folder = files("browser.pages").joinpath("scripts")
        toolkit = folder.joinpath("toolkit.js").read_text("utf-8")
        head = f"async (arg) => {{\nconst SELECTORS = {as_json(self._selectors)};\n{toolkit}\n"
        return {
            entry.name.removesuffix(".js"): (
                f"{head}return heedingSuccessors(async () => {{\n{entry.read_text('utf-8')}\n}});\n}}"
            )
            for entry in folder.iterdir()
            if entry.name.endswith(".js") and entry.name != "toolkit.js"
        }

    def source(self, name: str) -> str:
        return self._sources[name]

    def note(self, winners: dict[str, str]) -> None:
        """Count every area that was not found by its first candidate, and log it once."""
        for area, winner in winners.items():
            if winner == self._selectors[area][0].name:
                continue
            self._count(f"drift.{area}")
            if area not in self._drifted:
                self._drifted.add(area)
                _log.warning("control %s was found by its candidate %r, not by the first one", area, winner)

    def missing(self, area: str) -> PageDrift:
        self._count(f"missing.{area}")
        return PageDrift(area, tuple(candidate.name for candidate in self._selectors[area]))


class PageScripts:
    """The scripts, run on one tab."""

    def __init__(self, page: Page, library: ScriptLibrary) -> None:
        self.page = page
        self._library = library
        self._given_up = 0
        """How many runs were cancelled. The page would go on with them; see `toolkit.js`."""

    async def run(self, name: str, **arg: Any) -> dict[str, Any]:
        """Run a script and return its report. Cancelled, it does nothing more once another script runs.

        Raises:
            PageDrift: an area that the script needs is nowhere on the page.
            SessionLost: the tab went away or navigated meanwhile.
        """
        script = self.page.evaluate(self._library.source(name), self._arg(arg))
        report: dict[str, Any] = await self._heeded(name, script)
        self._heed(report)
        return report

    async def require_selectors(self) -> None:
        """Once a library: that the browser understands its selectors, the user's own ones above all.

        Raises:
            SessionLost: it does not; no page can be used with them.
        """
        if self._library.understood:
            return
        found = (await self.run("selectors"))["bad"]
        if found:
            places = (f"area {one['area']!r}, candidate {one['name']!r}: {one['said']}" for one in found)
            said = "; ".join(place.rstrip(".") for place in places)
            raise SessionLost(
                f"The selectors cannot be used: {said}. Mend SELECTORS_FILE and start the gateway anew."
            )
        self._library.understood = True

    async def find(self, name: str, **arg: Any) -> tuple[dict[str, Any], ElementHandle | None]:
        """Run a script that reports an `element` beside other things; see `run`."""
        script = self.page.evaluate_handle(self._library.source(name), self._arg(arg))
        found = await self._heeded(name, script)
        report = await self._heeded(name, found.evaluate("({ element, ...report }) => report"))
        self._heed(report)
        element = await self._heeded(name, found.get_property("element"))
        return report, element.as_element()

    def _arg(self, arg: dict[str, Any]) -> dict[str, Any]:
        return {**arg, "epoch": self._given_up}

    async def _heeded(self, name: str, script: Awaitable[_T]) -> _T:
        try:
            return await script
        except asyncio.CancelledError:
            self._given_up += 1
            raise
        except Error as error:
            raise SessionLost(f"The tab was lost during {name!r}: {first_line(error)}") from error

    def _heed(self, report: dict[str, Any]) -> None:
        self._library.note(report.pop("winners", {}))
        if missing := report.get("missing"):
            raise self.absent(missing)

    def absent(self, area: str) -> PageDrift:
        """The error for an area that is nowhere on the page."""
        return self._library.missing(area)


def first_line(error: Error) -> str:
    """What Playwright says, without its call log."""
    lines = error.message.strip().splitlines()
    return lines[0] if lines else "no reason given"
