"""The folder of profiles, on a real file system."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from browser.profiles.state import Unfit
from browser.profiles.store import ProfileStore
from domain.errors import BadRequest, NotFound, ProfileInUse, ProfileUnusable
from domain.profiles import ProfileState
from settings import ROOT
from tests.profiles.states import SITE, signed_in, signed_out, values, written

ROOTLY = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs root")
UNIX = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes")


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(tmp_path / "profiles", SITE)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(store: ProfileStore, file: Path) -> str:
    with pytest.raises(ProfileUnusable) as caught:
        store.load(file)
    assert str(file) in caught.value.detail
    assert "\n" not in caught.value.detail
    assert str(file.parent) not in caught.value.public_message
    return caught.value.detail


def held_by_another_process(file: Path) -> subprocess.Popen[str]:
    """A process that has the profile's lock and waits."""
    code = "import sys, pathlib; from browser.profiles.lock import only_user\n"
    code += "with only_user(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code, file], cwd=ROOT, stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        (json.dumps(signed_in())[:-9], "cut short"),
        ("nonsense", "no JSON"),
        (json.dumps({"cookies": []}), "no cookies"),
        (json.dumps(signed_out()), "not signed in"),
        (json.dumps(signed_in(expires=1000.0)), "expired"),
    ],
)
def test_a_file_that_is_no_sign_in_is_named_with_what_to_do(
    store: ProfileStore, content: str, says: str
) -> None:
    said = refusal(store, written(store.file("bad"), content))
    assert says in said
    assert "--save-profile-as" in said


def test_a_missing_file_a_folder_and_a_pipe_are_refused_without_a_hang(store: ProfileStore) -> None:
    store.prepare()
    assert "no such file" in refusal(store, store.file("none"))
    store.file("folder").mkdir()
    refusal(store, store.file("folder"))
    if sys.platform != "win32":
        os.mkfifo(store.file("pipe"))
        assert "no ordinary file" in refusal(store, store.file("pipe"))


