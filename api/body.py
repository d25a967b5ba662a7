"""JSON in and out.

In: a content type that a foreign web page cannot send unasked, and complaints that say where. Out: text that
can always be sent, whatever a site put into it.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.responses import JSONResponse

from api.strict_json import NotStrict, strict_json
from domain.errors import BadRequest

_LINE_ENDS: Final = ("\x85", "\u2028", "\u2029")
"""Readers that split events at all of Unicode's line ends would tear the JSON apart: they are escaped."""


def json_text(payload: Mapping[str, Any]) -> bytes:
    """One line of UTF-8; half a surrogate pair, which UTF-8 cannot say, becomes a question mark."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    for end in _LINE_ENDS:
        text = text.replace(end, f"\\u{ord(end):04x}")
    return text.encode(errors="replace")


class JsonAnswer(JSONResponse):
    def render(self, content: Any) -> bytes:
        return json_text(content)


async def json_body(request: Request) -> Any:
    """The decoded body, for requests that carry no files; see `api.long_json` for those that do.

    Raises:
        BadRequest: another content type, no UTF-8, broken JSON (saying where), or half a surrogate pair.
        TooLarge: above the body limit.
    """
    require_json(request)
    return parse_json(await request.body())


def require_json(request: Request) -> None:
    """Check the headers.

    Raises:
        BadRequest: another content type, or packed content.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest(f"The Content-Type must be 'application/json', not {kind!r}.")
    if (coding := request.headers.get("content-encoding", "identity")) != "identity":
        raise BadRequest(f"A request body with Content-Encoding {coding!r} is not understood; send it plain.")


def parse_json(body: bytes) -> Any:
    """Strict JSON, in which no name is given twice."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The request body is not valid UTF-8 (byte {error.start}).") from None
    return parse_text(text)


def parse_text(text: str, remark: str = "") -> Any:
    """The same of a text; `remark` is added to the place of what is wrong."""
    try:
        return strict_json(text, unique=True)
    except json.JSONDecodeError as error:
        raise not_json(f"{error.msg} (line {error.lineno}, column {error.colno}{remark})") from None
    except NotStrict as error:
        raise BadRequest(f"The request body holds {error}.") from None
    except RecursionError:
        raise BadRequest("The request body is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest(f"The request body holds a number that cannot be read: {error}.") from None


def not_json(why: str) -> BadRequest:
    return BadRequest(f"The request body is not valid JSON: {why}.")
