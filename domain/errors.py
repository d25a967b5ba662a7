"""Everything that can go wrong, by name. An error never carries an HTTP status: `api/errors.py` maps it.

GatewayError
├─ BadRequest                 what the caller sent cannot be served, and never will be
│   ├─ Unsupported            a parameter or form this gateway does not honour
│   ├─ UnknownModel           no such model on the page
│   ├─ TooLarge               more than a limit allows
│   │   └─ HeadTooLarge       more headers than are read
│   ├─ ContextTooLong         more tokens than the model takes
│   └─ PathRefused            a file of this machine that callers may not name
├─ NotAllowed                 the key or the admin token is missing or wrong
├─ Forbidden                  called by a foreign web page, or under a foreign name
├─ TooManyRequests            one key, or one address, calls too often
├─ TooManyConnections         all connections that may be open are busy
├─ NotFound                   no such request, file or route
├─ ProfileInUse               a gateway uses this saved sign-in
├─ ProfileRefused             a saved sign-in could not be taken into use; the one in use goes on
├─ SignInUnderWay             somebody is signing in from another machine already
├─ QueueFull                  too many requests are waiting
├─ Cancelled                  somebody cancelled this request
├─ DeadlinePassed             a stage took longer than its budget
├─ ShuttingDown               the gateway is stopping
├─ NotConfigured              a part of the gateway waits for a setting
├─ NotOffered                 a known thing that this gateway does not do at all
├─ UpstreamError              the site said no
│   ├─ QuotaExhausted         the account's quota for this model is used up
│   ├─ RateLimited            too many requests in a short time
│   ├─ PermissionDenied       the account may not do this, or the site distrusts the browser
│   ├─ RegionBlocked          the site is not offered where the browser is
│   ├─ PaidKeyNeeded          the site runs this model only with a paid API key
│   ├─ Refused                the prompt was blocked
│   ├─ EmptyAnswer            the site ended a turn without saying anything
│   ├─ InvalidOutput          the answer is not what was asked for, also when asked again
│   ├─ ModelRejected          the page does not let this model be chosen
│   ├─ UpstreamInvalid        the site called the page's request invalid
│   └─ UpstreamUnavailable    the site failed or is overloaded
├─ McpError                   a caller's MCP endpoint failed or may not be used
├─ WireError                  the answer was not understood, or ended before its end
└─ SessionError               the page cannot be used
    ├─ SignedOut              the profile's sign-in has ended
    │   └─ ProfileUnusable    the saved sign-in cannot be read, or holds none
    ├─ PageDrift              a control is not where any known version of the page has it
    ├─ ControlFailed          a control is there but did not take the value
    ├─ SessionLost            the tab crashed, closed or left the page
    └─ BrowserDown            there is no browser
"""

from enum import StrEnum
from typing import ClassVar

from domain.events import Usage


