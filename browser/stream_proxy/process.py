"""The stream proxy as the gateway sees it: a process that is started, heard, and started again."""

import asyncio
import json
import logging
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import ProxySettings

from browser.counting import Count
from browser.proxying import LOOPBACK, host_of, proxy_option
from browser.stream_proxy.matching import Matching
from domain.errors import BrowserDown
from settings import ROOT, BrowserSettings

_log = logging.getLogger(__name__)
_CHILD = Path(__file__).with_name("child.py")
PYTHON = ROOT / ".venv-proxy" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
_RPC_HOSTS = r"^[a-z0-9-]+\.clients6\.google\.com:443$"
_START_SECONDS = 30.0
_STOP_SECONDS = 3.0
_BACK_OFF = (0.0, 0.5, 2.0, 5.0)
"""Seconds before the n-th attempt in a row to start it again."""
_LINE_BYTES = 1024 * 1024


class StreamProxy:
    """A running proxy; `running_stream_proxy` makes it."""

    def __init__(self, settings: BrowserSettings, count: Count, python: Path) -> None:
        self._settings = settings
        self._count = count
        self._python = python
        self._process: Process | None = None
        self._complaint = ""
        self.matching = Matching(count)
        self.key_hash = ""
        """Base64 of the SHA-256 of the key in all of its certificates."""

    @property
    def option(self) -> ProxySettings | None:
        """What a browser has to be told. A site on this machine goes through it as well."""
        here = host_of(self._settings.ai_studio_url) in LOOPBACK
        return proxy_option(f"http://127.0.0.1:{self._settings.stream_port}", bypass=() if here else LOOPBACK)

    async def start(self) -> None:
        """Raises `BrowserDown` with what it said instead of being ready."""
        if not self._python.exists():
            raise BrowserDown("STREAM_PORT needs the stream proxy, which is not installed; run: make proxy")
        process = self._process = await asyncio.create_subprocess_exec(
            *(str(self._python), "-I", str(_CHILD)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LINE_BYTES,
            start_new_session=True,  # Ctrl-C in a terminal is ours to pass on
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.write(json.dumps(_wishes(self._settings)).encode() + b"\n")
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = json.loads(await _line(process) or "null")
        except TimeoutError:
            ready = None
        if ready is None:
            await self.stop()
            port = self._settings.stream_port
            raise BrowserDown(f"The stream proxy does not start on port {port}: {self._complaint}")
        self.key_hash = ready["spki"]

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # which it takes for the end
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                _, said = await process.communicate()
        except TimeoutError:
            process.kill()
            _, said = await process.communicate()
        lines = said.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        self._complaint = lines[-1] if lines[0].startswith("Traceback") else lines[0]

    async def keep(self) -> None:
        """Hear the process, and start another when it ends by itself. Returns never."""
        failures = 0
        while True:
            if self._process is not None:
                await self._hear(self._process)
                self.matching.lose("the stream proxy ended")
                await self.stop()
                _log.warning("the stream proxy ended by itself (%s) and is started again", self._complaint)
            await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
            try:
                await self.start()
                failures = 0
                self._count("stream_proxy_restarts")
            except BrowserDown as error:
                failures += 1
                _log.warning("%s", error)

    async def _hear(self, process: Process) -> None:
        while line := await _line(process):
            event: dict[str, Any] = json.loads(line)
            if event["kind"] == "trouble":
                _log.warning("stream proxy: %s", event["text"])
            else:
                self.matching.hear(event)


@asynccontextmanager
async def running_stream_proxy(
    settings: BrowserSettings, count: Count, *, python: Path = PYTHON
) -> AsyncIterator[StreamProxy]:
    """The proxy of the settings for as long as the context.

    Raises:
        BrowserDown: it is not installed, or does not start.
    """
    proxy = StreamProxy(settings, count, python)
    try:
        await proxy.start()
        keeping = asyncio.create_task(proxy.keep(), name="stream-proxy")
        try:
            yield proxy
        finally:
            keeping.cancel()
            await asyncio.wait({keeping})
    finally:
        await proxy.stop()


async def _line(process: Process) -> bytes:
    return b"" if process.stdout is None else await process.stdout.readline()


def _here(settings: BrowserSettings) -> bool:
    return host_of(settings.ai_studio_url) in LOOPBACK


def _wishes(settings: BrowserSettings) -> dict[str, Any]:
    """See `child.Wishes`."""
    page = urlsplit(settings.ai_studio_url)
    port = page.port or (443 if page.scheme == "https" else 80)
    behind = proxy_option(settings.proxy)
    login = urlsplit(settings.proxy or "")
    return {
        "port": settings.stream_port,
        "folder": str(settings.stream_ca_dir),
        "hosts": [rf"^{re.escape(page.hostname or '')}:{port}$", _RPC_HOSTS],
        "upstream": behind["server"] if behind else "",
        "upstream_auth": f"{unquote(login.username)}:{unquote(login.password or '')}"
        if login.username
        else "",
        "insecure": settings.ignore_https_errors,
        "confined": _here(settings),
        "trusted": str(settings.stream_trusted_ca_file or ""),
    }
