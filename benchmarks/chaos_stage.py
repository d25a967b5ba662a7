"""What a chaos run breaks: a simulator, and a whole gateway process with a browser of its own."""

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.chaos_asks import Json, token_of
from simulator.demo import Site, end

ROOT = Path(__file__).parent.parent
READY_SECONDS = 60.0
POLL_SECONDS = 0.05
TABS = 2
SLACK_SECONDS = 15.0


_ADDRESS = re.compile(r"Address +(http://\S+)/v1")


class StageFailed(Exception):
    """The stage is not as it has to be; the text says in what."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """The gateway's deadlines during the run, in seconds. Short, so that each passes now and then."""

    queue: float = 45
    ready: float = 20
    submit: float = 5
    first_event: float = 4
    idle: float = 3
    total: float = 20

    @property
    def hung(self) -> float:
        """From when on a request hangs that has neither answer nor error."""
        return self.queue + self.ready + self.submit + self.total + SLACK_SECONDS

    def settings(self) -> dict[str, str]:
        return {
            "QUEUE_TIMEOUT_SECONDS": f"{self.queue:g}",
            "PAGE_READY_TIMEOUT_SECONDS": f"{self.ready:g}",
            "SUBMIT_TIMEOUT_SECONDS": f"{self.submit:g}",
            "FIRST_EVENT_TIMEOUT_SECONDS": f"{self.first_event:g}",
            "IDLE_TIMEOUT_SECONDS": f"{self.idle:g}",
            "RESPONSE_COMPLETION_TIMEOUT": f"{1000 * self.total:g}",
            "KEEP_ALIVE_SECONDS": "1",
        }


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the gateway's own process holds."""

    mebibytes: float
    files: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Footprint":
        process = psutil.Process(pid)
        return cls(process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())

    def __str__(self) -> str:
        return f"{self.mebibytes:.0f} MiB, {self.files} files, {self.threads} threads"


@dataclass(slots=True)
class Stage:
    """`folder` is the gateway's own: temporary files, evidence, log."""

    site: Site
    address: str
    process: asyncio.subprocess.Process
    devtools: str
    folder: Path
    http: httpx.AsyncClient
    initial: Json
    """The simulator's scenario before anything was changed."""
    submitted: Counter[str] = field(default_factory=Counter)
    """How often each request was submitted to the site, by its token."""
    signed_out: list[float] = field(default_factory=list)
    """When the site refused the sign-in, in seconds since the epoch."""
    last_seen: int = 0

    async def health(self) -> Json:
        found: Json = (await self.http.get(f"{self.address}/health")).json()
        return found

    async def counters(self) -> dict[str, int]:
        found: dict[str, int] = (await self.health())["details"]["counters"]
        return found

    async def queue(self) -> Json:
        found: Json = (await self.http.get(f"{self.address}/v1/queue")).json()
        return found

    async def cancel(self, request_id: str) -> None:
        await self.http.post(f"{self.address}/v1/cancel/{request_id}")

    async def change(self, **knobs: Any) -> None:
        """Change the simulator's scenario; groups are merged knob by knob."""
        reply = await self.http.patch(f"{self.site.address}/_control/scenario", json=knobs)
        reply.raise_for_status()

    async def restore(self, *knobs: str) -> None:
        """These knobs, or groups of them, as the simulator started with them."""
        await self.change(**{name: self.initial[name] for name in knobs})

    async def sign_out(self) -> None:
        self.signed_out.append(time.time())
        (await self.http.post(f"{self.site.address}/_control/sign-out")).raise_for_status()

    async def sign_in(self) -> None:
        """Write a new session where the gateway reads its sign-in when it starts a browser."""
        reply = await self.http.post(f"{self.site.address}/_control/storage-state", json={})
        self.site.profile.write_text(reply.raise_for_status().text, encoding="utf-8")
        self.signed_out.append(time.time())

    async def read_log(self) -> None:
        """Count what was submitted since the last time. The simulator keeps the newest reports only."""
        query = {"after": str(self.last_seen)}
        found = await self.http.get(f"{self.site.address}/_control/requests", params=query)
        for entry in found.json()["requests"]:
            self.last_seen = max(self.last_seen, entry["id"])
            if entry["status"] == 401:
                self.signed_out.append(entry["received"])
            if entry["report"] is not None and (token := token_of(entry["report"])):
                self.submitted[token] += 1

    async def open_streams(self) -> int:
        found = (await self.http.get(f"{self.site.address}/_control/stats")).json()
        return int(found["streams"])

    async def tabs(self) -> list[str]:
        """Ids of the open pages. Empty while the browser is not there."""
        try:
            targets = (await self.http.get(f"{self.devtools}/json/list")).json()
        except httpx.TransportError:
            return []
        return [target["id"] for target in targets if target["type"] == "page"]

    async def close_tab(self, target: str) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self.http.get(f"{self.devtools}/json/close/{target}")

    async def close_contexts(self) -> None:
        """Close every browser context but the browser's own, without asking whoever opened it."""
        try:
            version = (await self.http.get(f"{self.devtools}/json/version")).json()
            async with connect(version["webSocketDebuggerUrl"]) as browser:
                found = await _called(browser, "Target.getBrowserContexts")
                for context in found["browserContextIds"]:
                    await _called(browser, "Target.disposeBrowserContext", browserContextId=context)
        except (httpx.TransportError, WebSocketException, OSError) as error:
            raise StageFailed(f"the browser closed no context: {error}") from error

    def kill_browsers(self) -> None:
        for process in self.browsers():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def browsers(self) -> list[psutil.Process]:
        """The main process of each browser that belongs to the gateway."""
        return [
            process
            for process, words in self._browser_processes()
            if "--remote-debugging-pipe" in words and "--type=" not in words
        ]

    def renderers(self) -> list[psutil.Process]:
        """The processes that show pages, the busiest first: spare ones have done next to nothing."""
        found = [
            (_spent(process), process)
            for process, words in self._browser_processes()
            if "--type=renderer" in words
        ]
        return [process for _, process in sorted(found, key=lambda each: -each[0])]

    def profiles(self) -> int:
        """Temporary folders of browsers, dead ones included."""
        return sum(1 for path in self.folder.glob("*profile*") if path.is_dir())

    def _browser_processes(self) -> Iterator[tuple[psutil.Process, str]]:
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "chrom" in process.name() and process.status() != psutil.STATUS_ZOMBIE:
                    yield process, " ".join(process.cmdline())


