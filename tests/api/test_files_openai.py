"""OpenAI's `/v1/files`."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.api.files_harness import ALICE, BOB, FILE_LIMIT, PNG, Files, client_of, files_in, multipart

URL = "/v1/files"


@pytest_asyncio.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with files_in(tmp_path) as opened:
        yield opened


@pytest_asyncio.fixture
async def client(files: Files) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(files.app()) as opened:
        yield opened


async def create(client: httpx.AsyncClient, content: bytes = PNG, **fields: str) -> dict[str, Any]:
    response = await client.post(URL, files={"file": ("Bild ü.png", content)}, data=fields)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def refused(response: httpx.Response, status: int, saying: str) -> None:
    assert response.status_code == status
    assert saying in response.json()["error"]["message"]


async def test_file_object_has_every_field(client: httpx.AsyncClient) -> None:
    file = await create(client, purpose="vision")
    assert file["id"].startswith("file-")
    assert file["expires_at"] - file["created_at"] == 48 * 3600
    assert {key: file[key] for key in ("object", "bytes", "filename", "purpose", "status")} == {
        "object": "file",
        "bytes": len(PNG),
        "filename": "Bild ü.png",
        "purpose": "vision",
        "status": "processed",
    }
    assert (await client.get(f"{URL}/{file['id']}")).json() == file
    assert (await client.get(f"{URL}/{file['id']}/content")).content == PNG


async def test_expiry_can_be_asked_for(client: httpx.AsyncClient) -> None:
    fields = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    file = await create(client, PNG, **fields)
    assert file["expires_at"] - file["created_at"] == 3600


async def test_list_follows_a_file_in_either_order(client: httpx.AsyncClient) -> None:
    ids = [
        (await create(client, purpose="batch" if number % 2 else "user_data"))["id"] for number in range(5)
    ]
    page = (await client.get(URL, params={"limit": "2"})).json()
    assert [file["id"] for file in page["data"]] == ids[:2:-1]
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[4], ids[3], True)
    rest = (await client.get(URL, params={"after": page["last_id"]})).json()
    assert [file["id"] for file in rest["data"]] == ids[2::-1]
    assert rest["has_more"] is False
    oldest = (await client.get(URL, params={"order": "asc", "after": ids[0], "purpose": "user_data"})).json()
    assert [file["id"] for file in oldest["data"]] == [ids[2], ids[4]]


async def test_deleted_file_is_gone(client: httpx.AsyncClient, files: Files) -> None:
    file = await create(client)
    gone = {"id": file["id"], "object": "file", "deleted": True}
    assert (await client.delete(f"{URL}/{file['id']}")).json() == gone
    refused(await client.delete(f"{URL}/{file['id']}"), 404, "no file")
    assert (await client.get(URL)).json()["data"] == []
    assert files.on_disk() == []


async def test_key_sees_only_its_own_files(files: Files) -> None:
    app = files.app((ALICE, BOB))
    async with client_of(app, ALICE) as alice, client_of(app, BOB) as bob, client_of(app) as nobody:
        file = await create(alice)
        assert (await bob.get(URL)).json()["data"] == []
        for path in ("", "/content"):
            refused(await bob.get(f"{URL}/{file['id']}{path}"), 404, "no file")
        refused(await bob.delete(f"{URL}/{file['id']}"), 404, "no file")
        refused(await nobody.get(f"{URL}/{file['id']}/content"), 401, "key is missing")
        refused(await nobody.post(URL, files={"file": PNG}), 401, "key is missing")
        assert (await alice.get(f"{URL}/{file['id']}")).json() == file


@pytest.mark.parametrize(
    ("fields", "saying"),
    [
        ({"purpose": "world domination"}, "'world domination'"),
        ({"expires_after[anchor]": "now", "expires_after[seconds]": "3600"}, "'now'"),
        ({"expires_after[seconds]": "3600"}, "created_at"),
        ({"expires_after[anchor]": "created_at"}, "3600 to 2592000"),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "10"}, "'10'"),
        ({"expires_after[anchor]": "created_at", "expires_after[seconds]": "9" * 30}, "999"),
    ],
)
async def test_wrong_field_is_refused_and_nothing_stays(
    client: httpx.AsyncClient, files: Files, fields: dict[str, str], saying: str
) -> None:
    refused(await client.post(URL, files={"file": PNG}, data=fields), 400, saying)
    assert files.on_disk() == []


@pytest.mark.parametrize(
    ("kind", "body", "status", "saying"),
    [
        ("application/json", b"{}", 400, "multipart/form-data"),
        ("multipart/form-data", b"", 400, "no boundary"),
        ("multipart/form-data; boundary=b0", b"--b0--\r\n", 400, "no 'file'"),
        (
            "multipart/form-data; boundary=b0",
            multipart("b0", *[({"Content-Disposition": 'form-data; name="file"'}, PNG)] * 2),
            400,
            "more than one",
        ),
        (
            "multipart/form-data; boundary=b0",
            multipart("b0", *[({"Content-Disposition": 'form-data; name="a"'}, b"")] * 33),
            400,
            "32 parts",
        ),
        (
            "multipart/form-data; boundary=b0",
            multipart("b0", ({"Content-Disposition": 'form-data; name="purpose"'}, b"\xff")),
            400,
            "UTF-8",
        ),
        (
            "multipart/form-data; boundary=b0",
            multipart("b0", ({"Content-Disposition": 'form-data; name="purpose"'}, b"x" * 100_000)),
            413,
            "purpose",
        ),
        (
            "multipart/form-data; boundary=b0",
            multipart("b0", ({"Content-Disposition": 'form-data; name="file"'}, PNG))[:-10],
            400,
            "middle of a part",
        ),
    ],
)
async def test_broken_form_is_refused_and_nothing_stays(
    client: httpx.AsyncClient, files: Files, kind: str, body: bytes, status: int, saying: str
) -> None:
    refused(await client.post(URL, content=body, headers={"Content-Type": kind}), status, saying)
    assert files.on_disk() == []


@pytest.mark.parametrize(("content", "status"), [(b"", 400), (bytes(FILE_LIMIT + 1), 413)])
async def test_empty_and_too_large_files_are_refused(
    client: httpx.AsyncClient, files: Files, content: bytes, status: int
) -> None:
    refused(await client.post(URL, files={"file": ("x", content)}), status, "The file is")
    assert files.on_disk() == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\x", "con", "a" * 500])
async def test_name_is_never_a_path(client: httpx.AsyncClient, files: Files, name: str) -> None:
    response = await client.post(URL, files={"file": (name, PNG)})
    assert response.json()["filename"] == name
    assert [path.parent for path in files.on_disk()] == [files.folder / "files"]
    assert name not in files.on_disk()[0].name


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=10001", "limit=x", "order=up", "after=file-none", "limit=-1"]
)
async def test_wrong_list_parameter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"{URL}?{query}")
    assert response.status_code in {400, 404}
    assert response.json()["error"]["param"] in {"limit", "order", "file"}


async def test_unknown_path_below_a_file_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{URL}/a/b/c")).status_code == 404
    assert (await client.put(f"{URL}/a")).status_code == 405
