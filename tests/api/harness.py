"""Running gateways for tests: in-process over ASGI, or behind a real server with the official client."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI

from api.app import create_app
from api.gateway import Gateway
from domain.ports import Deadlines
from settings import ChatSettings, ServerSettings
from tests.api.scripted import ScriptedDriver
from tests.gateway import FILES, api_settings

NOWHERE = Path("/nonexistent/file")
CHAT = "/v1/chat/completions"


def settings_of(**changes: Any) -> tuple[ServerSettings, ChatSettings]:
    """Settings that read no file of the machine, from fields of either group."""
    return api_settings(**{**dict.fromkeys(FILES, NOWHERE), **changes})


def body(text: str = "hi", **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **fields}


@asynccontextmanager
async def in_process(
    driver: ScriptedDriver, *, opened: bool = True, deadlines: Deadlines | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the application without a socket."""
    app = create_app(*settings_of(**settings), deadlines or Deadlines(), driver)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), _client(transport) as client:
        if opened:
            await driver.is_open.wait()
        yield client


def _client(transport: httpx.ASGITransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:2048")


class Server:
    """A gateway on a real port."""

    def __init__(self, app: FastAPI, port: int) -> None:
        gateway = app.state.gateway
        assert isinstance(gateway, Gateway)
        self.gateway = gateway
        self.base_url = f"http://127.0.0.1:{port}"
        self.http = httpx.AsyncClient(base_url=self.base_url, timeout=10)
        self.openai = AsyncOpenAI(
            base_url=f"{self.base_url}/v1", api_key="12345678", max_retries=0, timeout=10
        )


@asynccontextmanager
async def listening(
    driver: ScriptedDriver, *, deadlines: Deadlines | None = None, **settings: Any
) -> AsyncIterator[Server]:
    """A gateway behind uvicorn, open, with its clients."""
    app = create_app(*settings_of(**settings), deadlines or Deadlines(), driver)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="none")
    uvicorn_server = uvicorn.Server(config)
    server = Server(app, listener.getsockname()[1])
    serving = asyncio.create_task(uvicorn_server.serve(sockets=[listener]), name="uvicorn")
    try:
        await driver.is_open.wait()
        async with server.http, server.openai:
            yield server
    finally:
        uvicorn_server.should_exit = True
        await serving
        listener.close()


async def eventually(holds: Callable[[], bool], within: float = 2.0) -> None:
    """Give other tasks their turn until `holds()`; the effect has no event of its own to wait for."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110  an observation from outside, without an event to wait for
            await asyncio.sleep(0)
