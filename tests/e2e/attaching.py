"""Files for tests of the page, and what of them arrived at the site."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from domain.attachments import Attachment
from domain.requests import GenerateRequest, Part, Turn
from tests.e2e.driving import MODEL
from tests.site import SiteControl

FilesMade = Callable[..., Attachment]


def picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 10), "teal").save(target, kind)
    return target.getvalue()


KINDS = {
    "picture.png": ("image/png", picture("PNG")),
    "photo.jpg": ("image/jpeg", picture("JPEG")),
    "moving.webp": ("image/webp", picture("WEBP")),
    "song.mp3": ("audio/mpeg", b"\xff\xfb\x90\x00" + bytes(range(256)) * 40),
    "film.mp4": ("video/mp4", b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 400),
    "paper.pdf": ("application/pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n%%EOF\n"),
    "note.txt": ("text/plain", "größer\r\n\x00 end".encode()),
    "data.json": ("application/json", b'{"a": 1}'),
    "my holiday photo (1).png": ("image/png", picture("PNG") + b"1"),
    "Überraschung 你好 👩‍👩‍👧.txt": ("text/plain", b"unicode name"),
}


def asking(*parts: Part, history: tuple[Turn, ...] = ()) -> GenerateRequest:
    return GenerateRequest(MODEL, (*history, Turn("user", parts)))


async def arrived(control: SiteControl) -> list[dict[str, Any]]:
    """The files of the last request at the site."""
    found: list[dict[str, Any]] = (await control.requests())[-1]["report"]["attachments"]
    return found


def told(files: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(file["name"], file["size"], file["sha256"]) for file in files]


def sent(*files: Attachment) -> list[tuple[str, int, str]]:
    return [(file.name, file.size, file.sha256) for file in files]


async def words(control: SiteControl) -> str:
    contents = (await control.requests())[-1]["report"]["contents"]
    return "".join(contents[-1]["texts"])


def files_in(root: Path) -> FilesMade:
    """`made(name, content)`: a file; without content, one of the usual kinds."""

    def make(name: str, content: bytes | None = None) -> Attachment:
        mime_type, usual = KINDS.get(name, ("text/plain", b""))
        content = usual if content is None else content
        folder = root / hashlib.sha256(name.encode() + content).hexdigest()
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_bytes(content)
        return Attachment(path, name, mime_type, len(content), hashlib.sha256(content).hexdigest())

    return make
