"""What somebody on another machine sees of a browser, and does in it.

Pictures are taken while somebody waits for one, soon after something was done and more and more seldom then.
What is typed goes to the page and stays nowhere: not in an error, not in the log.
"""

import asyncio
import io
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import BrowserContext, Error, Page

from browser.pages.scripting import first_line
from domain.errors import NotFound, SessionLost
from domain.sign_in import Action, Back, Click, Drag, Picture, Press, Reload, Scroll, SelectAll, Type

_log = logging.getLogger(__name__)
SIZE: Final = (1024, 768)
"""Small enough to be read on a telephone, wide enough that the chat page shows all that makes it ready."""
_QUALITY: Final = 75
_PICTURE_MS: Final = 3000
_ACT_SECONDS: Final = 8.0
_SOON, _SELDOM = 0.12, 1.0
"""Pause between two pictures, in seconds: right after something was done, and later."""
_CALM_SECONDS: Final = 8.0
_DRAG_STEPS: Final = 8
"""Pages notice a drag by the moves on its way."""
_TYPED_KEY_BY_KEY: Final = 64
"""Longer text is put in as a whole, as pasting does."""


class AllowedHosts:
    """Where signing in leads: the site's own domain and what lies below it, and hosts that were added."""

    def __init__(self, site: str, added: tuple[str, ...] = ()) -> None:
        host = urlsplit(site).hostname or ""
        labels = host.split(".")
        is_name = not labels[-1].isdecimal() and ":" not in host
        self._hosts = frozenset({host, *(one.lower() for one in added)})
        self._domain = ".".join(labels[-2:]) if is_name and len(labels) > 1 else host

    def allow(self, url: str) -> bool:
        """Whether a page of this address may be shown; blank pages and the browser's own errors may."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"}:
            return parts.scheme in {"about", "chrome-error", ""}
        host = (parts.hostname or "").lower()
        return host in self._hosts or host == self._domain or host.endswith(f".{self._domain}")


class Screen:
    """The front page of a browser context. Before `show` there is nothing to see, nor after `close`."""

    def __init__(self, home: str, hosts: AllowedHosts, versions: Iterator[int]) -> None:
        self._home = home
        self._hosts = hosts
        self._versions = versions
        self._context: BrowserContext | None = None
        self._closed = False
        self._picture: Picture | None = None
        self._changed = asyncio.Event()
        """Of the picture that is there; a new one for each."""
        self._watchers = 0
        self._stirred = asyncio.Event()
        """Something was done, or somebody has come to watch."""
        self._last_act = 0.0
        self._acting = asyncio.Lock()
        """Waiters get it in the order they came."""
        self.notice = ""
        """What the person should know."""

    @property
    def host(self) -> str:
        """Whose page is in front."""
        pages = self._context.pages if self._context else []
        return (urlsplit(pages[-1].url).hostname or "") if pages else ""

    async def show(self, context: BrowserContext) -> None:
        """Take pictures of this context whenever somebody waits for one, until cancelled."""
        self._context = context
        for page in context.pages:
            if page.viewport_size is not None:  # an engine that fakes a window keeps its own
                with suppress(Error):  # of another size it can be used as well
                    await page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
        self._note_act()
        while True:
            if not self._watchers:
                await self._stirred.wait()
            self._stirred.clear()
            await self._look()
            calm = min(1.0, (asyncio.get_running_loop().time() - self._last_act) / _CALM_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_SOON + calm * (_SELDOM - _SOON)):
                    await self._stirred.wait()

    def close(self) -> None:
        """There is nothing more to see; whoever waits for a picture is told."""
        self._closed = True
        self._picture = None
        self._context = None
        self._tell()

    async def picture(self, after: int, seconds: float) -> Picture | None:
        """As `domain.sign_in.RemoteSignIn.picture`."""
        self._watchers += 1
        self._stirred.set()
        try:
            async with asyncio.timeout(seconds):
                while not self._closed:
                    if self._picture is not None and self._picture.version != after:
                        return self._picture
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            self._watchers -= 1
        return None

    async def act(self, action: Action) -> None:
        """Do one thing, when all that was asked for before is done.

        Raises:
            NotFound: there is no page.
            SessionLost: it does not react.
        """
        async with self._acting:
            try:
                async with asyncio.timeout(_ACT_SECONDS):
                    await self._do(await self._front(), action)
            except (TimeoutError, Error):  # its text may hold what was typed
                raise SessionLost(
                    f"The page did not take {type(action).__name__.lower()!r}; look at the picture, and try "
                    "again."
                ) from None
            finally:
                self._note_act()

    async def _do(self, page: Page, action: Action) -> None:
        match action:
            case Click(x, y, count):
                await page.mouse.click(x, y, click_count=count)
            case Drag(x, y, to_x, to_y):
                await page.mouse.move(x, y)
                await page.mouse.down()
                await page.mouse.move(to_x, to_y, steps=_DRAG_STEPS)
                await page.mouse.up()
            case Scroll(x, y, dx, dy):
                await page.mouse.move(x, y)
                await page.mouse.wheel(dx, dy)
            case Type(text) if len(text) <= _TYPED_KEY_BY_KEY:
                await page.keyboard.type(text)
            case Type(text):
                await page.keyboard.insert_text(text)
            case Press(key, shift):
                await page.keyboard.press(f"Shift+{key}" if shift else key)
            case SelectAll():
                await page.keyboard.press("ControlOrMeta+A")
            case Back():
                await page.go_back(wait_until="commit")
            case Reload():
                await page.reload(wait_until="commit")

    async def _front(self) -> Page:
        """The newest window. One that has left the site and its sign-in is left first."""
        context = self._context
        if context is None or not context.pages:
            raise NotFound("There is no page to act on (any more).")
        page = context.pages[-1]
        if self._hosts.allow(page.url):
            return page
        host = urlsplit(page.url).hostname
        self.notice = (
            f"{host} is not part of signing in, and was left; if it is, as your company's own sign-in, add "
            "it to SIGN_IN_HOSTS."
        )
        if len(context.pages) > 1:
            await page.close()
        else:
            await page.goto(self._home, wait_until="commit", timeout=_PICTURE_MS)
        return context.pages[-1]

    async def _look(self) -> None:
        """Take a picture; a page that is just going, or coming, is looked at again later."""
        try:
            page = await self._front()
            data = await page.screenshot(
                type="jpeg", quality=_QUALITY, scale="css", caret="initial", timeout=_PICTURE_MS
            )
        except (Error, NotFound) as error:
            _log.debug("no picture: %s", first_line(error) if isinstance(error, Error) else error)
            return
        # Where the page had gone by then, its address has been told before its picture.
        if self._closed or not self._hosts.allow(page.url):
            return
        if self._picture is None or self._picture.data != data:
            width, height = Image.open(io.BytesIO(data)).size
            self._picture = Picture(data, "image/jpeg", width, height, next(self._versions))
            self._tell()

    def _note_act(self) -> None:
        self._last_act = asyncio.get_running_loop().time()
        self._stirred.set()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
