"""The page's own calls of one method, each with its whole answer.

Captures are for answers that have to be heard while they come. What the page asks and gets at once, the
browser itself tells on every engine, and only while somebody listens.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Self

from playwright.async_api import Error, Page, Request

from browser.capture.hearing import rpc_method
from domain.errors import WireError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that has left the page."""

    request: Request
    left: float
    """When, by the loop's clock."""

    @property
    def body(self) -> str | None:
        """What was asked; `None` where the browser does not tell."""
        return self.request.post_data

    async def answer(self) -> tuple[int, bytes]:
        """HTTP status and body, as soon as the answer is complete.

        Raises:
            WireError: the connection broke, or the page gave the call up.
            Error: Playwright's own, when the tab goes meanwhile.
        """
        response = await self.request.response()
        if response is None:
            raise WireError(f"A call of the page broke off: {self.request.failure}.")
        return response.status, await response.body()


class Overhearing:
    """What one tab asks for from here on. A context manager; afterwards nothing listens any more."""

    def __init__(self, page: Page, method: str) -> None:
        self._page = page
        self._method = method
        self._calls: asyncio.Queue[Call] = asyncio.Queue()

    def __enter__(self) -> Self:
        self._page.on("request", self._on_request)
        return self

    def __exit__(self, *_: object) -> None:
        self._page.remove_listener("request", self._on_request)

    async def calls(self) -> AsyncGenerator[Call]:
        """The calls in their order, those that have left before this was asked as well. Never ends."""
        while True:
            yield await self._calls.get()

    async def json(self) -> str:
        """The first answer that is JSON, as text. Never returns where there is none.

        Some browsers tell a body of the site's type as something else than it was.
        """
        async with aclosing(self.calls()) as calls:
            async for call in calls:
                try:
                    status, body = await call.answer()
                    json.loads(body)
                except (WireError, Error, ValueError) as error:
                    _log.debug("overheard no answer of %s: %s", self._method, error)
                    continue
                if status == 200:
                    return body.decode("utf-8")
        raise AssertionError("calls never end")

    def _on_request(self, request: Request) -> None:
        if request.method == "POST" and rpc_method(request.url) == self._method:
            self._calls.put_nowait(Call(request, asyncio.get_running_loop().time()))
