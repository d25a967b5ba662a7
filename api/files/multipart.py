"""Multipart bodies, part by part and without holding one: `multipart/form-data` and `multipart/related`."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from domain.errors import BadRequest

MOST_PARTS: Final = 32


class _Mark(Enum):
    END = auto()
    ALL = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """One part's headers, and its content, which must be read before the next part is asked for."""

    headers: dict[str, str]
    """By lower-case name."""
    content: AsyncIterator[bytes] = field(repr=False)

    @property
    def name(self) -> str | None:
        """Of the form field."""
        return self._disposition().get("name")

    @property
    def filename(self) -> str | None:
        return self._disposition().get("filename")

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")

    def _disposition(self) -> dict[str, str]:
        _, options = parse_options_header(self.headers.get("content-disposition"))
        return {_readable(key): _readable(value) for key, value in options.items()}


class MultipartBody:
    """Pulls parts out of a body.

    Raises, here and while parts are read:
        BadRequest: there is no boundary, or the body is not a whole multipart body.
    """

    def __init__(self, content_type: str, chunks: AsyncIterator[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise BadRequest(f"The Content-Type {content_type!r} names no boundary.")
        self._chunks: Final = chunks
        self._found: Final[deque[dict[str, str] | bytes | _Mark]] = deque()
        self._headers: dict[str, str] = {}
        self._header_name = b""
        self._header_value = b""
        try:
            self._parser: Final = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part,
                    "on_header_field": self._on_header_name,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header,
                    "on_headers_finished": lambda: self._found.append(self._headers),
                    "on_part_data": lambda data, start, end: self._found.append(data[start:end]),
                    "on_part_end": lambda: self._found.append(_Mark.END),
                    "on_end": lambda: self._found.append(_Mark.ALL),
                },
            )
        except ValueError as error:
            raise BadRequest(f"The boundary of the multipart body cannot be used: {error}.") from None

    async def parts(self) -> AsyncIterator[Part]:
        """Each part, once its headers have come; what is left unread of it is passed over."""
        count = 0
        while isinstance(headers := await self._next(), dict):
            count += 1
            if count > MOST_PARTS:
                raise BadRequest(f"The multipart body has more than {MOST_PARTS} parts.")
            content = self._content()
            yield Part(headers, content)
            async for _ in content:
                pass

    async def _content(self) -> AsyncIterator[bytes]:
        while isinstance(piece := await self._next(), bytes):
            yield piece

    async def _next(self) -> dict[str, str] | bytes | _Mark:
        while not self._found:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                raise BadRequest("The multipart body ends in the middle of a part.")
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise BadRequest(f"The multipart body is broken: {error}.") from None
        return self._found.popleft()

    def _on_part(self) -> None:
        self._headers = {}

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value.decode("latin-1")
        self._header_name = self._header_value = b""


def _readable(raw: bytes) -> str:
    """Clients write names in UTF-8; older ones in Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
