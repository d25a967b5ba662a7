"""`launch_camoufox.py profiles …`, as it is typed."""

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from launch_camoufox import main
from settings import setting_names
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
    assert err.startswith("error: me: it has no cookies of aistudio.google.com;")
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
    assert profiles("rename", "a", "b")[0] == 0
    assert profiles("retire", "b")[0] == 0
    assert profiles("list")[1].startswith("No profiles in ")
    written(folder / "c.json", signed_in())
    assert profiles("remove", "c")[0] == 0
    status, _, err = profiles("remove", "../c")
    assert status == 1
    assert "'../c' cannot be a profile's name" in err


def test_a_missing_file_is_named(profiles: Profiles, tmp_path: Path) -> None:
    status, _, err = profiles("import", tmp_path / "none.json")
    assert status == 1
    assert str(tmp_path / "none.json") in err
