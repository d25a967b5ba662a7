"""A whole gateway inside the test's loop, listening on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from openai import AsyncOpenAI

from api.app import create_app
from api.server import HttpServer, listen
from domain.ports import NO_BACKSTAGE, Backstage, Deadlines, Driver
from settings import AccessSettings, ChatSettings, EmbeddingSettings, FileSettings, ServerSettings

START_SECONDS = 30.0
FILES = ("key_file", "excluded_models_file", "model_aliases_file")
"""Settings that would otherwise read files of the machine."""


ApiSettings = tuple[ServerSettings, ChatSettings, FileSettings, EmbeddingSettings, AccessSettings]


def api_settings(folder: Path, **changes: Any) -> ApiSettings:
    """The groups that the HTTP side takes, from fields of any; callers' files are kept in `folder`."""
    own = {
        "upload_dir": "uploads",
        "files_dir": "store",
        "admin_token_file": "admin_token",
        "named_keys_file": "keys.json",
    }
    changes = {**{name: folder / path for name, path in own.items()}, **changes}
    access = {name: changes.pop(name) for name in AccessSettings.model_fields if name in changes}
    chat = {name: changes.pop(name) for name in ChatSettings.model_fields if name in changes}
    files = {name: changes.pop(name) for name in FileSettings.model_fields if name in changes}
    vectors = {name: changes.pop(name) for name in EmbeddingSettings.model_fields if name in changes}
    return (
        ServerSettings(**changes),
        ChatSettings(**chat),
        FileSettings(**files),
        EmbeddingSettings(**vectors),
        AccessSettings(**access),
    )


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """Where it listens, and the driver behind it."""

    address: str
    driver: Driver

    def openai(self, **options: Any) -> AsyncOpenAI:
        """The official client, without its own retries."""
        return AsyncOpenAI(
            base_url=f"{self.address}/v1", **{"api_key": "unused", "max_retries": 0, "timeout": 40, **options}
        )

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.address, timeout=40)


@asynccontextmanager
async def running_gateway(
    driver: Driver,
    deadlines: Deadlines,
    folder: Path,
    *,
    backstage: Backstage = NO_BACKSTAGE,
    status: int = 200,
    **changes: Any,
) -> AsyncIterator[RunningGateway]:
    """Serve until the block ends; enters when `/health` answers with `status`.

    `folder` stands for the user's files; `changes` are server or chat settings by field name.
    """
    files = {name: folder / f"{name}.txt" for name in FILES}
    settings = api_settings(folder, **{**files, **changes})
    with listen("127.0.0.1", 0) as port:
        app = create_app(*settings, deadlines, driver, backstage)
        server = HttpServer(app, app.state.gateway)
        serving = asyncio.create_task(server.serve([port]), name="test gateway")
        running = RunningGateway(f"http://127.0.0.1:{port.getsockname()[1]}", driver)
        try:
            await _until(status, running, serving)
            yield running
        finally:
            server.should_exit = True
            await serving


async def _until(status: int, running: RunningGateway, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(START_SECONDS), running.http() as client:
        while not serving.done():
            try:
                if (await client.get("/health")).status_code == status:
                    return
            except httpx.TransportError:
                pass
            await asyncio.wait({serving}, timeout=0.05)
