"""What a file is, told by its first bytes.

The content decides. A name or a claimed type only chooses among what the content can be: among text
formats, or where one container is used for several kinds (an Ogg file with or without video, a ZIP that is
a document).
"""

import codecs
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

import filetype  # type: ignore[import-untyped]

HEAD_BYTES: Final = 8192
"""How many bytes from the start of a file `kind_of` needs; more are not looked at."""
UNKNOWN: Final = "application/octet-stream"

_TEXT_BY_EXTENSION: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("txt", "text", "log", "ini", "cfg", "conf", "env", "srt"), "text/plain"),
        **dict.fromkeys(("md", "markdown", "mkd"), "text/markdown"),
        **dict.fromkeys(("html", "htm", "xhtml"), "text/html"),
        **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "text/javascript"),
        **dict.fromkeys(("ts", "tsx", "mts", "cts"), "text/x-typescript"),
        **dict.fromkeys(("py", "pyi", "pyw"), "text/x-python"),
        **dict.fromkeys(("c", "h"), "text/x-c"),
        **dict.fromkeys(("cc", "cpp", "cxx", "hh", "hpp", "hxx"), "text/x-c++"),
        **dict.fromkeys(("yaml", "yml"), "application/yaml"),
        **dict.fromkeys(("sh", "bash", "zsh"), "text/x-shellscript"),
        **dict.fromkeys(("jsonl", "ndjson"), "application/jsonl"),
        "json": "application/json",
        "csv": "text/csv",
        "tsv": "text/tab-separated-values",
        "css": "text/css",
        "xml": "text/xml",
        "svg": "image/svg+xml",
        "rtf": "application/rtf",
        "vtt": "text/vtt",
        "ics": "text/calendar",
        "java": "text/x-java",
        "kt": "text/x-kotlin",
        "go": "text/x-go",
        "rs": "text/x-rust",
        "rb": "text/x-ruby",
        "php": "text/x-php",
        "cs": "text/x-csharp",
        "swift": "text/x-swift",
        "sql": "application/sql",
        "toml": "application/toml",
        "tex": "text/x-tex",
    }
)
_TEXT_CLAIMS: Final = frozenset(
    {
        *_TEXT_BY_EXTENSION.values(),
        "application/xml",
        "application/javascript",
        "application/x-javascript",
        "application/x-typescript",
        "application/x-python-code",
        "application/x-yaml",
        "application/x-sh",
        "application/x-ndjson",
    }
)
_ZIP_BY_EXTENSION: Final[Mapping[str, str]] = MappingProxyType(
    {
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "odp": "application/vnd.oasis.opendocument.presentation",
        "epub": "application/epub+zip",
    }
)
_COMMON_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {"audio/x-wav": "audio/wav", "audio/x-flac": "audio/flac", "audio/x-aiff": "audio/aiff"}
)
_MIME_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_BARE: Final = "\t\n\r\f\x1b"
"""Control characters that stand in ordinary text; Escape colours the output of programs."""


def kind_of(head: bytes, name: str | None = None, claimed: str | None = None) -> str:
    """The MIME type of a file whose content begins with `head`, in lower case and without parameters.

    `application/octet-stream` where nothing is recognised: then it is neither UTF-8 text nor a known format.
    """
    head = head[:HEAD_BYTES]
    extension = PurePosixPath((name or "").replace("\\", "/")).suffix.lower().removeprefix(".")
    claim = _claim(claimed)
    text = _as_text(head)
    if text is not None:
        return _text_kind(text, extension, claim)
    found = filetype.guess(head)
    if found is None:
        return "audio/mpeg" if _is_mpeg_audio(head) else UNKNOWN
    return _in_container(str(found.mime), head, extension, claim)


def _claim(claimed: str | None) -> str:
    """Without parameters; what is no MIME type claims nothing, and can then stand in no header either."""
    claim = (claimed or "").partition(";")[0].strip().lower()
    return claim if _MIME_TYPE.fullmatch(claim) else ""


def _as_text(head: bytes) -> str | None:
    """`None` for anything but UTF-8; a character that the end of `head` cuts in two is left out."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return None
    return None if any(char < " " and char not in _BARE for char in text) else text


def _text_kind(text: str, extension: str, claim: str) -> str:
    start = text.lstrip()[:1024].lower()
    if (printable := _printable_format(start)) is not None:
        return printable
    if claim != "text/plain" and (claim.startswith("text/") or claim in _TEXT_CLAIMS):
        return claim
    if extension in _TEXT_BY_EXTENSION:
        return _TEXT_BY_EXTENSION[extension]
    return "text/html" if start.startswith(("<!doctype html", "<html")) else "text/plain"


def _printable_format(start: str) -> str | None:
    """Formats with a signature of their own, whose beginning may all the same be plain ASCII."""
    for signature, kind in (("%pdf-", "application/pdf"), ("{\\rtf", "application/rtf")):
        if start.startswith(signature):
            return kind
    is_xml = start.startswith(("<?xml", "<!--", "<!doctype svg"))
    return "image/svg+xml" if start.startswith("<svg") or (is_xml and "<svg" in start) else None


def _in_container(found: str, head: bytes, extension: str, claim: str) -> str:
    """`found`, unless it is a container that says more when looked into, or holds several kinds."""
    match found:
        case "video/webm" | "video/x-matroska":
            sound = _has_sound_only(head, b"V_", b"A_", claim, extension in {"weba", "mka"})
            return found.replace("video", "audio") if sound else found
        case "video/mp4" if head[8:11] == b"3gp":
            return "video/3gpp"
        case "video/mp4":
            sound = _has_sound_only(head, b"vide", b"soun", claim, extension == "m4a")
            return "audio/mp4" if sound else found
        case "audio/ogg":
            return "video/ogg" if b"\x80theora" in head or b"\x01video" in head else found
        case "application/zip":
            documents = _ZIP_BY_EXTENSION
            return claim if claim in documents.values() else documents.get(extension, found)
    return _COMMON_NAME.get(found, found)


def _has_sound_only(head: bytes, picture: bytes, sound: bytes, claim: str, named_so: bool) -> bool:
    """By the tracks that `head` lists or, where it ends before them, as the caller says."""
    if picture in head:
        return False
    return sound in head or claim.startswith("audio/") or (named_so and not claim.startswith("video/"))


def _is_mpeg_audio(head: bytes) -> bool:
    """A frame of layer 3: eleven set bits, then version and layer, with or without a checksum."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