def _spent(process: psutil.Process) -> float:
    """Seconds of a processor's time."""
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


async def _called(browser: ClientConnection, method: str, **parameters: str) -> Json:
    """The result of one call of the DevTools protocol; nobody else calls on this connection."""
    await browser.send(json.dumps({"id": 1, "method": method, "params": parameters}))
    while True:
        message: Json = json.loads(await browser.recv())
        if message.get("id") == 1:
            result: Json = message.get("result", {})
            return result


async def until(wanted: Callable[[], Awaitable[bool]], what: str, seconds: float) -> float:
    """Wait for something that other processes do; how many seconds that took.

    Raises:
        StageFailed: it did not happen within `seconds`.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        async with asyncio.timeout(seconds):
            while not await wanted():  # noqa: ASYNC110 other processes
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        raise StageFailed(f"{what}: not within {seconds:g} s") from None
    return loop.time() - started


async def _printed_address(process: asyncio.subprocess.Process, log_file: Path) -> str:
    """Where the gateway says that it listens, once it is ready."""

    async def told() -> bool:
        if process.returncode is not None:
            said = await asyncio.to_thread(log_file.read_text)
            raise StageFailed(f"the gateway ended with {process.returncode}: {said[-1000:]}")
        return bool(await _addresses(log_file))

    await until(told, "the gateway's start", READY_SECONDS)
    return (await _addresses(log_file))[0]


async def _addresses(log_file: Path) -> list[str]:
    return _ADDRESS.findall(await asyncio.to_thread(log_file.read_text))


@asynccontextmanager
async def stage_on(site: Site, budgets: Budgets, folder: Path) -> AsyncIterator[Stage]:
    """The gateway as its users start it, in front of `site`; its log is `folder`/gateway.log."""
    devtools, log_file = _free_port(), folder / "gateway.log"
    flags = (f"--remote-debugging-port={devtools}",)
    settings = {name: str(value) for name, value in site.settings("chromium", flags).items()}
    own = {"TMPDIR": str(folder), "EVIDENCE_DIR": str(folder / "evidence"), "TABS": str(TABS)}
    own["WATCHDOG_SECONDS"] = "2"
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("launch_camoufox.py", "--headless", "--server-port", "0"),
            cwd=ROOT,
            env={**os.environ, **settings, **budgets.settings(), **own},
            stdout=log,
            stderr=log,
        )
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            initial = (await http.get(f"{site.address}/_control/scenario")).json()
            address = await _printed_address(process, log_file)
            stage = Stage(site, address, process, f"http://127.0.0.1:{devtools}", folder, http, initial)
            await until(lambda: is_healthy(stage), "the gateway's start", READY_SECONDS)
            yield stage
    finally:
        await end(process)


async def is_healthy(stage: Stage) -> bool:
    try:
        return bool((await stage.health())["status"] == "ok")
    except httpx.TransportError:
        if stage.process.returncode is not None:
            raise StageFailed(f"the gateway ended with status {stage.process.returncode}") from None
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
