"""What a web page can make a browser do: call under a re-pointed name, post, read."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import ScriptedDriver

KEY = "correct-key-1"
PAGE = "https://chat.example"
EVIL = "https://evil.example"
PUBLIC = ("/health", "/v1/models", "/v1beta/models", "/v1/queue", "/api/info", "/openapi.json", "/nothing")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"{KEY}\n")
    return path


def preflight(origin: str, *headers: str) -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ", ".join(headers),
    }


# --- names


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize(
    "host",
    ["evil.example:2048", "127.0.0.1.evil.example", "[::2]:2048", "10.0.0.1", "127.0.0.1:80.evil.example"],
)
async def test_foreign_name_is_refused_on_every_route(host: str, path: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.get(path, headers={"Host": host})
    assert response.status_code == 403
    assert "ALLOWED_HOSTS" in response.json()["error"]["message"]
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("host", ["127.0.0.1:2048", "localhost", "[::1]:2048", "LOCALHOST:1", "127.1.2.3"])
async def test_names_of_this_machine_are_served(host: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        assert (await client.get("/v1/models", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("gateway.example", 200),
        ("GATEWAY.example.:443", 200),
        ("a.inner.example", 200),
        ("inner.example", 403),
        ("evil.example", 403),
    ],
)
async def test_allowed_hosts_are_served(host: str, status: int) -> None:
    async with in_process(ScriptedDriver(), allowed_hosts=("gateway.example", "*.inner.example")) as client:
        assert (await client.get("/v1/models", headers={"Host": host})).status_code == status


@pytest.mark.parametrize(("host", "status"), [("192.168.1.2:2048", 200), ("[fe80::1]", 200), ("x", 403)])
async def test_open_address_is_served_by_number(host: str, status: int, key_file: Path) -> None:
    async with in_process(ScriptedDriver(), host="0.0.0.0", key_file=key_file) as client:
        assert (await client.get("/v1/models", headers={"Host": host})).status_code == status


async def test_key_lets_in_under_any_name(key_file: Path) -> None:
    headers = {"Host": "gateway.example", "X-API-Key": KEY}
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        assert (await client.get("/v1/models", headers=headers)).status_code == 200
        wrong = {**headers, "X-API-Key": f"{KEY}x"}
        assert (await client.get("/v1/models", headers=wrong)).status_code == 403


# --- posts from other pages


@pytest.mark.parametrize(
    ("path", "request_"),
    [
        (CHAT, {"json": body()}),
        ("/v1beta/models/gemini-2.5-flash:generateContent", {"json": {"contents": [{"parts": []}]}}),
        ("/upload/v1beta/files", {"content": '{"file": {}}', "headers": {"Content-Type": "text/plain"}}),
        ("/v1/files", {"files": {"file": b"x"}}),
        ("/v1/cancel/abc", {}),
    ],
)
@pytest.mark.parametrize("origin", [EVIL, "null", "http://[", "http://127.0.0.1:9999", "http://localhost"])
async def test_other_page_cannot_post_without_a_key(origin: str, path: str, request_: dict[str, Any]) -> None:
    driver = ScriptedDriver()
    headers = {**request_.get("headers", {}), "Origin": origin}
    async with in_process(driver) as client:
        response = await client.post(path, **{**request_, "headers": headers})
    assert response.status_code == 403
    assert driver.records == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
async def test_body_that_is_not_declared_as_json_reaches_no_job(kind: str | None) -> None:
    driver = ScriptedDriver()
    async with in_process(driver) as client:
        headers = {} if kind is None else {"Content-Type": kind}
        response = await client.post(CHAT, content=b'{"messages": []}', headers=headers)
    assert response.status_code == 400
    assert driver.records == []


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:2048", "chrome-extension://abc", "app://obsidian.md", "tauri://localhost"]
)
async def test_own_page_and_programs_may_post(origin: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        assert (await client.post(CHAT, json=body(), headers={"Origin": origin})).status_code == 200


async def test_upload_without_any_header_still_starts() -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post("/upload/v1beta/files", content='{"file": {"displayName": "a"}}')
    assert response.status_code == 200
    assert response.headers["x-goog-upload-url"]


async def test_key_is_as_good_from_any_page(key_file: Path) -> None:
    headers = {"Origin": EVIL, "Authorization": f"Bearer {KEY}"}
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        response = await client.post(CHAT, json=body(), headers=headers)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


# --- CORS


async def test_no_page_may_read_answers_by_default() -> None:
    async with in_process(ScriptedDriver()) as client:
        asked = await client.options(CHAT, headers=preflight(PAGE, "authorization"))
        read = await client.get("/v1/models", headers={"Origin": PAGE})
    for response in (asked, read):
        assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("path", [CHAT, "/v1beta/models/m:generateContent", "/upload/v1beta/files", "/v1/x"])
async def test_preflight_of_a_listed_page_needs_no_key(path: str, key_file: Path) -> None:
    wanted = ("authorization", "content-type", "x-api-key", "x-goog-api-key", "x-goog-api-client")
    sdk = ("x-stainless-lang", "x-stainless-retry-count", "openai-organization", "x-goog-upload-protocol")
    async with in_process(
        ScriptedDriver(), key_file=key_file, cors_origins=(PAGE,), require_key_everywhere=True
    ) as client:
        headers = preflight(PAGE, *wanted, *sdk) | {"Access-Control-Request-Private-Network": "true"}
        response = await client.options(path, headers=headers)
        foreign = await client.options(path, headers=preflight(EVIL, *wanted))
    assert response.status_code == 200
    allowed = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    assert allowed >= {*wanted, *sdk}
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-origin" not in foreign.headers


async def test_listed_page_can_read_answers_refusals_and_the_headers_it_needs(key_file: Path) -> None:
    async with in_process(
        ScriptedDriver(), key_file=key_file, cors_origins=(PAGE,), max_body_bytes=2048
    ) as client:
        headers = {"Origin": PAGE, "X-API-Key": KEY}
        answers = [
            await client.post(CHAT, json=body(), headers=headers),
            await client.post(CHAT, json=body(), headers={"Origin": PAGE}),
            await client.post(CHAT, json=body("x" * 4096), headers=headers),
            await client.get("/nothing", headers=headers),
        ]
    assert [answer.status_code for answer in answers] == [200, 401, 413, 404]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == PAGE
        exposed = answer.headers["access-control-expose-headers"]
        assert {"X-Request-Id", "X-Goog-Upload-URL", "X-Goog-Upload-Status", "Retry-After"} <= set(
            exposed.split(", ")
        )
        assert "Origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_any_page_may_call_where_that_is_said() -> None:
    async with in_process(ScriptedDriver(), cors_origins=("*",)) as client:
        response = await client.post(CHAT, json=body(), headers={"Origin": EVIL})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"


async def test_every_answer_binds_the_browser() -> None:
    async with in_process(ScriptedDriver(), max_body_bytes=1024) as client:
        answers = [
            await client.get("/health"),
            await client.get("/nothing"),
            await client.post(CHAT, json=body("x" * 2048)),
            await client.post(CHAT, json=body(stream=True)),
            await client.get("/health", headers={"Host": "evil.example"}),
        ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
