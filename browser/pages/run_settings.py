"""The run settings panel: numbers, switches, thinking and stop sequences, set by difference and read back."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from browser.pages.scripting import PageScripts

_CONTROL_MS = 1500

Choices = Mapping[str, Sequence[str]]
"""Selects, and the words of the option that is wanted, in any case: of several, any will do."""
NO_CHOICES: Final[Choices] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ControlReport:
    """What became of one control."""

    state: str
    """same, set, missing, disabled, wrong (it did not take the value), unoffered (it has no such choice), or
    different (and left so)."""
    shown: str = ""
    """Its value then; what it has to offer, if that is not what was wanted."""

    @property
    def holds(self) -> bool:
        """Whether the page now has the wanted value."""
        return self.state in {"same", "set"}


@dataclass(frozen=True, slots=True)
class ThinkingSetting:
    """What the thinking controls of the model shown are to be: a level, or a mode and its budget."""

    level: str | None = None
    """The level's name in lower case; everything else is without meaning then."""
    mode: bool = True
    """Whether to think at all; without it a budget is without meaning."""
    budget: int | None = None
    """Tokens; `None` leaves the amount to the model."""

    def as_arg(self) -> dict[str, Any]:
        """As `scripts/settings.js` takes it."""
        if self.level is not None:
            return {"level": self.level}
        return {"mode": self.mode, "manual": self.budget is not None, "budget": self.budget}


class RunSettings:
    """The panel of one tab."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    async def apply(
        self,
        numbers: Mapping[str, float],
        switches: Mapping[str, bool],
        thinking: ThinkingSetting | None = None,
        choices: Choices = NO_CHOICES,
    ) -> dict[str, ControlReport]:
        """Bring numbers, switches and thinking to the wanted values; areas are named as in the selectors.

        The one report on thinking is `thinking_level`, `thinking_mode` or `thinking_budget`. A level, or one
        of the `choices`, that is `different` is left to `choose`. Switches go off before others go on.
        """
        found = await self._scripts.run(
            "settings",
            numbers=dict(numbers),
            switches=dict(switches),
            choices={area: list(words) for area, words in choices.items()},
            thinking=thinking and thinking.as_arg(),
            sections=["stop_input"],
            milliseconds=_CONTROL_MS,
        )
        return {area: ControlReport(**report) for area, report in found["report"].items()}

    async def choose(self, area: str, words: Sequence[str]) -> ControlReport:
        """Choose the option that says one of the words in a select's list, whose area has one letter more.

        Takes the keyboard's focus: nothing may be typed meanwhile.
        """
        found = await self._scripts.run(
            "choice", area=area, list=f"{area}s", wanted=list(words), milliseconds=_CONTROL_MS
        )
        return ControlReport(**found)

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
