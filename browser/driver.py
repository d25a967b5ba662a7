"""The real driver: one browser, one profile, a few tabs that take turns."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from importlib.resources import files
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, Error

from browser.engine import Engine
from browser.flows.chat import ChatFlow
from browser.flows.held import Held
from browser.foreground import Foreground
from browser.pages.scripting import ScriptLibrary, first_line
from browser.pages.selectors import load_selectors
from browser.session import Session, SessionState
from domain.errors import BrowserDown, GatewayError, SessionLost, SignedOut, UnknownModel
from domain.events import Event
from domain.models import ModelCard
from domain.ports import Deadlines, DriverStatus
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_CLEAN_SECONDS = 45.0
_CLOSE_SECONDS = 10.0
_STEP_ASIDE_SECONDS = 2.0
_ATTEMPTS = 2
_ALIVE = {SessionState.READY, SessionState.BUSY, SessionState.HOLDING}
_BACK_OFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the n-th attempt in a row to get a tab back."""


class PageGeneration:
    """A request that stands on a tab; see `domain.ports.Generation`."""

    def __init__(self, session: Session, events: AsyncIterator[Event], warnings: tuple[str, ...]) -> None:
        self.capture = session.capture_name
        self.warnings = warnings
        self._events = events

    def events(self) -> AsyncIterator[Event]:
        return self._events


