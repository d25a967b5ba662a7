"""What becomes of a parameter: the vocabulary of every protocol's matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import Unsupported


def check_ignored(names: Sequence[str], *, strict: bool) -> None:
    """Raises Unsupported: with STRICT_PARAMETERS nothing may be asked for in vain."""
    if strict and names:
        raise Unsupported(
            f"{names[0]!r} has no effect here; leave it out (STRICT_PARAMETERS).", param=names[0]
        )


class Treatment(StrEnum):
    HONOURED = "honoured"
    """Reaches the site, or is kept by the gateway, as it was asked."""
    MAPPED = "mapped"
    """Becomes what the site has for it; `how` says what."""
    IGNORED = "ignored"
    """Accepted without effect and named in `X-Gateway-Ignored-Params`; refused with STRICT_PARAMETERS."""
    REFUSED = "refused"
    """400, with its name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    """Its path in the request, with dots."""
    treatment: Treatment
    how: str
    """One sentence."""
    neutral: tuple[Any, ...] = ()
    """Values that ask for what happens anyway: accepted and not named."""

    def described(self) -> Mapping[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "treatment": self.treatment.value,
            "how": self.how,
            "neutral": list(self.neutral),
        }


def honoured(name: str, how: str) -> Parameter:
    return Parameter(name, Treatment.HONOURED, how)


def mapped(name: str, how: str) -> Parameter:
    return Parameter(name, Treatment.MAPPED, how)


def ignored(name: str, how: str, *neutral: Any) -> Parameter:
    return Parameter(name, Treatment.IGNORED, how, neutral)


def refused(name: str, how: str, *neutral: Any) -> Parameter:
    return Parameter(name, Treatment.REFUSED, how, neutral)