class GatewayError(Exception):
    """A failure with a name. `public_message` is safe to show to any caller and says what to do."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(
        self, public_message: str, *, param: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(public_message)
        self.public_message = public_message
        self.param = param
        """The offending parameter as the caller named it, where there is one."""
        self.retry_after = retry_after
        """Seconds after which trying again makes sense, where that is known."""


class BadRequest(GatewayError):
    code = "invalid_request"


class Unsupported(BadRequest):
    code = "unsupported_parameter"


class UnknownModel(BadRequest):
    code = "model_not_found"


class TooLarge(BadRequest):
    code = "request_too_large"


class HeadTooLarge(TooLarge):
    code = "headers_too_large"


class ContextTooLong(BadRequest):
    code = "context_length_exceeded"


class PathRefused(BadRequest):
    code = "path_not_allowed"


class NotAllowed(GatewayError):
    code = "invalid_api_key"


class Forbidden(GatewayError):
    code = "forbidden"


class TooManyRequests(GatewayError):
    code = "rate_limit_exceeded"
    retryable = True


class TooManyConnections(GatewayError):
    code = "too_many_connections"
    retryable = True


class NotFound(GatewayError):
    code = "not_found"


class ProfileInUse(GatewayError):
    code = "profile_in_use"


class SignInUnderWay(GatewayError):
    code = "sign_in_under_way"


class ProfileRefused(GatewayError):
    code = "profile_refused"


class QueueFull(GatewayError):
    code = "queue_full"
    retryable = True


class Cancelled(GatewayError):
    code = "request_cancelled"


class DeadlinePassed(GatewayError):
    """`stage` is one of queue, ready, submit, first_event, idle, total; or switch, of no request."""

    retryable = True
    code = "deadline_passed"

    def __init__(self, stage: str, seconds: float, hint: str = "") -> None:
        super().__init__(f"The {stage} stage took longer than {seconds:g} s. {hint}".strip())
        self.stage = stage


class ShuttingDown(GatewayError):
    code = "shutting_down"
    retryable = True

    def __init__(self) -> None:
        super().__init__("The gateway is stopping.", retry_after=5)


class NotConfigured(GatewayError):
    """The message says what to set."""

    code = "not_configured"


class NotOffered(GatewayError):
    """The message says what to use instead."""

    code = "not_offered"


class UpstreamError(GatewayError):
    code = "upstream_error"


class QuotaExhausted(UpstreamError):
    code = "insufficient_quota"


class RateLimited(UpstreamError):
    code = "rate_limit_exceeded"
    retryable = True


class PermissionDenied(UpstreamError):
    code = "upstream_permission_denied"


class RegionBlocked(UpstreamError):
    code = "region_not_supported"


class PaidKeyNeeded(UpstreamError):
    code = "paid_key_needed"


class BlockReason(StrEnum):
    """Why the site did not take a prompt, by its own names."""

    SAFETY = "safety"
    OTHER = "other"
    BLOCKLIST = "blocklist"
    PROHIBITED_CONTENT = "prohibited_content"
    IMAGE_SAFETY = "image_safety"


class Refused(UpstreamError):
    code = "content_filter"

    def __init__(
        self,
        public_message: str,
        *,
        reason: BlockReason = BlockReason.OTHER,
        usage: Usage | None = None,
    ) -> None:
        """`usage`: what the site counted of the prompt all the same."""
        super().__init__(public_message)
        self.reason = reason
        self.usage = usage


class EmptyAnswer(UpstreamError):
    code = "empty_answer"
    retryable = True


class InvalidOutput(UpstreamError):
    code = "invalid_output"
    retryable = True


class ModelRejected(UpstreamError):
    code = "model_not_available"


class UpstreamInvalid(UpstreamError):
    code = "upstream_invalid_request"


class UpstreamUnavailable(UpstreamError):
    code = "upstream_unavailable"
    retryable = True


class McpError(GatewayError):
    code = "mcp_error"


class WireError(GatewayError):
    code = "wire_error"
    retryable = True


class SessionError(GatewayError):
    code = "session_error"
    retryable = True


class SignedOut(SessionError):
    code = "signed_out"
    retryable = False


class ProfileUnusable(SignedOut):
    """`detail` is for the operator alone: it names the file."""

    code = "profile_unusable"

    def __init__(self, problem: str, file: str, remedy: str = "") -> None:
        super().__init__(
            f"The saved sign-in cannot be used: {problem}. Sign in anew on the gateway's admin page "
            "(/admin/#sign-in), or bring another file in; the gateway's log names this one."
        )
        self.problem = problem
        self.detail = f"{file}: {problem}" + (f"; {remedy}" if remedy else "")


class PageDrift(SessionError):
    """`area` names the control; `candidates` are the names of the selectors that were tried."""

    code = "page_drift"
    retryable = False

    def __init__(self, area: str, candidates: tuple[str, ...] = ()) -> None:
        tried = f" (tried: {', '.join(candidates)})" if candidates else ""
        super().__init__(
            f"AI Studio's page shows no {area!r} control{tried}. The page may have changed; "
            "a selector can be overridden with SELECTORS_FILE."
        )
        self.area = area
        self.candidates = candidates


class ControlFailed(SessionError):
    """`area` names the control, where it is one of the run settings."""

    code = "control_failed"

    def __init__(self, public_message: str, *, area: str | None = None) -> None:
        super().__init__(public_message)
        self.area = area


class SessionLost(SessionError):
    """`stage` is what was at fault, as `/health` names it: page, capture or site."""

    code = "session_lost"

    def __init__(self, public_message: str, *, stage: str = "page") -> None:
        super().__init__(public_message)
        self.stage = stage


class BrowserDown(SessionError):
    code = "browser_down"
