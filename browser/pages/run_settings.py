"""The run settings panel: numbers, switches and stop sequences, set by difference and read back."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from browser.pages.scripting import PageScripts

_CONTROL_MS = 1500


@dataclass(frozen=True, slots=True)
class ControlReport:
    """What became of one control: same, set, missing, disabled or wrong; `shown` is its value then."""

    state: str
    shown: str = ""

    @property
    def holds(self) -> bool:
        """Whether the page now has the wanted value."""
        return self.state in {"same", "set"}


class RunSettings:
    """The panel of one tab."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    async def apply(
        self, numbers: Mapping[str, float], switches: Mapping[str, bool]
    ) -> dict[str, ControlReport]:
        """Bring numbers and switches to the wanted values; areas are named as in the selectors."""
        found = await self._scripts.run(
            "settings",
            numbers=dict(numbers),
            switches=dict(switches),
            sections=["stop_input"],
            milliseconds=_CONTROL_MS,
        )
        return {area: ControlReport(**report) for area, report in found["report"].items()}

    async def apply_stops(self, wanted: Sequence[str]) -> ControlReport:
        """Make the stop sequences exactly the wanted ones. Chips are added by a real Enter key.

        `missing` also while the section is closed: what chips there are cannot be seen then.
        """
        found = await self._stops(wanted)
        if not found["has_input"]:
            return ControlReport("missing")
        while (adding := found["adding"]) is not None:
            # The script waits on the page for what the key does, so that neither waits for the other.
            _, found = await asyncio.gather(
                self._scripts.page.keyboard.press("Enter"), self._stops(wanted, expect=adding)
            )
            if adding not in found["chips"]:
                found = await self._stops(wanted, expect=adding, blur=True)
            if adding not in found["chips"]:
                break
        chips = found["chips"]
        state = "set" if sorted(chips) == sorted(wanted) else "wrong"
        return ControlReport(state, ", ".join(repr(chip) for chip in chips))

    async def _stops(
        self, wanted: Sequence[str], *, expect: str | None = None, blur: bool = False
    ) -> dict[str, Any]:
        return await self._scripts.run(
            "stops", wanted=list(wanted), expect=expect, blur=blur, milliseconds=_CONTROL_MS
        )
