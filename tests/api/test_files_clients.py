"""The official clients of Google and OpenAI on a real server, and callers who behave badly on the wire."""

import asyncio
import io
import logging
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from google import genai
from google.genai import errors as genai_errors
from google.genai import types
from openai import AsyncOpenAI, NotFoundError

from api.files.bodies import Pace
from api.files.records import LIFETIME
from api.files.service import FileService
from tests.api.files_harness import ALICE, PNG, Files, files_in, listening_app
from tests.api.harness import eventually

MIB = 1024 * 1024
HASTE = Pace(window=0.3, least=1000)
RAW = f"X-API-Key: {ALICE}\r\nX-Goog-Upload-Protocol: raw\r\n"


@dataclass(frozen=True, slots=True)
class Running:
    files: Files
    service: FileService
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def start(self) -> str:
        return f"{self.address}/upload/v1beta/files"

    def google(self, version: str | None = None) -> genai.Client:
        options = types.HttpOptions(base_url=self.address, api_version=version, timeout=10_000)
        return genai.Client(api_key=ALICE, http_options=options)


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with files_in(tmp_path, most_bytes=30 * MIB) as files:
        app = files.app((ALICE,), HASTE, body_limit=30 * MIB)
        async with listening_app(app) as port:
            yield Running(files, app.state.files, port)


def use(client: genai.Client, path: Path, content: bytes) -> None:
    """Everything google-genai's `files` does, in a thread of its own."""
    path.write_bytes(content)
    with client:
        file = client.files.upload(file=path, config={"display_name": "A song"})
        assert file.name is not None
        assert (file.display_name, file.mime_type, file.size_bytes) == ("A song", "text/csv", len(content))
        assert file.state is types.FileState.ACTIVE
        assert file.source is types.FileSource.UPLOADED
        assert client.files.get(name=file.name) == file
        assert client.files.download(file=file.name) == client.files.download(file=file) == content
        again = client.files.upload(file=io.BytesIO(PNG), config={"name": "mine", "mime_type": "image/png"})
        assert again.name == "files/mine"
        assert [each.name for each in client.files.list(config={"page_size": 1})] == ["files/mine", file.name]
        client.files.delete(name=file.name)
        with pytest.raises(genai_errors.ClientError, match="NOT_FOUND"):
            client.files.get(name=file.name)
        with pytest.raises(genai_errors.ClientError, match=r"400 INVALID_ARGUMENT.*already"):
            client.files.upload(file=io.BytesIO(PNG), config={"name": "mine", "mime_type": "image/png"})
        with pytest.raises(genai_errors.ClientError, match="413"):
            client.files.upload(file=io.BytesIO(bytes(31 * MIB)), config={"mime_type": "image/png"})


@pytest.mark.parametrize("version", [None, "v1beta"])
async def test_google_genai_uploads_gets_lists_downloads_and_deletes(
    running: Running, tmp_path: Path, version: str | None
) -> None:
    content = b"a,b\n" * (5 * MIB)  # three of the client's pieces
    await asyncio.to_thread(use, running.google(version), tmp_path / "song.csv", content)


@pytest.mark.filterwarnings(
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning",
    "ignore:Sending a large body directly:ResourceWarning",
)
async def test_google_genai_async_uploads_in_pieces(running: Running) -> None:
    async with running.google().aio as client:
        content = os.urandom(9 * MIB)
        file = await client.files.upload(file=io.BytesIO(content), config={"mime_type": "audio/mpeg"})
        assert file.name is not None
        assert await client.files.download(file=file.name) == content
        assert [each.name async for each in await client.files.list()] == [file.name]
        await client.files.delete(name=file.name)


async def test_openai_creates_lists_reads_and_deletes(running: Running) -> None:
    async with AsyncOpenAI(base_url=f"{running.address}/v1", api_key=ALICE, max_retries=0) as client:
        content = os.urandom(3 * MIB)
        file = await client.files.create(
            file=("Bild ü.bin", content),
            purpose="user_data",
            expires_after={"anchor": "created_at", "seconds": 7200},
        )
        assert (file.filename, file.bytes, file.purpose) == ("Bild ü.bin", len(content), "user_data")
        assert file.expires_at == file.created_at + 7200
        other = await client.files.create(file=PNG, purpose="vision")
        assert [each.id async for each in client.files.list(limit=1)] == [other.id, file.id]
        assert await client.files.retrieve(file.id) == file
        assert (await client.files.content(file.id)).content == content
        assert (await client.files.delete(file.id)).deleted
        with pytest.raises(NotFoundError, match=file.id.removeprefix("file-")):
            await client.files.retrieve(file.id)


