"""The tabs that take turns: who has one, who waits for one, which may keep its conversation."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from browser.flows.held import Held
from browser.foreground import Foreground
from browser.session import Session, SessionState
from domain.errors import BrowserDown, GatewayError, SignedOut
from domain.models import ModelCard
from domain.requests import GenerateRequest

_CLEAN_SECONDS = 45.0
_STEP_ASIDE_SECONDS = 2.0
_ALIVE = {SessionState.READY, SessionState.BUSY, SessionState.HOLDING}
_LAME = {SessionState.OPENING, SessionState.BROKEN, SessionState.CLOSED}


class Pool:
    """The sessions of one driver. `changed` is set whenever one of them, or the `problem`, has changed."""

    def __init__(
        self, foreground: Foreground, *, continue_conversations: bool, waits_for_sign_in: bool = False
    ) -> None:
        self._foreground = foreground
        self._continue_conversations = continue_conversations
        self.waits_for_sign_in = waits_for_sign_in
        """Whether requests wait while the account is signed out, instead of failing."""
        self._left: asyncio.Queue[tuple[Session, int]] = asyncio.Queue()
        self._answers = 0
        """How many are under way."""
        self.holding_back = 0
        """How many wait for answers to end, or use the time between them: none may begin."""
        self._shut = 0
        """How many want nobody to get a tab."""
        self.served = 0
        """How many answers have been taken to their end."""
        self.sessions: list[Session] = []
        self.changed = asyncio.Event()
        self.problem: GatewayError | None = BrowserDown("The browser has not been started yet.")
        """What the last attempt to have a usable tab failed with."""

    @property
    def alive(self) -> list[Session]:
        """Tabs that serve, or will without being brought back."""
        return [s for s in self.sessions if s.state in _ALIVE]

    @property
    def busy(self) -> bool:
        """Whether a tab has a request."""
        return any(session.state is SessionState.BUSY for session in self.sessions)

    @property
    def lame(self) -> list[Session]:
        """Tabs that have to be brought back."""
        return [s for s in self.sessions if s.state in _LAME]

    @property
    def reason(self) -> str:
        """Why no tab is alive, in words; empty when one is."""
        if self.alive:
            return ""
        if self.problem is not None:
            return self.problem.public_message
        return "; ".join(sorted({session.reason for session in self.sessions})) or "no tab is open"

    def cards(self) -> tuple[ModelCard, ...]:
        """The models that the page offers.

        Raises:
            SessionError: no page has told them.
        """
        for session in self.sessions:
            if session.cards:
                return session.cards
        raise self.problem or BrowserDown("No page has told its models yet.")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Return as soon as something is so; it is asked for again after every change."""
        while not holds():
            self.changed.clear()
            await self.changed.wait()

    async def take(self, model: str) -> tuple[Session, int]:
        """Wait for a ready tab, one that shows the wanted model first; the tab and its lease.

        Raises:
            SignedOut: there will be none.
        """
        while True:
            ready = [s for s in self.sessions if s.state is SessionState.READY]
            if ready and not self._shut:
                session = min(ready, key=lambda s: s.model != model)
                return session, session.take()
            if isinstance(self.problem, SignedOut) and not self.alive and not self.waits_for_sign_in:
                raise self.problem
            self.changed.clear()
            await self.changed.wait()

    def holding(self, request: GenerateRequest) -> Session | None:
        """The tab that still shows the conversation which a request extends."""
        return next((s for s in self.sessions if s.held and s.held.is_extended_by(request)), None)

    async def give_back(self, session: Session, lease: int, held: Held | None = None) -> None:
        """Clean a tab, or let it hold its conversation where that leaves others for new ones."""
        if held is not None and self._may_hold(session):
            session.hold(lease, held)
            return
        try:
            async with asyncio.timeout(_CLEAN_SECONDS):
                await session.clean(lease)
        except TimeoutError:
            session.break_(f"it could not be cleaned within {_CLEAN_SECONDS:g} s")

    def abandon(self, session: Session, lease: int) -> None:
        """Give a tab back without waiting until it is clean."""
        self._left.put_nowait((session, lease))

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Around an answer, from before Run; entered when answers may begin."""
        await self.until(lambda: not self.holding_back)
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1
            self.changed.set()

    @asynccontextmanager
    async def between_answers(self, seconds: float) -> AsyncIterator[None]:
        """No answer is under way, none begins and nobody gets a tab; until then requests are put on tabs.

        Raises:
            TimeoutError: an answer took longer.
        """
        self.holding_back += 1
        try:
            async with asyncio.timeout(seconds):
                await self.until(lambda: not self._answers)
            with self._closed():
                yield
        finally:
            self.holding_back -= 1
            self.changed.set()

    @contextmanager
    def _closed(self) -> Iterator[None]:
        self._shut += 1
        try:
            yield
        finally:
            self._shut -= 1
            self.changed.set()

    @asynccontextmanager
    async def drained(self, reason: str, seconds: float) -> AsyncIterator[None]:
        """Between two answers, with all tabs given up; after `seconds` also in the middle of one.

        Requests that only stand on a tab move to another one afterwards.
        """
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self.between_answers(seconds))
            except TimeoutError:
                stack.enter_context(self._closed())
            self.break_all(reason)
            yield

    def exchange(self, sessions: list[Session], reason: str) -> list[Session]:
        """Have these tabs from now on; the ones before, given up: what stands on them moves."""
        before, self.sessions = self.sessions, sessions
        for session in before:
            session.break_(reason)
        self.problem = None
        self.changed.set()
        return before

    def refuse(self, error: SignedOut) -> None:
        """All tabs share one sign-in: none of them is ready any more."""
        self.problem = error
        for session in self.sessions:
            if session.state in {SessionState.READY, SessionState.HOLDING}:
                session.break_(error.public_message)
        self.changed.set()

    def break_all(self, reason: str) -> None:
        """Give up every tab, whatever it does."""
        for session in self.sessions:
            session.break_(reason)
        self.changed.set()

    async def keep_cleaning(self) -> None:
        """Clean the tabs that were abandoned, each in a task of its own, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                session, lease = await self._left.get()
                tasks.create_task(self._clean(session, lease), name="tab-cleaning")

    async def _clean(self, session: Session, lease: int) -> None:
        try:
            await self.give_back(session, lease)
        except Exception as error:  # noqa: BLE001 a background loop: without it no other tab is cleaned
            session.break_(f"it could not be cleaned: {error}")

    async def keep_one_clean(self) -> None:
        """Whenever no tab is clean or about to be, clean the one that has held its conversation longest."""
        while True:
            await self.until(lambda: self._longest_holding() is not None)
            # Mostly because of a request that has just taken the last clean tab, and is put on it now.
            await self._foreground.step_aside(_STEP_ASIDE_SECONDS)
            if (session := self._longest_holding()) is None:
                continue
            await self._clean(session, session.take())

    def _may_hold(self, session: Session) -> bool:
        others = [other for other in self.sessions if other is not session]
        spare = any(other.soon_ready or other.state is SessionState.HOLDING for other in others)
        return self._continue_conversations and spare

    def _longest_holding(self) -> Session | None:
        """The tab whose conversation has to make room; `None` while another is clean or about to be."""
        holding = [s for s in self.sessions if s.state is SessionState.HOLDING]
        spare = any(s.soon_ready for s in self.sessions)
        return min(holding, key=lambda s: s.held_since) if holding and not spare else None
