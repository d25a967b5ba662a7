"""`launch_camoufox.py profiles …`, as it is typed."""

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api.access.store import KeyStore
from api.access.usage import usage_file
from commands.first_run import only_profile
from launch_camoufox import main
from settings import AccessSettings, BrowserSettings, Settings, setting_names
from tests.profiles.states import signed_in, values, written

Profiles = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


@pytest.fixture
def profiles(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Profiles:
    """Runs the command: exit status, stdout, stderr."""
    for name in setting_names():
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AUTH_PROFILES_DIR", str(folder))
    monkeypatch.setenv("AUTH_PROFILE", "not-there-yet")

    def run(*words: str | Path) -> tuple[int, str, str]:
        status = main(["profiles", *map(str, words)])
        return (status, *capsys.readouterr())

    return run


def test_a_file_is_imported_checked_and_private(profiles: Profiles, folder: Path, tmp_path: Path) -> None:
    status, out, err = profiles("import", written(tmp_path / "download.json", signed_in(), 0o644), "me")
    assert (status, err) == (0, "")
    assert "password" in out
    assert "--profile me" in out
    assert values(folder / "me.json")["SID"] == "value-of-SID"
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "me.json").stat().st_mode) == 0o600
    assert profiles("check", "me")[1].startswith("me: ok, lasts until 20")
    assert profiles("list")[1].splitlines()[1].split()[:2] == ["me", "ok"]


def test_what_is_no_sign_in_is_not_imported(profiles: Profiles, folder: Path, tmp_path: Path) -> None:
    status, out, err = profiles("import", written(tmp_path / "me.json", {"cookies": []}))
    assert (status, out) == (1, "")
    assert "me.json is no sign-in: it has no cookies of aistudio.google.com\n" in err
    assert err.count("\n") == 1
    assert not folder.exists()


def test_import_replaces_only_when_told(profiles: Profiles, folder: Path, tmp_path: Path) -> None:
    old, new = written(folder / "me.json", signed_in()), written(tmp_path / "me.json", signed_in(value="new"))
    status, _, err = profiles("import", new)
    assert (status, values(old)["SID"]) == (1, "value-of-SID")
    assert "'me' already" in err
    assert profiles("import", new, "--replace")[0] == 0
    assert values(old)["SID"] == "new"


def test_export_writes_a_private_copy_and_warns(profiles: Profiles, folder: Path, tmp_path: Path) -> None:
    written(folder / "me.json", {**signed_in(), "accountName": "ada"})
    target = tmp_path / "copy.json"
    status, out, _ = profiles("export", "me", target)
    assert status == 0
    assert "password" in out
    assert json.loads(target.read_text())["accountName"] == "ada"
    if sys.platform != "win32":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    status, _, err = profiles("export", "me", target)
    assert status == 1
    assert "--replace" in err


def test_check_fails_when_one_is_no_good(profiles: Profiles, folder: Path) -> None:
    assert profiles("check")[0] == 1
    written(folder / "good.json", signed_in())
    assert profiles("check")[0] == 0
    written(folder / "bad.json", "")
    status, out, _ = profiles("check")
    assert status == 1
    assert "bad: unusable: it is empty\n" in out


def test_rename_retire_and_remove(profiles: Profiles, folder: Path) -> None:
    written(folder / "a.json", signed_in())
    assert profiles("rename", "a", "b") == (0, "The profile 'a' is now 'b'.\n", "")
    assert profiles("retire", "b")[0] == 0
    assert profiles("list")[1].startswith("No profiles in ")
    written(folder / "c.json", signed_in())
    assert profiles("remove", "c") == (0, "The profile 'c' is deleted.\n", "")
    status, _, err = profiles("remove", "../c")
    assert status == 1
    assert "'../c' cannot be a profile's name" in err


def test_a_missing_file_is_named(profiles: Profiles, tmp_path: Path) -> None:
    status, _, err = profiles("import", tmp_path / "none.json")
    assert status == 1
    assert str(tmp_path / "none.json") in err


def test_a_folder_is_named(profiles: Profiles, tmp_path: Path) -> None:
    assert profiles("import", tmp_path) == (1, "", f"error: {tmp_path}: it is a folder\n")


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_import_leaves_the_file_it_reads_as_it_is_and_says_who_may_read_it(
    profiles: Profiles, tmp_path: Path
) -> None:
    other, download = written(tmp_path / "notes.txt", "words", 0o644), tmp_path / "download.json"
    assert profiles("import", other)[0] == 1
    _, out, _ = profiles("import", written(download, signed_in(), 0o644))
    assert f"Other users of this machine may read {download} now.\n" in out
    assert [stat.S_IMODE(file.stat().st_mode) for file in (other, download)] == [0o644, 0o644]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root")
def test_a_file_of_somebody_else_is_taken_over_by_import(
    profiles: Profiles, folder: Path, tmp_path: Path
) -> None:
    foreign = written(tmp_path / "foreign.json", signed_in())
    os.chown(foreign, 12345, 12345)
    assert profiles("import", foreign, "me")[0] == 0
    assert (folder / "me.json").stat().st_uid == os.geteuid()


def test_keys_in_the_same_folder_are_no_profiles(
    profiles: Profiles, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAMED_KEYS_FILE", str(folder / "keys.json"))
    assert main(["keys", "add", "laptop"]) == 0
    keys = (folder / "keys.json").read_bytes()
    written(folder / "keys.usage.json", {"version": 1, "keys": {}})
    assert "No profiles" in profiles("list")[1]
    state = written(tmp_path / "keys.json", signed_in())
    for words in (["import", state, "--replace"], ["remove", "keys"], ["retire", "Keys"]):
        status, _, err = profiles(*words)
        assert status == 1
        assert "is a file of another kind" in err
    assert (folder / "keys.json").read_bytes() == keys


def test_the_only_sign_in_is_taken_although_there_are_keys(
    folder: Path,
) -> None:
    access = AccessSettings(named_keys_file=folder / "keys.json", key_file=folder / "key.txt")
    settings = Settings(access=access, browser=BrowserSettings(auth_profiles_dir=folder))
    KeyStore(access.named_keys_file).add("laptop")
    written(usage_file(access), {"version": 1, "keys": {}})
    assert only_profile(settings) is None
    me = written(folder / "me.json", signed_in())
    assert only_profile(settings) == me
