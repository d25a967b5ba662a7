"""The site's refusals -> errors: by HTTP status and google.rpc code first, by its words second."""

import json
from typing import Any

from browser.wire.fields import at, text_at
from domain.errors import (
    ContextTooLong,
    GatewayError,
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    SignedOut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamUnavailable,
)

_RPC_CODE_OF_HTTP = {400: 3, 401: 16, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14, 504: 4}
_RATE_RETRY_SECONDS = 60.0


def error_from_status(status: list[Any]) -> GatewayError:
    """The error that a google.rpc.Status `[code, message, details]` means."""
    code = at(status, 0)
    said = text_at(status, 1) or "no message"
    match code:
        case 3 | 5 | 9 | 11 | 12:
            return _invalid(said)
        case 7:
            return PermissionDenied(
                f"AI Studio denied permission: {said}. The account may lack access to this model, or the "
                "site distrusts this browser; open the page by hand with the same profile to see which."
            )
        case 8:
            return _exhausted(said)
        case 16:
            return SignedOut(f"AI Studio no longer accepts the sign-in: {said}")
        case 4 | 13 | 14:
            return UpstreamUnavailable(f"AI Studio failed: {said}", retry_after=5.0)
        case _:
            return UpstreamError(f"AI Studio ended the answer with status {code!r}: {said}")


def _invalid(said: str) -> GatewayError:
    """Too long a prompt is: The input token count (N) exceeds the maximum number of tokens allowed (M)."""
    lowered = said.lower()
    if "input token count" in lowered and "exceeds the maximum" in lowered:
        return ContextTooLong(f"AI Studio takes no prompt of this length: {said}")
    return UpstreamInvalid(f"AI Studio called the request invalid: {said}")


def _exhausted(said: str) -> GatewayError:
    """One code covers a quota that is used up and a rate that is too high; only the words differ."""
    lowered = said.lower()
    if "quota" in lowered or "free generations" in lowered:
        return QuotaExhausted(f"AI Studio's quota for this account and model is used up: {said}")
    return RateLimited(f"AI Studio limits the rate: {said}", retry_after=_RATE_RETRY_SECONDS)


def error_from_http(http_status: int, body: bytes) -> GatewayError:
    """The error of a response that was not 200 and whose body held no status in the stream form.

    Unary refusals are a bare Status; anything else is told by the HTTP status alone.
    """
    try:
        status = json.loads(body)
    except ValueError:
        status = None
    if isinstance(status, list) and isinstance(at(status, 0), int):
        return error_from_status(status)
    words = body[:200].decode("utf-8", "replace").strip() or "no body"
    return error_from_status([_RPC_CODE_OF_HTTP.get(http_status), f"HTTP {http_status}, {words}"])
