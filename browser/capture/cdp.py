"""Chromium's own ear: the body of the page's request as the network stack receives it.

`Network.streamResourceContent` is called once the headers are there; what arrived before comes back as
its result, what arrives later as `dataReceived` events, which may overtake that result and wait for it.
Bytes are un-gzipped and split anywhere. About 2 ms from the wire, independent of how busy the page is.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from playwright.async_api import CDPSession, Error, Page

from browser.capture.hearing import Ear, Hearing, Unheard, rpc_method
from browser.counting import Count
from domain.errors import SessionLost


class CdpCapture(Ear):
    """Listens through a DevTools session of the tab."""

    name = "cdp"

    def __init__(self, page: Page, count: Count) -> None:
        super().__init__(count)
        self._page = page
        self._client: CDPSession | None = None
        self._generate: set[str] = set()
        """Request ids of GenerateContent calls in flight, owned or not."""
        self._list_id: str | None = None
        self._listed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        """Raises playwright's `Error` where the browser offers no DevTools protocol."""
        client = await self._page.context.new_cdp_session(self._page)
        client.on("Network.requestWillBeSent", self._on_request)
        client.on("Network.responseReceived", self._on_response)
        client.on("Network.dataReceived", self._on_data)
        client.on("Network.loadingFinished", self._on_finished)
        client.on("Network.loadingFailed", self._on_failed)
        await client.send("Network.enable", {"maxPostDataSize": 0})
        self._client = client
        self.attach(self._page)

    def forget_page(self) -> None:
        self.lost("the page was left")
        self._generate.clear()
        self.proven = False
        self._list_id = None
        if self._listed.done():
            self._listed = asyncio.get_running_loop().create_future()

    async def model_list(self) -> str:
        request_id = await asyncio.shield(self._listed)
        return (await self._fetch_body(request_id)).decode("utf-8")

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        if await hearing.status() == 0 or hearing.request_id is None:
            async for piece in hearing.pieces():
                yield piece
            return
        begun = await self._begin(hearing.request_id)
        if begun is None:  # a short answer was over before it could be streamed: its body is kept
            yield await self._fetch_body(hearing.request_id)
            return
        if begun:
            yield begun
        async for piece in hearing.pieces():
            yield piece

    async def _begin(self, request_id: str) -> bytes | None:
        """Switch streaming on; what was received so far, `None` when it is too late for streaming."""
        try:
            reply = await self._send("Network.streamResourceContent", {"requestId": request_id})
        except Error:
            return None
        return base64.b64decode(reply["bufferedData"])

    async def _fetch_body(self, request_id: str) -> bytes:
        try:
            reply = await self._send("Network.getResponseBody", {"requestId": request_id})
        except Error as error:
            raise Unheard(f"The browser no longer has the answer: {error.message}.") from error
        raw: str = reply["body"]
        return base64.b64decode(raw) if reply["base64Encoded"] else raw.encode("utf-8")

    async def _send(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if self._client is None:
            raise SessionLost("The browser tab went away.")
        reply: dict[str, Any] = await self._client.send(method, params)
        return reply

    def _on_request(self, event: dict[str, Any]) -> None:
        if event["request"]["method"] != "POST":  # the CORS preflight goes to the same URL
            return
        match rpc_method(event["request"]["url"]):
            case "GenerateContent":
                self._generate.add(event["requestId"])
                self.claim(event["requestId"])
            case "ListModels":
                self._list_id = event["requestId"]
                self.proven = True

    def _on_response(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._generate and (hearing := self.of(event["requestId"])):
            hearing.on_response(event["response"]["status"])

    def _on_data(self, event: dict[str, Any]) -> None:
        if "data" in event and (hearing := self.of(event["requestId"])):
            hearing.on_data(base64.b64decode(event["data"]))

    def _on_finished(self, event: dict[str, Any]) -> None:
        request_id = event["requestId"]
        if request_id == self._list_id:
            with contextlib.suppress(asyncio.InvalidStateError):
                self._listed.set_result(request_id)
        self._over(request_id, None)

    def _on_failed(self, event: dict[str, Any]) -> None:
        self._over(event["requestId"], event.get("errorText") or "unknown reason")

    def _over(self, request_id: str, failure: str | None) -> None:
        if request_id in self._generate:
            self._generate.discard(request_id)
            if hearing := self.ending(request_id):
                hearing.on_end(failure)
