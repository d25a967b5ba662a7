"""Somebody signs in from another machine: what is seen of the browser, what is done in it, how it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

KEYS = frozenset(
    {
        "Enter",
        "Tab",
        "Escape",
        "Backspace",
        "Delete",
        "ArrowUp",
        "ArrowDown",
        "ArrowLeft",
        "ArrowRight",
        "Home",
        "End",
        "PageUp",
        "PageDown",
        "Space",
    }
)
"""What `Press` may name."""


@dataclass(frozen=True, slots=True)
class Click:
    """A press of the left button, in pixels of the picture; others open menus that no picture shows."""

    x: float
    y: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Drag:
    """The left button held from one point to another, in pixels of the picture."""

    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True, slots=True)
class Scroll:
    """A turn of the wheel over a point; all in pixels of the picture."""

    x: float
    y: float
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True, slots=True)
class Type:
    """Text for whatever has the focus. It may be a password: never shown, kept or logged."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Press:
    """One of `KEYS`."""

    key: str
    shift: bool = False


@dataclass(frozen=True, slots=True)
class SelectAll:
    """Mark all that stands in the field."""


@dataclass(frozen=True, slots=True)
class Back:
    """To the page before."""


@dataclass(frozen=True, slots=True)
class Reload:
    """The page anew."""


Action = Click | Drag | Scroll | Type | Press | SelectAll | Back | Reload


@dataclass(frozen=True, slots=True)
class Picture:
    """What the browser shows. Clicks are told in its pixels, whatever size it is drawn at."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    version: int
    """Grows with every picture that differs from the one before."""


class SignInStage(StrEnum):
    NONE = "none"
    """Nobody has begun since the gateway started."""
    STARTING = "starting"
    """The browser is being started."""
    WAITING = "waiting"
    """For a person, who sees pictures and acts."""
    SAVED = "saved"
    """Signed in, and the profile is written."""
    FAILED = "failed"
    EXPIRED = "expired"
    """Too long nobody did anything, or it took too long."""
    CANCELLED = "cancelled"


UNDER_WAY = frozenset({SignInStage.STARTING, SignInStage.WAITING})


@dataclass(frozen=True, slots=True)
class SignInStatus:
    """How the latest sign-in stands; it stays to be read after its end."""

    stage: SignInStage = SignInStage.NONE
    started: float | None = None
    """Seconds since 1970."""
    started_by: str = ""
    """The address that it was started from."""
    seconds_left: float | None = None
    """Until it ends by itself, if nothing is done; only while it is under way."""
    site: str = ""
    """The host that the browser shows."""
    profile: str = ""
    """The name that was asked for; once saved, the one it has."""
    account: str = ""
    """Who has signed in, where the page shows it."""
    in_use: bool = False
    """Whether this gateway uses the profile that was saved."""
    reason: str = ""
    """Why there is no profile, in words."""


class RemoteSignIn(Protocol):
    """At most one sign-in at a time, in a browser of its own, so that serving goes on beside it."""

    def start(self, name: str | None, *, replace: bool, by: str) -> SignInStatus:
        """Begin; the browser comes up in the background.

        Without a name the profile is the account's own, or gets a name like the account's address. `replace`
        allows a name that is there already. `by` is whoever asks, for the next one who does.

        Raises:
            SignInUnderWay: one has been begun and has not ended.
            BadRequest: it cannot be a name, or is taken.
        """
        ...

    def status(self) -> SignInStatus: ...

    async def picture(self, after: int, seconds: float) -> Picture | None:
        """The first picture with a version above `after`, or `None` when there is none within so long.

        `None` at once while nothing is under way.
        """
        ...

    async def act(self, actions: Sequence[Action]) -> SignInStatus:
        """Do these in order, behind those of earlier calls.

        Raises:
            NotFound: no sign-in is under way.
            SessionLost: the page does not react; the actions behind are not done.
        """
        ...

    async def stop(self) -> SignInStatus:
        """End what is under way, if anything is; its browser is gone afterwards, and nothing was saved."""
        ...
