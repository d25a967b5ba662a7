"""The doctor's eyes and hands on one tab: what finds an area, opening and closing what hides it."""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.async_api import Error, Page

from browser.pages.scripting import first_line
from browser.pages.selectors import Selectors, as_json
from domain.errors import SessionLost

_CLOSE_MS = 1000
_ANSWER_SECONDS = 20.0
"""A script that has not come back by then never will."""


class Probe:
    """Looks at one tab by one set of selectors. Every call raises `SessionLost` when the tab does."""

    def __init__(self, page: Page, selectors: Selectors, patience: float) -> None:
        """`patience`: what is not shown after so many seconds is not there."""
        self._page = page
        self._shown_ms = 1000 * patience
        toolkit = files("browser.pages").joinpath("scripts/toolkit.js").read_text("utf-8")
        self._head = f"async (arg) => {{\nconst SELECTORS = {as_json(selectors)};\n{toolkit}\n"

    async def look(
        self, areas: Sequence[str], *, root: str | None = None, enough: str = "all"
    ) -> dict[str, str | None]:
        """The candidate that finds each area. `enough`: wait for "all" of them, for "any", or for "none"."""
        milliseconds = 0 if enough == "none" else self._shown_ms
        return await self._step(
            "look", areas=list(areas), root=root, any=enough == "any", milliseconds=milliseconds
        )

    async def press(self, area: str, *, root: str | None = None) -> bool:
        """Click it; whether it is there and can be clicked."""
        return bool((await self._step("press", area=area, root=root))["pressed"])

    async def gone(self, area: str) -> bool:
        return bool((await self._step("gone", area=area, milliseconds=self._shown_ms))["gone"])

    async def close(self) -> bool:
        """Close dialogs, sheets and menus without saving; whether none is left."""
        return bool((await self._step("close", milliseconds=_CLOSE_MS))["closed"])

    async def open_panel(self) -> None:
        """Show the run settings with their sections unfolded, as far as the page lets."""
        await self._step("panel", milliseconds=self._shown_ms)

    async def settings(self) -> dict[str, Any]:
        """What the run settings, the prompt and the conversation are; see `probe.js`."""
        return await self._step("settings")

    async def running(self, seconds: float) -> tuple[bool, int]:
        """Whether a generation was seen to run by then, and how many turns there are."""
        found = await self._step("running", milliseconds=1000 * seconds)
        return bool(found["running"]), int(found["turns"])

    async def redacted(self, hidden: Sequence[str], email: str, secret: str) -> str:
        """The document without what its user wrote, or what matches one of the patterns.

        `hidden` are further places whose words are left out.
        """
        arg = {"hidden": list(hidden), "email": email, "secret": secret}
        return str((await self._run("redact.js", **arg))["html"])

    async def _step(self, step: str, **arg: Any) -> dict[str, Any]:
        return await self._run("probe.js", step=step, **arg)

    async def _run(self, script: str, **arg: Any) -> dict[str, Any]:
        body = files("browser.doctor").joinpath(script).read_text("utf-8")
        patience = _ANSWER_SECONDS + arg.get("milliseconds", 0) / 1000
        try:
            async with asyncio.timeout(patience):
                found: dict[str, Any] = await self._page.evaluate(f"{self._head}{body}\n}}", arg)
        except TimeoutError as error:
            raise SessionLost(f"The page did not answer within {patience:g} s.") from error
        except Error as error:
            raise SessionLost(f"The tab was lost: {first_line(error)}") from error
        return found