class PageDriver:
    """Implements `domain.ports.Driver` on AI Studio's chat page.

    Raises:
        SettingsError: the user's selectors cannot be used.
    """

    def __init__(self, settings: BrowserSettings, deadlines: Deadlines) -> None:
        self._settings = settings
        self._deadlines = deadlines
        self._counters: Counter[str] = Counter()
        self._library = ScriptLibrary(load_selectors(settings.selectors_file), self._count)
        self._foreground = Foreground()
        self._stack = AsyncExitStack()
        self._engine: Engine | None = None
        self._sessions: list[Session] = []
        self._changed = asyncio.Event()
        self._problem: GatewayError | None = BrowserDown("The browser has not been started yet.")
        self._background: tuple[asyncio.Task[None], ...] = ()
        self.slots = settings.tabs

    async def open(self) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._close_browser)
            await self._open_browser()
            self._background = (
                asyncio.create_task(self._keep_ready(), name="driver-repairs"),
                asyncio.create_task(self._keep_one_clean(), name="driver-tidying"),
            )
            stack.push_async_callback(self._stop_background)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        await self._stack.aclose()
        self._problem = BrowserDown("The browser has been closed.")

    @asynccontextmanager
    async def prepare(self, request: GenerateRequest) -> AsyncIterator[PageGeneration]:
        session, lease, flow = await self._put(request)
        held: Held | None = None
        try:
            yield PageGeneration(session, self._heard(session, flow), flow.warnings)
            held = flow.held
        finally:
            await self._give_back(session, lease, held)

    async def _heard(self, session: Session, flow: ChatFlow) -> AsyncGenerator[Event]:
        """The answer, for readers who know nothing of Playwright.

        One refusal is no proof of a sign-out: the tab is opened anew, which shows whether it was one.
        """
        try:
            async with aclosing(flow.events()) as events:
                async for event in events:
                    yield event
        except Error as error:
            raise self._failed(session, error) from error
        except SignedOut as error:
            session.break_(error.public_message)
            raise

    async def _put(self, request: GenerateRequest) -> tuple[Session, int, ChatFlow]:
        """Put a request on a tab; a tab that is lost meanwhile has done nothing yet, so another one tries."""
        if continued := await self._continue(request):
            return continued
        for attempt in range(_ATTEMPTS):
            session, lease = await self._take(request.model)
            try:
                return session, lease, await session.put(request, self._card(session, request.model))
            except BaseException as error:
                await self._give_back(session, lease)
                if isinstance(error, SignedOut):
                    self._on_sign_out(error)
                if isinstance(error, Error):
                    error = self._failed(session, error)
                if not isinstance(error, SessionLost | BrowserDown) or attempt == _ATTEMPTS - 1:
                    raise error from None
                self._count("retries")
        raise AssertionError("the last attempt returns or raises")

    async def _continue(self, request: GenerateRequest) -> tuple[Session, int, ChatFlow] | None:
        """Put a request on the tab that holds what it extends.

        `None` when there is no such tab, or its page is not to be trusted or does not take the request. The
        tab is being cleaned then, and a clean one takes the request or tells what is wrong with it.
        """
        session = next((s for s in self._sessions if s.held and s.held.is_extended_by(request)), None)
        if session is None:
            return None
        held, lease = session.held, session.take()
        try:
            flow = await session.put(request, self._card(session, request.model), held)
        except BaseException as error:
            await self._give_back(session, lease)
            if isinstance(error, SignedOut):
                self._on_sign_out(error)
            if isinstance(error, SignedOut) or not isinstance(error, GatewayError | Error):
                raise
            self._count("continuing_failed")
            _log.info("the conversation is not continued but replayed: %s", error)
            return None
        self._count("continued")
        return session, lease, flow

    def _failed(self, session: Session, error: Error) -> BrowserDown:
        session.break_(first_line(error))
        return BrowserDown(f"The browser failed: {first_line(error)}")

    async def models(self) -> tuple[ModelCard, ...]:
        for session in self._sessions:
            if session.cards:
                return session.cards
        raise self._problem or BrowserDown("No page has told its models yet.")

    def status(self) -> DriverStatus:
        alive = self._alive
        return DriverStatus(
            playwright_ready=self._engine is not None,
            browser_connected=self._engine is not None and self._engine.connected,
            page_ready=bool(alive),
            reason="" if alive else self._reason(),
            engine=self._engine.name if self._engine else "",
            capture=alive[0].capture_name if alive else "",
            counters=dict(self._counters),
        )

    @property
    def _alive(self) -> list[Session]:
        return [s for s in self._sessions if s.state in _ALIVE]

    def _reason(self) -> str:
        if self._problem is not None:
            return self._problem.public_message
        return "; ".join(sorted({session.reason for session in self._sessions})) or "no tab is open"

    def _count(self, name: str) -> None:
        self._counters[name] += 1

    def _card(self, session: Session, model: str) -> ModelCard:
        for card in session.cards:
            if card.id == model:
                return card
        raise UnknownModel(f"AI Studio's page offers no model {model!r}.", param="model")

    async def _take(self, model: str) -> tuple[Session, int]:
        """Wait for a ready tab, one that shows the wanted model first."""
        while True:
            ready = [s for s in self._sessions if s.state is SessionState.READY]
            if ready:
                session = min(ready, key=lambda s: s.model != model)
                return session, session.take()
            if isinstance(self._problem, SignedOut) and not self._alive:
                raise self._problem
            self._changed.clear()
            await self._changed.wait()

    async def _give_back(self, session: Session, lease: int, held: Held | None = None) -> None:
        """Clean a tab, or let it hold its conversation where that leaves others for new ones."""
        if held is not None and self._may_hold(session):
            session.hold(lease, held)
            return
        try:
            async with asyncio.timeout(_CLEAN_SECONDS):
                await session.clean(lease)
        except TimeoutError:
            session.break_(f"it could not be cleaned within {_CLEAN_SECONDS:g} s")

    def _may_hold(self, session: Session) -> bool:
        others = [other for other in self._sessions if other is not session]
        spare = any(other.soon_ready or other.state is SessionState.HOLDING for other in others)
        return self._settings.continue_conversations and spare

    async def _open_browser(self) -> None:
        """Browser, context and the first tab; the others follow while the first already serves."""
        try:
            engine = self._engine = Engine(self._settings)
            await engine.__aenter__()
            engine.browser.on("disconnected", lambda _: self._on_disconnect())
            context = await self._new_context(engine)
            self._sessions = [self._session(engine, context) for _ in range(self.slots)]
            await self._sessions[0].open()
        except Error as error:
            self._problem = BrowserDown(f"The browser failed: {first_line(error)}")
            raise self._problem from error
        except GatewayError as error:
            self._problem = error
            raise
        self._problem = None

    def _session(self, engine: Engine, context: BrowserContext) -> Session:
        return Session(
            engine,
            context,
            self._settings,
            self._deadlines,
            self._library,
            foreground=self._foreground,
            count=self._count,
            on_change=self._changed.set,
        )

    async def _new_context(self, engine: Engine) -> BrowserContext:
        context = await engine.new_context(self._settings.auth_profile)
        base = urlsplit(self._settings.ai_studio_url)
        script = files("browser").joinpath("preferences.js").read_text("utf-8")
        await context.add_init_script(script=script.replace("__ORIGIN__", f"{base.scheme}://{base.netloc}"))
        return context

    async def _close_browser(self) -> None:
        for session in self._sessions:
            await session.close()
        self._sessions = []
        engine, self._engine = self._engine, None
        if engine is not None:
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await engine.__aexit__(None, None, None)
            except TimeoutError:
                _log.warning("the browser did not close within %g s", _CLOSE_SECONDS)

    async def _stop_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background)

    def _on_sign_out(self, error: SignedOut) -> None:
        """All tabs share one sign-in: none of them is ready any more."""
        self._problem = error
        for session in self._sessions:
            if session.state in {SessionState.READY, SessionState.HOLDING}:
                session.break_(error.public_message)

    def _on_disconnect(self) -> None:
        self._count("browser_disconnects")
        for session in self._sessions:
            session.break_("the browser went away")
        self._changed.set()

    async def _keep_one_clean(self) -> None:
        """Whenever no tab is clean or about to be, clean the one that has held its conversation longest."""
        while True:
            if self._longest_holding() is None:
                self._changed.clear()
                await self._changed.wait()
                continue
            # Mostly because of a request that has just taken the last clean tab, and is put on it now.
            await self._foreground.step_aside(_STEP_ASIDE_SECONDS)
            if (session := self._longest_holding()) is None:
                continue
            try:
                await self._give_back(session, session.take())
            except Exception as error:  # noqa: BLE001 a background loop: without it new conversations wait
                session.break_(f"it could not be cleaned: {error}")

    def _longest_holding(self) -> Session | None:
        """The tab whose conversation has to make room; `None` while another is clean or about to be."""
        holding = [s for s in self._sessions if s.state is SessionState.HOLDING]
        spare = any(s.soon_ready for s in self._sessions)
        return min(holding, key=lambda s: s.held_since) if holding and not spare else None

    async def _keep_ready(self) -> None:
        """Bring every tab that is not usable back, for as long as the driver is open."""
        failures = 0
        while True:
            lame = [
                s
                for s in self._sessions
                if s.state in {SessionState.OPENING, SessionState.BROKEN, SessionState.CLOSED}
            ]
            if not lame and self._sessions:
                self._changed.clear()
                await self._changed.wait()
                continue
            await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
            try:
                await self._repair(lame)
                failures = 0
            except Exception as error:  # noqa: BLE001 a background loop: the next attempt may work
                failures += 1
                if isinstance(error, SignedOut):
                    self._on_sign_out(error)
                self._problem = error if isinstance(error, GatewayError) else BrowserDown(str(error))
                self._changed.set()
                _log.warning("bringing the page back failed (attempt %d): %s", failures, error)

    async def _repair(self, lame: list[Session]) -> None:
        if self._engine is None or not self._engine.connected:
            self._count("browser_restarts")
            await self._close_browser()
            await self._open_browser()
            return
        for session in lame:
            if session.state is SessionState.BROKEN:
                self._count("sessions_renewed")
                await session.close()
            await session.open()
        self._problem = None
