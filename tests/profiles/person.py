"""Somebody at the window of a browser, who signs in: through DevTools, beside whoever drives the browser."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from tests.waiting import SECONDS, found


class Person:
    """Looks at the one page of the browser whose DevTools listen at `port`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        await self._connection.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            said = json.loads(await self._connection.recv())
            if said.get("id") == self._last:
                result: dict[str, Any] = said.get("result", {})
                return result

    async def sees(self, expression: str) -> bool:
        told = await self.call("Runtime.evaluate", expression=f"Boolean({expression})")
        return bool(told.get("result", {}).get("value"))

    async def fill(self, selector: str, text: str) -> None:
        """Wait for a field, type into it, and press Enter."""
        field = f"document.querySelector({json.dumps(selector)})"
        await found(lambda: self.sees(field))
        await self.call("Runtime.evaluate", expression=f"{field}.focus()")
        await self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key="Enter", windowsVirtualKeyCode=13, text="\r"
            )

    async def sign_in(self, address: str, password: str, code: str = "") -> None:
        await self.fill("input[name=identifier]", address)
        await self.fill("input[name=Passwd]", password)
        if code:
            await self.fill("input[name=totpPin]", code)

    async def close_window(self) -> None:
        """Return when it is gone: one that is loading may not heed the first request."""
        async with asyncio.timeout(SECONDS):
            while self._connection.state is State.OPEN:
                with suppress(ConnectionClosed, TimeoutError):
                    await self.call("Page.close")
                    await asyncio.wait_for(self._connection.wait_closed(), 1)


@asynccontextmanager
async def person_at(port: int) -> AsyncIterator[Person]:
    """Enters once the browser shows a page."""
    async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(retries=2)) as client:
        address = await found(lambda: _site_page(client, port))
    async with connect(address, max_size=None) as connection:
        yield Person(connection)


async def _site_page(client: httpx.AsyncClient, port: int) -> str:
    """Where the DevTools of the page are that shows the site; empty while there is none."""
    try:
        pages = (await client.get(f"http://127.0.0.1:{port}/json/list")).json()
    except httpx.TransportError:
        return ""
    shown = (page for page in pages if page["type"] == "page" and page["url"].startswith("http"))
    return str(next(shown, {"webSocketDebuggerUrl": ""})["webSocketDebuggerUrl"])
