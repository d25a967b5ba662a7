"""One signed-in tab, one job at a time: opening → ready → busy → ready or holding → broken → closed."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from playwright.async_api import BrowserContext, Error, Page

from browser.capture.cdp import CdpCapture
from browser.capture.hearing import Capture
from browser.capture.in_page import InPageCapture
from browser.counting import Count
from browser.engine import Engine
from browser.evidence import keep_evidence
from browser.flows.chat import ChatFlow
from browser.flows.held import Held
from browser.foreground import Foreground
from browser.pages.chat_page import ChatPage
from browser.pages.scripting import ScriptLibrary, first_line
from browser.wire.models import decode_models
from domain.errors import ControlFailed, GatewayError, PageDrift, SessionLost
from domain.models import ModelCard
from domain.ports import Deadlines
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_EVIDENCE_SECONDS = 15.0
"""The page asks for its models as soon as it starts; a capture that has not heard that by now is deaf."""
_STOP_MS = 800
_IDLE_MS = 1500
_STEP_ASIDE_SECONDS = 2.0


class SessionState(StrEnum):
    OPENING = "opening"
    READY = "ready"
    BUSY = "busy"
    HOLDING = "holding"
    BROKEN = "broken"
    CLOSED = "closed"


class Session:
    """One tab of a browser context. `on_change` is called whenever the state changes."""

    def __init__(
        self,
        engine: Engine,
        context: BrowserContext,
        settings: BrowserSettings,
        deadlines: Deadlines,
        library: ScriptLibrary,
        *,
        foreground: Foreground,
        count: Count,
        on_change: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._context = context
        self._settings = settings
        self._deadlines = deadlines
        self._library = library
        self._foreground = foreground
        self._count = count
        self._on_change = on_change
        self._page: Page | None = None
        self._chat_page: ChatPage | None = None
        self._capture: Capture | None = None
        self._flow: ChatFlow | None = None
        self._lease = 0
        self.held: Held | None = None
        """The conversation that the page still shows; only while it is holding."""
        self.held_since = 0.0
        self._cleaning = False
        self.state = SessionState.OPENING
        self.reason = "opening"
        """Why the session is not ready; empty when it is."""
        self.model = ""
        """What the page's model card shows."""
        self.cards: tuple[ModelCard, ...] = ()

    @property
    def soon_ready(self) -> bool:
        """Whether the tab is clean, or is being cleaned."""
        return self.state is SessionState.READY or self._cleaning

    @property
    def capture_name(self) -> str:
        return self._capture.name if self._capture else ""

    async def open(self) -> None:
        """Open the tab, install a capture, and load an empty chat.

        Raises:
            GatewayError: the page cannot be used; nothing of the tab remains.
        """
        self._become(SessionState.OPENING, "opening")
        try:
            async with self._evidence():
                await self._open_with_some_capture()
                await self._settle_chat()
                self._require_unbroken()
        except BaseException as error:
            await self.close()
            if isinstance(error, Error):
                raise SessionLost(f"The tab was lost while opening: {first_line(error)}") from error
            raise
        self._become(SessionState.READY, "")

    def _require_unbroken(self) -> None:
        if self.state is not SessionState.OPENING:
            raise SessionLost(f"The tab was lost while opening: {self.reason}.")

    async def close(self) -> None:
        """Close the tab. May be called in any state."""
        page, self._page = self._page, None
        self._become(SessionState.CLOSED, "closed")
        if page is not None and not page.is_closed():
            with contextlib.suppress(Error):  # gone is gone
                await page.close()

    def take(self) -> int:
        """Reserve for one job; the lease that `clean` wants back."""
        self._lease += 1
        self._become(SessionState.BUSY, "busy")
        return self._lease

    async def put(self, request: GenerateRequest, card: ModelCard, held: Held | None = None) -> ChatFlow:
        """Put a request on the page, short of Run; as one more turn of what the page `held`, if anything."""
        page, capture = self._parts()
        flow = self._flow = ChatFlow(page, capture, self._settings, self._deadlines, self._foreground)
        async with self._evidence():
            with self._foreground.work():
                await flow.put(request, card, held)
        self.model = request.model
        return flow

    def hold(self, lease: int, held: Held) -> None:
        """Leave the page as it is, for a request that goes on with it. It has to be cleaned for any other."""
        if self.state is SessionState.BUSY and lease == self._lease:
            self._become(SessionState.HOLDING, "")
            self.held, self.held_since = held, time.monotonic()

    async def clean(self, lease: int) -> None:
        """Make ready for the next job: nothing runs, nothing of the last one is left.

        A session that cannot be cleaned is broken, and says why. One that was lost and brought back
        meanwhile belongs to somebody else by now: an old lease changes nothing.
        """
        if not self._is_leased(lease):
            return
        flow, self._flow = self._flow, None
        self._cleaning = True
        try:
            await self._clean(
                finished=flow is not None and flow.finished, doubtful=flow is not None and flow.doubtful
            )
        except (GatewayError, Error) as error:
            if self._is_leased(lease):
                self.break_(str(error))
        except BaseException:
            if self._is_leased(lease):
                self.break_("its cleaning was interrupted")
            raise
        else:
            if self._is_leased(lease):
                self._become(SessionState.READY, "")
        finally:
            self._cleaning = False

    def _is_leased(self, lease: int) -> bool:
        return self.state is SessionState.BUSY and lease == self._lease

    def break_(self, reason: str) -> None:
        """Give the session up; whoever owns it opens another."""
        if self.state not in {SessionState.BROKEN, SessionState.CLOSED}:
            _log.warning("session broken: %s", reason)
            self._count("sessions_broken")
            self._become(SessionState.BROKEN, reason)

    @asynccontextmanager
    async def _evidence(self) -> AsyncIterator[None]:
        """Keep what the page showed when it was not understood."""
        try:
            yield
        except (PageDrift, ControlFailed) as error:
            if self._page is not None:
                area = error.area if isinstance(error, PageDrift) else "control"
                await keep_evidence(self._page, self._settings.evidence_dir, area)
            raise

    async def _clean(self, *, finished: bool, doubtful: bool) -> None:
        page, capture = self._parts()
        capture.disarm()
        if finished:
            await page.chat.settle(_IDLE_MS)
        if not await page.chat.press_stop(_STOP_MS):
            raise SessionLost("The page did not stop generating when asked to.")
        await self._foreground.step_aside(_STEP_ASIDE_SECONDS)
        if (await page.chat.state()).obstructed:  # a vote on the answer blocks the page until it is settled
            await page.chat.close_overlays()
        emptied = False
        with contextlib.suppress(GatewayError):  # whatever the reason: loading the page is the way out
            emptied = not doubtful and await page.chat.empty() and (await page.chat.state()).clean
        self._require(page)
        if not emptied:
            self._count("pages_reloaded")
            await self._load()
            self._require(page)
        await self._settle_chat()

    def _require(self, page: ChatPage) -> None:
        """A tab that was lost may have been replaced meanwhile; the new one is not this cleaner's."""
        if self._chat_page is not page:
            raise SessionLost("The tab was replaced while it was being cleaned.")

    async def _settle_chat(self) -> None:
        """What can be prepared before the next request is known."""
        page, _ = self._parts()
        state = await page.chat.state()
        if state.obstructed:
            await page.chat.close_overlays()
        if self._settings.temporary_chat and not state.temporary:
            with contextlib.suppress(GatewayError):  # reported when a request needs it
                await page.chat.make_temporary()

    async def _open_with_some_capture(self) -> None:
        """The first capture that hears the page's own start."""
        choices: list[Callable[[Page], Capture]] = []
        if self._settings.capture in {"auto", "cdp"}:
            choices.append(lambda page: CdpCapture(page, self._count))
        if self._settings.capture in {"auto", "in_page"}:
            choices += [self._in_page(prefix) for prefix in self._engine.hook_prefixes]
        problem = "no capture is configured"
        for make in choices:
            page = self._page = await self._engine.new_page(self._context)
            page.on("crash", lambda lost: self._on_lost(lost, "the tab crashed"))
            page.on("close", lambda lost: self._on_lost(lost, "the tab was closed"))
            self._chat_page = ChatPage(page, self._library, self._settings.ai_studio_url)
            self._capture = make(page)
            try:
                await self._capture.open()
                await self._load()
            except (Error, TimeoutError) as error:
                said = first_line(error) if isinstance(error, Error) else "it does not hear the page"
                problem = f"{self._capture.name}: {said}"
                _log.info("capture %s", problem)
                await self._discard_page(page)
            else:
                return
        raise SessionLost(f"No capture can hear the page ({problem}).")

    def _in_page(self, prefix: str) -> Callable[[Page], Capture]:
        return lambda page: InPageCapture(page, self._count, prefix)

    async def _discard_page(self, page: Page) -> None:
        self._page = None
        with contextlib.suppress(Error):
            await page.close()

    def _on_lost(self, page: Page, reason: str) -> None:
        """A page that has been given up is none of this session's business any more."""
        if page is self._page:
            self.break_(reason)

    async def _load(self) -> None:
        """Load an empty chat and hear the page ask for its models, which proves that the capture works."""
        page, capture = self._parts()
        capture.forget_page()
        self.model = (await page.load(model=None, seconds=self._deadlines.ready)).model
        async with asyncio.timeout(_EVIDENCE_SECONDS):
            self.cards = decode_models(await capture.model_list())

    def _parts(self) -> tuple[ChatPage, Capture]:
        if self._page is None or self._chat_page is None or self._capture is None:
            raise SessionLost(f"The session is {self.state}: {self.reason}.")
        return self._chat_page, self._capture

    def _become(self, state: SessionState, reason: str) -> None:
        self.state, self.reason = state, reason
        self.held = None
        self._on_change()
