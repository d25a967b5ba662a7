"""Google's Files API: whole uploads, and what can be done with a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.api.files_harness import (
    ALICE,
    PNG,
    START,
    Files,
    client_of,
    files_in,
    in_pieces,
    multipart,
    refused,
    upload,
)

GOOGLE = {"x-goog-api-client": "google-genai-sdk/3.4.0"}


@pytest_asyncio.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with files_in(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def client(files: Files) -> AsyncIterator[httpx.AsyncClient]:
    """Of a gateway without keys."""
    async with client_of(files.app()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?uploadType=multipart", {}),
        ("", {"X-Goog-Upload-Protocol": "multipart"}),
        ("", {}),
    ],
)
async def test_multipart_upload_takes_json_and_content(
    client: httpx.AsyncClient, query: str, headers: dict[str, str]
) -> None:
    body = multipart(
        "b0",
        ({"Content-Type": "application/json; charset=UTF-8"}, b'{"file": {"displayName": "two\\nlines"}}'),
        ({"Content-Type": "image/png"}, PNG + b"\r\n--b"),
    )
    kind = {"Content-Type": "multipart/related; boundary=b0"}
    response = await client.post(START + query, content=in_pieces(body, 7), headers=kind | headers)
    assert response.headers["x-goog-upload-status"] == "final"
    file = response.json()["file"]
    assert (file["displayName"], file["sizeBytes"]) == ("two\nlines", str(len(PNG) + 5))
    got = await client.get(f"/v1beta/{file['name']}", params={"alt": "media"})
    assert got.content == PNG + b"\r\n--b"


@pytest.mark.parametrize(
    ("kind", "body", "saying"),
    [
        ("multipart/related", b"", "no boundary"),
        ("multipart/related; boundary=b0", b"", "middle of a part"),
        ("multipart/related; boundary=b0", b"--b0--\r\n", "no parts"),
        ("multipart/related; boundary=b0", b"--xx\r\n", "broken"),
        ("multipart/related; boundary=b0", multipart("b0", ({"A": "b"}, b"{}")), "one part only"),
        ("multipart/related; boundary=b0", multipart("b0", ({"A": "b"}, b"{"), ({}, b"x")), "JSON"),
        (
            "multipart/related; boundary=b0",
            multipart("b0", ({"A": "b"}, b"{}"), ({"A": "b"}, PNG))[:-20],
            "middle of a part",
        ),
        ("multipart/related; boundary=b0", multipart("b0", ({"A": "b"}, b"{}"), ({"A": "b"}, b"")), "empty"),
        (f"multipart/related; boundary={'b' * 300}", b"", "boundary"),
    ],
)
async def test_broken_multipart_upload_is_refused_and_leaves_nothing(
    client: httpx.AsyncClient, files: Files, kind: str, body: bytes, saying: str
) -> None:
    response = await client.post(START, content=body, headers={"Content-Type": kind})
    refused(response, 400, "INVALID_ARGUMENT", saying)
    assert files.on_disk() == []


@pytest.mark.parametrize(
    ("query", "headers"), [("", {"X-Goog-Upload-Protocol": "raw"}), ("?uploadType=media", {})]
)
async def test_whole_file_in_one_request(
    client: httpx.AsyncClient, query: str, headers: dict[str, str]
) -> None:
    name = {"X-Goog-Upload-File-Name": "ü.bin".encode().decode("latin-1").encode("latin-1")}
    raw = [
        (key.encode(), value if isinstance(value, bytes) else value.encode())
        for key, value in ({**headers, "Content-Type": "image/png"} | name).items()
    ]
    response = await client.post(START + query, content=PNG, headers=raw)
    assert response.json()["file"]["displayName"] == "ü.bin"


@pytest.mark.parametrize("name", [b"\xfc.txt", "ü.txt".encode()])
async def test_name_in_a_header_is_read_as_utf8_or_else_as_latin1(
    client: httpx.AsyncClient, name: bytes
) -> None:
    headers = [(b"X-Goog-Upload-Protocol", b"raw"), (b"X-Goog-Upload-File-Name", name)]
    response = await client.post(START, content=b"x", headers=headers)
    assert response.json()["file"]["displayName"] == "ü.txt"


async def test_list_is_cut_into_pages(client: httpx.AsyncClient) -> None:
    made = [(await upload(client))["name"] for _ in range(12)]
    first = (await client.get("/v1beta/files")).json()
    assert len(first["files"]) == 10
    second = (await client.get("/v1beta/files", params={"pageToken": first["nextPageToken"]})).json()
    assert [file["name"] for file in (*first["files"], *second["files"])] == made[::-1]
    assert "nextPageToken" not in second
    assert len((await client.get("/v1beta/files?pageSize=100")).json()["files"]) == 12


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=101", "pageSize=x", "pageSize=-1", "pageToken=x"])
async def test_wrong_page_is_refused(client: httpx.AsyncClient, query: str) -> None:
    refused(await client.get(f"/v1beta/files?{query}"), 400, "INVALID_ARGUMENT", "")


async def test_delete_answers_plain_clients_in_words_and_googles_with_nothing(
    client: httpx.AsyncClient, files: Files
) -> None:
    names = [(await upload(client))["name"] for _ in range(2)]
    plain = await client.delete(f"/v1beta/{names[0]}")
    assert plain.json() == {"success": True, "message": "File deleted successfully"}
    assert (await client.delete(f"/v1beta/{names[1]}", headers=GOOGLE)).json() == {}
    assert files.on_disk() == []
    refused(await client.get(f"/v1beta/{names[0]}"), 404, "NOT_FOUND", names[0].removeprefix("files/"))


async def test_download_is_a_file_and_never_a_page(client: httpx.AsyncClient) -> None:
    file = await upload(client, b"<!doctype html><script>", displayName='a"\r\nX: y/ü.html')
    response = await client.get(f"/v1beta/{file['name']}:download?alt=media")
    assert response.content == b"<!doctype html><script>"
    assert response.headers["content-disposition"].startswith("attachment; ")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "x" not in response.headers
    part = await client.get(file["downloadUri"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"<!do")


@pytest.mark.parametrize("credential", [GOOGLE, {"x-goog-api-key": ALICE}])
async def test_google_client_finds_the_same_files_below_v1(files: Files, credential: dict[str, str]) -> None:
    app = files.app()
    async with client_of(app) as plain, client_of(app, **credential) as google:
        begun = await google.post("/upload/v1/files")
        file = (await google.post(begun.headers["x-goog-upload-url"], content=PNG)).json()["file"]
        assert (await google.get("/v1/files")).json() == {"files": [file]}
        assert (await plain.get("/v1/files")).json()["object"] == "list"
        assert (await google.get(f"/v1/{file['name']}")).json() == file
        assert (await plain.get(f"/v1/{file['name']}")).json()["object"] == "file"
        refused(await google.get("/v1/files/none"), 404, "NOT_FOUND", "none")
        assert (await plain.get("/v1/files/none")).json()["error"]["code"] == "not_found"
        assert (await google.get("/v1/files?key=x")).json() == {"files": [file]}
        assert (await google.delete(f"/v1/{file['name']}")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"x-goog-api-key": ALICE}, ""),
        ({"X-Goog-Api-Key": f"Bearer {ALICE}"}, ""),
        ({"Authorization": f"Bearer {ALICE}"}, ""),
        ({}, f"?key={ALICE}"),
    ],
)
async def test_key_is_taken_as_googles_clients_send_it(
    files: Files, headers: dict[str, str], query: str
) -> None:
    async with client_of(files.app((ALICE,))) as client:
        assert (await client.get(f"/v1beta/files{query}", headers=headers)).status_code == 200


async def test_wrong_key_is_401_in_googles_words(files: Files) -> None:
    async with client_of(files.app((ALICE,))) as client:
        for response in (
            await client.get("/v1beta/files"),
            await client.get("/v1beta/files?key=wrong-key-1"),
            await client.post(f"{START}?key=wrong-key-1"),
        ):
            refused(response, 401, "UNAUTHENTICATED", "API key")


async def test_key_of_the_start_is_not_in_the_upload_address(files: Files) -> None:
    async with client_of(files.app((ALICE,))) as client:
        begun = await client.post(f"{START}?key={ALICE}")
        assert ALICE not in begun.headers["x-goog-upload-url"]
