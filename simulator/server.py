"""Runs the simulator: as an async context manager inside the current loop, on ports of its own.

async with Simulator() as simulator:
    await page.goto(simulator.http_url)
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import uvicorn

from simulator.app import create_app
from simulator.scenario import Scenario
from simulator.sessions import storage_state
from simulator.site import PRODUCTION, Site, loopback_site
from simulator.state import State
from simulator.tls import server_context

HOST = "127.0.0.1"
GRACE_SECONDS = 1
CUT_ON_PURPOSE = "ASGI callable returned without completing response."
BACKLOG = 512


class _Server(uvicorn.Server):
    """Leaves the process's signals alone: whoever owns the loop decides when to stop."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class _CutsAreMeant(logging.Filter):
    """Drops uvicorn's complaint about a connection that the scenario told us to cut."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != CUT_ON_PURPOSE


class Simulator:
    """A running simulator. Ports: 0 = any free one; `https_port=None` = no HTTPS. Enter it once only."""

    def __init__(
        self, scenario: Scenario | None = None, *, http_port: int = 0, https_port: int | None = None
    ) -> None:
        initial = scenario or Scenario()
        self.state = State(initial.model_copy(deep=True), initial)
        self._wanted = (http_port, https_port)
        self._servers: list[tuple[_Server, asyncio.Task[None]]] = []
        self._quiet = _CutsAreMeant()
        self.http_port = 0
        self.https_port: int | None = None

    @property
    def http_url(self) -> str:
        return f"http://{HOST}:{self.http_port}"

    @property
    def https_url(self) -> str | None:
        return None if self.https_port is None else f"https://{HOST}:{self.https_port}"

    @property
    def control_url(self) -> str:
        return f"{self.http_url}/_control"

    @property
    def sites(self) -> list[Site]:
        """The sites a profile must be signed in on."""
        http = loopback_site("http", self.http_port)
        return [http] if self.https_port is None else [http, PRODUCTION]

    def storage_state(self, preferences: str | None = None) -> dict[str, Any]:
        """A Playwright storage state of a new session, good for every site that is served."""
        return storage_state(self.state.sessions.open(), self.sites, preferences)

    async def __aenter__(self) -> Self:
        if self._servers or self.http_port:
            raise RuntimeError("this Simulator was entered before; make a new one")
        http_port, https_port = self._wanted
        plain = _listener(http_port)
        listeners: list[tuple[socket.socket, ssl.SSLContext | None]] = [(plain, None)]
        if https_port is not None:
            try:
                listeners.append((_listener(https_port), server_context()))
            except OSError:
                plain.close()
                raise
            self.https_port = listeners[1][0].getsockname()[1]
        self.http_port = plain.getsockname()[1]
        logging.getLogger("uvicorn.error").addFilter(self._quiet)
        app = create_app(self.state)
        for listener, context in listeners:
            self._serve(app, listener, context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cut every open answer and stop serving, as leaving the context does. Harmless when repeated."""
        for stream in list(self.state.streams):
            stream.cancel()
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self._servers))
        self._servers.clear()
        logging.getLogger("uvicorn.error").removeFilter(self._quiet)

    async def failed(self) -> None:
        """Wait until a server ends by itself, which it never should; raises what ended it."""
        done, _ = await asyncio.wait([task for _, task in self._servers], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    def _serve(self, app: Any, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        config.load()
        config.ssl = context
        server = _Server(config)
        task = asyncio.create_task(
            server.serve(sockets=[listener]), name=f"simulator-{listener.getsockname()[1]}"
        )
        self._servers.append((server, task))


def _listener(port: int) -> socket.socket:
    """A listening socket, so that the port is known, and answers, before the server runs."""
    # The protocol is named, or asyncio would not switch Nagle's delay off for the connections.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
