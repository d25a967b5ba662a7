"""What the page says of its own accord when something fails: toasts, callouts, banners, failed turns.

Read as plain words, without icons and buttons. An answer's own text is none of them. What the words mean is
`browser.wire.refusals.error_from_words`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from browser.pages.scripting import PageScripts


@dataclass(frozen=True, slots=True)
class Notice:
    """One of them."""

    area: str
    """What shows it: toast, callout, banner or turn_error."""
    text: str


class Notices:
    """The notices of one tab."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    async def read(self) -> tuple[Notice, ...]:
        """All that are shown right now, the oldest of each area first."""
        return await self.since((), 0)

    async def since(self, told: Sequence[str], milliseconds: int) -> tuple[Notice, ...]:
        """Those that are not among the texts `told`, as soon as there is one, or none when the time is up.

        A text that was told and goes from the page counts as new when it comes again.
        """
        found = await self._scripts.run("notices", told=list(told), milliseconds=milliseconds)
        return tuple(Notice(**notice) for notice in found["notices"])
