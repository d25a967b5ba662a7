"""Running gateways for tests: in-process over ASGI, or behind a real server with the official client."""

import asyncio
import atexit
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI

from api.app import create_app
from api.exchange.exchange import Exchange
from api.exchange.registry import Exchanges
from api.gateway import Gateway
from api.queueing.queue import JobQueue
from api.queueing.worker import Worker
from api.security import Gatekeeper
from domain.completion import Completion, fold_choices
from domain.events import Event
from domain.ports import Deadlines
from domain.requests import GenerateRequest, OutputFormat, Plan, Turn
from tests.api.scripted import ScriptedDriver
from tests.gateway import FILES, ApiSettings, api_settings

NOWHERE = Path("/nonexistent/file")
CHAT = "/v1/chat/completions"
PATIENCE = 10.0
"""Seconds for what takes none, unless the machine is busy."""


def settings_of(**changes: Any) -> ApiSettings:
    """Settings that read no file of the machine, from fields of any group; each has a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=_scratch()))
    return api_settings(folder, **{**dict.fromkeys(FILES, NOWHERE), **changes})


def gatekeeper_of(**changes: Any) -> Gatekeeper:
    settings = settings_of(**changes)
    return Gatekeeper(settings[0], settings[-1])


@cache
def _scratch() -> str:
    """A folder that goes when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="gateway-tests-")
    atexit.register(folder.cleanup)
    return folder.name


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


async def eventually(holds: Callable[[], bool], within: float = PATIENCE) -> None:
    """Give other tasks their turn until `holds()`; the effect has no event of its own to wait for."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110  an observation from outside, without an event to wait for
            await asyncio.sleep(0)


@asynccontextmanager
async def exchanging(
    driver: ScriptedDriver, *, size: int = 8, deadlines: Deadlines | None = None, **chat: Any
) -> AsyncIterator["Desk"]:
    """What serves exchanges, without HTTP."""
    budgets = deadlines or Deadlines()
    queue = JobQueue(size, budgets.queue)
    exchanges = Exchanges(queue, settings_of(**chat)[1])
    worker = Worker(queue, driver, budgets)
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        async with exchanges:
            yield Desk(queue, exchanges)
    finally:
        task.cancel()
        await asyncio.wait([task])


class Desk:
    """Takes plans and gives answers."""

    def __init__(self, queue: JobQueue, exchanges: Exchanges) -> None:
        self.queue = queue
        self.exchanges = exchanges
        self._started = 0

    def start(self, plan: Plan) -> Exchange:
        self._started += 1
        return self.exchanges.start(f"r{self._started}", plan)

    async def ask(self, plan: Plan) -> Completion:
        """The answer to a plan with one choice."""
        [answer] = await fold_choices(self.start(plan).events())
        return answer

    async def events(self, plan: Plan) -> list[Event]:
        return [event async for _, event in self.start(plan).events()]


def plan_of(text: str = "hi", *, system: str = "", model: str = "m", **changes: Any) -> Plan:
    """A plan from fields of the request and of the plan itself."""
    fields = {name: changes.pop(name) for name in tuple(changes) if name in GenerateRequest.__slots__}
    return Plan(GenerateRequest(model, (Turn.of("user", text),), system, **fields), **changes)


def any_object() -> OutputFormat:
    """JSON without a schema."""
    return OutputFormat()
