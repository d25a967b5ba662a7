"""One signed-in tab, one job at a time: opening → ready → busy → ready or holding → broken → closed."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from playwright.async_api import Error

from browser.capture.overhearing import Overhearing
from browser.counting import Count
from browser.evidence import evidence_of
from browser.flows.chat import ChatFlow
from browser.flows.count import METHOD as COUNT_TOKENS
from browser.flows.count import page_count
from browser.flows.held import Held
from browser.foreground import Foreground
from browser.ladder import Rung
from browser.pages.scripting import first_line
from browser.tab import Tab, TabOpener, giving_signs
from domain.counts import TokenCount
from domain.errors import GatewayError, SessionLost, UnknownModel
from domain.models import ModelCard
from domain.ports import Deadlines
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
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
    """One tab of a browser context.

    `on_change` is called whenever the state changes, `heal` before a step that makes the page usable again.
    """

    def __init__(
        self,
        opener: TabOpener,
        settings: BrowserSettings,
        deadlines: Deadlines,
        *,
        foreground: Foreground,
        count: Count,
        heal: Callable[[Rung], None],
        on_change: Callable[[], None],
    ) -> None:
        self._opener = opener
        self._settings = settings
        self._deadlines = deadlines
        self._foreground = foreground
        self._count = count
        self._heal = heal
        self._on_change = on_change
        self._tab: Tab | None = None
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
    def has_litter(self) -> bool:
        """Whether it is broken and its tab is still there."""
        return self.state is SessionState.BROKEN and self._tab is not None

    @property
    def generating(self) -> bool:
        """Whether an answer is under way."""
        return self._flow is not None and self._flow.running

    @property
    def capture_name(self) -> str:
        return self._tab.captures.name if self._tab else ""

    @property
    def tab(self) -> Tab:
        """Raises `SessionLost` where there is none."""
        if self._tab is None:
            raise SessionLost(f"The session is {self.state}: {self.reason}.")
        return self._tab

    def card(self, model: str) -> ModelCard:
        """Raises `UnknownModel` where the page does not offer it."""
        for card in self.cards:
            if card.id == model:
                return card
        raise UnknownModel(f"AI Studio's page offers no model {model!r}.", param="model")

    async def open(self) -> None:
        """Open the tab, install its captures, and load an empty chat.

        Raises:
            GatewayError: the page cannot be used; nothing of the tab remains.
        """
        self._become(SessionState.OPENING, "opening")
        try:
            tab = self._tab = await self._opener.open(self.break_)
            self._note(tab)
            async with (
                evidence_of(tab.page, self._settings.evidence_dir),
                giving_signs(tab.page, self._settings),
            ):
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

    async def close(self) -> bool:
        """Close the tab, in any state; false where the browser does not."""
        tab = self.detach()
        self._become(SessionState.CLOSED, "closed")
        return tab is None or await tab.close()

    def detach(self) -> Tab | None:
        """Have no tab any more; whoever gets it closes it."""
        tab, self._tab = self._tab, None
        return tab

    def shows(self, tab: Tab) -> bool:
        """Whether this is still its tab."""
        return self._tab is tab

    def take(self) -> int:
        """Reserve for one job; the lease that `clean` wants back."""
        self._lease += 1
        self._become(SessionState.BUSY, "busy")
        return self._lease

    async def put(self, request: GenerateRequest, card: ModelCard, held: Held | None = None) -> ChatFlow:
        """Put a request on the page, short of Run; as one more turn of what the page `held`, if anything."""
        tab = self.tab
        flow = self._flow = ChatFlow(
            tab.chat_page, tab.captures, self._settings, self._deadlines, self._foreground
        )
        async with evidence_of(tab.page, self._settings.evidence_dir):
            with self._foreground.work():
                await flow.put(request, card, held)
        self.model = request.model
        return flow

    async def count(self, request: GenerateRequest, card: ModelCard) -> TokenCount:
        """Put a request on the page and hear how many tokens the page says it has; see `page_count`."""
        tab = self.tab
        with Overhearing(tab.page, COUNT_TOKENS) as heard:
            return await page_count(heard, await self.put(request, card), tab.chat_page.chat)

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
        if flow is not None and flow.lost:
            self.break_("the page did not stop when asked to")
            return
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

    async def _clean(self, *, finished: bool, doubtful: bool) -> None:
        tab = self.tab
        chat = tab.chat_page.chat
        tab.captures.disarm()
        if finished:
            await chat.settle(_IDLE_MS)
        if not await chat.press_stop(_STOP_MS):
            raise SessionLost("The page did not stop generating when asked to.")
        await self._foreground.step_aside(_STEP_ASIDE_SECONDS)
        covered = False
        if (await chat.state()).obstructed:  # a vote on the answer blocks the page until it is settled
            self._heal(Rung.OVERLAYS)
            covered = not await chat.close_overlays()
        emptied = False
        with suppress(GatewayError):  # whatever the reason: loading the page is the way out
            if not (doubtful or covered):
                emptied = await chat.empty(answered=finished) and (await chat.state()).clean
        self._require(tab)
        if not emptied:
            self._heal(Rung.RELOAD)
            await tab.load(self._deadlines.ready)
            self._require(tab)
            self._note(tab)
        await self._settle_chat()

    def _require(self, tab: Tab) -> None:
        """A tab that was lost may have been replaced meanwhile; the new one is not this cleaner's."""
        if self._tab is not tab:
            raise SessionLost("The tab was replaced while it was being cleaned.")

    async def _settle_chat(self) -> None:
        """What can be prepared before the next request is known."""
        chat = self.tab.chat_page.chat
        state = await chat.state()
        if state.obstructed:
            await chat.close_overlays()
        if self._settings.temporary_chat and not state.temporary:
            with suppress(GatewayError):  # reported when a request needs it
                await chat.make_temporary()

    def _note(self, tab: Tab) -> None:
        self.model, self.cards = tab.model, tab.cards

    def _become(self, state: SessionState, reason: str) -> None:
        self.state, self.reason = state, reason
        self.held = None
        self._on_change()
