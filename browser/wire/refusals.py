"""The site's ways to say no, each with its error: told by a status (`status.py`) or by words of the page.

The words are those of the page's own toasts, callouts and notices. Never apply them to an answer.
"""

import re
from collections.abc import Callable

from domain.errors import (
    GatewayError,
    PaidKeyNeeded,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Refused,
    RegionBlocked,
    UpstreamUnavailable,
)

RATE_RETRY_SECONDS = 60.0
"""Where the site says that the rate is too high and not when it will take more."""
UNAVAILABLE_RETRY_SECONDS = 5.0
_LONGEST = 300
"""Characters: whatever is longer is no notice of the page."""


def denied(said: str) -> GatewayError:
    return PermissionDenied(
        f"AI Studio denied permission: {said}. The account may lack access to this model, or the "
        "site distrusts this browser; open the page by hand with the same profile to see which."
    )


def region_blocked(said: str) -> GatewayError:
    return RegionBlocked(
        f"AI Studio is not offered in this region or to this network address: {said}. "
        "The machine that runs the browser needs another way out."
    )


def needs_paid_key(said: str) -> GatewayError:
    return PaidKeyNeeded(
        f"AI Studio runs this model only with a paid API key: {said}. Choose a key on the page with the same "
        "profile, or another model.",
        param="model",
    )


def quota_exhausted(said: str, retry_after: float | None = None) -> GatewayError:
    return QuotaExhausted(
        f"AI Studio's quota for this account and model is used up: {said}", retry_after=retry_after
    )


def rate_limited(said: str, retry_after: float | None = None) -> GatewayError:
    return RateLimited(f"AI Studio limits the rate: {said}", retry_after=retry_after or RATE_RETRY_SECONDS)


def unavailable(said: str, retry_after: float | None = None) -> GatewayError:
    return UpstreamUnavailable(
        f"AI Studio failed: {said}", retry_after=retry_after or UNAVAILABLE_RETRY_SECONDS
    )


def _blocked(said: str) -> GatewayError:
    return Refused(f"AI Studio blocked the prompt: {said}")


_OTHER_BUSINESS = re.compile(
    r"^\W*(failed|unable|could not|cannot) to (?!generate|call the gemini)", re.IGNORECASE
)
"""What failed is not an answer: counting tokens, listing models, saving, uploading, copying."""
_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[str], GatewayError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"(region|country|location)\b.*\bnot (supported|available)", region_blocked),
        (r"not available in your (region|country|location)", region_blocked),
        (r"free generations|exceeded (your (current )?)?quota|quota exceeded|daily limit", quota_exhausted),
        (r"no api key selected|(needs?|requires?|select|link) (a|your|an) (paid )?api key", needs_paid_key),
        (r"rate limit|resource.?exhausted|too many requests", rate_limited),
        (r"permission denied", denied),
        (r"content blocked|prohibited content|blocked .*\bsafety\b", _blocked),
        (r"service is unavailable|isn.t available right now|overloaded|server error", unavailable),
        (r"internal error|failed to generate", unavailable),
    )
)


def error_from_words(said: str) -> GatewayError | None:
    """What a notice of the page means for the answer that was asked for; `None` if nothing that is known."""
    if len(said) > _LONGEST or _OTHER_BUSINESS.search(said):
        return None
    return next((meaning(said) for pattern, meaning in _MEANINGS if pattern.search(said)), None)
