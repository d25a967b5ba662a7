"""How much a request may say before its body."""

from typing import Final

from starlette.types import Scope

from domain.errors import BadRequest, HeadTooLarge

MOST_HEAD_BYTES: Final = 64 * 1024
"""Of the request line and all headers."""
MOST_HEADERS: Final = 200


def head_too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"The request line and headers have more than {MOST_HEAD_BYTES} bytes, or there are more than "
        f"{MOST_HEADERS} headers."
    )


def check_head(scope: Scope) -> None:
    """Look at a head that came in one piece, which the server itself takes however long it is.

    Raises:
        HeadTooLarge
        BadRequest: its body has two ends. A proxy on the way may have seen another one, and what one of the
            two takes for the next request is then a body that somebody chose.
    """
    headers = scope["headers"]
    size = len(scope["path"]) + len(scope["query_string"]) + sum(len(k) + len(v) for k, v in headers)
    if size > MOST_HEAD_BYTES or len(headers) > MOST_HEADERS:
        raise head_too_large()
    names = {name for name, _ in headers}
    if b"content-length" in names and b"transfer-encoding" in names:
        raise BadRequest("A request has either Content-Length or Transfer-Encoding, not both.")
