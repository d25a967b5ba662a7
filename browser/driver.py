"""The real driver: one browser, one profile, a few tabs that take turns."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from playwright.async_api import Error

from browser.flows.chat import ChatFlow
from browser.foreground import Foreground
from browser.healing import Healer
from browser.pages.scripting import ScriptLibrary, first_line
from browser.pages.selectors import load_selectors
from browser.pool import Pool
from browser.session import Session
from domain.counts import TokenCount
from domain.errors import BrowserDown, DeadlinePassed, GatewayError, SessionLost, SignedOut
from domain.events import Event
from domain.models import ModelCard
from domain.ports import Deadlines, DriverStatus
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_ATTEMPTS = 2


class PageGeneration:
    """A request that stands on a tab; see `domain.ports.Generation`."""

    def __init__(self, flow: ChatFlow, events: AsyncIterator[Event]) -> None:
        self._flow = flow
        self._events = events

    @property
    def capture(self) -> str:
        return self._flow.capture

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._flow.warnings

    def events(self) -> AsyncIterator[Event]:
        return self._events


class PageDriver:
    """Implements `domain.ports.Driver` on AI Studio's chat page.

    Raises:
        SettingsError: the user's selectors cannot be used.
    """

    def __init__(self, settings: BrowserSettings, deadlines: Deadlines) -> None:
        self._counters: Counter[str] = Counter()
        self._ready_seconds = deadlines.ready
        self._counting = asyncio.Lock()
        """One count at a time, so that generations find tabs however much is to be counted."""
        foreground = Foreground()
        self.pool = Pool(foreground, continue_conversations=settings.continue_conversations)
        self.healer = Healer(
            self.pool,
            settings,
            deadlines,
            ScriptLibrary(load_selectors(settings.selectors_file), self._count),
            foreground=foreground,
            count=self._count,
        )
        self._stack = AsyncExitStack()
        self._background: tuple[asyncio.Task[None], ...] = ()
        self.slots = settings.tabs

    async def open(self) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.healer.close)
            await self.healer.open()
            self._background = (
                asyncio.create_task(self.healer.keep_ready(), name="driver-repairs"),
                asyncio.create_task(self.pool.keep_one_clean(), name="driver-tidying"),
            )
            stack.push_async_callback(self._stop_background)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        await self._stack.aclose()
        self.pool.problem = BrowserDown("The browser has been closed.")

    @asynccontextmanager
    async def prepare(self, request: GenerateRequest) -> AsyncIterator[PageGeneration]:
        session, lease, flow = await self._put(request)
        well = False
        try:
            yield PageGeneration(flow, self._heard(session, flow))
            well = True
        finally:
            await self.pool.give_back(session, lease, flow.held if well else None)

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
            session, lease = await self.pool.take(request.model)
            try:
                return session, lease, await session.put(request, session.card(request.model))
            except BaseException as error:
                await self.pool.give_back(session, lease)
                if isinstance(error, SignedOut):
                    self.pool.refuse(error)
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
        session = self.pool.holding(request)
        if session is None:
            return None
        held, lease = session.held, session.take()
        try:
            flow = await session.put(request, session.card(request.model), held)
        except BaseException as error:
            await self.pool.give_back(session, lease)
            if isinstance(error, SignedOut):
                self.pool.refuse(error)
            if isinstance(error, SignedOut) or not isinstance(error, GatewayError | Error):
                raise
            self._count("continuing_failed")
            _log.info("the conversation is not continued but replayed: %s", error)
            return None
        self._count("continued")
        return session, lease, flow

    async def count(self, request: GenerateRequest) -> TokenCount:
        late = DeadlinePassed(
            "ready", self._ready_seconds, "The page has not told how many tokens it counts."
        )
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._ready_seconds):
                    await stack.enter_async_context(self._counting)
                    session, lease = await self.pool.take(request.model)
                    stack.push_async_callback(self.pool.give_back, session, lease)
                    return await self._counted(session, request)
            except TimeoutError as error:
                raise late from error
        raise AssertionError("it returns or raises")

    async def _counted(self, session: Session, request: GenerateRequest) -> TokenCount:
        try:
            return await session.count(request, session.card(request.model))
        except Error as error:
            raise self._failed(session, error) from error
        except SignedOut as error:  # whether it is one shows when the tab is opened anew
            session.break_(error.public_message)
            raise

    def _failed(self, session: Session, error: Error) -> BrowserDown:
        session.break_(first_line(error))
        return BrowserDown(f"The browser failed: {first_line(error)}")

    async def models(self) -> tuple[ModelCard, ...]:
        return self.pool.cards()

    def status(self) -> DriverStatus:
        alive = self.pool.alive
        engine = self.healer.engine
        return DriverStatus(
            playwright_ready=engine is not None,
            browser_connected=self.healer.connected,
            page_ready=bool(alive),
            reason=self.pool.reason,
            engine=engine.name if engine else "",
            capture=alive[0].capture_name if alive else "",
            counters=dict(self._counters),
        )

    def _count(self, name: str) -> None:
        self._counters[name] += 1

    async def _stop_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background)
