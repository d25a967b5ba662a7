"""Finding and providing a browser, with small real programs in the place of big ones."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from browser.display import virtual_display
from browser.install import Step, chromium_steps, firefox_steps, first_that_starts, main, provide, run, starts
from browser.locate import Camoufox, Places, chromium_programs, find_camoufox, find_chromium, find_firefox
from domain.errors import BrowserDown

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the small programs are shell scripts")


def program(file: Path, body: str = "exit 0") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def no_words(_: str) -> None:
    """For what is said along the way where a test does not care."""


def forbidden() -> str:
    raise AssertionError("Playwright was asked although a browser is installed")


def test_named_browser_is_the_only_one_considered(tmp_path: Path) -> None:
    program(tmp_path / "chromium")
    named = tmp_path / "mine"
    assert list(chromium_programs(named, own=forbidden, places=Places(path=str(tmp_path)))) == [named]
    assert find_firefox(named, places=Places(path=str(tmp_path))) == named


def test_chrome_comes_before_chromium_before_edge_before_playwrights(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    edge, chromium, chrome = (
        program(bin_folder / name) for name in ("microsoft-edge", "chromium", "google-chrome")
    )
    usual = program(tmp_path / "opt" / "chrome")
    own = program(tmp_path / "own")
    places = Places(chromium_files=(tmp_path / "missing", usual), path=str(bin_folder))
    found = list(chromium_programs(own=lambda: str(own), places=places))
    assert found == [chrome, chromium, edge, usual, own]


def test_playwright_is_not_asked_while_a_browser_is_installed(tmp_path: Path) -> None:
    chromium = program(tmp_path / "chromium")
    assert find_chromium(own=forbidden, places=Places(path=str(tmp_path))) == chromium


def test_file_that_is_no_program_is_not_a_browser(tmp_path: Path) -> None:
    (tmp_path / "chromium").write_text("text")
    places = Places(chromium_files=(tmp_path / "chromium", tmp_path), path=str(tmp_path))
    assert find_chromium(own=lambda: str(tmp_path / "chromium"), places=places) is None


def test_extended_support_firefox_is_preferred(tmp_path: Path) -> None:
    program(tmp_path / "firefox")
    esr = program(tmp_path / "firefox-esr")
    assert find_firefox(places=Places(path=str(tmp_path))) == esr
    assert find_firefox(places=Places(path=str(tmp_path / "empty"))) is None


@pytest.mark.parametrize(
    ("platform", "chromium", "firefox"),
    [
        ("linux", "/opt/google/chrome/chrome", "/snap/bin/firefox"),
        (
            "darwin",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Firefox.app/Contents/MacOS/firefox",
        ),
        ("win32", "chrome.exe", "firefox.exe"),
    ],
)
def test_every_system_has_usual_places(platform: str, chromium: str, firefox: str, tmp_path: Path) -> None:
    places = Places.of(platform, tmp_path)
    assert any(str(file).endswith(chromium) for file in places.chromium_files)
    assert any(str(file).endswith(firefox) for file in places.firefox_files)


@pytest.mark.parametrize("state", Camoufox)
def test_camoufox_that_is_not_ready_says_what_to_run(state: Camoufox) -> None:
    assert state.ready is (state.problem == "")
    assert state.ready or "python -m" in state.problem


def test_camoufox_is_looked_for_without_being_started() -> None:
    assert find_camoufox() in Camoufox


def test_without_root_only_the_download_is_tried() -> None:
    (step,) = chromium_steps(root=False, apt="/usr/bin/apt-get", python="python")
    assert step.commands == (("python", "-m", "playwright", "install", "chromium"),)
    assert firefox_steps(root=False, apt="/usr/bin/apt-get") == ()


def test_system_without_apt_gets_the_download_only() -> None:
    assert len(chromium_steps(root=True, apt=None)) == 1


def test_root_tries_the_download_before_the_systems_package() -> None:
    download, package = chromium_steps(root=True, apt="/usr/bin/apt-get")
    assert "playwright" in download.commands[0]
    assert package.commands[-1][-1] == "chromium"
    assert all("/usr/bin/apt-get" in command for command in package.commands)
    assert firefox_steps(root=True, apt="apt-get")[0].commands[-1][-1] == "firefox-esr"


def finder(*files: Path) -> Callable[[], Path | None]:
    return lambda: next((file for file in files if file.exists()), None)


def makes(file: Path) -> Step:
    return Step(f"making {file.name}", (("touch", str(file)),))


def test_nothing_is_run_when_there_is_a_browser(tmp_path: Path) -> None:
    there, unwanted = tmp_path / "there", tmp_path / "unwanted"
    there.touch()
    assert provide(finder(there), [makes(unwanted)], no_words) == there
    assert not unwanted.exists()


def test_steps_end_with_the_first_that_brings_a_browser(tmp_path: Path) -> None:
    browser, unwanted = tmp_path / "browser", tmp_path / "unwanted"
    said: list[str] = []
    fails = Step("Trying in vain", (("false",), ("touch", str(unwanted))))
    missing = Step("Calling nobody", ((str(tmp_path / "no-such-program"),),))
    assert provide(finder(browser), [fails, missing, makes(browser), makes(unwanted)], said.append) == browser
    assert "Trying in vain did not work" in said
    assert "Calling nobody did not work" in said
    assert not unwanted.exists()


def test_steps_that_bring_nothing_end_with_nothing(tmp_path: Path) -> None:
    assert provide(finder(tmp_path / "never"), [makes(tmp_path / "other")], no_words) is None


def test_output_of_a_command_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    provide(lambda: None, [Step("Saying", (("sh", "-c", "echo progress; echo trouble >&2"),))], no_words)
    out = capfd.readouterr().out
    assert "progress" in out
    assert "trouble" in out


async def test_silent_command_is_ended_with_all_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    began = time.monotonic()
    assert not await run(("sh", "-c", f"sleep 600 & echo $! > {pid_file}; wait"), silence=0.3)
    assert time.monotonic() - began < 20
    assert not is_running(int(pid_file.read_text()))


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_browser_that_cannot_tell_its_version_is_passed_over(tmp_path: Path) -> None:
    stub = program(tmp_path / "stub", "echo install me first; exit 1")
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF nonsense")
    broken.chmod(0o755)
    good = program(tmp_path / "good", "echo Chromium 1")
    said: list[str] = []
    assert first_that_starts([stub, broken, good], said.append) == good
    assert len(said) == 2
    assert first_that_starts([stub], no_words) is None


def test_browser_that_hangs_does_not_hang_the_installation(tmp_path: Path) -> None:
    assert not starts(program(tmp_path / "hangs", "exec sleep 600"), seconds=0.2)


def test_installed_browser_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = program(tmp_path / "browser")
    monkeypatch.setenv("BROWSER_EXECUTABLE", str(browser))
    assert main([]) == 0
    assert str(browser) in capsys.readouterr().out


def test_named_browser_that_does_not_start_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROWSER_EXECUTABLE", str(program(tmp_path / "browser", "exit 1")))
    assert main([]) == 1
    shown = capsys.readouterr()
    assert "does not start" in shown.out
    assert "BROWSER_EXECUTABLE" in shown.err


def test_wrong_setting_ends_the_installation_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BROWSER_EXECUTABLE", "/no/such/program")
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


async def test_display_lives_as_long_as_it_is_needed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    body = f"echo $$ > {pid_file}; echo 77 > /dev/fd/$2; exec sleep 600"
    program(tmp_path / "server", body)
    async with virtual_display("server", path=f"{tmp_path}") as name:
        assert name == ":77"
        assert is_running(int(pid_file.read_text()))
    assert not is_running(int(pid_file.read_text()))


@pytest.mark.parametrize("body", ["exit 1", "echo nonsense > /dev/fd/$2; exec sleep 600"])
async def test_display_that_does_not_open_is_named(tmp_path: Path, body: str) -> None:
    program(tmp_path / "server", body)
    with pytest.raises(BrowserDown, match="server"):
        async with virtual_display("server", path=str(tmp_path)):
            pytest.fail("there is no display")


async def test_missing_display_server_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(BrowserDown, match="apt-get install xvfb"):
        async with virtual_display(path=str(tmp_path)):
            pytest.fail("there is no display")


def test_programs_are_found_on_this_machines_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chromium = program(tmp_path / "chromium")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
    assert find_chromium(places=Places()) == chromium
