"""What to do next about a page that cannot be used: one table and one function, without a browser.

Each rung takes away more of what is there than the one before: what lies over the page, the page's state, the
tab, the context with all its tabs and its sign-in, the browser process. The first two are tried on a tab that
still answers, by the session that cleans it; the others by whoever owns the browser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from domain.errors import BrowserDown, GatewayError, PermissionDenied, SessionLost, SignedOut


class Rung(IntEnum):
    """In the order of climbing; the name, in small letters, is what counters and `/health` say."""

    OVERLAYS = 0
    RELOAD = 1
    PAGE = 2
    CONTEXT = 3
    BROWSER = 4

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """How often a rung is tried in a row, and how many seconds pass before each try."""

    tries: int | None
    """`None`: there is nothing left to climb to."""
    pauses: tuple[float, ...]
    """Before the first, the second … try; the last one repeats."""


RULES: Final[Mapping[Rung, Rule]] = MappingProxyType(
    {
        Rung.OVERLAYS: Rule(1, (0.0,)),
        Rung.RELOAD: Rule(1, (0.0,)),
        Rung.PAGE: Rule(3, (0.0, 1.0, 2.0)),
        Rung.CONTEXT: Rule(2, (0.0, 3.0, 10.0, 30.0)),
        Rung.BROWSER: Rule(None, (0.0, 2.0, 5.0, 10.0, 30.0)),
    }
)


@dataclass(frozen=True, slots=True)
class Damage:
    """What is known when the next step has to be chosen."""

    browser_gone: bool = False
    """There is no browser, or none that answers."""
    context_gone: bool = False
    others_serve: bool = False
    """Tabs of the same context are in use: it works, and must not be taken from them."""
    failure: GatewayError | None = None
    """What the last attempt in a row failed with."""


def next_rung(reached: Rung, tries: int, damage: Damage) -> Rung:
    """The rung to try next, when `reached` has been tried so many times in a row."""
    if damage.browser_gone or (isinstance(damage.failure, BrowserDown) and not damage.others_serve):
        return Rung.BROWSER
    if damage.context_gone:
        return max(Rung.CONTEXT, _after(reached, tries))
    if damage.others_serve:
        return Rung.PAGE
    if isinstance(damage.failure, SignedOut | PermissionDenied):
        return Rung.CONTEXT  # which reads the sign-in anew; the same sign-in is refused by any browser
    return max(Rung.PAGE, _after(reached, tries))


def _after(reached: Rung, tries: int) -> Rung:
    allowed = RULES[reached].tries
    return reached if allowed is None or tries < allowed else Rung(reached + 1)


def stage_of(failure: GatewayError | None) -> str:
    """Which stage a failure to have a usable page belongs to, as `/health` names it."""
    match failure:
        case SignedOut():
            return "sign_in"
        case PermissionDenied():
            return "site"
        case SessionLost():
            return failure.stage
        case BrowserDown():
            return "browser"
        case _:
            return "page"


@dataclass(frozen=True, slots=True)
class Step:
    """A rung, to be tried after a pause in seconds."""

    rung: Rung
    pause: float


class Ladder:
    """Where the climbing stands. It begins anew when what was brought back has proved its worth."""

    def __init__(self) -> None:
        self._reached = Rung.PAGE
        self._tries = 0
        self.failures = 0
        """Attempts in a row that brought nothing back."""

    def climb(self, damage: Damage) -> Step:
        """The next step."""
        rung = next_rung(self._reached, self._tries, damage)
        if rung is not self._reached:
            self._reached, self._tries = rung, 0
        pauses = RULES[rung].pauses
        step = Step(rung, pauses[min(self._tries, len(pauses) - 1)])
        self._tries += 1
        return step

    def look_again(self, damage: Damage) -> Rung:
        """What to try after the pause of a step: the same, or a higher rung if more is broken by now."""
        return max(self._reached, next_rung(self._reached, self._tries - 1, damage))

    def failed(self) -> None:
        self.failures += 1

    def mended(self) -> None:
        """All is back; whether it lasts remains to be seen, so a new loss goes on from here."""
        self.failures = 0

    def proved(self) -> None:
        """What was brought back has served or lasted: the next loss begins at the bottom."""
        self._reached, self._tries = Rung.PAGE, 0
