"""The settings of sign-ins and profiles."""

from typing import Annotated, Literal

from pydantic import Field

from settings.fields import LowerCase, Words
from settings.group import Group


class SignInSettings(Group):
    """Getting and keeping a sign-in."""

    auto_save: bool = Field(default=False, validation_alias="AUTO_SAVE_AUTH")
    """Save a new sign-in without asking for a name: the account's address, where the page shows it, else the
    date."""
    timeout: float = Field(default=600, validation_alias="SIGN_IN_TIMEOUT_SECONDS", gt=0)
    """How long somebody may take to sign in, in seconds: in the window of the first run, or on the admin
    page."""
    idle_seconds: float = Field(default=300, validation_alias="SIGN_IN_IDLE_SECONDS", gt=0)
    """A sign-in on the admin page ends after so many seconds in which nothing was done."""
    hosts: Annotated[tuple[str, ...], Words] = Field(
        default=(), validation_alias="SIGN_IN_HOSTS", examples=["login.company.example"]
    )
    """Hosts that a sign-in on the admin page may lead to besides the site's own domain, separated by blanks,
    as your company's own sign-in."""
    save_minutes: float = Field(default=30, validation_alias="PROFILE_SAVE_MINUTES", gt=0)
    """Save the sign-in in use back so often, in minutes: the site renews it all the time."""
    save_every: int = Field(default=10, validation_alias="PROFILE_SAVE_EVERY", ge=0)
    """Also save it back after so many answered requests; 0: only by time, and when the gateway stops."""
    check_minutes: float = Field(default=10, validation_alias="PROFILE_CHECK_MINUTES", gt=0)
    """How often an idle gateway looks whether the browser is still signed in, in minutes. It looks at the
    browser's cookies and at its tabs; the site notices nothing."""
    switch: Annotated[Literal["manual", "on_quota"], LowerCase] = Field(
        default="manual", validation_alias="PROFILE_SWITCH"
    )
    """`on_quota`: when an account's quota or rate is used up, or it is signed out, another profile is used
    and the request asked once more. Whether the site's rules allow that is for you to know; see
    [profiles.md](profiles.md#several-profiles)."""
    switches_per_minute: int = Field(default=2, validation_alias="PROFILE_SWITCHES_PER_MINUTE", ge=1, le=60)
    """How often a minute profiles are switched by themselves at most."""
    switch_timeout: float = Field(default=330, validation_alias="PROFILE_SWITCH_TIMEOUT_SECONDS", gt=0)
    """How long switching may take, in seconds, mostly waiting for a running answer; then the old profile goes
    on."""
    cooldown: float = Field(default=14_400, validation_alias="PROFILE_COOLDOWN_SECONDS", gt=0)
    """For how long a quota is taken to be used up, in seconds, where the error does not tell. Requests are
    tried all the same; only switching by itself heeds it."""
