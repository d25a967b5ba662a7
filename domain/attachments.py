"""Files of a conversation: as a caller names them, and as they lie ready to be put on the page."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Source = Literal["data", "url", "path", "file_id", "file_uri"]


@dataclass(frozen=True, slots=True)
class LongText:
    """A text that is too long for the memory and lies in a file, in UTF-8."""

    head: str = field(repr=False)
    """Its beginning."""
    path: Path
    length: int
    """Characters."""


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file as a caller named it; nothing of it has been looked at yet."""

    source: Source
    """`data`: base64, or a whole data URL, in `value`; `url`: http(s); `path`: a file of this machine;
    `file_id` and `file_uri`: a file uploaded before. Only `data` can be a
    `LongText`."""
    value: str | LongText = field(repr=False)
    param: str
    """Where it stood in the caller's request, for errors."""
    name: str | None = None
    mime_type: str | None = None
    """As the caller claims; the content decides."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file on this machine that is sent along with a turn. Equal where the content is, wherever it lies."""

    path: Path = field(compare=False)
    """Its last part is `name`, with an ending that fits `mime_type`: a browser goes by nothing else."""
    name: str
    """As it is shown to the model."""
    mime_type: str
    size: int
    """Bytes."""
    sha256: str
    """Of the content, in lower-case hex."""
