"""`python -m browser.install`: make sure that there is a browser, with as little as possible.

Order: the one `BROWSER_EXECUTABLE` names, an installed Chrome, Chromium or Edge, Playwright's own; where none
of them starts, Playwright's download is tried, then, for root on Debian and its like, the system's package.
"""

import argparse
import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from browser.locate import chromium_programs, find_firefox, find_xvfb
from settings import Settings, SettingsError

SILENCE_SECONDS = 90.0
"""A command that prints nothing for so long is not making progress: without a network, downloads hang."""
STEP_SECONDS = 1200.0
VERSION_SECONDS = 30.0
NO_BROWSER = (
    "No browser was found and none could be installed. Install Chrome, Chromium or Edge, "
    "or set BROWSER_EXECUTABLE to the program of one."
)


@dataclass(frozen=True, slots=True)
class Step:
    """One way to get a browser: commands that are run one after the other until one fails."""

    words: str
    commands: tuple[tuple[str, ...], ...]


def chromium_steps(*, root: bool, apt: str | None, python: str = sys.executable) -> tuple[Step, ...]:
    """Every way to install a Chromium here, in the order to try them. `apt` is the path of `apt-get`."""
    download = Step(
        "Downloading Playwright's Chromium", ((python, "-m", "playwright", "install", "chromium"),)
    )
    return (download, *_package_steps("chromium", root=root, apt=apt))


def firefox_steps(*, root: bool, apt: str | None) -> tuple[Step, ...]:
    """Every way to install a Firefox here."""
    return _package_steps("firefox-esr", root=root, apt=apt)


def starts(program: Path, seconds: float = VERSION_SECONDS) -> bool:
    """Whether a browser program can tell its version: no broken link, no missing library, no stub."""
    if sys.platform == "win32":  # there, asking for the version opens a window
        return True
    try:
        done = subprocess.run(  # noqa: S603 - a program of this machine, without a shell
            [program, "--version"], capture_output=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def first_that_starts(programs: Iterable[Path], say: Callable[[str], None]) -> Path | None:
    """The first of `programs` that can be started; says so about each that cannot."""
    for program in programs:
        if starts(program):
            return program
        say(f"{str(program)!r} is there but does not start")
    return None


def provide(
    find: Callable[[], Path | None],
    steps: Sequence[Step],
    say: Callable[[str], None],
    silence: float = SILENCE_SECONDS,
) -> Path | None:
    """Look, and take the steps one by one until looking finds something."""
    found = find()
    for step in steps:
        if found is not None:
            break
        say(f"{step.words} …")
        if all(asyncio.run(run(command, silence)) for command in step.commands):
            found = find()
        else:
            say(f"{step.words} did not work")
    return found


async def run(command: Sequence[str], silence: float) -> bool:
    """Run a command, showing what it prints; one that is silent for `silence` seconds is ended.

    Returns whether it ended with 0. A program that does not exist counts as failed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(STEP_SECONDS):
            await _show(process, silence)
            return await process.wait() == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            _end_group(process)
            await process.wait()


async def _show(process: asyncio.subprocess.Process, silence: float) -> None:
    if process.stdout is None:
        return
    while True:
        async with asyncio.timeout(silence):
            piece = await process.stdout.read(4096)
        if not piece:
            return
        sys.stdout.write(piece.decode(errors="replace"))
        sys.stdout.flush()


def _end_group(process: asyncio.subprocess.Process) -> None:
    """Installers start helpers of their own; they all are in the session that `run` gave them."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _package_steps(package: str, *, root: bool, apt: str | None) -> tuple[Step, ...]:
    if not root or apt is None:
        return ()
    quietly = ("env", "DEBIAN_FRONTEND=noninteractive", apt)
    return (
        Step(
            f"Installing the system's {package} package",
            ((*quietly, "update"), (*quietly, "install", "-y", "--no-install-recommends", package)),
        ),
    )


def _playwrights_own() -> str:
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """0: there is a Chromium. 1: there is none. 2: a setting is wrong."""
    parser = argparse.ArgumentParser(prog="python -m browser.install", description=__doc__)
    parser.add_argument("--gecko", action="store_true", help="also provide a Firefox, for the tests")
    parser.add_argument("--display", action="store_true", help="also provide Xvfb, for the tests")
    options = parser.parse_args(argv)
    try:
        named = Settings.load().browser.executable
    except SettingsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    apt = shutil.which("apt-get")
    found = provide(
        lambda: first_that_starts(chromium_programs(named, own=_playwrights_own), _say),
        () if named else chromium_steps(root=_is_root(), apt=apt),
        _say,
    )
    if found is None:
        sys.stderr.write(f"error: {NO_BROWSER}\n")
        return 1
    _say(f"Browser: {found}")
    if options.gecko:
        firefox = provide(find_firefox, firefox_steps(root=_is_root(), apt=apt), _say)
        _say(f"Firefox: {firefox or 'none; the tests that need one are skipped'}")
    if options.display:
        xvfb = provide(find_xvfb, _package_steps("xvfb", root=_is_root(), apt=apt), _say)
        _say(f"Xvfb: {xvfb or 'none; the tests that need one are skipped'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
