"""Cuts a streamed answer into frames, whatever the borders of the network's chunks.

The body is one JSON array in positional form, `StreamBody{messages, status}`:

    [[event,event,…]]            an answer
    [[event,…],[8,"…"]]          an answer that broke off with a google.rpc.Status
    [,[7,"…"]]  [null,[7,"…"]]   no answer, only a status; the first form is not valid JSON

An event is any array that closes at bracket depth 3 in the first slot, the status is the array in the
second. Brackets inside strings do not count. Nothing is parsed twice and nothing is scanned twice.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Any

from browser.wire.fields import parsed
from domain.errors import WireError

_MARK = re.compile(r'[\[\]",]')
_STRING_MARK = re.compile(r'["\\]')
_XSSI_PREFIX = ")]}'"


class ForeignBody(WireError):
    """What came is no answer of the site's at all, but a page, say."""


@dataclass(frozen=True, slots=True)
class EventFrame:
    """One message of the stream, as parsed JSON."""

    value: list[Any]


@dataclass(frozen=True, slots=True)
class StatusFrame:
    """A google.rpc.Status: `[code, message, details]`."""

    value: list[Any]


Frame = EventFrame | StatusFrame


class FrameSplitter:
    """Feed it bytes as they arrive; it returns the frames that are complete.

    `ended` turns true when the outer array has closed. Bytes after that, or bytes that cannot begin such
    a body, raise `WireError`.
    """

    def __init__(self) -> None:
        self.ended = False
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._held: list[str] = []
        """Text since the last complete frame that belongs to an unfinished array."""
        self._depth = 0
        self._slot = 0
        self._in_string = False
        self._escaped = False
        self._start: int | None = None
        """Where the unfinished frame starts in the text at hand; 0 when it started earlier."""
        self._head = ""
        """The first characters, until it is clear that no XSSI prefix precedes the body."""

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes of the body."""
        try:
            text = self._decode(data)
        except UnicodeDecodeError as error:
            raise WireError(f"The answer is not UTF-8: {error.reason}.") from error
        if self._depth == 0 and not self.ended:
            text = self._begin(text)
        frames: list[Frame] = []
        self._scan(text, frames)
        return frames

    def _begin(self, text: str) -> str:
        self._head += text
        head = self._head.lstrip()
        if head and _XSSI_PREFIX.startswith(head[: len(_XSSI_PREFIX)]) and len(head) < len(_XSSI_PREFIX):
            return ""
        head = head.removeprefix(_XSSI_PREFIX).lstrip()
        if head and not head.startswith("["):
            raise ForeignBody(f"The answer does not begin with '[' but with {head[:40]!r}.")
        self._head = "" if head else self._head
        return head

    def _scan(self, text: str, frames: list[Frame]) -> None:
        position = 0
        while position < len(text):
            if self._in_string:
                position = self._skip_string(text, position)
                continue
            found = _MARK.search(text, position)
            stray = text[position : found.start() if found else None]
            if self.ended and stray.strip():
                raise WireError(f"The answer goes on after its end: {stray[:40]!r}.")
            if found is None:
                break
            position = found.end()
            self._mark(found.group(), text, position, frames)
        if self._start is not None:
            self._held.append(text[self._start :])
            self._start = 0

    def _skip_string(self, text: str, position: int) -> int:
        if self._escaped:
            self._escaped = False
            return position + 1
        found = _STRING_MARK.search(text, position)
        if found is None:
            return len(text)
        if found.group() == "\\":
            self._escaped = True
        else:
            self._in_string = False
        return found.end()

    def _mark(self, mark: str, text: str, position: int, frames: list[Frame]) -> None:
        if self.ended:
            raise WireError(f"The answer goes on after its end: {text[position - 1 : position + 39]!r}.")
        if mark == '"':
            self._in_string = True
        elif mark == ",":
            self._slot += self._depth == 1
        elif mark == "[":
            self._depth += 1
            if self._depth == self._frame_depth:
                self._start = position - 1
        else:
            if self._depth == self._frame_depth:
                frames.append(self._complete(text, position))
            self._depth -= 1
            self.ended = self._depth == 0

    @property
    def _frame_depth(self) -> int:
        return 3 if self._slot == 0 else 2

    def _complete(self, text: str, position: int) -> Frame:
        self._held.append(text[self._start : position])
        whole = "".join(self._held)
        self._held, self._start = [], None
        try:
            value = parsed(whole)
        except ValueError as error:
            raise WireError(f"A frame of the answer is not JSON ({error}): {whole[:80]!r}.") from error
        return EventFrame(value) if self._slot == 0 else StatusFrame(value)
