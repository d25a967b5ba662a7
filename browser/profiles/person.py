"""A person signs in: a browser with a window at AI Studio, and noticing when it has happened.

What the person types goes to the site alone. Signed in is who the page gives its list of models; before
that no script looks at anything.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Error, Frame, Page, Response

from browser.capture.hearing import rpc_method
from browser.engine import Engine
from browser.pages.chat_page import REGION_MARK, ChatPage
from browser.pages.scripting import ScriptLibrary, first_line
from browser.pages.selectors import load_selectors
from domain.errors import BrowserDown, GatewayError, PermissionDenied, SignedOut
from settings import BrowserSettings

_CLOSE_MS = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """Who has signed in: what the browser holds, and the account's address where the page shows it."""

    state: dict[str, Any]
    account: str


async def let_sign_in(settings: BrowserSettings, seconds: float) -> Person:
    """Open a window and wait, for so long, until somebody has signed in there.

    Raises:
        BrowserDown: there is no browser, or no display for it.
        SignedOut: nobody did in time, or the window was closed.
        PermissionDenied: the site is not offered here, or turns this browser away.
        SettingsError: the user's selectors cannot be used.
    """
    async with Engine(settings) as engine:
        try:
            async with asyncio.timeout(seconds), site_opened(engine, settings) as visit:
                return await visit.person()
        except TimeoutError:
            raise SignedOut(
                f"Nobody signed in within {seconds:g} s; start again to have more time."
            ) from None


@asynccontextmanager
async def site_opened(engine: Engine, settings: BrowserSettings) -> AsyncIterator["Visit"]:
    """The site in a context that is signed in to nothing. Raises `BrowserDown`, `SettingsError`."""
    library = ScriptLibrary(load_selectors(settings.selectors_file), lambda _: None)
    context = await engine.new_context(None)
    page = await context.new_page()
    visit = Visit(page, context, ChatPage(page, library, settings.ai_studio_url))
    engine.on_gone(lambda: visit.end(_closed()))
    going = asyncio.create_task(visit.go(f"{settings.ai_studio_url}/prompts/new_chat"), name="sign-in page")
    try:
        yield visit
    finally:
        visit.leave()
        going.cancel()


class Visit:
    """Waits for the first of: the page gets its models, the window goes, the site says no."""

    def __init__(self, page: Page, context: BrowserContext, chat_page: ChatPage) -> None:
        self.context = context
        self._signed_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._page = page
        self._chat_page = chat_page
        self._url = ""
        page.on("close", lambda _: self.end(_closed()))
        page.on("crash", lambda _: self.end(BrowserDown("The window crashed; start again.")))
        page.on("framenavigated", self._on_navigation)
        context.on("response", self._on_response)

    async def person(self) -> Person:
        """Return once somebody has signed in. Raises as `let_sign_in`, but for the time."""
        try:
            await self._signed_in
            return await self._settled()
        except Error as error:
            raise (_closed() if self._page.is_closed() else _failed(self._url, error)) from error

    async def _settled(self) -> Person:
        """Once the chat can be used, all cookies have come; dialogs on top of it are left to the person."""
        await self._chat_page.until_ready()
        account = await self._chat_page.account()
        return Person(dict(await self.context.storage_state(indexed_db=True)), account)

    async def go(self, url: str) -> None:
        """Open the site. That the window was closed meanwhile is told a little later than the failure."""
        self._url = url
        try:
            await self._page.goto(url, wait_until="commit", timeout=0)
        except Error as error:
            with suppress(Error):
                await self._page.wait_for_event("close", timeout=_CLOSE_MS)
            self.end(_failed(url, error))

    def leave(self) -> None:
        """Nobody waits any more, whatever happens to the window."""
        self._signed_in.cancel()

    def end(self, error: GatewayError) -> None:
        if not self._signed_in.done():
            self._signed_in.set_exception(error)

    def _on_response(self, response: Response) -> None:
        if rpc_method(response.url) == "ListModels" and response.ok and not self._signed_in.done():
            self._signed_in.set_result(None)
        main = response.request.is_navigation_request() and response.frame == self._page.main_frame
        if main and response.status == 403:
            self.end(
                PermissionDenied(
                    f"{urlsplit(response.url).hostname} turns this browser away (403); try another network "
                    "address or another browser (BROWSER)."
                )
            )

    def _on_navigation(self, frame: Frame) -> None:
        if frame == self._page.main_frame and REGION_MARK in frame.url:
            self.end(PermissionDenied("AI Studio is not offered in this region or to this network address."))


def _closed() -> SignedOut:
    return SignedOut("The window was closed before anybody had signed in.")


def _failed(address: str, error: Error) -> BrowserDown:
    return BrowserDown(f"{address} could not be shown: {first_line(error)}")
