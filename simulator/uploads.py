"""Uploaded files: the Drive endpoint that takes `multipart/related`, and what it keeps of a file."""

import base64
import binascii
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field

from simulator.ask import Attachment

BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


class BadUploadError(ValueError):
    """A body that is no metadata part followed by one media part."""


@dataclass(slots=True)
class UploadStore:
    """What was uploaded, by drive id. Contents are not kept, only their size and SHA-256."""

    files: dict[str, Attachment] = field(default_factory=dict)

    def add(self, name: str, mime: str, data: bytes) -> str:
        file_id = secrets.token_urlsafe(24)
        digest = hashlib.sha256(data).hexdigest()
        self.files[file_id] = Attachment("file", name, mime, len(data), digest)
        return file_id

    def find(self, file_id: str) -> Attachment | None:
        return self.files.get(file_id)


def read_related(content_type: str, body: bytes) -> tuple[str, str, bytes]:
    """(name, MIME type, bytes) of a `multipart/related` upload."""
    boundary = BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/related") or boundary is None:
        raise BadUploadError(f"Content-Type {content_type!r} is not multipart/related with a boundary")
    delimiter = rb"(?:\A|\r\n)--" + re.escape(boundary[1].encode()) + rb"(?:--)?[ \t]*(?:\r\n|\Z)"
    parts = re.split(delimiter, body)[1:-1]
    if len(parts) != 2:
        raise BadUploadError(f"{len(parts)} parts arrived; send metadata and one file")
    _, metadata_bytes = _split_part(parts[0])
    headers, data = _split_part(parts[1])
    try:
        metadata = json.loads(metadata_bytes)
        if headers.get("content-transfer-encoding", "").lower() == "base64":
            data = base64.b64decode(data, validate=False)
    except (json.JSONDecodeError, UnicodeDecodeError, binascii.Error) as error:
        raise BadUploadError(f"unreadable part: {error}") from error
    if not isinstance(metadata, dict):
        raise BadUploadError(f"metadata {metadata!r} is not a JSON object")
    mime = metadata.get("mimeType") or headers.get("content-type", "application/octet-stream")
    return str(metadata.get("name", "Untitled")), mime, data


def _split_part(part: bytes) -> tuple[dict[str, str], bytes]:
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank:
        raise BadUploadError("a part has no blank line after its headers")
    lines = [line.partition(":") for line in head.decode("latin-1").split("\r\n")]
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    return headers, content
