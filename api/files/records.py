"""A stored file as the rest of the gateway knows it, and what is said about one that is to be stored."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from domain.errors import BadRequest

LIFETIME: Final = 48 * 3600.0
"""Seconds a file is kept unless its owner asks otherwise; Google's Files API promises the same."""
LONGEST_NAME: Final = 512
"""Characters of a display name; the limit of Google's Files API."""
PURPOSE: Final = "user_data"
"""OpenAI's `purpose` of a file for which none was named."""

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_PREFIX: Final = "files/"


@dataclass(frozen=True, slots=True)
class NewFile:
    """What a caller says about a file, before or with its content."""

    owner: str = field(repr=False)
    """Who may see it: the hash of an API key, or "" where there are no keys."""
    name: str = ""
    """For display only; never part of a path."""
    claimed: str | None = None
    """A MIME type; the content decides."""
    id: str | None = None
    """As the caller wants it, without `files/`; `None` for one that cannot be guessed."""
    purpose: str = PURPOSE
    lifetime: float = LIFETIME
    """Seconds from its creation to its end."""

    def __post_init__(self) -> None:
        if len(self.name) > LONGEST_NAME:
            raise BadRequest(
                f"The display name has {len(self.name)} characters; {LONGEST_NAME} are allowed.",
                param="displayName",
            )


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A whole file in the store. Times are seconds since 1970."""

    owner: str = field(repr=False)
    id: str
    """Without `files/` or `file-`; unique among the files of its owner."""
    name: str
    mime_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in lower-case hex."""
    purpose: str
    created: float
    expires: float
    path: Path = field(repr=False)
    """The content. It may vanish at any time: its owner can delete it."""


def chosen_id(name: str) -> str:
    """The id in a caller's own `files/NAME` or `NAME`.

    Raises:
        BadRequest: it is not made as Google's Files API wants it.
    """
    file_id = name.removeprefix(_PREFIX)
    if not _ID.fullmatch(file_id):
        raise BadRequest(
            f"The file name {name!r} cannot be used: give 'files/' and 1 to 40 lower-case letters, digits or "
            "dashes, with no dash at either end.",
            param="file.name",
        )
    return file_id
