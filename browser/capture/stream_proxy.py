"""The stream proxy's ear: answers as they pass through it, independent of the page and of its engine.

The tab tells what it sends; the proxy hears the answers of all tabs. The digests of the bodies bring the two
together, see `browser.stream_proxy.matching`.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator

from playwright.async_api import Error, Page, Request

from browser.capture.hearing import Ear, Hearing, rpc_method
from browser.counting import Count
from browser.stream_proxy.matching import Matching


class ProxyCapture(Ear):
    """Listens through the gateway's own proxy, which the tab's browser was started with."""

    name = "proxy"

    def __init__(self, page: Page, count: Count, matching: Matching) -> None:
        super().__init__(count)
        self._page = page
        self._matching = matching
        self._list: _List | None = None
        self._listed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        self._page.on("request", self._on_request)
        self._page.on("requestfailed", self._on_failed)
        self.attach(self._page)

    def forget_page(self) -> None:
        self.lost("the page was left")
        self.proven = False
        self._list = None
        if self._listed.done():
            self._listed = asyncio.get_running_loop().create_future()

    async def model_list(self) -> str:
        return await asyncio.shield(self._listed)

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        async for piece in hearing.pieces():
            yield piece

    def heard_list(self, heard: "_List", text: str) -> None:
        """A list of models is complete; one that was asked for before the last navigation is of no use."""
        if heard is self._list and not self._listed.done():
            self.proven = True
            self._listed.set_result(text)

    def _on_request(self, request: Request) -> None:
        method = rpc_method(request.url) if request.method == "POST" else None
        if method not in {"GenerateContent", "ListModels"}:
            return
        digest = _digest(request)
        if method == "ListModels":
            self._list = _List(self)
            self._matching.expect(method, digest or "", self._list)
            return
        self.claim(digest or "untold")
        answer = _Answer(self, digest or "untold")
        if digest is None:
            answer.on_end("the browser does not tell what the page sent")
        else:
            self._matching.expect(method, digest, answer)

    def _on_failed(self, request: Request) -> None:
        """A request that failed before the proxy saw it would be waited for in vain."""
        if request.method != "POST" or rpc_method(request.url) != "GenerateContent":
            return
        digest = _digest(request)
        if self.hearing is not None and self.hearing.request_id == digest:
            self.hearing.on_end(request.failure or "unknown reason")


class _Answer:
    """Passes an answer on to the run that owns it, if one still does."""

    def __init__(self, ear: ProxyCapture, digest: str) -> None:
        self._ear = ear
        self._digest = digest

    def on_response(self, status: int) -> None:
        if hearing := self._ear.of(self._digest):
            hearing.on_response(status)

    def on_data(self, piece: bytes) -> None:
        if hearing := self._ear.of(self._digest):
            hearing.on_data(piece)

    def on_end(self, failure: str | None = None) -> None:
        if hearing := self._ear.ending(self._digest):
            hearing.on_end(failure)


class _List:
    """Collects a list of models."""

    def __init__(self, ear: ProxyCapture) -> None:
        self._ear = ear
        self._pieces: list[bytes] = []

    def on_response(self, status: int) -> None:
        """The body tells."""

    def on_data(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def on_end(self, failure: str | None = None) -> None:
        if failure is None:
            self._ear.heard_list(self, b"".join(self._pieces).decode("utf-8"))


def _digest(request: Request) -> str | None:
    """Of the body; `None` where the browser does not tell it."""
    try:
        body = request.post_data_buffer
    except Error:
        return None
    return None if body is None else hashlib.sha256(body).hexdigest()
