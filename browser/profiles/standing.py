"""How the site treats a profile's account: signed out, or cooling down for a model. It outlives restarts.

It lies beside the profile, as `.NAME.json.standing`, and is written by whoever holds the profile's lock. What
is lost of it costs nothing but a request that the site refuses once more.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from browser.profiles.files import Untrusted, Version, read_private, write_private
from domain.errors import GatewayError, PermissionDenied, QuotaExhausted, RateLimited
from domain.profiles import CoolDown

_log = logging.getLogger(__name__)
_MOST = 200
"""Models whose cool-downs are remembered."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Times are seconds since 1970."""

    cooling: tuple[CoolDown, ...] = ()
    refused: Version | None = None
    """The version of the profile's file with which the site asked to sign in."""
    used: float = 0.0
    """When it was last taken into use, or given up."""

    def now_cooling(self, now: float) -> tuple[CoolDown, ...]:
        return tuple(one for one in self.cooling if now < one.until)

    def cools(self, model: str, now: float) -> bool:
        """Whether the site wants less of this account for a model."""
        return any(one.covers(model, now) for one in self.cooling)

    def cooled(self, cool_down: CoolDown, now: float) -> "Standing":
        others = (one for one in self.now_cooling(now) if one.model != cool_down.model)
        return replace(self, cooling=(*others, cool_down)[-_MOST:])


def cool_down_of(error: GatewayError, model: str, now: float, default: float) -> CoolDown | None:
    """What an error means for an account; `default` seconds where the error does not say for how long.

    A rate is the account's, a quota and a permission are one model's; second-hand knowledge.
    """
    if not isinstance(error, QuotaExhausted | RateLimited | PermissionDenied):
        return None
    until = now + (error.retry_after if error.retry_after is not None else default)
    return CoolDown("" if isinstance(error, RateLimited) else model, until, error.code)


class _Cooling(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    model: str
    until: float
    why: str


class _File(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)

    cooling: list[_Cooling] = []
    refused: tuple[int, int, int] | None = None
    used: float = 0.0


def standing_file(profile: Path) -> Path:
    profile = profile.resolve()
    return profile.with_name(f".{profile.name}.standing")


def read_standing(profile: Path) -> Standing:
    """What is known of a profile's account; nothing, where that cannot be read."""
    try:
        content, _ = read_private(standing_file(profile))
        found = _File.model_validate_json(content)
    except FileNotFoundError:
        return Standing()
    except (OSError, Untrusted, ValidationError):
        _log.warning("what was remembered of the profile %s cannot be read and is forgotten", profile.stem)
        return Standing()
    return Standing(_cool_downs(found.cooling), found.refused, found.used)


def _cool_downs(found: Iterable[_Cooling]) -> tuple[CoolDown, ...]:
    return tuple(CoolDown(one.model, one.until, one.why) for one in found)


def write_standing(profile: Path, standing: Standing) -> None:
    """A failure is logged: nothing depends on it."""
    cooling = [_Cooling(model=one.model, until=one.until, why=one.why) for one in standing.cooling]
    content = _File(cooling=cooling, refused=standing.refused, used=standing.used).model_dump_json()
    try:
        write_private(standing_file(profile), content.encode())
    except OSError as error:
        _log.warning("what is known of the profile %s was not written down: %s", profile.stem, error.strerror)


def forget_standing(profile: Path) -> None:
    standing_file(profile).unlink(missing_ok=True)
