"""Conversations with files, and a gateway whose folder for the files of requests can be looked into."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from domain.attachments import Attachment
from tests.api.attaching import PNG
from tests.api.harness import CHAT, eventually, in_process
from tests.api.scripted import Script, ScriptedDriver


def data_url(content: bytes, kind: str = "") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def user(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts), **fields}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def picture(content: bytes = PNG) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(content)}}


@dataclass
class Chat:
    """A gateway, its client and its folder for the files of requests."""

    client: httpx.AsyncClient
    driver: ScriptedDriver
    uploads: Path

    async def post(self, *messages: dict[str, Any], **fields: Any) -> httpx.Response:
        return await self.client.post(CHAT, json={"messages": messages, **fields})

    async def sent(self, *messages: dict[str, Any], **fields: Any) -> list[tuple[Attachment, bytes]]:
        """What the driver was given."""
        response = await self.post(*messages, **fields)
        assert response.status_code == 200, response.text
        return self.driver.records[-1].files

    async def is_clean(self) -> None:
        """Wait until no request has a folder."""
        await eventually(lambda: not self.uploads.exists() or not list(self.uploads.iterdir()))


@asynccontextmanager
async def chatting(folder: Path, *scripts: Script, **settings: Any) -> AsyncIterator[Chat]:
    driver = ScriptedDriver(*scripts)
    uploads = folder / "uploads"
    async with in_process(driver, upload_dir=uploads, **settings) as client:
        yield Chat(client, driver, uploads)
