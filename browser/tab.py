"""One tab on the chat page, with the captures that hear it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from playwright.async_api import BrowserContext, Error, Page

from browser.capture.chain import Chain
from browser.capture.overhearing import Overhearing
from browser.captures import CaptureMaker
from browser.counting import Count
from browser.engine import Engine
from browser.evidence import evidence_of
from browser.pages.chat_page import ChatPage
from browser.pages.scripting import ScriptLibrary, first_line
from browser.wire.models import decode_models
from domain.errors import SessionLost
from domain.models import ModelCard
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 5.0
_SIGN_SECONDS = 1.0
_SILENT_LOOKS = 3
"""As many looks of the watchdog may go by without a sign of a page that loads."""
_EVIDENCE_SECONDS = 15.0
"""The page asks for its models as soon as it starts."""


@asynccontextmanager
async def giving_signs(page: Page, settings: BrowserSettings) -> AsyncIterator[None]:
    """Around the opening of a tab, which nobody else looks at: others wait for it to end.

    Raises:
        SessionLost: its page has frozen.
    """
    if not settings.watchdog_seconds:
        yield
        return
    patience = _SILENT_LOOKS * settings.watchdog_seconds
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience) as clock:

            async def listen() -> None:
                while True:
                    with suppress(Error):  # it navigates, or is gone, which others tell
                        await page.evaluate("0")
                    if not clock.expired():
                        clock.reschedule(loop.time() + patience)
                    await asyncio.sleep(_SIGN_SECONDS)

            listening = asyncio.create_task(listen(), name="signs-of-life")
            try:
                yield
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise SessionLost(f"The tab did not answer for {patience:g} s while it was opened.") from error


class Tab:
    """A page and its captures. `on_lost` is told why the page went, until it is given up by `close`."""

    def __init__(
        self, page: Page, chat_page: ChatPage, captures: Chain, on_lost: Callable[[str], None]
    ) -> None:
        self.page = page
        self.chat_page = chat_page
        self.captures = captures
        self._on_lost: Callable[[str], None] | None = on_lost
        self.model = ""
        """What the page's model card showed when it was loaded."""
        self._cards = tuple[ModelCard, ...]()
        page.on("crash", lambda _: self._lost("the tab crashed"))
        page.on("close", lambda _: self._lost("the tab was closed"))

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """The models that the page offered when it was loaded."""
        return self._cards

    async def load(self, seconds: float) -> None:
        """Load an empty chat and hear the page ask for its models, which proves that a capture works.

        Raises:
            SessionLost: no capture hears the page, or the page does not ask.
            GatewayError: see `ChatPage.load`.
        """
        with Overhearing(self.page, "ListModels") as overheard:
            self.captures.forget_page()
            self.model = (await self.chat_page.load(model=None, seconds=seconds)).model
            try:
                async with asyncio.timeout(_EVIDENCE_SECONDS):
                    self._cards = decode_models(await self.captures.model_list(overheard.json()))
            except TimeoutError as error:
                raise SessionLost(
                    f"Nothing hears the page: in {_EVIDENCE_SECONDS:g} s neither a capture nor the browser "
                    "itself told that it asked for its models.",
                    stage="capture",
                ) from error
        self.chat_page.model_names.learn(self._cards)

    async def answers(self, seconds: float) -> bool:
        """Whether the page's event loop is alive; one that is gone is told by an event of its own."""
        try:
            async with asyncio.timeout(seconds):
                await self.page.evaluate("0")
        except TimeoutError:
            return False
        except Error:  # it navigates
            return True
        return True

    async def close(self) -> bool:
        """Whether the browser closed it. What happens to the page from now on is nobody's business."""
        self._on_lost = None
        self.captures.lost("the tab is closed")  # nothing else tells it where Playwright's driver is gone
        if self.page.is_closed():
            return True
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.page.close()
        except TimeoutError:
            _log.warning("the browser did not close a tab within %g s", _CLOSE_SECONDS)
            return False
        except Error as error:  # gone is gone
            _log.debug("closing a tab: %s", first_line(error))
        return True

    def _lost(self, reason: str) -> None:
        if self._on_lost is not None:
            self._on_lost(reason)


class TabOpener:
    """Opens tabs in one browser context."""

    def __init__(
        self,
        engine: Engine,
        context: BrowserContext,
        settings: BrowserSettings,
        ready_seconds: float,
        library: ScriptLibrary,
        count: Count,
    ) -> None:
        self._engine = engine
        self._context = context
        self._settings = settings
        self._ready_seconds = ready_seconds
        self._library = library
        self._captures = CaptureMaker(engine, settings, count)

    async def open(self, on_lost: Callable[[str], None]) -> Tab:
        """A tab with the captures that the engine can do; one at least hears the page's own start.

        Raises:
            GatewayError: the page cannot be used, or no capture hears it; nothing of the tab remains.
        """
        page = await self._engine.new_page(self._context)
        chat_page = ChatPage(page, self._library, self._settings.ai_studio_url)
        tab = Tab(page, chat_page, self._captures.chain(page, chat_page), on_lost)
        try:
            async with (
                evidence_of(page, self._settings.evidence_dir),
                giving_signs(page, self._settings),
            ):
                await tab.captures.open()
                await tab.load(self._ready_seconds)
        except BaseException:
            await tab.close()
            raise
        return tab
