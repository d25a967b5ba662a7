"""The one table from `GatewayError` classes to Google's errors, and the envelope they are written in.

The envelope is `{"error": {"code", "message", "status", "details"}}`, where `code` is the HTTP status. Every
subclass has a row of its own; a test walks them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from api.body import JsonAnswer
from api.errors import error_headers
from domain import errors as e
from logbook.context import note


@dataclass(frozen=True, slots=True)
class GoogleAnswer:
    """How a failure looks to Google's clients: an HTTP status and a name of `google.rpc.Code`."""

    status: int
    name: str


_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"

_INVALID: Final = GoogleAnswer(400, "INVALID_ARGUMENT")
_EXHAUSTED: Final = GoogleAnswer(429, "RESOURCE_EXHAUSTED")
_INTERNAL: Final = GoogleAnswer(500, "INTERNAL")
_UPSTREAM: Final = GoogleAnswer(502, "UNAVAILABLE")
_UNAVAILABLE: Final = GoogleAnswer(503, "UNAVAILABLE")

GOOGLE_ANSWERS: Final[Mapping[type[e.GatewayError], GoogleAnswer]] = MappingProxyType(
    {
        e.GatewayError: _INTERNAL,
        e.BadRequest: _INVALID,
        e.Unsupported: _INVALID,
        e.UnknownModel: GoogleAnswer(404, "NOT_FOUND"),
        e.TooLarge: GoogleAnswer(413, "INVALID_ARGUMENT"),
        e.HeadTooLarge: GoogleAnswer(431, "INVALID_ARGUMENT"),
        e.ContextTooLong: _INVALID,
        e.PathRefused: GoogleAnswer(403, "PERMISSION_DENIED"),
        e.NotAllowed: GoogleAnswer(401, "UNAUTHENTICATED"),
        e.Forbidden: GoogleAnswer(403, "PERMISSION_DENIED"),
        e.TooManyRequests: _EXHAUSTED,
        e.TooManyConnections: _UNAVAILABLE,
        e.NotFound: GoogleAnswer(404, "NOT_FOUND"),
        e.ProfileInUse: GoogleAnswer(409, "ABORTED"),
        e.SignInUnderWay: GoogleAnswer(409, "ABORTED"),
        e.ProfileRefused: GoogleAnswer(409, "ABORTED"),
        e.QueueFull: _EXHAUSTED,
        e.Cancelled: GoogleAnswer(499, "CANCELLED"),
        e.DeadlinePassed: GoogleAnswer(504, "DEADLINE_EXCEEDED"),
        e.ShuttingDown: _UNAVAILABLE,
        e.NotConfigured: GoogleAnswer(501, "UNIMPLEMENTED"),
        e.NotOffered: GoogleAnswer(501, "UNIMPLEMENTED"),
        e.UpstreamError: _UPSTREAM,
        e.QuotaExhausted: _EXHAUSTED,
        e.RateLimited: _EXHAUSTED,
        # Not 403: the caller's key is fine, it is the site that refuses the gateway's account or browser.
        e.PermissionDenied: _UPSTREAM,
        e.RegionBlocked: _UNAVAILABLE,
        # As Google's own API says of a project without billing.
        e.PaidKeyNeeded: GoogleAnswer(400, "FAILED_PRECONDITION"),
        e.Refused: _INVALID,
        e.EmptyAnswer: _UPSTREAM,
        e.InvalidOutput: _UPSTREAM,
        e.ModelRejected: GoogleAnswer(404, "NOT_FOUND"),
        e.UpstreamInvalid: _UPSTREAM,
        e.UpstreamUnavailable: _UNAVAILABLE,
        e.McpError: _UPSTREAM,
        e.WireError: _UPSTREAM,
        e.SessionError: _UNAVAILABLE,
        e.SignedOut: _UNAVAILABLE,
        e.ProfileUnusable: _UNAVAILABLE,
        e.PageDrift: _UPSTREAM,
        e.ControlFailed: _UPSTREAM,
        e.SessionLost: _UNAVAILABLE,
        e.BrowserDown: _UNAVAILABLE,
    }
)


def google_answer_for(error: e.GatewayError) -> GoogleAnswer:
    """The row of the error's class or, for a class without one, of its nearest ancestor."""
    return next(GOOGLE_ANSWERS[cls] for cls in type(error).__mro__ if cls in GOOGLE_ANSWERS)


def google_envelope(error: e.GatewayError) -> dict[str, Any]:
    """A caller's mistake has `details` with the field where it is known; so has a time to come back."""
    answer = google_answer_for(error)
    body: dict[str, Any] = {
        "code": answer.status,
        "message": error.public_message,
        "status": answer.name,
    }
    if details := list(_details(error)):
        body["details"] = details
    return {"error": body}


def _details(error: e.GatewayError) -> Iterator[dict[str, Any]]:
    if isinstance(error, e.BadRequest) and error.param is not None:
        violation = {"field": error.param, "description": error.public_message}
        yield {"@type": _BAD_REQUEST, "fieldViolations": [violation]}
    if error.retry_after is not None:
        # A duration as protocol buffers write it: never with an exponent.
        yield {
            "@type": _RETRY_INFO,
            "retryDelay": f"{round(error.retry_after, 3):f}".rstrip("0").rstrip(".") + "s",
        }


def google_error_response(error: e.GatewayError) -> JsonAnswer:
    note(error=error.code)
    answer = google_answer_for(error)
    return JsonAnswer(google_envelope(error), status_code=answer.status, headers=error_headers(error))
