"""The two framings of Google's streams: server-sent events, and one JSON array that grows.

Neither has a word for the end or for a comment: clients refuse `[DONE]` and lines that begin with a colon.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from fastapi import Request

from api.body import json_text
from api.gemini.query import read_alt
from api.sse import EventStream

Json = Mapping[str, Any]


class Framing(Protocol):
    """Makes bytes of the chunks of one stream, in order."""

    def chunk(self, payload: Json) -> bytes: ...

    def keep_alive(self) -> bytes:
        """What every reader skips."""
        ...

    def end(self) -> bytes: ...


class Events:
    """Server-sent events, with the line ends that Google sends."""

    def chunk(self, payload: Json) -> bytes:
        return b"data: %b\r\n\r\n" % json_text(payload)

    def keep_alive(self) -> bytes:
        return b"\r\n"

    def end(self) -> bytes:
        return b""


class Array:
    """A JSON array with one chunk a line; an array also where there is no chunk at all."""

    def __init__(self) -> None:
        self._begun = False

    def chunk(self, payload: Json) -> bytes:
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + json_text(payload)

    def keep_alive(self) -> bytes:
        return b"\n"

    def end(self) -> bytes:
        return b"\n]" if self._begun else b"[]"


class ArrayStream(EventStream):
    media_type: Final = "application/json"  # type: ignore[misc]


def wants_events(request: Request) -> bool:
    """By `alt=sse`, or by what the caller accepts; Google's own answer to everybody else is an array.

    Raises:
        BadRequest: another form is asked for.
    """
    if (alt := read_alt(request)) is not None:
        return alt == "sse"
    return "text/event-stream" in request.headers.get("accept", "").lower()
