"""The first run as a user meets it: a window, a sign-in, a saved profile, and service with it ever after."""

import asyncio
import json
import os
import shlex
import shutil
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI

from browser.display import virtual_display
from browser.profiles.lock import only_user
from browser.profiles.person import let_sign_in
from domain.errors import BrowserDown, GatewayError, PermissionDenied, SignedOut
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.driving import free_port
from tests.profiles.person import person_at
from tests.profiles.remote import Eyes, pressed, typed
from tests.profiles.states import signed_in, values, written
from tests.site import SiteControl
from tests.test_launcher import LAUNCHER, environment, launch

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="X and signals of a terminal"),
    pytest.mark.timeout(150),
]
NEEDS_DISPLAY = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no Xvfb")
SECONDS = 60


class Launched:
    """A launcher, as somebody sees it in a terminal."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.output = ""

    async def until(self, words: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while words not in self.output:
                line = await self.process.stdout.readline()
                assert line, f"ended without {words!r}: {self.output}"
                self.output += line.decode()
        return self.output

    async def ended(self) -> int:
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(SECONDS):
                async for line in self.process.stdout:
                    self.output += line.decode()
                return await self.process.wait()
        except TimeoutError:
            pytest.fail(f"it has not ended: {self.output}")

    async def stop(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return await self.ended()

    async def ask(self, text: str) -> str:
        await self.until("print(answer")
        base = self.output.split('base_url="')[1].split('"')[0]
        async with AsyncOpenAI(base_url=base, api_key="none", max_retries=0, timeout=40) as client:
            answer = await client.chat.completions.create(
                model="gemini-2.5-flash", messages=[{"role": "user", "content": f"/echo {text}"}]
            )
        return answer.choices[0].message.content or ""


class Machine:
    """A machine with a display, a folder of profiles, and a browser whose window can be reached."""

    def __init__(self, site: Site, folder: Path, display: str) -> None:
        self.site = site
        self.profiles = folder / "profiles"
        self.display = display
        self.devtools = free_port()

    @asynccontextmanager
    async def launched(self, *flags: str, **settings: str) -> AsyncIterator[Launched]:
        args = ["--no-sandbox", LOOPBACK_ONLY, f"--remote-debugging-port={self.devtools}"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(LAUNCHER), "--server-port", "0", *flags),
            env=environment(
                DISPLAY=self.display,
                AI_STUDIO_URL=self.site.address,
                AUTH_PROFILES_DIR=str(self.profiles),
                KEY_FILE=str(self.profiles / "key.txt"),
                BROWSER="chromium",
                BROWSER_ARGS=shlex.join(args),
                TABS="1",
                **settings,
            ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        running = Launched(process)
        try:
            yield running
        finally:
            if process.returncode is None:
                process.kill()
                await running.ended()


@pytest.fixture
async def machine(site: Site, tmp_path: Path) -> AsyncIterator[Machine]:
    async with virtual_display() as display:
        yield Machine(site, tmp_path, display)


@NEEDS_DISPLAY
async def test_somebody_signs_in_once_and_is_served_ever_after(
    machine: Machine, control: SiteControl
) -> None:
    await control.scenario(second_step=True)
    async with machine.launched("--debug") as first:
        await first.until("Sign in there")
        async with person_at(machine.devtools) as person:
            await person.sign_in("ada@example.com", "simulator", "123456")
            await first.until("Signed in as ada@example.com.")
        file = machine.profiles / "ada@example.com.json"
        await first.until(f"Saved as {file}.")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["accountName"] == "ada@example.com"
        assert await first.ask("in the window") == "in the window"
        assert await first.stop() == 0
    assert "simulator" not in first.output.replace("simulated", "")
    async with machine.launched() as again:
        assert await again.ask("without one") == "without one"
        assert str(file) in again.output
        assert await again.stop() == 0


@NEEDS_DISPLAY
async def test_a_name_can_be_given_and_service_needs_no_window(machine: Machine) -> None:
    async with machine.launched("--save-profile-as", "work", "--headless") as running:
        async with person_at(machine.devtools) as person:
            await person.sign_in("grace@example.com", "simulator")
            await running.until("Saved as")
        assert await running.ask("x") == "x"
        assert "chromium, headless" in running.output
    assert "SAPISID" in values(machine.profiles / "work.json")


@NEEDS_DISPLAY
async def test_ctrl_c_while_signing_in_ends_at_once_and_saves_nothing(machine: Machine) -> None:
    async with machine.launched("--debug") as running:
        async with person_at(machine.devtools):
            pass
        assert await running.stop() == 130
        assert "Traceback" not in running.output
    assert not machine.profiles.exists()


@NEEDS_DISPLAY
async def test_closing_the_window_ends_with_a_reason(machine: Machine) -> None:
    async with machine.launched("--debug") as running:
        async with person_at(machine.devtools) as person:
            await person.close_window()
        assert await running.ended() == 1
        assert "error: The window was closed before anybody had signed in." in running.output


@NEEDS_DISPLAY
async def test_waiting_for_somebody_has_an_end(machine: Machine) -> None:
    async with machine.launched("--debug", SIGN_IN_TIMEOUT_SECONDS="2") as running:
        assert await running.ended() == 1
        assert "error: Nobody signed in within 2 s" in running.output


@asynccontextmanager
async def refusing_site(reply: str) -> AsyncIterator[str]:
    """A site that sends the same reply to everything; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno" if "/regions/" in asked else reply
        writer.write(body.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", PermissionDenied, "403"),
        (
            "HTTP/1.1 302 Found\r\nLocation: /regions/available-regions\r\nContent-Length: 0\r\n\r\n",
            PermissionDenied,
            "region",
        ),
        ("", BrowserDown, "could not be shown"),
    ],
)
async def test_a_site_that_lets_nobody_in_is_told_at_once(
    reply: str, error: type[GatewayError], says: str
) -> None:
    async with refusing_site(reply) as address:
        settings = BrowserSettings(engine="chromium", ai_studio_url=address, args=(LOOPBACK_ONLY,))
        with pytest.raises(error, match=says):
            await let_sign_in(settings, 20)


