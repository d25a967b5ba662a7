"""The socket and the HTTP server: how the gateway listens and how it stops."""

import asyncio
import errno
import math
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.access.head import MOST_HEAD_BYTES
from api.gateway import Gateway
from api.http_protocol import PatientProtocol

OPEN_STREAM_SECONDS = 3.0
"""How long a stop waits for running answers before it ends them."""
_ENDING_SECONDS = 5
"""How long the callers of ended answers may take to be told so."""
FORCED_SECONDS = 5
"""How long a stop that was asked for twice may take to end the browser."""


class HttpServer(uvicorn.Server):
    """Serves until a signal, or `should_exit`, stops it; told twice, it waits for no answer.

    `gateway` is whose requests a stop ends; without one connections are just cut. `on_stop` is called first.
    """

    def __init__(
        self,
        app: FastAPI,
        gateway: Gateway | None,
        on_stop: Callable[[], None] = lambda: None,
        protocol: type[PatientProtocol] = PatientProtocol,
        most_connections: int = 512,
        open_stream_seconds: float = OPEN_STREAM_SECONDS,
    ) -> None:
        limited = partial(protocol, most_connections=most_connections)
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                http=limited,  # type: ignore[arg-type]  # it is only ever called
                ws="none",
                h11_max_incomplete_event_size=MOST_HEAD_BYTES,
                timeout_graceful_shutdown=math.ceil(open_stream_seconds) + _ENDING_SECONDS,
            )
        )
        self._gateway = gateway
        self._open_stream_seconds = open_stream_seconds
        self._on_stop = on_stop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as the base has it
        """Stop; unlike the base class, do not raise the signal again once everything has ended."""
        if self.should_exit:
            self.force_exit = True
        else:
            self.should_exit = True
            self._on_stop()

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """End what waits, and what runs longer than a stop waits for."""
        if self._gateway is None:
            yield
            return
        self._gateway.stop_accepting()
        late = asyncio.get_running_loop().call_later(self._open_stream_seconds, self._gateway.stop_running)
        try:
            yield
        finally:
            late.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: what waits fails at once, what runs has a few seconds, and every caller is told why it ends.

        Forced, the application still closes its browser, where the base class just leaves it. The process
        ends here if that hangs: a loop with half a browser cannot be closed any more.
        """
        with self._ending():
            await super().shutdown(sockets)
        if self.force_exit:
            try:
                async with asyncio.timeout(FORCED_SECONDS):
                    await self.lifespan.shutdown()
            except TimeoutError:
                os._exit(130)


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything is started that would be in vain without it.

    Raises:
        OSError: its text is for the user.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            remedy = (
                "stop the program that uses it or choose another one with --server-port (0: any free one)"
            )
            raise OSError(f"port {port} on {host!r} is in use; {remedy}") from None
        raise OSError(f"HOST={host!r}, PORT={port}: cannot listen there: {error.strerror}") from None
