"""Nothing that anybody may read tells a key, a path or an account; nothing echoed becomes a header."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from settings import ROOT
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import ScriptedDriver

KEY = "correct-key-1"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
BREAK = "a\r\nX-Injected: yes\r\n\r\nb"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "key.txt").write_text(f"{KEY}\n")
    return tmp_path


@pytest_asyncio.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with in_process(
        ScriptedDriver(),
        key_file=folder / "key.txt",
        admin_token_file=folder / "admin_token",
        upload_dir=folder / "uploads",
        files_dir=folder / "store",
    ) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", "/health", {}),
        ("GET", "/api/info", {}),
        ("GET", "/v1/models", {}),
        ("GET", "/v1/queue", {}),
        ("GET", "/v1beta/models", {}),
        ("GET", "/openapi.json", {}),
        ("GET", "/admin/", {}),
        ("GET", "/admin/api/status", {}),
        ("GET", "/nothing", {}),
        ("POST", CHAT, {"content": b"{"}),
        ("POST", CHAT, {"json": body()}),
        ("POST", CHAT, {"json": body(), "headers": {"X-API-Key": f"{KEY}x"}}),
        ("POST", CHAT, {"content": b"{", "headers": {"X-API-Key": KEY, "Content-Type": "application/json"}}),
        ("POST", CHAT, {"json": body(attachments=["/etc/passwd"]), "headers": {"X-API-Key": KEY}}),
        ("POST", GENERATE, {"json": {"contents": 1}, "headers": {"X-API-Key": KEY}}),
        ("GET", "/v1/files/..%2f..%2fkey.txt", {"headers": {"X-API-Key": KEY}}),
        ("POST", "/admin/api/login", {"json": {"token": KEY}}),
    ],
)
async def test_answer_tells_no_key_no_token_and_no_path(
    client: httpx.AsyncClient, folder: Path, method: str, path: str, sent: dict[str, Any]
) -> None:
    response = await client.request(method, path, **sent)
    token = (folder / "admin_token").read_text().strip()
    told = response.text + str(response.headers)
    for secret in (KEY, token, str(folder), str(ROOT), "auth_profiles/me"):
        assert secret not in told


@pytest.mark.parametrize("name", ["key.txt", "admin_token", "keys.json", "keys.usage.json"])
async def test_secrets_cannot_be_attached_even_where_their_folder_may_be_named(
    folder: Path, name: str
) -> None:
    driver = ScriptedDriver()
    (folder / "keys.json").write_text('{"keys": []}')
    (folder / "keys.usage.json").write_text('{"keys": {}}')
    async with in_process(
        driver,
        key_file=folder / "key.txt",
        admin_token_file=folder / "admin_token",
        named_keys_file=folder / "keys.json",
        local_roots=(folder,),
    ) as client:
        response = await client.post(
            CHAT, json=body(attachments=[str(folder / name)]), headers={"X-API-Key": KEY}
        )
    assert response.status_code == 403
    assert driver.records == []


TRAVERSALS = (
    "../../key.txt",
    "..%2f..%2fkey.txt",
    "%2e%2e%2fkey.txt",
    "....//key.txt",
    "key.txt%00",
    "%2fetc%2fpasswd",
)


@pytest.mark.parametrize("name", TRAVERSALS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/files/{}",
        "/v1/files/{}/content",
        "/v1beta/files/{}",
        "/v1beta/files/{}:download",
        "/v1/models/{}",
        "/v1beta/models/{}",
        "/admin/static/{}",
        "/admin/{}",
    ],
)
async def test_path_never_leads_out_of_its_folder(client: httpx.AsyncClient, path: str, name: str) -> None:
    response = await client.get(path.format(name), headers={"X-API-Key": KEY})
    assert response.status_code in {400, 401, 403, 404}
    assert KEY not in response.text
    assert "root:" not in response.text


@pytest.mark.parametrize("name", ["../../../evil.txt", "/etc/evil", "..\\evil", BREAK, "a\x00b", "x" * 5000])
async def test_name_of_an_upload_is_a_name_and_no_path_nor_header(
    client: httpx.AsyncClient, folder: Path, name: str
) -> None:
    headers = {"X-API-Key": KEY}
    before = {path for path in folder.rglob("*") if "store" not in path.parts}
    made = await client.post(
        "/v1/files", files={"file": (name, b"content")}, data={"purpose": "user_data"}, headers=headers
    )
    assert made.status_code in {200, 400}
    if made.status_code == 200:
        content = await client.get(f"/v1/files/{made.json()['id']}/content", headers=headers)
        assert content.content == b"content"
        assert "x-injected" not in content.headers
        assert content.headers["x-content-type-options"] == "nosniff"
    assert {path for path in folder.rglob("*") if "store" not in path.parts} == before


@pytest.mark.parametrize(
    "fields",
    [
        {"model": BREAK},
        {"user": BREAK, "logit_bias": {BREAK: 1}},
        {"reasoning_effort": BREAK},
        {"metadata": {BREAK: BREAK}},
        {BREAK: 1},
        {"model": "gemini-2.5-flash\u0085\u2028-high"},
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_line_ends_in_what_is_echoed_make_no_header(
    client: httpx.AsyncClient, fields: dict[str, Any], stream: bool
) -> None:
    response = await client.post(CHAT, json=body(stream=stream, **fields), headers={"X-API-Key": KEY})
    assert response.status_code < 500
    assert "x-injected" not in response.headers
    assert not any(character in value for value in response.headers.values() for character in "\r\n\0")


@pytest.mark.parametrize("value", ["a\x0bb", "ä" * 10, "x" * 3000])
@pytest.mark.parametrize(
    "name", ["Host", "Origin", "X-API-Key", "Authorization", "Content-Type", "X-Goog-Upload-Protocol"]
)
async def test_strange_header_is_no_defect(client: httpx.AsyncClient, name: str, value: str) -> None:
    raw = [(name.encode(), value.encode("utf-8"))]
    response = await client.post("/upload/v1beta/files", headers=raw, content=b"{}")
    assert response.status_code < 500


@pytest.mark.parametrize("path", [CHAT, GENERATE, "/v1/files", "/upload/v1beta/files", "/admin/api/login"])
async def test_oversized_body_is_413_before_anything_else(folder: Path, path: str) -> None:
    driver = ScriptedDriver()
    async with in_process(driver, max_body_bytes=1024, key_file=folder / "key.txt") as client:
        response = await client.post(path, content=b"x" * 2048, headers={"X-API-Key": KEY})
    assert response.status_code == 413
    assert driver.records == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/admin/api/login"), ("POST", "/admin/api/keys")])
async def test_nobody_unknown_has_the_admin_s_routes_read_much(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    kind = {"Content-Type": "application/json"}
    response = await client.request(method, path, content=endless(), headers=kind)
    assert response.status_code == 413
    assert "MAX_BODY_BYTES" not in response.text
