"""A gateway with the real server and a scripted driver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from api.app import create_app
from api.http_protocol import PatientProtocol
from api.server import HttpServer, listen
from domain.ports import Deadlines
from tests.api.harness import settings_of
from tests.api.scripted import ScriptedDriver


@dataclass(frozen=True, slots=True)
class Serving:
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    driver: ScriptedDriver,
    protocol: type[PatientProtocol] = PatientProtocol,
    *,
    most_connections: int = 512,
    **settings: Any,
) -> AsyncIterator[Serving]:
    """Serve until the block ends; enters when the driver is open."""
    with listen("127.0.0.1", 0) as port:
        app = create_app(*settings_of(**settings), Deadlines(), driver)
        server = HttpServer(app, app.state.gateway, protocol=protocol, most_connections=most_connections)
        running = asyncio.create_task(server.serve([port]), name="server")
        try:
            await driver.is_open.wait()
            yield Serving(port.getsockname()[1])
        finally:
            server.should_exit = True
            await running
