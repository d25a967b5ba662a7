"""Who gets in."""

from pathlib import Path
from typing import Any

import pytest

from api.access.keys import digest_of, masked, read_plain
from api.access.names import is_loopback
from settings import SettingsError
from tests.api.harness import CHAT, body, gatekeeper_of, in_process
from tests.api.scripted import ScriptedDriver

KEY = "correct-key-1"
KEYS = f"\ufeff# people\n\n  {KEY}  \nsecond-key\n"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(KEYS, encoding="utf-8")
    return path


def test_key_file_is_read_without_comments_and_blank_lines(key_file: Path) -> None:
    digests = [key.digest for key in read_plain(key_file)]
    assert digests == [digest_of(KEY), digest_of("second-key")]


@pytest.mark.parametrize("line", ["short", "schlüssel-eins", "two words here"])
def test_unusable_key_stops_the_start_naming_the_line_and_never_the_key(tmp_path: Path, line: str) -> None:
    path = tmp_path / "key.txt"
    path.write_text(f"# comment\n\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 3") as caught:
        read_plain(path)
    assert line not in str(caught.value)


def test_key_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="KEY_FILE"):
        read_plain(tmp_path)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "gateway.example"])
def test_other_addresses_do_not_start_without_a_key(host: str, key_file: Path) -> None:
    with pytest.raises(SettingsError, match=r"HOST=.*KEY_FILE="):
        gatekeeper_of(host=host)
    assert gatekeeper_of(host=host, key_file=key_file).needs_key


def test_key_everywhere_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="REQUIRE_KEY_EVERYWHERE"):
        gatekeeper_of(require_key_everywhere=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"Authorization": KEY},
        {"X-API-Key": KEY},
        {"X-API-Key": "second-key"},
        {"X-Goog-Api-Key": KEY},
        {"x-goog-api-key": f"Bearer {KEY}"},
    ],
)
async def test_key_is_taken_in_every_form(headers: dict[str, str], key_file: Path) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        assert (await client.post(CHAT, json=body(), headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong-key-1"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": f"Bearer {KEY}x"},
        {"X-API-Key": ""},
        {"X-API-Key": b"\xff\xfe".decode("latin-1")},
        {"X-API-Key": f"Bearer {KEY}"},
        {"X-Goog-Api-Key": "Bearer"},
        {"X-Goog-Api-Key": f"{KEY}x"},
        {"Authorization": "Bearer wrong-key-1", "X-Goog-Api-Key": KEY},
    ],
)
async def test_missing_or_wrong_key_is_401_before_the_body_is_looked_at(
    headers: dict[str, str], key_file: Path
) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        response = await client.post(CHAT, content=b"{", headers=raw)
    assert response.status_code == 401
    document = response.json()
    assert document["error"]["code"] == "invalid_api_key"
    assert document["detail"] == document["error"]["message"]
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("query", "status"),
    [(f"?key={KEY}", 200), ("?key=wrong-key-1", 401), ("?key=", 401), (f"?Key={KEY}", 401)],
)
async def test_key_is_taken_from_the_query(query: str, status: int, key_file: Path) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        assert (await client.post(CHAT + query, json=body())).status_code == status


async def test_key_in_a_header_goes_before_the_one_in_the_query(key_file: Path) -> None:
    headers = {"X-API-Key": "wrong-key-1"}
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        assert (await client.post(f"{CHAT}?key={KEY}", json=body(), headers=headers)).status_code == 401


OPEN: dict[str, Any] = {}
EVERYWHERE = {"require_key_everywhere": True}
ELSEWHERE = {"host": "0.0.0.0"}
ELSEWHERE_OPEN = {"host": "0.0.0.0", "open_status": True}


@pytest.mark.parametrize(
    ("settings", "path", "open_to_all"),
    [
        *((OPEN, path, True) for path in ("/health", "/api/info", "/v1/models", "/v1/queue")),
        *((ELSEWHERE, path, True) for path in ("/health", "/api/info", "/v1/models/gemini-2.5-pro")),
        (ELSEWHERE, "/v1/queue", False),
        (ELSEWHERE_OPEN, "/v1/queue", True),
        (EVERYWHERE, "/health", True),
        *((EVERYWHERE, path, False) for path in ("/api/info", "/v1/models", "/v1/queue")),
    ],
)
async def test_what_is_open_without_a_key(
    settings: dict[str, Any], path: str, open_to_all: bool, key_file: Path
) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file, **settings) as client:
        assert (await client.get(path)).status_code == (200 if open_to_all else 401)
        assert (await client.get(path, headers={"X-API-Key": KEY})).status_code == 200


@pytest.mark.parametrize(("settings", "status"), [(OPEN, 404), (ELSEWHERE, 401), (ELSEWHERE_OPEN, 404)])
async def test_cancel_is_open_where_the_queue_is(
    settings: dict[str, Any], status: int, key_file: Path
) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file, **settings) as client:
        assert (await client.post("/v1/cancel/unknown")).status_code == status


def test_keys_are_masked_for_logs(key_file: Path) -> None:
    assert masked("abcd-and-more-efgh") == "abcd****efgh"
    assert masked("12345678") == "12****"
    assert [key.hint for key in read_plain(key_file)] == ["corr****ey-1", "se****"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("x", False),
    ],
)
def test_loopback_is_told_from_the_rest(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
