"""The site's refusals -> errors: by HTTP status and google.rpc code first, by the status's words second.

A status is `[code, message, details]`; details are `[[type URL, payload], …]`, payloads positional as well.
"""

import re
from collections.abc import Iterator
from typing import Any

from browser.wire import refusals
from browser.wire.fields import at, list_at, number_at, parsed, text_at
from domain.errors import ContextTooLong, GatewayError, SignedOut, UpstreamError, UpstreamInvalid

_RPC_CODE_OF_HTTP = {400: 3, 401: 16, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14, 504: 4}
_RETRY_INFO = "google.rpc.RetryInfo"
_QUOTA_FAILURE = "google.rpc.QuotaFailure"
_LOCATION = re.compile(r"location is not supported", re.IGNORECASE)


def error_from_status(status: list[Any]) -> GatewayError:
    """The error that a google.rpc.Status `[code, message, details]` means."""
    code = at(status, 0)
    said = text_at(status, 1) or "no message"
    match code:
        case 3 | 5 | 9 | 11 | 12:
            return _invalid(said)
        case 7:
            return refusals.region_blocked(said) if _LOCATION.search(said) else refusals.denied(said)
        case 8:
            return _exhausted(said, list_at(status, 2))
        case 16:
            return SignedOut(f"AI Studio no longer accepts the sign-in: {said}")
        case 4 | 13 | 14:
            return refusals.unavailable(said, _retry_seconds(list_at(status, 2)))
        case _:
            return UpstreamError(f"AI Studio ended the answer with status {code!r}: {said}")


def _invalid(said: str) -> GatewayError:
    """Too long a prompt is: The input token count (N) exceeds the maximum number of tokens allowed (M)."""
    lowered = said.lower()
    if _LOCATION.search(said):
        return refusals.region_blocked(said)
    if "input token count" in lowered and "exceeds the maximum" in lowered:
        return ContextTooLong(f"AI Studio takes no prompt of this length: {said}")
    return UpstreamInvalid(f"AI Studio called the request invalid: {said}")


def _exhausted(said: str, details: list[Any]) -> GatewayError:
    """One code covers a quota that is used up and a rate that is too high.

    The details tell which, where there are any: the quota's own name, or a time to come back. Otherwise
    only the words differ.
    """
    seconds = _retry_seconds(details)
    quotas = " ".join(_words(_payload(details, _QUOTA_FAILURE))).lower()
    lowered = said.lower()
    if "perday" in quotas or "per day" in quotas:
        return refusals.quota_exhausted(said, seconds)
    if "perminute" in quotas or "per minute" in quotas or seconds is not None:
        return refusals.rate_limited(said, seconds)
    if "quota" in lowered or "free generations" in lowered:
        return refusals.quota_exhausted(said)
    return refusals.rate_limited(said)


def _retry_seconds(details: list[Any]) -> float | None:
    """`RetryInfo` is `[[seconds, nanos]]`; 64-bit numbers come as text."""
    delay = list_at(_payload(details, _RETRY_INFO), 0)
    seconds = number_at(delay, 0)
    return None if seconds is None else seconds + (number_at(delay, 1) or 0.0) / 1e9


def _payload(details: list[Any], kind: str) -> list[Any]:
    return next((list_at(d, 1) for d in details if (text_at(d, 0) or "").endswith(kind)), [])


def _words(value: Any) -> Iterator[str]:
    """All strings of a message, in their order."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
        elif isinstance(found, list):
            waiting += reversed(found)


def error_from_http(http_status: int, body: bytes) -> GatewayError:
    """The error of a response that was not 200 and whose body held no status in the stream form.

    Unary refusals are a bare Status; anything else is told by the HTTP status alone.
    """
    try:
        status = parsed(body)
    except ValueError:
        status = None
    if isinstance(status, list) and isinstance(at(status, 0), int):
        return error_from_status(status)
    words = body[:200].decode("utf-8", "replace").strip() or "no body"
    return error_from_status([_RPC_CODE_OF_HTTP.get(http_status), f"HTTP {http_status}, {words}"])
