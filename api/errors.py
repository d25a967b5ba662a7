"""The one table from `GatewayError` classes to HTTP, and the envelope that every failure is written in.

The envelope is `{"error": {"message", "type", "param", "code"}}`. `code` comes from the error class, `type`
and the status from `ANSWERS`. Every subclass has a row of its own; a test walks them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from api.body import JsonAnswer
from domain import errors as e
from logbook.context import note


@dataclass(frozen=True, slots=True)
class Answer:
    """How a failure looks from outside: an HTTP status and OpenAI's `type`."""

    status: int
    type: str


_REQUEST: Final = "invalid_request_error"
_SERVER: Final = "server_error"
_UPSTREAM: Final = "upstream_error"

ANSWERS: Final[Mapping[type[e.GatewayError], Answer]] = MappingProxyType(
    {
        e.GatewayError: Answer(500, _SERVER),
        e.BadRequest: Answer(400, _REQUEST),
        e.Unsupported: Answer(400, _REQUEST),
        e.UnknownModel: Answer(404, _REQUEST),
        e.TooLarge: Answer(413, _REQUEST),
        e.HeadTooLarge: Answer(431, _REQUEST),
        e.ContextTooLong: Answer(400, _REQUEST),
        e.PathRefused: Answer(403, _REQUEST),
        e.NotAllowed: Answer(401, _REQUEST),
        e.Forbidden: Answer(403, _REQUEST),
        e.TooManyRequests: Answer(429, "rate_limit_error"),
        e.TooManyConnections: Answer(503, _SERVER),
        e.NotFound: Answer(404, _REQUEST),
        e.ProfileInUse: Answer(409, _REQUEST),
        e.SignInUnderWay: Answer(409, _REQUEST),
        e.ProfileRefused: Answer(409, _REQUEST),
        e.QueueFull: Answer(429, "rate_limit_error"),
        e.Cancelled: Answer(499, "request_cancelled"),
        e.DeadlinePassed: Answer(504, "timeout_error"),
        e.ShuttingDown: Answer(503, _SERVER),
        e.NotConfigured: Answer(501, _SERVER),
        e.NotOffered: Answer(501, _REQUEST),
        e.UpstreamError: Answer(502, _UPSTREAM),
        e.QuotaExhausted: Answer(429, "insufficient_quota"),
        e.RateLimited: Answer(429, "rate_limit_error"),
        # Not 403: the caller's key is fine, it is the site that refuses the gateway's account or browser.
        e.PermissionDenied: Answer(502, _UPSTREAM),
        e.RegionBlocked: Answer(503, _SERVER),
        e.PaidKeyNeeded: Answer(402, _REQUEST),
        # A blocked prompt is blocked again when it is sent again: a caller's error, not a server's.
        e.Refused: Answer(400, _REQUEST),
        e.EmptyAnswer: Answer(502, _UPSTREAM),
        e.InvalidOutput: Answer(502, _UPSTREAM),
        e.ModelRejected: Answer(422, _REQUEST),
        e.UpstreamInvalid: Answer(502, _UPSTREAM),
        e.UpstreamUnavailable: Answer(503, _UPSTREAM),
        e.McpError: Answer(502, _UPSTREAM),
        e.WireError: Answer(502, _UPSTREAM),
        e.SessionError: Answer(503, _SERVER),
        e.SignedOut: Answer(503, _SERVER),
        e.ProfileUnusable: Answer(503, _SERVER),
        e.PageDrift: Answer(502, _SERVER),
        e.ControlFailed: Answer(502, _SERVER),
        e.SessionLost: Answer(503, _SERVER),
        e.BrowserDown: Answer(503, _SERVER),
    }
)


def answer_for(error: e.GatewayError) -> Answer:
    """The row of the error's class or, for a class without one, of its nearest ancestor."""
    return next(ANSWERS[cls] for cls in type(error).__mro__ if cls in ANSWERS)


def envelope(error: e.GatewayError) -> dict[str, Any]:
    """The JSON body of a failure; a refused key also carries `detail`, which older clients read."""
    body: dict[str, Any] = {
        "error": {
            "message": error.public_message,
            "type": answer_for(error).type,
            "param": error.param,
            "code": error.code,
        }
    }
    if isinstance(error, e.NotAllowed):
        body["detail"] = error.public_message
    return body


def error_headers(error: e.GatewayError) -> dict[str, str]:
    """`Retry-After` in whole seconds, and a word to SDKs that would retry what cannot get better."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if not error.retryable and answer_for(error).status >= 429:
        headers["X-Should-Retry"] = "false"
    if isinstance(error, e.NotAllowed):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def error_response(error: e.GatewayError) -> JsonAnswer:
    note(error=error.code)
    return JsonAnswer(envelope(error), status_code=answer_for(error).status, headers=error_headers(error))


def internal_error(request_id: str) -> e.GatewayError:
    """What callers learn of a defect: where to look, and nothing else."""
    return e.GatewayError(
        f"The gateway failed on request {request_id!r} for a reason of its own; its log has the details."
    )
