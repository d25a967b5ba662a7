"""The safety settings: a dialog of one slider a category, from letting everything pass to blocking most."""

from collections.abc import Mapping
from typing import Any

from browser.pages.run_settings import ControlReport
from browser.pages.scripting import PageScripts
from domain.errors import ControlFailed

AREAS = ("safety_harassment", "safety_hate", "safety_sexual", "safety_dangerous")
_DIALOG_MS = 4000
_ROUNDS = len(AREAS) + 1
"""A page that takes but one change a visit has taken all by then."""


class SafetySettings:
    """The sliders of one tab, by area; a value is how many steps a slider is from its left end.

    The page shows them in the dialog alone, so what it holds is remembered. Its own values are read there
    before the first change and put back when nothing is asked any more. The dialog is opened only where
    the page may hold something else than is wanted.
    """

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts
        self._own: dict[str, int] | None = None
        """The page's own values for the model that it shows, once they have been seen."""
        self._written: dict[str, int] | None = None
        """What the page was last seen to hold."""
        self._certain = False
        """Whether the page still holds that."""
        self._doubts_own = False
        """Whether the page has begun anew since it was changed: what it holds, unless it is still the change,
        is its own."""
        self.changed = False
        """Whether the page may hold other values than its own."""
        self.visits = 0
        """How often the dialog had to be visited."""

    def forget_chat(self) -> None:
        """A new chat begins, with which the page may put its own values back."""
        self._certain = False

    def forget_model(self) -> None:
        """The page was loaded, or its model changed: there may be other values of its own."""
        self._certain = False
        self._doubts_own = self.changed
        if not self.changed:
            self._own = None

    async def apply(self, wanted: Mapping[str, int]) -> dict[str, ControlReport]:
        """Bring these sliders to these steps and all others to the page's own; reports on what was moved.

        A slider shows where it was put, whether the page has taken that or not; so the dialog is opened once
        more, and what is still wrong is done again.

        Raises:
            PageDrift: there is no such dialog.
            ControlFailed: it does not close.
        """
        if self._holds(wanted):
            return {}
        self.visits += 1
        found = await self._look()
        self._learn(found)
        own = self._own = found if self._own is None else self._own
        goal = {**own, **wanted}
        moved: dict[str, ControlReport] = {}
        for _ in range(_ROUNDS):
            wrong = {area: step for area, step in goal.items() if found.get(area) != step}
            moved |= await self._move(wrong)
            if not wrong:
                self._written, self._certain, self.changed = found, True, found != own
                return moved
            if not all(report.holds for report in moved.values()):
                return moved
            found = await self._look()
        await self._move({})
        return {area: ControlReport("wrong", f"step {found.get(area)}") for area in wrong}

    async def _look(self) -> dict[str, int]:
        """Every slider's step, in the dialog that is left open."""
        found: dict[str, int] = (await self._run({}, leave=False))["before"]
        return found

    async def _move(self, steps: Mapping[str, int]) -> dict[str, ControlReport]:
        """Move sliders of the open dialog, and close it."""
        if steps:
            self.changed, self._certain = True, False
        found = await self._run(steps, leave=True)
        if not found["closed"]:
            raise ControlFailed("The page's safety settings do not close.", area="safety_dialog")
        return {area: ControlReport(**report) for area, report in found["report"].items()}

    def _holds(self, wanted: Mapping[str, int]) -> bool:
        if not self.changed:
            return not wanted or (self._own is not None and {**self._own, **wanted} == self._own)
        return self._certain and self._written == {**(self._own or {}), **wanted}

    def _learn(self, before: dict[str, int]) -> None:
        """What the values that were found tell of the time since the dialog was left."""
        if self._doubts_own and before != self._written:
            self._own = before
        self._doubts_own = False

    async def _run(self, steps: Mapping[str, int], *, leave: bool) -> dict[str, Any]:
        return await self._scripts.run(
            "safety", areas=list(AREAS), steps=dict(steps), leave=leave, milliseconds=_DIALOG_MS
        )
