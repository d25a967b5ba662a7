"""Names of media types: the many that callers use, the one that is used here, and the endings of files.

What AI Studio takes follows the formats that Gemini documents for images, audio, video and documents; the
endings are those that browsers derive a file's type from.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PLAIN: Final = "text/plain"
UNKNOWN: Final = "application/octet-stream"

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "image/png": (".png",),
        "image/jpeg": (".jpg", ".jpeg", ".jfif"),
        "image/webp": (".webp",),
        "image/heic": (".heic",),
        "image/heif": (".heif",),
        "audio/wav": (".wav",),
        "audio/mpeg": (".mp3",),
        "audio/aiff": (".aiff", ".aif"),
        "audio/aac": (".aac",),
        "audio/ogg": (".ogg", ".oga", ".opus"),
        "audio/flac": (".flac",),
        "audio/mp4": (".m4a",),
        "audio/webm": (".weba",),
        "video/mp4": (".mp4", ".m4v"),
        "video/mpeg": (".mpeg", ".mpg"),
        "video/quicktime": (".mov",),
        "video/x-msvideo": (".avi",),
        "video/x-flv": (".flv",),
        "video/webm": (".webm",),
        "video/x-ms-wmv": (".wmv",),
        "video/3gpp": (".3gp", ".3gpp"),
        "video/ogg": (".ogv",),
        "application/pdf": (".pdf",),
        "text/csv": (".csv",),
        "text/html": (".html", ".htm"),
        PLAIN: (".txt",),
    }
)
"""What AI Studio takes as it is: media type to the endings of such files, the usual one first."""

_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "image/x-png": "image/png",
        "image/x-ms-bmp": "image/bmp",
        "image/x-bmp": "image/bmp",
        "image/heic-sequence": "image/heic",
        "image/heif-sequence": "image/heif",
        "audio/mp3": "audio/mpeg",
        "audio/mpga": "audio/mpeg",
        "audio/mpeg3": "audio/mpeg",
        "audio/x-mpeg": "audio/mpeg",
        "audio/wave": "audio/wav",
        "audio/x-wav": "audio/wav",
        "audio/vnd.wave": "audio/wav",
        "audio/x-aiff": "audio/aiff",
        "audio/aif": "audio/aiff",
        "audio/x-aac": "audio/aac",
        "audio/aacp": "audio/aac",
        "audio/opus": "audio/ogg",
        "audio/oga": "audio/ogg",
        "application/ogg": "audio/ogg",
        "audio/x-flac": "audio/flac",
        "audio/m4a": "audio/mp4",
        "audio/x-m4a": "audio/mp4",
        "video/mov": "video/quicktime",
        "video/mpg": "video/mpeg",
        "video/mpegps": "video/mpeg",
        "video/avi": "video/x-msvideo",
        "video/msvideo": "video/x-msvideo",
        "video/flv": "video/x-flv",
        "video/wmv": "video/x-ms-wmv",
        "video/x-ms-asf": "video/x-ms-wmv",
        "video/3gp": "video/3gpp",
        "video/m4v": "video/mp4",
        "video/x-m4v": "video/mp4",
        "application/x-pdf": "application/pdf",
        "application/x-zip-compressed": "application/zip",
        "application/csv": "text/csv",
    }
)

_TEXTUAL: Final = frozenset(
    {
        "application/json",
        "application/jsonl",
        "application/x-ndjson",
        "application/ld+json",
        "application/xml",
        "application/xhtml+xml",
        "application/javascript",
        "application/x-javascript",
        "application/ecmascript",
        "application/typescript",
        "application/x-typescript",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/sql",
        "application/x-sql",
        "application/graphql",
        "application/x-sh",
        "application/x-shellscript",
        "application/x-python",
        "application/x-python-code",
        "application/x-httpd-php",
        "application/x-ruby",
        "application/x-perl",
        "application/x-tex",
        "application/x-latex",
        "application/x-subrip",
        "application/rtf",
    }
)
"""Text under names that do not begin with `text/`."""


def media_type(name: str) -> str:
    """One name of a media type, without parameters: `audio/x-wav; rate=8000` is `audio/wav`."""
    bare = name.partition(";")[0].strip().lower()
    return _SYNONYMS.get(bare, bare)


def of_format(word: str, family: str | None) -> str | None:
    """The media type of a bare format such as `mp3`; `family` is `image`, `audio` or `video`, where known.

    Returns:
        The type, or None for a word that says nothing.
    """
    word = word.strip().lower().removeprefix(".")
    if "/" in word:
        return media_type(word)
    if not word:
        return None
    if family is not None and (known := media_type(f"{family}/{word}")) in ENDINGS:
        return known
    ending = f".{word}"
    matches = [kind for kind, endings in ENDINGS.items() if ending in endings]
    preferred = [kind for kind in matches if family is None or kind.startswith(f"{family}/")]
    return next(iter(preferred or matches), f"{family}/{word}" if family else None)


def is_text(kind: str) -> bool:
    """Whether files of a type are text that any reader of plain text can show."""
    return kind.startswith("text/") or kind in _TEXTUAL or kind.endswith(("+json", "+yaml"))
