"""The one way in which the server says no to a call: an HTTP status with a google.rpc.Status."""

from typing import Any

BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
NO_PERMISSION = "The caller does not have permission"
NO_CREDENTIAL = (
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)
DEAD_CREDENTIAL = "Request had invalid authentication credentials"
CODE_OF_STATUS = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 500: 13, 501: 12, 503: 14, 504: 4}
MESSAGE_OF_STATUS = {
    400: "Request contains an invalid argument.",
    401: DEAD_CREDENTIAL,
    403: NO_PERMISSION,
    404: "Requested entity was not found.",
    409: "The operation was aborted.",
    429: "You exceeded your current quota, please check your plan and billing details.",
    500: "Internal error encountered.",
    501: "Operation is not implemented, or supported, or enabled.",
    503: "The model is overloaded. Please try again later.",
    504: "Deadline expired before operation could complete.",
}
STATUS_OF_CODE = {code: status for status, code in CODE_OF_STATUS.items()}


class Rejection(Exception):
    """A refused call: HTTP `status`, google.rpc `code`, `message` and `details` in JSPB form."""

    def __init__(self, status: int, message: str | None = None, details: list[Any] | None = None) -> None:
        self.status = status
        self.code = CODE_OF_STATUS[status]
        self.message = MESSAGE_OF_STATUS[status] if message is None else message
        self.details = details
        super().__init__(f"{status}: {self.message}")


def invalid_field(field: str, problem: str) -> Rejection:
    """A 400 that names `field` (snake_case path) in its text and as a field violation."""
    return Rejection(400, f"Invalid value at '{field}': {problem}", [[BAD_REQUEST, [[[field, problem]]]]])


def wrong_shape(field: str, kind: str, value: object) -> Rejection:
    """A 400 for a value of another type than the field's; a list gets the site's own odd wording."""
    if isinstance(value, list):
        text = f"Invalid value ({field}), Unexpected list for single non-message field."
        return Rejection(400, text, [[BAD_REQUEST]])
    text = f"Invalid value at '{field}' ({kind}), {value!r}"
    return Rejection(400, text, [[BAD_REQUEST, [[[field, "Invalid value"]]]]])
