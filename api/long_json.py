"""JSON bodies that carry files: what is long in them goes to disk while they come, and never into memory.

A body is copied as it is but for its long strings. Those are written to files, each replaced by a word that
the caller cannot guess; what is left is parsed as ever. Then every such word becomes a `LongText`, where a
file may stand, or the text that it stands for.
"""

import codecs
import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from fastapi import Request

from api.body import not_json, parse_json, parse_text, require_json
from api.files.bodies import Pace, chunks_of
from api.strict_json import HALF_PAIR
from domain.attachments import LongText
from domain.errors import BadRequest, GatewayError, TooLarge

IN_MEMORY: Final = 1024 * 1024
"""Bytes of a body that is simply read."""
LONG: Final = 256 * 1024
"""Characters of a string above which it is written to a file."""
MOST_TEXT: Final = 64 * 1024 * 1024
"""Characters of a body that are no file: they are held in memory."""
HEAD: Final = 4096
"""Characters that a `LongText` shows; more than any header of a data URL."""

Place = tuple[str | int, ...]
"""Where something stands in a document: names and indexes."""

_STEP: Final = 64 * 1024
_WHOLE_STRINGS: Final = re.compile(r'(?:[^"]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
_CHARACTERS: Final = re.compile(r'[^"\\]*+(?:\\(?:[^u]|u[0-9A-Fa-f]{4})[^"\\]*+)*+', re.DOTALL)
"""The inside of a string, as far as its escapes are whole."""
_LONGEST_ESCAPE: Final = 6
_FIRST_HALF: Final = re.compile("[\ud800-\udbff]\\Z")


async def json_document(
    request: Request, new_path: Callable[[], Path], is_file: Callable[[Place], bool]
) -> Any:
    """The decoded body; long strings at places where `is_file` holds are each a `LongText`.

    `new_path` names a file that is not there yet; files are removed by whoever removes their folder.

    Raises:
        BadRequest: as `api.body.json_body`, or the body comes too slowly.
        TooLarge: above the body limit, or more text than is held in memory.
        Cancelled: the caller has gone.
    """
    require_json(request)
    chunks = chunks_of(request, Pace())
    start = bytearray()
    async for chunk in chunks:
        start += chunk
        if len(start) > IN_MEMORY:
            break
    else:
        return parse_json(bytes(start))
    with LongJson(new_path) as body:
        body.feed(start)
        start.clear()
        async for chunk in chunks:
            body.feed(chunk)
        return body.document(is_file)


class LongJson:
    """A JSON text that is being received. A context manager, so that no file stays open."""

    def __init__(self, new_path: Callable[[], Path]) -> None:
        self._new_path = new_path
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._fed = 0
        """Bytes so far."""
        self._kept: list[str] = []
        """The text without long strings."""
        self._size = 0
        """Characters of it."""
        self._inside: _Inside | None = None
        self._carried = ""
        """An escape whose end has not come yet."""
        self._mark = f"long-{secrets.token_hex(16)}-"
        self._long: dict[str, LongText] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._inside is not None:
            self._inside.close()

    def feed(self, data: bytes | bytearray) -> None:
        """Take more of it.

        Raises:
            BadRequest: it is not JSON in UTF-8.
            TooLarge: too much of it is no long string.
        """
        for start in range(0, len(data), _STEP):
            self._take(self._decoded(bytes(data[start : start + _STEP])))

    def document(self, is_file: Callable[[Place], bool]) -> Any:
        """All of it, parsed; to be called once.

        Raises:
            BadRequest, TooLarge: as for `feed`.
        """
        self._take(self._decoded(b"", final=True))
        if self._inside is not None:
            self._keep(self._inside.raw)
        text = "".join(self._kept)
        self._kept.clear()
        document = parse_text(text, ", long strings left out")
        if self._long:
            self._restore(document, is_file)
        return document

    def _decoded(self, data: bytes, *, final: bool = False) -> str:
        waiting = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(data, final)
        except UnicodeDecodeError as error:
            where = self._fed - waiting + error.start
            raise BadRequest(f"The request body is not valid UTF-8 (byte {where}).") from None
        self._fed += len(data)
        return text

    def _take(self, text: str) -> None:
        text, self._carried = self._carried + text, ""
        at = 0
        while at < len(text):
            at = self._between(text, at) if self._inside is None else self._within(self._inside, text, at)

    def _between(self, text: str, at: int) -> int:
        """Up to the first string that does not end in `text`."""
        whole = _WHOLE_STRINGS.match(text, at)
        end = whole.end() if whole is not None else at
        quote = text.find('"', end)
        end = len(text) if quote < 0 else quote
        self._keep(text[at:end])
        if quote < 0:
            return end
        self._inside = _Inside(self._new_path)
        return end + 1

    def _within(self, inside: "_Inside", text: str, at: int) -> int:
        found = _CHARACTERS.match(text, at)
        end = found.end() if found is not None else at
        inside.add(text[at:end])
        rest = len(text) - end
        if rest and text[end] == '"':
            self._end(inside)
            return end + 1
        if rest >= _LONGEST_ESCAPE:
            raise not_json("a wrong escape in a long string")
        self._carried = text[end:]
        return len(text)

    def _end(self, inside: "_Inside") -> None:
        long = inside.end()
        self._inside = None
        if long is None:
            self._keep(f'{inside.raw}"')
            return
        word = f"{self._mark}{len(self._long)}"
        self._long[word] = long
        self._keep(f'"{word}"')

    def _keep(self, text: str) -> None:
        self._count(len(text))
        self._kept.append(text)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MOST_TEXT:
            raise TooLarge(f"The request has more than {MOST_TEXT} characters that are no files.")

    def _restore(self, document: Any, is_file: Callable[[Place], bool]) -> None:
        """Put the long strings in their places. Not recursive: a document may be nested deeply."""
        open_: list[tuple[Place, Any]] = [((), document)]
        while open_:
            place, holder = open_.pop()
            for key, item in _items(holder):
                here = (*place, key)
                if key in self._long:
                    raise BadRequest(f"A name in the request body is longer than {LONG} characters.")
                if isinstance(item, dict | list):
                    open_.append((here, item))
                elif isinstance(item, str) and (long := self._long.get(item)) is not None:
                    holder[key] = long if is_file(here) else self._text(long)

    def _text(self, long: LongText) -> str:
        self._count(long.length)
        text = long.path.read_text(encoding="utf-8")
        long.path.unlink()
        return text


class _Inside:
    """A string that has begun; above a length it goes to a file."""

    def __init__(self, new_path: Callable[[], Path]) -> None:
        self._new_path = new_path
        self._pieces = ['"']
        self._size = 0
        self._file: BinaryIO | None = None
        self._path = Path()
        self._head = ""
        self._half = ""
        """The first half of a surrogate pair, written as an escape, whose other half has not come yet."""

    @property
    def raw(self) -> str:
        """As it came, with the quotation mark before it, unless it has gone to a file."""
        return "".join(self._pieces)

    def add(self, raw: str) -> None:
        """Take more characters, all escapes whole."""
        if self._file is not None:
            self._write(self._file, raw)
            return
        self._pieces.append(raw)
        self._size += len(raw)
        if self._size > LONG:
            self._path = self._new_path()
            self._file = self._path.open("xb")
            raw, self._pieces, self._size = self.raw[1:], ['"'], 0
            self._write(self._file, raw)

    def end(self) -> LongText | None:
        """`None`: it was short."""
        if self._file is None:
            return None
        if self._half:
            raise BadRequest(f"The request body holds {HALF_PAIR}.")
        self.close()
        return LongText(self._head, self._path, self._size)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _write(self, file: BinaryIO, raw: str) -> None:
        try:
            text: str = self._half + json.loads(f'"{raw}"')
        except ValueError as error:
            raise not_json(f"a long string: {error}") from None
        if self._half:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        half = _FIRST_HALF.search(text)
        text, self._half = (text[:-1], text[-1]) if half is not None else (text, "")
        self._size += len(text)
        self._head += text[: HEAD - len(self._head)]
        try:
            file.write(text.encode())
        except UnicodeEncodeError:
            raise BadRequest(f"The request body holds {HALF_PAIR}.") from None
        except OSError as error:
            raise GatewayError(f"The request body could not be stored: {error.strerror}.") from error


def _items(holder: Any) -> list[tuple[str | int, Any]]:
    if isinstance(holder, dict):
        return list(holder.items())
    return list(enumerate(holder)) if isinstance(holder, list) else []
