"""What the page shows of the model's answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from browser.pages.scripting import PageScripts

_LOOK_MS = 20_000
"""A look at the page that sees nothing begins anew; in between the page is only told when it changes."""
_STEP_MS = 2000


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """A snapshot of an answer that is over; see `scripts/answer_read.js`."""

    turns: list[dict[str, Any]]
    toast: str


class AnswerOnPage:
    """The answer to one run: the turns behind the `shown` ones that were there before Run."""

    def __init__(self, scripts: PageScripts, shown: int) -> None:
        self._scripts = scripts
        self._shown = shown

    async def begun(self) -> None:
        """Return as soon as the page runs, or has run.

        Raises:
            SessionLost: the tab is gone.
        """
        while not (await self._look(running=True))["answered"]:
            pass

    async def answered(self) -> None:
        """Return as soon as the page shows something of the answer, or that there will be none.

        Raises:
            SessionLost: the tab is gone.
        """
        while not (await self._look(running=False))["answered"]:
            pass

    async def read(self, on_growth: Callable[[], None]) -> ShownAnswer:
        """Wait for the end of the answer and read it; `on_growth` is called once a second while it grows.

        Raises:
            SessionLost: the tab is gone.
        """
        size = 0
        while True:
            report = await self._scripts.run("answer_read", shown=self._shown, wait=_LOOK_MS, size=size)
            if report["over"]:
                return ShownAnswer(report["turns"], report["toast"])
            if report["size"] != size:
                size = report["size"]
                on_growth()

    async def source(self, index: int) -> str | None:
        """The text of one turn in the words it was written in; `None` where the page does not give it.

        The page's edit box is opened for it and closed again.
        """
        report = await self._scripts.run("answer_source", index=index, milliseconds=_STEP_MS)
        source: str | None = report["source"]
        return source

    async def _look(self, *, running: bool) -> dict[str, Any]:
        return await self._scripts.run("answer", shown=self._shown, wait=_LOOK_MS, running=running)


class Answers:
    """The turns of one tab."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    def after(self, shown: int) -> AnswerOnPage:
        """The answer to a run that begins while the page shows so many turns."""
        return AnswerOnPage(self._scripts, shown)
