"""Names of files: what a caller, a server or nobody gave, made fit to lie in a folder and be shown."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from api.attachments.media import ENDINGS
from domain.attachments import FileReference

LONGEST_NAME: Final = 120
"""Bytes of a name in UTF-8; folders hold up to 255, and a number may be added."""

_QUERY: Final = re.compile("[?#]")
_UNWANTED: Final = re.compile(r'[<>:"|?*%]+')
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_OTHER_ENDINGS: Final = frozenset({".bmp", ".gif"}.union(*ENDINGS.values()))
"""Endings that say a type; wrong ones are replaced."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_name(name: str) -> str:
    """The last part of a name without what a file system or a reader could stumble over; may be empty."""
    last = re.split(r"[/\\]", name)[-1]
    visible = "".join(
        char for char in unicodedata.normalize("NFC", last) if unicodedata.category(char) not in _INVISIBLE
    )
    bare = _UNWANTED.sub("_", visible).lstrip(". ").rstrip(". ")
    return f"_{bare}" if _RESERVED.fullmatch(bare) else bare


def shown_name(name: str | None, kind: str, position: int) -> str:
    """The name a file is sent under: its own where it has one, with an ending that fits its type.

    `position` counts from 1 and tells nameless files of one request apart.
    """
    bare = safe_name(name or "") or f"{_word(kind)}-{position}"
    endings = ENDINGS[kind]
    path = PurePosixPath(bare)
    if path.suffix.lower() in endings:
        return _shortened(path.stem, path.suffix)
    foreign = path.suffix.lower() in _OTHER_ENDINGS
    # A picture called .jpg that is a PNG is renamed; an ending that means something else is kept.
    stem = path.stem if foreign and not kind.startswith("text/") else bare
    return _shortened(stem, endings[0])


def _word(kind: str) -> str:
    family = kind.partition("/")[0]
    return "file" if family == "application" else family


def numbered(name: str, number: int) -> str:
    """Another name for a second file of the same name: `photo.png`, `photo-2.png`."""
    path = PurePosixPath(name)
    return f"{path.stem}-{number}{path.suffix}"


def _shortened(stem: str, suffix: str) -> str:
    room = LONGEST_NAME - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def name_of(reference: FileReference) -> str:
    """What to call a file that nobody has looked at: its name or, failing that, its family."""
    if reference.name is not None and (name := safe_name(reference.name)):
        return name
    if reference.source in ("url", "path") and isinstance(reference.value, str):
        _, _, beyond = reference.value.partition("://")
        path = unquote(_QUERY.split(beyond)[0].partition("/")[2]) if beyond else reference.value
        if name := safe_name(path):
            return name
    family = (reference.mime_type or "").partition("/")[0]
    return family if family in ("image", "audio", "video") else "without a name"
