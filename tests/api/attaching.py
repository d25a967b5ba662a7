"""Small files of many kinds, and servers that send them in good and bad ways."""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image

from api.attachments.collect import Collector
from api.attachments.rules import AttachmentRules
from api.attachments.sources import UploadedFile
from api.attachments.workspace import Workspace
from api.network.guarded import Guard
from domain.attachments import Attachment, FileReference
from domain.errors import NotFound

REQUEST_ID = "0123456789abcdef"


def picture(form: str, *, frames: int = 1, colour: str = "red") -> bytes:
    """A small picture; several frames make an animation."""
    images = [Image.new("RGB", (8, 8), colour if number == 0 else "blue") for number in range(frames)]
    buffer = io.BytesIO()
    if frames > 1:
        images[0].save(buffer, form, save_all=True, append_images=images[1:])
    else:
        images[0].save(buffer, form)
    return buffer.getvalue()


PNG = picture("PNG")
JPEG = picture("JPEG")
MP3 = b"\xff\xfb\x90\x64" + bytes(413)
WAV = b"RIFF" + (36).to_bytes(4, "little") + b"WAVEfmt " + bytes(28)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00\x00\x00\x10moovvide" + bytes(40)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n<<>>\nendobj\n" * 3
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x00\x00" + bytes(40)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


async def no_uploads(reference: FileReference) -> UploadedFile:
    raise NotFound(f"There is no file {reference.value!r}.", param=reference.param)


async def collected(
    folder: Path,
    *references: FileReference,
    rules: AttachmentRules | None = None,
    guard: Guard | None = None,
    uploads: Callable[[FileReference], Awaitable[UploadedFile]] = no_uploads,
) -> list[tuple[Attachment, bytes]]:
    """Collect in a workspace of `folder`, and look at the files before they go."""
    rules = rules or AttachmentRules()
    async with (
        Collector(rules, guard) as collector,
        Workspace(folder, REQUEST_ID, limit=rules.max_total_bytes) as workspace,
    ):
        attachments = await collector.collect(references, workspace, uploads)
        return [(attachment, attachment.path.read_bytes()) for attachment in attachments]


def answer(
    content: bytes = b"", *, status: str = "200 OK", length: int | None = None, **headers: str
) -> bytes:
    """An HTTP response; `length` is what it claims, by default the truth."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


Serve = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Called with the head of a request."""


@asynccontextmanager
async def serving(
    serve: bytes | Serve, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that answers every request; yields its address."""

    async def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if isinstance(serve, bytes):
                writer.write(serve)
            else:
                await serve(head, reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            writer.close()

    server = await asyncio.start_server(on_client, host, 0, ssl=tls)
    async with server:
        yield f"http{'s' if tls else ''}://{host}:{server.sockets[0].getsockname()[1]}"
