"""What browsers leave on disk: nothing, however they ended."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from browser.engine import Engine
from browser.leftovers import Leftovers
from browser.processes import Processes
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.driving import opened, until_ready

POLITE_SECONDS = 8.0
"""Within these a browser may close of its own accord."""


def lines_of(before: set[int]) -> Iterator[tuple[psutil.Process, list[str]]]:
    """The processes that came up since, with their command lines."""
    for process in psutil.Process().children(recursive=True):
        if process.pid not in before:
            with contextlib.suppress(psutil.Error):
                yield process, process.cmdline()


def browsers_of(before: set[int]) -> list[psutil.Process]:
    """Their main processes."""
    found = [process for process, words in lines_of(before) if "--remote-debugging-pipe" in words]
    assert found
    return found


def leftovers_of(before: set[int]) -> Leftovers:
    """What they would leave if they were killed now."""
    leftovers = Leftovers()
    for _, words in lines_of(before):
        leftovers.note(words)
    assert [folder for folder in (*leftovers.profiles, *leftovers.sockets) if not folder.is_dir()] == []
    return leftovers


async def test_nothing_of_a_killed_browser_stays_on_disk() -> None:
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    engine = await Engine(BrowserSettings(engine="chromium", args=(LOOPBACK_ONLY,))).__aenter__()
    try:
        left = leftovers_of(before)
        assert (len(left.profiles), len(left.sockets)) == (1, 1)
        for browser in browsers_of(before):
            browser.kill()
    finally:
        await engine.__aexit__(None, None, None)
    assert [folder for folder in (*left.profiles, *left.sockets) if folder.exists()] == []


async def test_a_browser_that_answers_to_nothing_is_not_asked_to_close(site: Site) -> None:
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    async with opened(site, watchdog_seconds=0.5) as driver:
        left = leftovers_of(before)
        for browser in browsers_of(before):
            browser.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(20):
            while not driver.status().counters.get("healing.browser"):
                driver.pool.changed.clear()
                await driver.pool.changed.wait()
        begun = time.monotonic()
        await until_ready(driver, 1)
        assert time.monotonic() - begun < POLITE_SECONDS
        assert [folder for folder in (*left.profiles, *left.sockets) if folder.exists()] == []


def test_the_profile_goes_although_whoever_made_it_was_killed_before_removing_it(tmp_path: Path) -> None:
    profile = tmp_path / "playwright_chromiumdev_profile-abc123"
    (profile / "Default").mkdir(parents=True)
    processes = Processes()
    with processes.noted():
        sleeper = [sys.executable, "-c", "import time; print(); time.sleep(60)", f"--user-data-dir={profile}"]
        child = subprocess.Popen(sleeper, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
    processes.clear()
    with child:
        assert child.wait(5) != 0
    assert not profile.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--user-data-dir=/home/ada/.config/chromium"],
        ["--user-data-dir=playwright_chromiumdev_profile-abc"],
        ["--user-data-dir="],
        ["/home/ada/playwright_tests/my_profile-1"],
    ],
)
def test_a_profile_that_somebody_keeps_is_none_of_ours(words: list[str]) -> None:
    leftovers = Leftovers()
    leftovers.note(["/usr/bin/chromium", *words])
    assert leftovers.profiles == set()


def test_a_folder_with_anything_else_than_a_socket_stays(tmp_path: Path) -> None:
    folder = tmp_path / "sockets"
    folder.mkdir()
    (folder / "SingletonCookie").symlink_to("1")
    (folder / "letter.txt").write_text("keep me")
    leftovers = Leftovers()
    leftovers.sockets = {folder, tmp_path / "gone"}
    leftovers.remove()
    assert [each.name for each in folder.iterdir()] == ["letter.txt"]
