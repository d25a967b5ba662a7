"""`data:` URLs (RFC 2397): what their header says. The content is never copied here."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from domain.errors import BadRequest

LONGEST_HEADER: Final = 1024
"""Characters before the comma; a URL without one this early is no data URL."""

_SCHEME: Final = re.compile(r"data:", re.IGNORECASE)
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+*-]+")


@dataclass(frozen=True, slots=True)
class DataUrl:
    mime_type: str | None
    name: str | None
    base64: bool
    """Otherwise the content is percent-encoded."""
    start: int
    """Where in the URL the content begins."""


def is_data_url(text: str) -> bool:
    return _SCHEME.match(text) is not None


def read_data_url(url: str, param: str) -> DataUrl:
    """The header of a data URL.

    Raises:
        BadRequest: there is no comma, or what stands where the type should is none.
    """
    comma = url.find(",", 5, LONGEST_HEADER)
    if comma < 0:
        raise BadRequest(
            f"{param} begins like a data URL, but has no comma in its first {LONGEST_HEADER} characters; "
            "the form is data:TYPE;base64,CONTENT.",
            param=param,
        )
    mime_type, *parameters = [unquote(word).strip() for word in url[5:comma].split(";")]
    if mime_type and not _TYPE.fullmatch(mime_type):
        raise BadRequest(f"{param} is a data URL of the type {mime_type!r}, which is none.", param=param)
    pairs = [word.partition("=") for word in parameters]
    names = [value.strip('"') for key, _, value in pairs if key.lower() in ("name", "filename") and value]
    return DataUrl(
        mime_type=mime_type.lower() or None,
        name=names[0] if names else None,
        base64=any(word.lower() == "base64" for word in parameters),
        start=comma + 1,
    )
