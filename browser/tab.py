"""One tab on the chat page, with the capture that hears it."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from playwright.async_api import BrowserContext, Error, Page

from browser.capture.cdp import CdpCapture
from browser.capture.hearing import Capture
from browser.capture.in_page import InPageCapture
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
_EVIDENCE_SECONDS = 15.0
"""The page asks for its models as soon as it starts; a capture that has not heard that by now is deaf."""

MakeCapture = Callable[[Page], Capture]


class Tab:
    """A page and its capture. `on_lost` is told why the page went, until it is given up by `close`."""

    def __init__(
        self, page: Page, chat_page: ChatPage, capture: Capture, on_lost: Callable[[str], None]
    ) -> None:
        self.page = page
        self.chat_page = chat_page
        self.capture = capture
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
        """Load an empty chat and hear the page ask for its models, which proves that the capture works.

        Raises:
            TimeoutError: the capture does not hear the page.
            GatewayError: see `ChatPage.load`.
        """
        self.capture.forget_page()
        self.model = (await self.chat_page.load(model=None, seconds=seconds)).model
        async with asyncio.timeout(_EVIDENCE_SECONDS):
            self._cards = decode_models(await self.capture.model_list())

    async def close(self) -> None:
        """What happens to the page from here on is nobody's business any more."""
        self._on_lost = None
        if not self.page.is_closed():
            with contextlib.suppress(Error):  # gone is gone
                await self.page.close()

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
        self._count = count

    async def open(self, on_lost: Callable[[str], None]) -> Tab:
        """A tab with the first capture that hears the page's own start.

        Raises:
            GatewayError: the page cannot be used, or no capture hears it; nothing of the tab remains.
        """
        problem = "no capture is configured"
        for make in self._choices():
            tab = await self._new_tab(make, on_lost)
            try:
                async with evidence_of(tab.page, self._settings.evidence_dir):
                    await tab.capture.open()
                    await tab.load(self._ready_seconds)
            except (Error, TimeoutError) as error:
                said = first_line(error) if isinstance(error, Error) else "it does not hear the page"
                problem = f"{tab.capture.name}: {said}"
                _log.info("capture %s", problem)
                await tab.close()
            except BaseException:
                await tab.close()
                raise
            else:
                return tab
        raise SessionLost(f"No capture can hear the page ({problem}).")

    async def _new_tab(self, make: MakeCapture, on_lost: Callable[[str], None]) -> Tab:
        page = await self._engine.new_page(self._context)
        chat_page = ChatPage(page, self._library, self._settings.ai_studio_url)
        return Tab(page, chat_page, make(page), on_lost)

    def _choices(self) -> list[MakeCapture]:
        """The captures to try, in order."""
        choices: list[MakeCapture] = []
        if self._settings.capture in {"auto", "cdp"}:
            choices.append(lambda page: CdpCapture(page, self._count))
        if self._settings.capture in {"auto", "in_page"}:
            choices += [self._in_page(prefix) for prefix in self._engine.hook_prefixes]
        return choices

    def _in_page(self, prefix: str) -> MakeCapture:
        return lambda page: InPageCapture(page, self._count, prefix)
