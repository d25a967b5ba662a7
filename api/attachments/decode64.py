"""Bytes out of long texts, slice by slice: neither the text nor the bytes are held a second time."""

import binascii
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from domain.attachments import LongText

SLICE: Final = 512 * 1024
"""Characters that are decoded at a time."""

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_LINE_BREAKS: Final = b"\r\n\t"
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9+/_\-=\r\n\t]")
_NOT_PADDING: Final = re.compile(r"[^=\r\n\t]")
_CUT_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]?\Z")


class BadEncoding(Exception):
    """A text that does not say bytes; the message names the place, counted from 0 in the whole text."""


def from_base64(text: str | LongText, start: int = 0) -> Iterator[bytes]:
    """The bytes of base64 from `start` on, in either alphabet, with or without padding and line breaks.

    Percent-encoded characters, which a data URL may hold, are understood.

    Raises:
        BadEncoding: a character that is not base64, text behind the padding, or an end in the middle.
    """
    rest = b""
    end = start
    ended_at: int | None = None
    for position, piece in _pieces(text, start):
        end = position + len(piece)
        if ended_at is None:
            data, padding = _checked(piece, position)
            ended_at = padding
            data = rest + data
            whole = len(data) - len(data) % 4
            rest = data[whole:]
            if whole:
                yield binascii.a2b_base64(data[:whole])
        elif (more := _NOT_PADDING.search(piece)) is not None:
            raise BadEncoding(f"text goes on behind the padding, at character {position + more.start()}")
    if len(rest) == 1:
        raise BadEncoding(f"it ends in the middle of a byte, at character {end}")
    if rest:
        yield binascii.a2b_base64(rest + b"=" * (4 - len(rest)))


def from_percent(text: str | LongText, start: int = 0) -> Iterator[bytes]:
    """The bytes of a percent-encoded text from `start` on; other characters stand for their UTF-8."""
    for _, piece in _slices(text, start):
        yield unquote_to_bytes(piece)


def _pieces(text: str | LongText, start: int) -> Iterator[tuple[int, str]]:
    """Slices without percent-encoding, each with its place in the text."""
    for position, piece in _slices(text, start):
        yield position, unquote_to_bytes(piece).decode("latin-1") if "%" in piece else piece


def _slices(text: str | LongText, start: int) -> Iterator[tuple[int, str]]:
    """Slices, none of which ends within a percent-encoded character."""
    position, cut_off = start, ""
    for window in _windows(text, start):
        piece, cut_off = cut_off + window, ""
        if (cut := _CUT_ESCAPE.search(piece, max(0, len(piece) - 2))) is not None:
            piece, cut_off = piece[: cut.start()], piece[cut.start() :]
        yield position, piece
        position += len(piece)
    if cut_off:
        yield position, cut_off


def _windows(text: str | LongText, start: int) -> Iterator[str]:
    if isinstance(text, str):
        for position in range(start, len(text), SLICE):
            yield text[position : position + SLICE]
        return
    with text.path.open(encoding="utf-8", newline="") as file:
        file.read(start)
        while window := file.read(SLICE):
            yield window


def _checked(piece: str, position: int) -> tuple[bytes, int | None]:
    """A slice in the standard alphabet without line breaks, and where padding began in it, if it did."""
    try:
        data = piece.encode("ascii").translate(_STANDARD, _LINE_BREAKS)
    except UnicodeEncodeError as error:
        raise BadEncoding(_foreign(piece[error.start], position + error.start)) from None
    if not data.translate(None, _ALPHABET):
        return data, None
    if (foreign := _FOREIGN.search(piece)) is not None:
        raise BadEncoding(_foreign(foreign.group(), position + foreign.start()))
    padding = piece.index("=")
    if (more := _NOT_PADDING.search(piece, padding)) is not None:
        raise BadEncoding(f"text goes on behind the padding, at character {position + more.start()}")
    return data[: data.index(b"=")], position + padding


def _foreign(character: str, position: int) -> str:
    return f"{character!r} at character {position} is not base64"
