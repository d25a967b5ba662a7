"""A person signs in: a browser with a window at AI Studio, and noticing when it has happened.

What the person types goes to the site alone. Signed in is who the page gives its list of models; before
that no script looks at anything.
"""

import asyncio
from contextlib import suppress
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
    library = ScriptLibrary(load_selectors(settings.selectors_file), lambda _: None)
    async with Engine(settings) as engine:
        context = await engine.new_context(None)
        page = await context.new_page()
        waiting = _Waiting(page, context)
        engine.browser.on("disconnected", lambda _: waiting.end(_closed()))
        going = asyncio.create_task(
            waiting.go(f"{settings.ai_studio_url}/prompts/new_chat"), name="sign-in page"
        )
        try:
            async with asyncio.timeout(seconds):
                await waiting.signed_in
                return await _settled(context, ChatPage(page, library, settings.ai_studio_url))
        except TimeoutError:
            raise SignedOut(
                f"Nobody signed in within {seconds:g} s; start again to have more time."
            ) from None
        except Error as error:
            raise (_closed() if page.is_closed() else _failed(settings.ai_studio_url, error)) from error
        finally:
            going.cancel()


class _Waiting:
    """For the first of: the page gets its models, the window goes, the site says no."""

    def __init__(self, page: Page, context: BrowserContext) -> None:
        self.signed_in: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._page = page
        page.on("close", lambda _: self.end(_closed()))
        page.on("crash", lambda _: self.end(BrowserDown("The window crashed; start again.")))
        page.on("framenavigated", self._on_navigation)
        context.on("response", self._on_response)

    async def go(self, url: str) -> None:
        """Open the site. That the window was closed meanwhile is told a little later than the failure."""
        try:
            await self._page.goto(url, wait_until="commit", timeout=0)
        except Error as error:
            with suppress(Error):
                await self._page.wait_for_event("close", timeout=_CLOSE_MS)
            self.end(_failed(url, error))

    def end(self, error: GatewayError) -> None:
        if not self.signed_in.done():
            self.signed_in.set_exception(error)

    def _on_response(self, response: Response) -> None:
        if rpc_method(response.url) == "ListModels" and response.ok and not self.signed_in.done():
            self.signed_in.set_result(None)
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


async def _settled(context: BrowserContext, chat_page: ChatPage) -> Person:
    """Once the chat can be used, all cookies have come; dialogs on top of it are left to the person."""
    await chat_page.until_ready()
    account = await chat_page.account()
    return Person(dict(await context.storage_state(indexed_db=True)), account)


def _failed(address: str, error: Error) -> BrowserDown:
    return BrowserDown(f"{address} could not be shown: {first_line(error)}")