@UNIX
def test_a_file_that_others_can_read_is_closed_to_them(
    store: ProfileStore, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(store.file("open"), signed_in(), mode=0o644)
    store.load(file)
    assert mode(file) == 0o600
    assert str(file) in caplog.text


@ROOTLY
def test_somebody_elses_file_is_refused(store: ProfileStore) -> None:
    file = written(store.file("theirs"), signed_in())
    os.chown(file, 65534, 65534)
    said = refusal(store, file)
    assert "user 65534" in said
    assert "chown" in said


@UNIX
def test_what_is_saved_only_its_owner_can_read(store: ProfileStore) -> None:
    store.folder.mkdir(mode=0o755)
    file = store.file("me")
    store.save(file, signed_in())
    assert (mode(file), mode(store.folder)) == (0o600, 0o700)
    assert list(store.folder.iterdir()) == [file]


@UNIX
def test_a_folder_for_everybody_is_left_as_it_is(store: ProfileStore) -> None:
    store.folder.mkdir()
    store.folder.chmod(0o1777)
    store.save(store.file("me"), signed_in())
    assert mode(store.folder) == 0o1777


def test_saving_over_a_profile_keeps_unknown_keys(store: ProfileStore) -> None:
    file = written(store.file("me"), {**signed_in(), "accountName": "ada@example.com"})
    state, _ = store.load(file)
    store.save(file, signed_in(value="new"), over=state)
    assert values(file)["SID"] == "new"
    assert json.loads(file.read_text())["accountName"] == "ada@example.com"


def test_a_signed_out_browser_never_replaces_a_good_file(store: ProfileStore) -> None:
    file = written(store.file("me"), signed_in())
    state, _ = store.load(file)
    with pytest.raises(Unfit):
        store.save(file, signed_out(), over=state)
    with pytest.raises(Unfit):
        store.save(store.file("new"), signed_out())
    assert values(file)["SID"] == "value-of-SID"
    assert not store.file("new").exists()


def too_much() -> dict[str, object]:
    stored = [{"name": "big", "value": "x" * 200_000}]
    return {**signed_in(), "origins": [{"origin": SITE, "localStorage": stored}]}


@UNIX
def test_a_full_disk_leaves_the_good_file_and_nothing_else(tiny_disk: Path) -> None:
    store = ProfileStore(tiny_disk, SITE)
    file = store.file("me")
    store.save(file, signed_in())
    state, _ = store.load(file)
    with pytest.raises(OSError, match="space"):
        store.save(file, too_much(), over=state)
    assert values(file)["SID"] == "value-of-SID"
    assert list(tiny_disk.iterdir()) == [file]


@UNIX
def test_a_file_that_may_not_grow_leaves_the_good_one_and_nothing_else(store: ProfileStore) -> None:
    """Like a full disk, where nothing can be mounted: the system refuses the write in the middle."""
    file = store.file("me")
    store.save(file, signed_in())
    code = (
        "import resource, signal\n"
        "from tests.profiles.test_store import ProfileStore, SITE, Path, too_much\n"
        f"store = ProfileStore(Path({str(store.folder)!r}), SITE)\n"
        "state, _ = store.load(store.file('me'))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try: store.save(store.file('me'), too_much(), over=state)\n"
        "except OSError as error: print(error.strerror)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert values(file)["SID"] == "value-of-SID"
    assert list(store.folder.iterdir()) == [file]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-x", "x.", "x" * 65, "ä", "a b", "con", "NUL.x"],
)
def test_a_name_cannot_leave_the_folder_or_surprise_a_file_system(store: ProfileStore, name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        store.file(name)
    assert repr(name) in caught.value.public_message


@pytest.mark.parametrize("name", ["me", "ada@example.com", "work-2", "x" * 64, "a.b+c_d"])
def test_an_ordinary_name_is_a_file_of_the_folder(store: ProfileStore, name: str) -> None:
    assert store.file(name) == store.file(f"{name}.json") == store.folder / f"{name}.json"


def test_profiles_are_listed_with_how_they_are_doing(store: ProfileStore) -> None:
    assert store.all() == ()
    ends = time.time() + 5000
    written(store.file("good"), signed_in(expires=ends))
    written(store.file("old"), signed_in(expires=5.0))
    written(store.file("broken"), "{")
    (store.folder / "key.txt").write_text("a key")
    (store.folder / ".hidden.json").write_text("{}")
    broken, good, old = store.all()
    assert (good.name, good.state, good.expires, good.active) == ("good", ProfileState.OK, ends, False)
    assert (old.name, old.state) == ("old", ProfileState.EXPIRED)
    assert (broken.name, broken.state, broken.problem) == (
        "broken",
        ProfileState.UNUSABLE,
        "it is cut short (line 1)",
    )


def test_a_profile_in_use_is_shown_as_such_and_not_touched(store: ProfileStore) -> None:
    file = written(store.file("me"), signed_in())
    with store.only_user(file):
        assert [profile.active for profile in store.all()] == [True]
        for touch in (store.retire, store.remove, lambda name: store.rename(name, "other")):
            with pytest.raises(ProfileInUse):
                touch("me")
    assert file.exists()
    store.rename("me", "other")
    assert not store.all()[0].active


def test_a_lock_is_kept_across_processes_and_dies_with_its_process(store: ProfileStore) -> None:
    file = written(store.file("me"), signed_in())
    holder = held_by_another_process(file)
    try:
        with pytest.raises(ProfileInUse, match="another gateway"), store.only_user(file):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with store.only_user(file):
        pass


def test_renaming_removing_and_retiring_move_the_file_alone(store: ProfileStore) -> None:
    for name in ("a", "b"):
        written(store.file(name), signed_in())
    with pytest.raises(BadRequest):
        store.rename("a", "b")
    with pytest.raises(NotFound, match=r"there are: a, b\."):
        store.remove("c")
    store.rename("a", "z")
    assert values(store.retire("z"))["SID"] == "value-of-SID"
    store.remove("b")
    assert store.all() == ()


@UNIX
def test_what_a_link_leads_to_is_not_changed(store: ProfileStore, tmp_path: Path) -> None:
    target = written(tmp_path / "elsewhere.json", signed_in(), 0o644)
    store.prepare()
    store.file("linked").symlink_to(target)
    assert str(target) in refusal(store, store.file("linked"))
    assert mode(target) == 0o644
    target.chmod(0o600)
    store.load(store.file("linked"))