class Caller:
    """A connection handled by hand, for a request that announces more than it sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def begin(cls, running: Running, path: str, headers: str, content: bytes) -> "Caller":
        caller = cls(*await asyncio.open_connection("127.0.0.1", running.port))
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 9999\r\n\r\n"
        caller.writer.write(head.encode() + content)
        await caller.writer.drain()
        return caller

    async def drip(self, every: float) -> bytes:
        """Send a byte now and then until there is a whole answer."""
        answer = asyncio.create_task(self.reader.readuntil(b"}}"))
        while not answer.done():
            self.writer.write(b"x")
            await asyncio.wait([answer], timeout=every)
        return answer.result()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


@pytest.mark.parametrize("every", [0.02, 5.0])
async def test_upload_that_drips_or_stalls_is_ended(running: Running, every: float) -> None:
    caller = await Caller.begin(running, "/upload/v1beta/files", RAW, PNG)
    await eventually(lambda: len(running.files.on_disk()) == 1)
    answer = await caller.drip(every)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"too slowly" in answer
    assert running.files.on_disk() == []
    await caller.close()


async def test_caller_who_goes_away_leaves_no_half_file(running: Running) -> None:
    caller = await Caller.begin(running, "/upload/v1beta/files", RAW, PNG)
    await eventually(lambda: len(running.files.on_disk()) == 1)
    await caller.close()
    await eventually(lambda: running.files.on_disk() == [])


async def test_piece_that_broke_off_can_be_continued(running: Running) -> None:
    async with httpx.AsyncClient(headers={"X-API-Key": ALICE}) as client:
        url = (await client.post(running.start)).headers["x-goog-upload-url"]
        command = "X-Goog-Upload-Command: upload\r\n"
        caller = await Caller.begin(running, url.removeprefix(running.address), command, b"12345")
        uploads = running.service.uploads
        upload = uploads.find(url.partition("upload_id=")[2].partition("&")[0])
        await eventually(lambda: upload.received == 5)
        finish = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "5"}
        refused = await client.post(url, headers=finish, content=b"678")
        assert "Another request" in refused.json()["error"]["message"]
        assert refused.headers["x-goog-upload-status"] == "active"
        await caller.close()
        await eventually(lambda: not upload.busy)
        query = await client.post(url, headers={"X-Goog-Upload-Command": "query"})
        assert query.headers["x-goog-upload-size-received"] == "5"
        response = await client.post(url, headers=finish, content=b"678")
        assert response.json()["file"]["sizeBytes"] == "8"


async def test_gateway_that_stops_leaves_no_upload_behind(running: Running) -> None:
    async with httpx.AsyncClient(headers={"X-API-Key": ALICE}) as client:
        url = (await client.post(running.start)).headers["x-goog-upload-url"]
        await client.post(url, headers={"X-Goog-Upload-Command": "upload"}, content=PNG)
    assert len(running.files.on_disk()) == 1
    running.service.uploads.close()
    assert running.files.on_disk() == []


async def test_what_has_expired_is_swept_while_the_gateway_runs(running: Running) -> None:
    async with httpx.AsyncClient(headers={"X-API-Key": ALICE}) as client:
        raw = {"X-Goog-Upload-Protocol": "raw"}
        assert (await client.post(running.start, headers=raw, content=PNG)).status_code == 200
    running.files.clock.advance(LIFETIME)
    sweeping = asyncio.create_task(running.service.keep_swept())
    await eventually(lambda: running.files.on_disk() == [])
    sweeping.cancel()
    await asyncio.wait([sweeping])


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a handler of the root logger gets to see, as in a running gateway."""
    written = io.StringIO()
    handler, root = logging.StreamHandler(written), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


async def test_key_in_an_address_reaches_no_log(running: Running, log: io.StringIO) -> None:
    sent = f"GET {{}}?key={ALICE} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    for path in ("/v1beta/files", "/v1beta/files/none", "/v1/files", "/upload/v1beta/files", "/nowhere"):
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(sent.format(path).encode())
        assert (await reader.read()).startswith(b"HTTP/1.1 ")
        writer.close()
        await writer.wait_closed()
    assert ALICE not in log.getvalue()
    logging.getLogger(__name__).info(ALICE)
    assert ALICE in log.getvalue()
