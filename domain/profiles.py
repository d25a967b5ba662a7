"""Saved sign-ins as the rest of the program sees them: names, states and dates; never a secret."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ProfileState(StrEnum):
    OK = "ok"
    SIGNED_OUT = "signed_out"
    """The site asked to sign in although the file looks good."""
    EXPIRED = "expired"
    """Every cookie that signs in has passed its date."""
    UNUSABLE = "unusable"
    """The file cannot be read as a sign-in."""
    COOLING_DOWN = "cooling_down"
    """The site wants less of this account for a while."""


@dataclass(frozen=True, slots=True)
class CoolDown:
    """The site wants less of an account for a while. Times are seconds since 1970."""

    model: str
    """Of which model; empty: of any."""
    until: float
    why: str = ""
    """The error's code: `insufficient_quota`, `rate_limit_exceeded`, `upstream_permission_denied`."""

    def covers(self, model: str, now: float) -> bool:
        """Whether it still holds for a model."""
        return self.model in ("", model) and now < self.until


@dataclass(frozen=True, slots=True)
class Profile:
    """One saved sign-in. Times are seconds since 1970."""

    name: str
    state: ProfileState
    expires: float | None = None
    """When the first of the cookies that sign in ends; `None`: none of them says."""
    last_used: float | None = None
    """When it was last written, which a running gateway does every now and then."""
    active: bool = False
    """Whether a gateway uses it now."""
    problem: str = ""
    """What is wrong with it, in words for the operator; empty when nothing is."""
    cooling: tuple[CoolDown, ...] = ()
    """What the site wants less of, by model; a request is tried all the same."""


class Profiles(Protocol):
    """The saved sign-ins of one gateway, for whoever administers it. Names are checked by every method.

    Raises:
        NotFound: there is no such profile.
        BadRequest: a name that cannot be one, or is taken.
        ProfileInUse: a gateway is using it.
    """

    def all(self) -> tuple[Profile, ...]:
        """Every profile, by name."""
        ...

    @property
    def active(self) -> str:
        """The name of the one that this gateway uses; empty without one."""
        ...

    @property
    def automatic(self) -> bool:
        """Whether another one is used without being told to, when the site says no to the one in use."""
        ...

    def rename(self, name: str, new: str) -> None: ...

    def retire(self, name: str) -> None:
        """Take it out of use and keep the file aside."""
        ...

    def export(self, name: str) -> bytes:
        """What its file holds: a Playwright storage state, as JSON. Whoever has it is signed in.

        Raises:
            BadRequest: it is unusable.
        """
        ...

    def add(self, name: str, content: bytes, *, replace: bool = False) -> None:
        """Take a Playwright storage state over as a profile; `replace` one of that name.

        Raises:
            BadRequest: it is no sign-in to the site; says what is wrong, and no value of it.
        """
        ...

    async def activate(self, name: str) -> None:
        """Use this one from now on; the one in use goes on if that fails.

        It is signed in first, in a browser context of its own. Then running answers are finished; what waits
        is served with the new one. Activations wait for one another.

        Raises:
            ProfileRefused: the site does not accept it, or it is unusable.
            DeadlinePassed: `switch`; an answer that ran took too long, or the page did.
            BrowserDown: there is no browser to sign in with.
        """
        ...
