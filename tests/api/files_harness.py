"""A small gateway of files alone, in-process or behind a real server, and files to send to it."""

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.middleware import Middleware

from api.failures import on_gateway_error
from api.files.bodies import Pace
from api.files.service import FileService
from api.files.store import FileStore
from api.files.uploads import Uploads
from api.middleware import RequestFrame
from api.routes import files as google_files
from api.routes import openai_files
from api.server import HttpServer, listen
from domain.errors import GatewayError
from tests.api.harness import gatekeeper_of

START = "/upload/v1beta/files"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)
ALICE, BOB = "alice-key-1", "bob-key-22"
BODY_LIMIT = 1024 * 1024
FILE_LIMIT = 256 * 1024
MOST_UPLOADS = 20


class Clock:
    """Time that a test moves on by hand; it starts now, as files on the disk have real times."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class Files:
    """What a test looks at: the folder, the clock, the parts of the service."""

    def __init__(self, folder: Path, *, most_bytes: int = FILE_LIMIT) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store = FileStore(folder, clock=self.clock, most_bytes=most_bytes)

    def on_disk(self) -> list[Path]:
        """Contents, whole and arriving."""
        return sorted(path for part in ("files", "incoming") for path in (self.folder / part).iterdir())

    def app(
        self, keys: tuple[str, ...] = (), pace: Pace | None = None, body_limit: int = BODY_LIMIT
    ) -> FastAPI:
        key_file = self.folder / "key.txt"
        key_file.write_text("\n".join(keys))
        app = FastAPI(
            redirect_slashes=False,
            middleware=[Middleware(RequestFrame, max_body_bytes=body_limit)],
            exception_handlers={GatewayError: on_gateway_error},
        )
        gatekeeper = gatekeeper_of(key_file=key_file)
        app.state.files = FileService(
            self.store, Uploads(self.store, MOST_UPLOADS), gatekeeper, pace or Pace()
        )
        app.include_router(google_files.router)
        app.include_router(openai_files.router)
        return app


@asynccontextmanager
async def files_in(folder: Path, **options: Any) -> AsyncIterator[Files]:
    files = Files(folder, **options)
    async with files.store:
        yield files


def client_of(app: FastAPI, key: str | None = None, **headers: str) -> httpx.AsyncClient:
    """Talks to the application without a socket."""
    sent = headers if key is None else {**headers, "X-API-Key": key}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:2048", headers=sent)


@asynccontextmanager
async def listening_app(app: FastAPI) -> AsyncIterator[int]:
    """The application behind uvicorn; gives the port."""
    with listen("127.0.0.1", 0) as listener:
        server = HttpServer(app, None)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="uvicorn")
        try:
            # The socket listens already: what connects now waits until the server accepts it.
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


async def in_pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def multipart(boundary: str, *parts: tuple[dict[str, str], bytes]) -> bytes:
    """A multipart body of parts with headers."""
    written = b""
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        written += f"--{boundary}\r\n{lines}\r\n".encode() + content + b"\r\n"
    return written + f"--{boundary}--\r\n".encode()


def zipped(**entries: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return buffer.getvalue()


async def start(client: httpx.AsyncClient, described: Any = None, **headers: Any) -> str:
    response = await client.post(
        START,
        json={"file": described or {}},
        headers={name.replace("_", "-"): str(value) for name, value in headers.items()},
    )
    assert response.status_code == 200, response.text
    assert response.headers["x-goog-upload-status"] == "active"
    return response.headers["x-goog-upload-url"]


async def send(
    client: httpx.AsyncClient, url: str, command: str, content: bytes = b"", offset: int | None = None
) -> httpx.Response:
    headers = {"X-Goog-Upload-Command": command}
    if offset is not None:
        headers["X-Goog-Upload-Offset"] = str(offset)
    return await client.post(url, content=content, headers=headers)


async def upload(client: httpx.AsyncClient, content: bytes = PNG, **described: Any) -> dict[str, Any]:
    response = await send(client, await start(client, described), "upload, finalize", content, 0)
    assert response.status_code == 200, response.text
    file: dict[str, Any] = response.json()["file"]
    return file


def refused(response: httpx.Response, status: int, name: str, saying: str) -> None:
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (status, status, name)
    assert saying in error["message"]
