"""The run settings panel: numbers, switches and stop sequences, set by difference and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
        """Make the stop sequences exactly the wanted ones. Chips are added by a real Enter key."""
        await_chip: str | None = None
        for text in wanted:
            found = await self._stops(wanted, add=None, expect=await_chip)
            if text in found["chips"]:
                continue
            found = await self._stops(wanted, add=text, expect=None)
            if not found["has_input"]:
                return ControlReport("missing")
            await self._scripts.page.keyboard.press("Enter")
            await_chip = text
        chips = (await self._stops(wanted, add=None, expect=await_chip))["chips"]
        if await_chip is not None and await_chip not in chips:
            chips = (await self._stops(wanted, add=None, expect=await_chip, blur=True))["chips"]
        state = "set" if sorted(chips) == sorted(wanted) else "wrong"
        return ControlReport(state, ", ".join(repr(chip) for chip in chips))

    async def _stops(
        self, wanted: Sequence[str], *, add: str | None, expect: str | None, blur: bool = False
    ) -> dict[str, list[str]]:
        return await self._scripts.run(
            "stops", wanted=list(wanted), add=add, expect=expect, blur=blur, milliseconds=_CONTROL_MS
        )
