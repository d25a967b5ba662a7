"""Gateways that speak Google's protocol, and Google's own client for them."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import httpx2
import uvicorn
from fastapi import FastAPI
from google import genai
from google.genai import types

from api.app import create_app
from api.embeddings.service import EmbeddingRules
from domain.ports import Deadlines
from tests.api.harness import settings_of
from tests.api.scripted import ScriptedDriver

MODEL = "gemini-2.5-flash"
MODELS = f"/v1beta/models/{MODEL}"
GENERATE = f"{MODELS}:generateContent"
STREAM = f"{MODELS}:streamGenerateContent"
COUNT = f"{MODELS}:countTokens"


def says(text: str = "hi", **fields: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


@asynccontextmanager
async def google_app(
    driver: ScriptedDriver, rules: EmbeddingRules, base_path: str = "", **settings: Any
) -> AsyncIterator[FastAPI]:
    """An application with the routes of Google's protocol before those that share an address with them."""
    asked = {"api_key": rules.api_key, "base_url": rules.base_url, "timeout": rules.timeout}
    app = create_app(*settings_of(base_path=base_path, **asked, **settings), Deadlines(), driver)
    try:
        yield app
    finally:
        await app.state.embeddings.aclose()


@asynccontextmanager
async def google_http(
    driver: ScriptedDriver | None = None,
    rules: EmbeddingRules | None = None,
    *,
    opened: bool = True,
    **settings: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that talks to the application without a socket."""
    driver = driver or ScriptedDriver()
    async with (
        google_app(driver, rules or EmbeddingRules(), **settings) as app,
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:2048") as client,
    ):
        if opened:
            await driver.is_open.wait()
        yield client


@dataclass(frozen=True, slots=True)
class GoogleServer:
    """A gateway on a real port, and Google's client of one API version."""

    address: str
    sdk: genai.Client
    http: httpx.AsyncClient


@asynccontextmanager
async def google(
    driver: ScriptedDriver,
    *,
    version: str = "v1beta",
    rules: EmbeddingRules | None = None,
    **settings: Any,
) -> AsyncIterator[GoogleServer]:
    async with (
        google_app(driver, rules or EmbeddingRules(), **settings) as app,
        listening(app) as address,
        google_client(address, version) as sdk,
        httpx.AsyncClient(base_url=address, timeout=10) as http,
    ):
        await driver.is_open.wait()
        yield GoogleServer(address, sdk, http)


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The address of an application behind a real server."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="uvicorn")
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@asynccontextmanager
async def google_client(address: str, version: str = "v1beta") -> AsyncIterator[genai.Client]:
    """Google's client, without environment and without retries."""
    async with httpx2.AsyncClient(timeout=40, trust_env=False) as http:
        options = types.HttpOptions(base_url=address, api_version=version, httpx_async_client=http)
        client = genai.Client(vertexai=False, api_key="12345678", http_options=options)
        try:
            yield client
        finally:
            client.close()
