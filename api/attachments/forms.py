"""The ways in which callers name a file, read into `FileReference`. Nothing is fetched, opened or decoded.

A text may be a `data:` URL, an http(s) or `file://` URL, an absolute path, base64, or the name of a file that
was uploaded before. What begins with a slash is a path or base64: the base64 of a JPEG begins with `/9j/`,
that of an MP3 with `//`. `_is_path` has the rule.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from api.attachments.data_url import is_data_url, read_data_url
from api.attachments.media import media_type, of_format
from domain.attachments import FileReference, LongText, Source
from domain.errors import BadRequest, Unsupported

PARTS: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "image_url": "image",
        "input_image": "image",
        "video_url": "video",
        "input_video": "video",
        "audio_url": "audio",
        "input_audio": "audio",
        "file": None,
        "input_file": None,
        "file_url": None,
        "media_url": None,
    }
)
"""Types of content parts that are files, each with the family it says; the family is a hint, no rule."""

_NO_DETAIL: Final = "auto"
DETAILS: Final = (_NO_DETAIL, "low", "high")
"""Values of an image's `detail`. The page has no such control for a single image, so none has an effect."""

LONGEST_PATH: Final = 4096

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "url": ("url", "image_url", "file_url", "video_url", "audio_url", "media_url"),
        "path": ("path",),
        "data": ("data", "file_data"),
        "id": ("file_id",),
        "uri": ("file_uri", "fileUri"),
    }
)
"""Fields that name the file, by what they hold; exactly one of all of them must be there."""

_TYPE_FIELDS: Final = ("mime_type", "mimeType", "media_type")
_NAME_FIELDS: Final = ("filename", "name", "fileName")
_FAMILIES: Final = ("image", "audio", "video")
_BESIDE: Final = frozenset(
    {"type", "format", "detail", "id", "size", "sizeBytes", "cache_control", "prompt_cache_breakpoint"}
)
"""What else may stand beside a file; `id` and `size` describe it and mean nothing here."""
_KNOWN: Final = _BESIDE.union(_TYPE_FIELDS, _NAME_FIELDS, *_FIELDS.values())

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,20}):")
_WINDOWS_PATH: Final = re.compile(r"[A-Za-z]:[\\/]|\\")
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/_\-=\r\n\t]|%[0-9A-Fa-f]{2})+(?:%[0-9A-Fa-f]?)?")
_GOOGLE_FILE: Final = re.compile(r"https?://generativelanguage\.googleapis\.com/v1(?:beta)?/files/[^/?#]+")
_OWN_FILE: Final = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?v1beta/files/[\w-]+")
_FILE_NAME: Final = re.compile(r"files/[A-Za-z0-9-]{1,64}")
_FILE_ID: Final = re.compile(r"file-[A-Za-z0-9_-]{8,64}")


def asks_for_detail(part: Mapping[str, Any]) -> bool:
    """Whether a content part says how closely its picture is to be looked at."""
    inner = part.get(str(part.get("type")))
    holders = [part, *([inner] if isinstance(inner, Mapping) else [])]
    return any(holder.get("detail") not in (None, _NO_DETAIL) for holder in holders)


def read_part(part: Mapping[str, Any], path: str) -> FileReference:
    """The file of a content part; `path` is where the part stands, such as `messages[0].content[1]`.

    Raises:
        BadRequest: it names no file, several, or one in a form that is not understood.
        Unsupported: its type is none of `PARTS`.
    """
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in PARTS:
        raise Unsupported(
            f"{path}.type={kind!r:.60} is no file part; file parts are {', '.join(PARTS)}.",
            param=f"{path}.type",
        )
    family = PARTS[kind]
    inner = part.get(kind)
    if inner is None:
        return _from_fields(part, path, family)
    _refuse_unknown(part, path, _KNOWN | {kind})
    if isinstance(inner, str | LongText):
        return _from_field("url", inner, f"{path}.{kind}", _claim(part, path, family))
    if isinstance(inner, Mapping):
        return _from_fields(inner, f"{path}.{kind}", family)
    raise _wrong_type(inner, f"{path}.{kind}", "a text or an object")


