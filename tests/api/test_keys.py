"""Keys with names: made, kept hashed, counted, limited, taken away, all while the gateway runs."""

import argparse
import json
import logging
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from api.access.keys import digest_of, read_named
from api.access.ring import KeyRing
from api.access.store import KeyStore
from api.access.usage import UsageBook
from api.app import create_app
from commands import keys as keys_command
from domain.errors import TooManyRequests
from domain.events import TextDelta, Usage
from domain.ports import Deadlines
from settings import AccessSettings, Settings, SettingsError
from tests.api.harness import CHAT, body, in_process, settings_of
from tests.api.scripted import STOP, Script, ScriptedDriver

PLAIN = "plain-key-1"


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys.json")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"{PLAIN}\n")
    return path


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_key_is_long_shown_once_and_kept_as_a_hash_that_only_the_owner_reads(store: KeyStore) -> None:
    text, key = store.add("laptop")
    assert text.startswith("sk-")
    assert len(text) > 40
    written = store.path.read_text()
    assert text not in written
    assert key.digest == digest_of(text) == json.loads(written)["keys"][0]["sha256"]
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert read_named(store.path) == (key,)


def test_two_keys_of_one_name_are_refused(store: KeyStore) -> None:
    store.add("laptop")
    with pytest.raises(SettingsError, match="'laptop'"):
        store.add("laptop")


@pytest.mark.parametrize("name", ["", ".", "../x", "a b", "a:1", "-x", "x" * 65, "schlüssel", "a\nb"])
def test_name_that_could_be_mistaken_is_refused(store: KeyStore, name: str) -> None:
    with pytest.raises(SettingsError, match="no name for a key"):
        store.add(name)


def test_revoked_key_is_gone_and_an_unknown_name_is_told(store: KeyStore) -> None:
    store.add("laptop")
    store.revoke("laptop")
    assert store.read() == ()
    with pytest.raises(KeyError):
        store.revoke("laptop")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"keys": 1}',
        '{"keys": [1]}',
        '{"keys": [{"name": "a"}]}',
        "\x00\xff",
        '{"keys": [{}]}',
    ],
)
def test_broken_file_of_keys_stops_the_start_with_its_name(store: KeyStore, content: str) -> None:
    store.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsError, match="NAMED_KEYS_FILE"):
        store.read()


