"""Google's shape of a file, and what its clients say about one that they upload."""

import base64
from datetime import UTC, datetime
from typing import Any, Final

from api.files.records import NewFile, StoredFile, chosen_id
from domain.errors import BadRequest

Json = dict[str, Any]

_NO_CLAIM: Final = frozenset({"", "none", "undefined", "null", "application/octet-stream"})
"""What clients send as a type when they know none."""


def file_object(file: StoredFile, base: str) -> Json:
    """A `File` of Google's API. `base` is the gateway's own address with the version, without a slash."""
    uri = f"{base}/files/{file.id}"
    created = _timestamp(file.created)
    return {
        "name": f"files/{file.id}",
        "displayName": file.name,
        "mimeType": file.mime_type,
        "sizeBytes": str(file.size),
        "createTime": created,
        "updateTime": created,
        "expirationTime": _timestamp(file.expires),
        "sha256Hash": base64.b64encode(bytes.fromhex(file.sha256)).decode(),
        "uri": uri,
        "downloadUri": f"{uri}:download?alt=media",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


def new_file(document: Any, owner: str, *, name: str = "", claimed: str | None = None) -> NewFile:
    """What the JSON of an upload, `{"file": {…}}` in camelCase or snake_case, says.

    `name` and `claimed` come from headers: the JSON's display name goes before `name`, its type after
    `claimed`.

    Raises:
        BadRequest: a field is not what it should be.
    """
    described = document.get("file", {}) if isinstance(document, dict) else document
    if not isinstance(described, dict):
        raise BadRequest(f"The upload must be described as {{'file': {{…}}}}, not {document!r:.200}.")
    wanted = _text(described, "name")
    return NewFile(
        owner=owner,
        name=_text(described, "displayName", "display_name") or name,
        claimed=known_type(claimed) or known_type(_text(described, "mimeType", "mime_type")),
        id=chosen_id(wanted) if wanted else None,
    )


def known_type(claimed: str | None) -> str | None:
    """The claimed type, if it says anything."""
    return None if (claimed or "").strip().lower() in _NO_CLAIM else claimed


def _text(described: Json, *names: str) -> str:
    for name in names:
        value = described.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"file.{name} must be text, not {value!r:.200}.", param=f"file.{name}")
        if value:
            return value
    return ""


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
