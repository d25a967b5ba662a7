"""The same routes below a prefix, and OpenAI's below Google's mount."""

from pathlib import Path
from typing import Any

import pytest

from api.addresses import Addresses
from tests.api.gemini_harness import GENERATE, google_http, says
from tests.api.harness import CHAT, body

BASE = "/antigravity"


@pytest.mark.parametrize("prefix", ["", BASE])
async def test_routes_are_there_with_and_without_the_prefix(prefix: str) -> None:
    async with google_http(base_path=BASE) as client:
        assert (await client.post(prefix + GENERATE, json=says())).status_code == 200
        assert (await client.post(prefix + CHAT, json=body())).status_code == 200
        assert (await client.get(f"{prefix}/health")).status_code == 200
        assert (await client.get(f"{prefix}/v1/models")).json()["object"] == "list"


async def test_without_a_prefix_there_is_none() -> None:
    async with google_http() as client:
        assert (await client.post(BASE + CHAT, json=body())).status_code == 404


async def test_what_only_begins_like_the_prefix_is_not_below_it() -> None:
    async with google_http(base_path=BASE) as client:
        assert (await client.get(f"{BASE}s/health")).status_code == 404


async def test_upload_address_has_the_prefix_of_the_call() -> None:
    async with google_http(base_path=BASE) as client:
        started = await client.post(f"{BASE}/upload/v1beta/files", json={"file": {"displayName": "a.txt"}})
        address = started.headers["x-goog-upload-url"]
        done = await client.post(
            address,
            content=b"text",
            headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"},
        )
    assert f"{BASE}/upload/v1beta/files" in address
    assert f"{BASE}/v1beta/files/" in done.json()["file"]["uri"]


@pytest.mark.parametrize("prefix", ["", BASE])
async def test_googles_mount_of_openais_api(prefix: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text("12345678\n", encoding="utf-8")
    headers = {"X-Goog-Api-Key": "12345678"}
    async with google_http(base_path=BASE, key_file=keys) as client:
        mount = f"{prefix}/v1beta/openai"
        answer = await client.post(f"{mount}/chat/completions", json=body(), headers=headers)
        listed = await client.get(f"{mount}/models", headers=headers)
        missing = await client.post(f"{mount}/chat/completions", json=body())
    assert answer.json()["choices"][0]["message"]["content"] == "Hello"
    assert listed.json()["object"] == "list"
    assert missing.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("base_path", ["antigravity", "/antigravity/", "/"])
def test_prefix_that_is_none_is_refused(base_path: str) -> None:
    async def app(*_: Any) -> None: ...

    with pytest.raises(ValueError, match="BASE_PATH"):
        Addresses(app, base_path)
