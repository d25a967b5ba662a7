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

    def rename(self, name: str, new: str) -> None: ...

    def retire(self, name: str) -> None:
        """Take it out of use and keep the file aside."""
        ...

    async def activate(self, name: str) -> None:
        """Use this one from now on; the one in use goes on if that fails.

        Running answers are finished first, then a new browser context is signed in with it.

        Raises:
            SignedOut: the site does not accept it.
        """
        ...