def read_item(item: Any, path: str) -> FileReference:
    """The file of an entry of `attachments`, `images`, `files` or `media`; a content part is one as well.

    Raises:
        BadRequest: as for `read_part`.
    """
    if isinstance(item, str | LongText):
        return _from_field("url", item, path, _Claim())
    if not isinstance(item, Mapping):
        raise _wrong_type(item, path, "a text or an object")
    kind = item.get("type")
    if isinstance(kind, str) and kind in PARTS and item.get(kind) is not None:
        return read_part(item, path)
    return _from_fields(item, path, None)


class _Claim:
    """What a caller says about a file besides the file."""

    def __init__(self, name: str | None = None, mime_type: str | None = None) -> None:
        self.name = name
        self.mime_type = mime_type

    def refer(self, source: Source, value: str, param: str) -> FileReference:
        return FileReference(source, value, param, self.name, self.mime_type)


def _from_fields(item: Mapping[str, Any], path: str, family: str | None) -> FileReference:
    _refuse_unknown(item, path, _KNOWN)
    given = [
        (meaning, name)
        for meaning, names in _FIELDS.items()
        for name in names
        if item.get(name) is not None and not isinstance(item[name], bool)
    ]
    if len(given) != 1:
        known = ", ".join(name for names in _FIELDS.values() for name in names)
        found = f"has {', '.join(name for _, name in given)}" if given else "has none"
        raise BadRequest(f"{path} must name its file in exactly one of {known}; it {found}.", param=path)
    meaning, name = given[0]
    value, param = item[name], f"{path}.{name}"
    if isinstance(value, Mapping) and meaning == "url":
        return _from_fields(value, param, _family(item, family))
    if not isinstance(value, str | LongText):
        raise _wrong_type(value, param, "a text")
    return _from_field(meaning, value, param, _claim(item, path, family))


def _from_field(meaning: str, value: str | LongText, param: str, claim: _Claim) -> FileReference:
    if isinstance(value, LongText):
        return _long(meaning, value, param, claim)
    if not value:
        raise BadRequest(f"{param} is empty.", param=param)
    match meaning:
        case "path":
            return _path(value, param, claim)
        case "id":
            return claim.refer("file_id", value, param)
        case "uri":
            return claim.refer("file_uri", value, param)
        case "data" if not value[:8].lower().startswith(("http://", "https://")):
            return _data(value, param, claim)
    return _from_text(value, param, claim)


def _long(meaning: str, value: LongText, param: str, claim: _Claim) -> FileReference:
    if meaning not in ("url", "data"):
        raise BadRequest(f"{param}={value.head!r:.40} is longer than any name of a file.", param=param)
    return replace(_data(value.head, param, claim), value=value)


def _from_text(value: str, param: str, claim: _Claim) -> FileReference:
    """Any form that a bare text may have."""
    if is_data_url(value):
        return _data(value, param, claim)
    if _is_path(value):
        return _path(value, param, claim)
    if (scheme := _SCHEME.match(value)) is not None:
        return _from_url(scheme.group(1).lower(), value, param, claim)
    if _FILE_NAME.fullmatch(value):
        return claim.refer("file_uri", value, param)
    if _FILE_ID.fullmatch(value):
        return claim.refer("file_id", value, param)
    return _data(value, param, claim)


def _from_url(scheme: str, value: str, param: str, claim: _Claim) -> FileReference:
    if scheme == "file":
        return claim.refer("path", value, param)
    if scheme not in ("http", "https") or not value[len(scheme) :].startswith("://"):
        raise Unsupported(
            f"{param} is a {scheme + ':'!r} address, which is not read; use data:, http(s):// or file://.",
            param=param,
        )
    if _GOOGLE_FILE.match(value) or _OWN_FILE.fullmatch(value):
        return claim.refer("file_uri", value, param)
    return claim.refer("url", value, param)


