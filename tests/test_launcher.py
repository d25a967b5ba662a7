"""The launcher as users meet it: a process with output, an exit status and signals."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from openai import APIError, AsyncOpenAI
from playwright.async_api import Error

from api.access.store import KeyStore
from api.version import VERSION
from api.welcome import welcome
from browser.engine import why_not_started
from domain.ports import DriverStatus
from settings import ROOT, AccessSettings, BrowserSettings, ServerSettings, setting_names

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal"),
    pytest.mark.timeout(120),
]
LAUNCHER = ROOT / "launch_camoufox.py"
START_SECONDS = 40
STOP_SECONDS = 15


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without any settings of the developer, and with `settings`."""
    return {**dict.fromkeys(setting_names(), ""), **withheld(), **settings}


def withheld() -> dict[str, str]:
    names = setting_names()
    return {name: value for name, value in os.environ.items() if name not in names}


def launch(*flags: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, LAUNCHER, *flags],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


class Demo:
    """A running `--demo` in a session of its own, like one in a terminal."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.output = ""

    async def until(self, pattern: str) -> str:
        """Read on until a line matches; the first group, or the whole match."""
        stream = self.process.stdout
        assert stream is not None
        async with asyncio.timeout(START_SECONDS):
            while not (found := re.search(pattern, self.output)):
                line = await stream.readline()
                assert line, f"ended without {pattern!r}: {self.output}"
                self.output += line.decode()
        return found.group(1) if found.groups() else found.group()

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def simulator(self) -> psutil.Process:
        return next(one for one in self.family() if "simulator.demo" in one.cmdline())

    async def ended(self) -> int:
        async with asyncio.timeout(STOP_SECONDS):
            rest, _ = await self.process.communicate()
            self.output += rest.decode()
            return await self.process.wait()


@asynccontextmanager
async def demo(*flags: str, **settings: str) -> AsyncIterator[Demo]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(LAUNCHER), "--demo", "--server-port", "0", *flags),
        env=environment(**settings),
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    running = Demo(process)
    family: list[psutil.Process] = []
    try:
        await running.until("Starting the browser")
        yield running
    finally:
        if process.returncode is None:
            family = running.family()
            process.kill()
            await running.ended()
        gone(family)


def gone(family: list[psutil.Process]) -> list[str]:
    """Wait for processes to end; what is left of them is named, and killed."""
    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    left = [" ".join(one.cmdline()) for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    for one in alive:
        one.kill()
    return left


def test_version_is_the_packages() -> None:
    done = launch("--version")
    assert done.stdout.split() == ["aistudio-gateway", VERSION]
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()


def test_config_shows_every_setting_its_source_and_no_secret() -> None:
    done = launch("--print-config", "--server-port", "4711", BROWSER_WS_ENDPOINT="ws://me:s3cret@h/t0ken")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PORT=4711  # command line\n" in done.stdout
    assert "BROWSER_WS_ENDPOINT=ws://****@h/****  # environment\n" in done.stdout
    assert "TABS=2  # default\n" in done.stdout
    assert "s3cret" not in done.stdout
    assert "t0ken" not in done.stdout


@pytest.mark.parametrize(
    ("flag", "mode"), [("--headless", "headless"), ("--debug", "headed"), ("--virtual-display", "virtual")]
)
def test_mode_flags_beat_the_environment(flag: str, mode: str) -> None:
    done = launch(flag, "--print-config", BROWSER_MODE="headless")
    assert f"BROWSER_MODE={mode}  # command line\n" in done.stdout


def test_wrong_setting_is_one_line_and_status_2() -> None:
    done = launch("--server-port", "nonsense")
    assert done.returncode == 2
    assert done.stderr == "error: PORT='nonsense' (command line): give a whole number from 0 up to 65535\n"


def test_a_python_without_the_packages_is_told_what_to_run() -> None:
    bare = subprocess.run([sys.executable, "-S", LAUNCHER], capture_output=True, text=True, check=False)
    assert bare.returncode == 1
    assert bare.stderr.count("\n") == 1
    assert "make install" in bare.stderr


def test_commands_do_not_wait_for_what_only_serving_needs() -> None:
    code = (
        "import sys, launch_camoufox as it; it.main(['keys', 'list'])\n"
        "heavy = {'playwright', 'fastapi', 'mcp', 'google.genai', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_unknown_flag_is_named_with_status_2() -> None:
    done = launch("--sever-port", "1")
    assert done.returncode == 2
    assert "--sever-port" in done.stderr


def test_port_in_use_is_named_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = launch("--demo", "--server-port", str(port))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr
    assert "--server-port" in done.stderr


def test_address_that_is_not_here_is_named() -> None:
    done = launch("--server-port", "0", HOST="192.0.2.1", AI_STUDIO_URL="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "HOST='192.0.2.1'" in done.stderr


def test_gateway_without_keys_is_not_opened_to_other_machines(tmp_path: Path) -> None:
    keys = str(tmp_path / "key.txt")
    done = launch("--server-port", "0", HOST="0.0.0.0", KEY_FILE=keys, AI_STUDIO_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert "HOST" in done.stderr
    assert "KEY_FILE" in done.stderr


def test_virtual_display_without_a_display_server_says_what_to_install(tmp_path: Path) -> None:
    done = launch(
        "--virtual-display",
        "--server-port",
        "0",
        PATH=str(tmp_path),
        BROWSER="chromium",
        AI_STUDIO_URL="http://127.0.0.1:9",
    )
    assert done.returncode == 1
    assert "Xvfb" in done.stderr


def test_a_window_without_a_display_is_refused_with_what_to_do() -> None:
    done = launch("--debug", "--demo", "--server-port", "0", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.returncode == 1
    assert "no display" in done.stderr
    assert "--virtual-display" in done.stderr


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--demo", "--save-profile-as", "x"), "leave --save-profile-as away"),
        (("--demo", "--profile", "x"), "leave --profile away"),
        (("--generate",), "--doctor"),
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(tmp_path: Path, flags: tuple[str, ...], says: str) -> None:
    (tmp_path / "x.json").write_text("{}")
    done = launch(*flags, AUTH_PROFILES_DIR=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_a_browser_that_does_not_start_is_named_with_its_last_words() -> None:
    said = why_not_started(
        Error(
            "BrowserType.launch: Target page, context or browser has been closed\nBrowser logs:\n\n"
            "<launching> /opt/my chrome --headless --x\n[pid=7][err] one\n[pid=7][err] no such library\n"
            "Call log:\n  - [pid=7][err] no such library\n"
        )
    )
    assert said.endswith("has been closed (/opt/my chrome ended at once), it said: one; no such library")


async def test_what_the_gateway_writes_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with demo(FILES_DIR=str(tmp_path / "files")) as running:
            await running.until("^Ready|\nReady")
    finally:
        os.umask(before)
    written = [file for file in (tmp_path / "files").rglob("*") if file.is_file()]
    assert written
    assert [oct(file.stat().st_mode & 0o077) for file in written] == ["0o0"] * len(written)


async def test_demo_answers_at_the_printed_address_until_ctrl_c() -> None:
    async with demo() as running:
        base = await running.until(r"base_url=\"(http://127\.0\.0\.1:\d+/v1)\"")
        await running.until("print")
        assert f"curl -N {base}/chat/completions" in running.output
        assert re.search(r"http://127\.0\.0\.1:\d+/prompts/new_chat", running.output)
        async with AsyncOpenAI(base_url=base, api_key="none", max_retries=0) as client:
            answer = await client.chat.completions.create(
                model="gemini-2.5-flash", messages=[{"role": "user", "content": "/echo Grüße 👋"}]
            )
        assert answer.choices[0].message.content == "Grüße 👋"
        family = running.family()
        assert len(family) > 2
        running.press_ctrl_c()
        assert await running.ended() == 0
        assert gone(family) == []
        assert "Traceback" not in running.output


async def test_a_caller_of_the_demo_is_told_that_it_stops() -> None:
    async with demo() as running:
        base = await running.until(r"base_url=\"(http://127\.0\.0\.1:\d+/v1)\"")
        async with AsyncOpenAI(base_url=base, api_key="none", max_retries=0) as client:
            stream = await client.chat.completions.create(
                model="gemini-2.5-flash",
                messages=[{"role": "user", "content": "/chunks n=4000 every=0.02"}],
                stream=True,
            )
            await anext(aiter(stream))
            running.process.send_signal(signal.SIGTERM)
            with pytest.raises(APIError) as caught:
                async for _ in stream:
                    pass
            assert caught.value.code == "shutting_down"
        assert await running.ended() == 0


async def test_demo_stops_on_sigterm_while_the_browser_starts() -> None:
    async with demo() as running:
        family = running.family()
        running.process.send_signal(signal.SIGTERM)
        assert await running.ended() in (0, 130)
        assert gone(family) == []


async def test_demo_ends_when_its_simulator_dies() -> None:
    async with demo() as running:
        running.simulator().kill()
        assert await running.ended() == 1
        assert "The simulator has ended" in running.output


async def test_killed_demo_leaves_nothing_running() -> None:
    async with demo() as running:
        family = running.family()
        running.process.kill()
        await running.ended()
        assert gone(family) == []


async def test_second_signal_ends_the_demo_at_once_and_leaves_nothing() -> None:
    async with demo() as running:
        base = await running.until(r"base_url=\"(http://127\.0\.0\.1:\d+/v1)\"")
        async with AsyncOpenAI(base_url=base, api_key="none", max_retries=0) as client:
            stream = await client.chat.completions.create(
                model="gemini-2.5-flash",
                messages=[{"role": "user", "content": "/chunks n=2000 every=0.05 size=10"}],
                stream=True,
            )
            first = await anext(aiter(stream))
            assert first.id
            family = running.family()
            running.process.send_signal(signal.SIGTERM)
            await running.until("Stopping")
            running.process.send_signal(signal.SIGTERM)
            assert await running.ended() == 0
            assert gone(family) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_welcome_tells_how_to_send_a_key_and_shows_none(tmp_path: Path, host: str) -> None:
    keys = tmp_path / "key.txt"
    keys.write_text("0123456789abcdef\n")
    server = ServerSettings(host=host)
    access = AccessSettings(key_file=keys, named_keys_file=tmp_path / "none")
    text = welcome(
        server, access, BrowserSettings(), DriverStatus(engine="chromium", capture="cdp"), 2048, "http://page"
    )
    assert ("http://[::1]:2048/v1" if ":" in host else "http://127.0.0.1:2048/v1") in text
    assert "Authorization: Bearer YOUR-KEY" in text
    assert str(keys) in text
    assert "0123456789abcdef" not in text


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["laptop"], "the one named laptop\n"),
        (["a", "b"], "one of 2 (a, b)\n"),
        ([*"abcdefg"], "one of 7 (a, b, c, d, e, …)\n"),
    ],
)
def test_welcome_names_the_keys_that_it_takes(tmp_path: Path, names: list[str], says: str) -> None:
    access = AccessSettings(key_file=tmp_path / "none", named_keys_file=tmp_path / "keys.json")
    for name in names:
        KeyStore(access.named_keys_file).add(name)
    text = welcome(ServerSettings(), access, BrowserSettings(), DriverStatus(), 2048, "http://page")
    assert f"API key   {says}" in text


def test_welcome_without_keys_asks_for_none(tmp_path: Path) -> None:
    server = ServerSettings()
    access = AccessSettings(key_file=tmp_path / "none", named_keys_file=tmp_path / "none")
    text = welcome(server, access, BrowserSettings(), DriverStatus(engine="chromium"), 2048, "http://page")
    assert "Authorization" not in text
    assert "none needed" in text


def test_welcome_shows_a_new_admin_token_and_afterwards_where_it_stands(tmp_path: Path) -> None:
    access = AccessSettings(
        key_file=tmp_path / "none", named_keys_file=tmp_path / "none", admin_token_file=tmp_path / "token"
    )
    place = (
        ServerSettings(),
        access,
        BrowserSettings(),
        DriverStatus(engine="chromium"),
        2048,
        "http://page",
    )
    first, later = welcome(*place, "new-token"), welcome(*place)
    for text in (first, later):
        assert "http://127.0.0.1:2048/admin/" in text
        assert str(tmp_path / "token") in text
    assert "new-token" in first