def test_failed_write_leaves_the_old_file_and_nothing_beside_it(
    store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("laptop")
    before = store.path.read_bytes()

    def full_disk(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(SettingsError, match="No space left"):
        store.add("phone")
    assert store.path.read_bytes() == before
    assert {path.name for path in store.path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}


async def test_named_key_works_as_soon_as_it_is_added_and_no_longer_when_it_is_revoked(
    store: KeyStore, key_file: Path
) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file, named_keys_file=store.path) as client:
        text, _ = store.add("laptop")
        assert (await client.post(CHAT, json=body(), headers=bearer(text))).status_code == 200
        assert (await client.post(CHAT, json=body(), headers=bearer(PLAIN))).status_code == 200
        store.revoke("laptop")
        assert (await client.post(CHAT, json=body(), headers=bearer(text))).status_code == 401


async def test_first_key_closes_a_running_gateway(store: KeyStore) -> None:
    async with in_process(ScriptedDriver(), named_keys_file=store.path) as client:
        assert (await client.post(CHAT, json=body())).status_code == 200
        store.add("laptop")
        assert (await client.post(CHAT, json=body())).status_code == 401


async def test_losing_the_last_key_does_not_open_a_running_gateway(key_file: Path) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        for content in ("", "# none left\n"):
            key_file.write_text(content)
            assert (await client.post(CHAT, json=body())).status_code == 401
        key_file.unlink()
        assert (await client.post(CHAT, json=body())).status_code == 401
        key_file.write_text("another-key-1\n")
        assert (await client.post(CHAT, json=body(), headers=bearer("another-key-1"))).status_code == 200


async def test_file_that_breaks_keeps_its_last_good_keys_and_health_says_so(
    key_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with in_process(ScriptedDriver(), key_file=key_file) as client:
        assert (await client.get("/health")).json()["details"]["key_files_ok"] is True
        key_file.write_text("a new key with blanks\n")
        with caplog.at_level(logging.ERROR):
            assert (await client.post(CHAT, json=body(), headers=bearer(PLAIN))).status_code == 200
            assert (await client.post(CHAT, json=body(), headers=bearer(PLAIN))).status_code == 200
        health = await client.get("/health")
    assert health.json()["details"]["key_files_ok"] is False
    assert str(key_file) not in health.text
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert "a new key with blanks" not in caplog.text


def test_every_key_is_compared_whatever_was_found(
    store: KeyStore, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        store.add(name)
    ring = KeyRing(key_file, store.path)
    compared: list[str] = []

    def noted(one: str, other: str) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr("hmac.compare_digest", noted)
    assert ring.find(PLAIN) is not None
    assert ring.find("wrong-key-1") is None
    assert compared == [key.digest for key in ring.keys] * 2


async def test_requests_and_tokens_are_counted_by_key_and_survive_a_restart(
    store: KeyStore, tmp_path: Path
) -> None:
    text, key = store.add("laptop")
    counts = Usage(prompt=3, answer=2, thoughts=4, total=9)
    driver = ScriptedDriver(*[Script((TextDelta("x"), counts, STOP))] * 2)
    async with in_process(driver, named_keys_file=store.path) as client:
        for stream in (True, False):
            answer = await client.post(CHAT, json=body(stream=stream), headers=bearer(text))
            assert answer.status_code == 200
        await client.get("/v1/models", headers=bearer(text))
    file = tmp_path / "keys.usage.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    spent = UsageBook(file).of(key.digest)
    assert (spent.requests, spent.prompt_tokens, spent.answer_tokens) == (2, 6, 12)
    assert spent.last_used is not None


def test_uses_that_cannot_be_read_are_counted_anew(tmp_path: Path) -> None:
    (tmp_path / "u.json").write_text("{")
    assert UsageBook(tmp_path / "u.json").of("d").requests == 0


def test_what_killed_writers_left_is_swept(store: KeyStore) -> None:
    left, other = (store.path.with_name(name) for name in (".keys.json.0123abcd", ".keys.json.lock"))
    for file in (left, other):
        file.touch()
    store.add("laptop")
    assert (left.exists(), other.exists()) == (False, True)


def test_uses_of_two_gateways_with_the_same_keys_add_up(tmp_path: Path) -> None:
    file = tmp_path / "u.json"
    one, other = UsageBook(file), UsageBook(file)
    for book in (one, other, one, other, other):
        book.of("d").request()
        book.of("d").tokens(Usage(prompt=2, answer=1, thoughts=0, total=3))
        book.save()
    assert [UsageBook(file).of("d").requests, other.of("d").requests] == [5, 5]
    assert UsageBook(file).of("d").prompt_tokens == 10
    one.save()
    assert UsageBook(file).of("d").requests == 5


def test_use_while_sums_are_being_written_is_counted_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "u.json"
    book = UsageBook(file)
    book.of("d").request()
    monkeypatch.setattr("os.fsync", lambda _: book.of("d").request())
    book.save()
    monkeypatch.undo()
    assert (book.of("d").requests, UsageBook(file).of("d").requests) == (2, 1)
    book.save()
    assert UsageBook(file).of("d").requests == 2


def test_sums_whose_file_was_lost_are_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "u.json"
    book = UsageBook(file)
    book.of("d").request()
    book.save()
    file.unlink()
    book.of("d").request()
    book.save()
    assert UsageBook(file).of("d").requests == 2


def test_uses_that_cannot_be_saved_are_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    book = UsageBook(tmp_path / "file" / "u.json")
    book.of("d").request()
    book.save()
    assert "could not be saved" in caplog.text


async def test_key_above_its_rate_is_429_with_the_time_to_wait(store: KeyStore) -> None:
    slow, _ = store.add("slow", requests_per_minute=1)
    free, _ = store.add("free", requests_per_minute=0)
    plain, _ = store.add("plain")
    driver = ScriptedDriver()
    async with in_process(driver, named_keys_file=store.path, requests_per_minute=2) as client:
        statuses = {
            key: [(await client.post(CHAT, json=body(), headers=bearer(key))).status_code for _ in range(3)]
            for key in (slow, free, plain)
        }
        refused = await client.post(CHAT, json=body(), headers=bearer(slow))
        google = await client.post(
            "/v1beta/models/gemini-2.5-flash:generateContent",
            json={"contents": [{"parts": [{"text": "hi"}]}]},
            headers={"x-goog-api-key": slow},
        )
        models = await client.get("/v1/models", headers=bearer(slow))
    assert list(statuses.values()) == [[200, 429, 429], [200, 200, 200], [200, 200, 429]]
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert 55 <= int(refused.headers["retry-after"]) <= 60
    assert google.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert models.status_code == 200


def test_rate_fills_up_evenly(tmp_path: Path) -> None:
    now = 0.0
    book = UsageBook(tmp_path / "u.json", clock=lambda: now)
    for _ in range(6):
        book.admit("d", 6)
    with pytest.raises(TooManyRequests) as caught:
        book.admit("d", 6)
    assert caught.value.retry_after == pytest.approx(10)
    now = 10.0
    book.admit("d", 6)
    with pytest.raises(TooManyRequests):
        book.admit("d", 6)
    now = 1000.0
    assert [book.admit("d", 6).requests for _ in range(6)][-1] == 13


async def test_log_line_and_queue_of_the_owner_name_the_key_and_never_show_it(
    store: KeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    text, _ = store.add("laptop")
    with caplog.at_level(logging.INFO):
        async with in_process(ScriptedDriver(), named_keys_file=store.path) as client:
            await client.post(CHAT, json=body(), headers=bearer(text))
    assert "key=laptop" in caplog.text
    assert text not in caplog.text


def ran(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> str:
    parser = argparse.ArgumentParser()
    keys_command.add_to(parser.add_subparsers())
    settings = Settings(
        access=AccessSettings(named_keys_file=path, key_file=path.with_name("key.txt")),
    )
    assert keys_command.run(settings, parser.parse_args(["keys", *words])) == 0
    return capsys.readouterr().out


def test_keys_are_added_listed_and_revoked_at_the_command_line(
    store: KeyStore, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ran(capsys, store.path, "add", "laptop", "--per-minute", "5").strip()
    [key] = store.read()
    assert (key.digest, key.requests_per_minute) == (digest_of(text), 5)
    listed = ran(capsys, store.path, "list")
    assert re.search(r"^laptop .* 0 +0 +0 +5$", listed, re.MULTILINE)
    assert f"{key_file.name}:1" in listed
    assert text not in listed
    assert PLAIN not in listed
    assert "laptop" in ran(capsys, store.path, "revoke", "laptop")
    assert store.read() == ()
    with pytest.raises(SettingsError, match="there are: none"):
        ran(capsys, store.path, "revoke", "laptop")


def test_open_address_without_keys_needs_a_word(caplog: pytest.LogCaptureFixture) -> None:
    settings: dict[str, Any] = {"host": "0.0.0.0"}
    with pytest.raises(SettingsError, match="ALLOW_OPEN_ACCESS"):
        create_app(*settings_of(**settings), Deadlines(), ScriptedDriver())
    create_app(*settings_of(**settings, allow_open_access=True), Deadlines(), ScriptedDriver())
    assert "ALLOW_OPEN_ACCESS" in caplog.text