def _is_path(value: str) -> bool:
    """Whether a text is a path, if only one of Windows, and not base64.

    What begins with a slash is base64 when the slash is one of two, as in an MP3, when it begins as a JPEG
    does, or when it is longer than any path can be.
    """
    if value.startswith(("//", "/9j/")) or len(value) > LONGEST_PATH:
        return False
    return value.startswith("/") or _WINDOWS_PATH.match(value) is not None


def _path(value: str, param: str, claim: _Claim) -> FileReference:
    if _WINDOWS_PATH.match(value):
        raise BadRequest(
            f"{param} is a path of Windows; a path must be one of the gateway's machine and begin with '/'. "
            "Send the file as a data: URL.",
            param=param,
        )
    is_url = value[:7].lower() == "file://"
    if not is_url and (not value.startswith("/") or len(value) > LONGEST_PATH):
        raise BadRequest(f"{param}={value!r:.80} is no absolute path or file:// URL.", param=param)
    return claim.refer("path", value, param)


def _data(value: str, param: str, claim: _Claim) -> FileReference:
    if is_data_url(value):
        header = read_data_url(value, param)
        claim.name = claim.name or header.name
        if header.mime_type is not None and claim.mime_type in (None, *(f"{one}/*" for one in _FAMILIES)):
            claim.mime_type = media_type(header.mime_type)
    elif not _BASE64.fullmatch(value[:256]):
        raise BadRequest(
            f"{param}={value!r:.40} is none of: a data: URL, an http(s):// or file:// URL, an absolute path, "
            "base64, or the id of an uploaded file.",
            param=param,
        )
    return claim.refer("data", value, param)


def _claim(item: Mapping[str, Any], path: str, family: str | None) -> _Claim:
    """Name and type as the caller gives them; the type may be a whole family, such as `image/*`."""
    detail = item.get("detail")
    if detail is not None and detail not in DETAILS:
        raise BadRequest(
            f"{path}.detail={detail!r:.40} is none of {', '.join(DETAILS)}.", param=f"{path}.detail"
        )
    name = next((item[field] for field in _NAME_FIELDS if isinstance(item.get(field), str)), None)
    for field in _TYPE_FIELDS:
        given = item.get(field)
        if given is None or given == "":
            continue
        if not isinstance(given, str) or "/" not in given:
            raise BadRequest(f"{path}.{field}={given!r:.60} is no media type.", param=f"{path}.{field}")
        return _Claim(name, media_type(given))
    return _Claim(name, _of_words(item, family))


def _of_words(item: Mapping[str, Any], family: str | None) -> str | None:
    """The type that `format` and `type` say, as far as they say one."""
    word = item.get("type")
    if isinstance(word, str) and "/" in word:
        return media_type(word)
    family = _family(item, family)
    form = item.get("format")
    if isinstance(form, str) and (kind := of_format(form, family)) is not None:
        return kind
    return f"{family}/*" if family else None


def _family(item: Mapping[str, Any], family: str | None) -> str | None:
    """`family`, or what the `type` of an entry says."""
    word = item.get("type")
    return family or (word if word in _FAMILIES else None)


def _refuse_unknown(item: Mapping[str, Any], path: str, known: frozenset[str]) -> None:
    unknown = next((name for name, value in item.items() if value is not None and name not in known), None)
    if unknown is not None:
        param = f"{path}.{unknown:.60}"
        raise Unsupported(
            f"The parameter {param!r} is not supported (got {item[unknown]!r:.60}). Leave it out.",
            param=param,
        )


def _wrong_type(value: Any, param: str, wanted: str) -> BadRequest:
    return BadRequest(f"{param} must be {wanted}, not {type(value).__name__}.", param=param)
