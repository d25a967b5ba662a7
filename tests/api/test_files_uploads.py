"""Uploads in pieces, as Google's clients and plain ones make them."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from api.files.store import STALE_SECONDS
from tests.api.files_harness import (
    ALICE,
    BOB,
    FILE_LIMIT,
    MOST_UPLOADS,
    PNG,
    START,
    Files,
    client_of,
    files_in,
    refused,
    send,
    start,
    upload,
)


@pytest_asyncio.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with files_in(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def client(files: Files) -> AsyncIterator[httpx.AsyncClient]:
    """Of a gateway without keys."""
    async with client_of(files.app()) as opened:
        yield opened


async def test_two_steps_make_a_file_with_every_field(client: httpx.AsyncClient) -> None:
    url = await start(
        client,
        {"displayName": "Bild ü.png"},
        x_goog_upload_protocol="resumable",
        x_goog_upload_command="start",
        x_goog_upload_header_content_length=len(PNG),
        x_goog_upload_header_content_type="image/png",
    )
    assert url.startswith("http://127.0.0.1:2048/upload/v1beta/files?upload_id=")
    response = await send(client, url, "upload, finalize", PNG, 0)
    assert response.headers["x-goog-upload-status"] == "final"
    file = response.json()["file"]
    assert (await client.get(file["uri"])).json() == file
    assert file["name"].startswith("files/")
    assert file["uri"] == f"http://127.0.0.1:2048/v1beta/{file['name']}"
    assert base64.b64decode(file["sha256Hash"]) == hashlib.sha256(PNG).digest()
    assert file["createTime"] == file["updateTime"] < file["expirationTime"]
    assert file["createTime"].endswith("Z")
    named = {key: file[key] for key in ("displayName", "mimeType", "sizeBytes", "state", "source")}
    assert named == {
        "displayName": "Bild ü.png",
        "mimeType": "image/png",
        "sizeBytes": str(len(PNG)),
        "state": "ACTIVE",
        "source": "UPLOADED",
    }


async def test_browser_code_without_any_header_uploads(client: httpx.AsyncClient) -> None:
    body = json.dumps({"file": {"displayName": "a.txt"}})
    begun = await client.post(START, content=body, headers={"Content-Type": "text/plain;charset=UTF-8"})
    sent = await client.post(
        begun.headers["X-Goog-Upload-URL"],
        content=b"hello",
        headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"},
    )
    assert sent.json()["file"]["mimeType"] == "text/plain"


async def test_start_needs_no_body_and_the_upload_no_command(client: httpx.AsyncClient) -> None:
    begun = await client.post(START)
    response = await client.put(begun.headers["X-Goog-Upload-URL"], content=PNG)
    assert response.json()["file"]["displayName"] == ""
    assert response.headers["x-goog-upload-status"] == "final"


async def test_upload_address_needs_no_key_and_makes_the_starters_file(files: Files) -> None:
    app = files.app((ALICE, BOB))
    async with client_of(app, ALICE) as alice, client_of(app) as nobody, client_of(app, BOB) as bob:
        response = await send(nobody, await start(alice), "upload, finalize", PNG, 0)
        name = response.json()["file"]["name"]
        assert (await alice.get(f"/v1beta/{name}")).status_code == 200
        refused(await bob.get(f"/v1beta/{name}"), 404, "NOT_FOUND", name.removeprefix("files/"))
        assert (await bob.get("/v1beta/files")).json() == {"files": []}
        refused(await bob.delete(f"/v1beta/{name}"), 404, "NOT_FOUND", "")
        refused(await nobody.post(START), 401, "UNAUTHENTICATED", "key is missing")


async def test_pieces_are_put_together_and_the_offset_can_be_asked_for(client: httpx.AsyncClient) -> None:
    content = bytes(range(256)) * 40
    url = await start(client, x_goog_upload_header_content_length=len(content))
    for offset in range(0, 8000, 4000):
        response = await send(client, url, "upload", content[offset : offset + 4000], offset)
        assert response.headers["x-goog-upload-status"] == "active"
    asked = await send(client, url, "query")
    assert asked.headers["x-goog-upload-size-received"] == "8000"
    response = await send(client, url, "upload, finalize", content[8000:], 8000)
    file = response.json()["file"]
    assert (await client.get(f"/v1beta/{file['name']}:download")).content == content


async def test_finalize_can_come_alone(client: httpx.AsyncClient) -> None:
    url = await start(client)
    await send(client, url, "upload", PNG, 0)
    assert (await send(client, url, "finalize")).json()["file"]["sizeBytes"] == str(len(PNG))


@pytest.mark.parametrize("offset", [None, 0, 3, 500])
async def test_wrong_offset_is_refused_and_told_and_the_upload_goes_on(
    client: httpx.AsyncClient, offset: int | None
) -> None:
    url = await start(client)
    await send(client, url, "upload", b"12345", 0)
    response = await send(client, url, "upload", b"678", offset)
    refused(response, 400, "INVALID_ARGUMENT", "5 bytes have been received")
    assert response.headers["x-goog-upload-size-received"] == "5"
    assert response.headers["x-goog-upload-status"] == "active"
    assert (await send(client, url, "upload, finalize", b"678", 5)).json()["file"]["sizeBytes"] == "8"


async def test_answer_that_was_lost_can_be_asked_for_again(client: httpx.AsyncClient) -> None:
    url = await start(client)
    first = await send(client, url, "upload, finalize", PNG, 0)
    assert (await send(client, url, "query")).json() == first.json()
    assert (await send(client, url, "upload, finalize", PNG, 0)).json() == first.json()
    refused(await send(client, url, "upload", PNG, len(PNG)), 400, "INVALID_ARGUMENT", "over")


async def test_cancelled_upload_is_gone(client: httpx.AsyncClient, files: Files) -> None:
    url = await start(client)
    await send(client, url, "upload", PNG, 0)
    assert (await send(client, url, "cancel")).headers["x-goog-upload-status"] == "cancelled"
    assert files.on_disk() == []
    response = await send(client, url, "query")
    refused(response, 404, "NOT_FOUND", "no such upload")
    assert response.headers["x-goog-upload-status"] == "final"


async def test_upload_that_nobody_touches_ends(client: httpx.AsyncClient, files: Files) -> None:
    url = await start(client)
    await send(client, url, "upload", PNG, 0)
    files.clock.advance(STALE_SECONDS - 60)
    await send(client, url, "upload", PNG, len(PNG))
    files.clock.advance(STALE_SECONDS - 60)
    assert (await send(client, url, "query")).status_code == 200
    files.clock.advance(STALE_SECONDS)
    assert (await send(client, url, "query")).status_code == 404
    assert files.on_disk() == []


@pytest.mark.parametrize("content", [PNG[:-1], PNG + b"x"])
async def test_other_length_than_announced_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, files: Files, content: bytes
) -> None:
    url = await start(client, x_goog_upload_header_content_length=len(PNG))
    response = await send(client, url, "upload, finalize", content, 0)
    refused(response, 400, "INVALID_ARGUMENT", f"{len(PNG)} bytes were announced")
    assert response.headers["x-goog-upload-status"] == "final"
    assert files.on_disk() == []
    assert (await client.get("/v1beta/files")).json() == {"files": []}


@pytest.mark.parametrize(
    ("headers", "status", "saying"),
    [
        ({"X-Goog-Upload-Header-Content-Length": str(2 * 1024**3)}, 413, str(FILE_LIMIT)),
        ({"X-Goog-Upload-Header-Content-Length": "0"}, 400, "empty"),
        ({"X-Goog-Upload-Header-Content-Length": "-5"}, 400, "'-5'"),
        ({"X-Goog-Upload-Header-Content-Length": "9" * 30}, 400, "whole number"),
        ({"X-Goog-Upload-Command": "upload, finalize"}, 400, "X-Goog-Upload-URL"),
        ({"X-Goog-Upload-Protocol": "carrier pigeon"}, 400, "carrier pigeon"),
    ],
)
async def test_start_that_cannot_end_well_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, saying: str
) -> None:
    refused(await client.post(START, headers=headers), status, "INVALID_ARGUMENT", saying)


@pytest.mark.parametrize(
    ("body", "saying"),
    [
        (b"{", "not valid JSON"),
        (b"\xff", "UTF-8"),
        (b"[]", "{'file': {…}}"),
        (b'{"file": "x"}', "{'file': {…}}"),
        (b'{"file": {"displayName": 5}}', "file.displayName"),
        (b'{"file": {"name": "files/../../etc"}}', "'files/../../etc'"),
        (b'{"file": {"name": "Upper"}}', "lower-case"),
        (b'{"file": {"name": "-a"}}', "dash"),
        (b'{"file": {"name": "files/%s"}}' % (b"a" * 41), "40"),
        (b'{"file": {"displayName": "%s"}}' % (b"a" * 513), "513"),
    ],
)
async def test_description_that_is_wrong_is_refused_with_its_value(
    client: httpx.AsyncClient, body: bytes, saying: str
) -> None:
    refused(await client.post(START, content=body), 400, "INVALID_ARGUMENT", saying)


async def test_description_is_not_a_way_to_send_a_file(client: httpx.AsyncClient) -> None:
    response = await client.post(START, content=b" " * 100_000)
    refused(response, 413, "INVALID_ARGUMENT", "description")


@pytest.mark.parametrize(
    ("command", "saying"), [("erase", "'erase'"), ("query, upload", "query, upload"), ("start", "'start'")]
)
async def test_unknown_command_is_refused(client: httpx.AsyncClient, command: str, saying: str) -> None:
    response = await send(client, await start(client), command)
    refused(response, 400, "INVALID_ARGUMENT", saying)
    assert response.headers["x-goog-upload-status"] == "active"


async def test_wrong_token_opens_nothing(client: httpx.AsyncClient) -> None:
    for url in (f"{START}?upload_id=", f"{START}?upload_id=wrong", START):
        refused(await client.put(url, content=PNG), 404, "NOT_FOUND", "no such upload")


async def test_too_large_and_empty_uploads_leave_nothing(client: httpx.AsyncClient, files: Files) -> None:
    response = await send(client, await start(client), "upload, finalize", bytes(FILE_LIMIT + 1), 0)
    refused(response, 413, "INVALID_ARGUMENT", str(FILE_LIMIT))
    refused(await send(client, await start(client), "finalize"), 400, "INVALID_ARGUMENT", "empty")
    assert files.on_disk() == []


async def test_chosen_name_is_kept_and_not_given_twice(client: httpx.AsyncClient) -> None:
    assert (await upload(client, name="files/my-report-1"))["name"] == "files/my-report-1"
    response = await client.post(START, json={"file": {"name": "my-report-1"}})
    refused(response, 400, "INVALID_ARGUMENT", "files/my-report-1")


async def test_name_taken_while_uploading_is_refused_at_the_end(
    client: httpx.AsyncClient, files: Files
) -> None:
    first, second = await start(client, {"name": "x"}), await start(client, {"name": "x"})
    assert (await send(client, first, "upload, finalize", PNG, 0)).status_code == 200
    refused(await send(client, second, "upload, finalize", PNG, 0), 400, "INVALID_ARGUMENT", "'files/x'")
    assert len(files.on_disk()) == 1


async def test_snake_case_and_the_name_header_are_understood(client: httpx.AsyncClient) -> None:
    assert (await upload(client, display_name="a.md", mime_type="text/plain"))["displayName"] == "a.md"
    url = await start(client, x_goog_upload_file_name="b.csv")
    response = await send(client, url, "upload, finalize", b"a,b", 0)
    assert (response.json()["file"]["displayName"], response.json()["file"]["mimeType"]) == (
        "b.csv",
        "text/csv",
    )


async def test_uploads_that_are_only_started_do_not_pile_up(client: httpx.AsyncClient, files: Files) -> None:
    for _ in range(MOST_UPLOADS):
        await client.post(START)
    refused(await client.post(START), 429, "RESOURCE_EXHAUSTED", str(MOST_UPLOADS))
    assert files.on_disk() == []
    files.clock.advance(STALE_SECONDS)
    assert (await client.post(START)).status_code == 200