async def test_a_browser_without_a_window_runs_into_the_limit_too(site: Site) -> None:
    settings = BrowserSettings(engine="chromium", ai_studio_url=site.address, args=(LOOPBACK_ONLY,))
    with pytest.raises(SignedOut, match=r"within 0\.5 s"):
        await let_sign_in(settings, 0.5)


def without_display(folder: Path, *flags: str, **settings: str) -> tuple[int, str]:
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "AI_STUDIO_URL": "http://127.0.0.1:9"}
    done = launch("--server-port", "0", *flags, **{"AUTH_PROFILES_DIR": str(folder), **nowhere, **settings})
    return done.returncode, done.stderr


def test_without_a_display_it_says_so_at_once_and_what_works(tmp_path: Path) -> None:
    status, said = without_display(tmp_path, "--debug")
    assert status == 1
    assert said.count("\n") == 1
    assert "no display" in said
    assert "profiles import" in said
    assert "Start without --debug" in said
    assert "/admin/#sign-in" in said


def test_a_folder_that_cannot_be_written_is_told_before_anybody_signs_in(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, said = without_display(tmp_path / "file" / "profiles", "--debug", DISPLAY=":1")
    assert status == 1
    assert said.startswith("error: A sign-in cannot be saved in AUTH_PROFILES_DIR (a file is in its place)")


def test_several_profiles_are_listed_and_none_is_guessed(tmp_path: Path) -> None:
    for name in ("work", "home"):
        written(tmp_path / f"{name}.json", signed_in(domain="127.0.0.1"))
    status, said = without_display(tmp_path)
    assert status == 2
    assert "home, work" in said
    assert "--profile" in said


def test_a_second_gateway_on_one_profile_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "work.json", signed_in(domain="127.0.0.1"))
    with only_user(file):
        status, said = without_display(tmp_path)
    assert status == 1
    assert said.startswith("error: The profile 'work' is used by another gateway")


def test_a_name_that_cannot_be_one_is_refused_before_anybody_signs_in(tmp_path: Path) -> None:
    status, said = without_display(tmp_path, "--save-profile-as", "../x", DISPLAY=":1")
    assert status == 2
    assert "'../x'" in said


async def test_a_server_without_display_tells_where_to_sign_in_and_serves_with_that(
    site: Site, tmp_path: Path
) -> None:
    machine = Machine(site, tmp_path, "")
    token_file = tmp_path / "admin_token"
    async with machine.launched(ADMIN_TOKEN_FILE=str(token_file), WAYLAND_DISPLAY="") as running:
        told = (await running.until("Starting the browser")).split("Sign in at ")[1]
        token = token_file.read_text().strip()
        assert token in told
        assert "ssh -L" in told
        address = told.split("/admin/#sign-in")[0]
        async with httpx.AsyncClient(base_url=address, headers={"X-Admin-Token": token}, timeout=20) as http:
            (await http.post("/admin/api/sign-in", json={"name": "afar"})).raise_for_status()
            async with person_at(machine.devtools) as person:
                eyes = Eyes(person)
                for field, text in (("identifier", "ada@example.com"), ("Passwd", "simulator")):
                    await eyes.until_field(field)
                    actions = [typed(text), pressed("Enter")]
                    (
                        await http.post("/admin/api/sign-in/actions", json={"actions": actions})
                    ).raise_for_status()
            assert await running.ask("from afar") == "from afar"
            (await http.post("/admin/api/sign-in", json={})).raise_for_status()  # ends with the gateway
        assert await running.stop() == 0
    assert [file.stem for file in machine.profiles.glob("*.json")] == ["afar"]
