"""Has a browser with tabs, and brings back whatever of them is lost."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from playwright.async_api import BrowserContext, Error

from browser.context import open_context
from browser.counting import Count
from browser.engine import Engine
from browser.foreground import Foreground
from browser.ladder import Damage, Ladder, Rung, stage_of
from browser.pages.scripting import ScriptLibrary, first_line
from browser.pool import Pool
from browser.profiles.sign_in import SignIn
from browser.session import Session
from browser.tab import TabOpener
from domain.errors import BrowserDown, GatewayError, ProfileInUse, SessionLost, SignedOut
from domain.ports import Deadlines, Healing
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 5.0
_OPEN_SECONDS = 30.0
"""What opening a tab may take beyond loading the page."""
_DRAIN_SECONDS = 15.0
"""How much longer than its own budget an answer may take that a restart waits for."""
_LASTING_SECONDS = 30.0
"""What has been brought back so long ago has lasted."""


class Healer:
    """Owns the browser, fills the pool with its tabs, and climbs the ladder when they are lost."""

    def __init__(
        self,
        pool: Pool,
        settings: BrowserSettings,
        deadlines: Deadlines,
        library: ScriptLibrary,
        *,
        sign_in: SignIn,
        foreground: Foreground,
        count: Count,
        starting: asyncio.Lock | None = None,
    ) -> None:
        self._sign_in = sign_in
        self._pool = pool
        self._settings = settings
        self._deadlines = deadlines
        self._library = library
        self._foreground = foreground
        self.count = count
        self._starting = starting
        self.engine: Engine | None = None
        self.memory_mb = 0.0
        self._context: BrowserContext | None = None
        self._stuck = False
        """The browser did not close a tab: it answers to nothing."""
        self._recycling = ""
        self._hand = asyncio.Lock()
        """Held by whoever changes what there is."""
        self._ladder = Ladder()
        self._last_step = ""
        self._broken_since: float | None = None
        self._back_since = 0.0
        self._served_then = 0

    @property
    def connected(self) -> bool:
        return self.engine is not None and self.engine.connected

    @property
    def stage(self) -> str:
        """What is at fault, for `DriverStatus`."""
        if self._pool.alive:
            return ""
        if isinstance(self._pool.problem, SignedOut | ProfileInUse):
            return "sign_in"
        if not self.connected:
            return "browser"
        return "context" if self._context is None else stage_of(self._pool.problem)

    @property
    def healing(self) -> Healing:
        since = None if self._pool.alive else self._broken_since
        return Healing(
            last_step=self._last_step,
            failures=self._ladder.failures,
            broken_seconds=0.0 if since is None else time.monotonic() - since,
            memory_mb=self.memory_mb,
        )

    async def open(self) -> None:
        """Browser, context and the first tab; the others follow while the first already serves.

        Raises:
            GatewayError: that failed; `close` takes away what there is.
        """
        await self._sign_in.until_worth_trying()
        try:
            state = self._sign_in.load()  # before a browser is started in vain
            engine = self.engine = Engine(self._settings, self.count, self._starting)
            await engine.__aenter__()
            engine.on_gone(lambda: self._on_disconnect(engine))
            await self._open_context(engine, state)
        except Error as error:
            self._pool.problem = BrowserDown(f"The browser failed: {first_line(error)}")
            raise self._pool.problem from error
        except GatewayError as error:
            self._pool.problem = error
            raise

    async def close(self) -> None:
        await self._close_context()
        self._stuck = False
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.__aexit__(None, None, None)

    async def weigh(self) -> float:
        """MiB that the browser takes."""
        return await self.engine.weigh() if self.engine is not None else 0.0

    def kill(self) -> None:
        """End the browser, if there is one, without asking it."""
        if self.engine is not None:
            self.engine.kill()

    def recycle(self, reason: str) -> None:
        """Have the browser replaced as soon as no answer is under way."""
        self._recycling = reason
        self._pool.changed.set()

    async def keep_swept(self) -> None:
        """Close broken tabs at once, until cancelled: whoever waits for their pages is told by that.

        A browser that does not close them, and serves nobody, is ended.
        """
        while True:
            await self._pool.until(lambda: any(session.has_litter for session in self._pool.sessions))
            tabs = [session.detach() for session in self._pool.sessions if session.has_litter]
            if not await _all_closed(tab.close() for tab in tabs if tab is not None):
                self._stuck = True
                if not self._pool.alive:
                    self.kill()  # whoever waits for it, to open a tab say, need not wait on
                self._pool.changed.set()

    async def keep_ready(self) -> None:
        """Bring back what is not usable, until cancelled."""
        while True:
            await self._pool.until(self._has_work)
            if self._broken_since is None:
                self._broken_since = time.monotonic()
            if self._has_proved():
                self._ladder.proved()
            try:
                if self._recycling:
                    async with self._hand:
                        await self._recycle()
                else:
                    await self._climb()
            except Exception as error:  # noqa: BLE001 a background loop: the next attempt may work
                self._on_failure(error)
            else:
                self._on_success()

    def _has_work(self) -> bool:
        return bool(self._recycling or self._pool.lame or not self._pool.sessions)

    def _has_proved(self) -> bool:
        lasted = time.monotonic() - self._back_since > _LASTING_SECONDS
        return not self._ladder.failures and (lasted or self._pool.served > self._served_then)

    async def _climb(self) -> None:
        before, step = self._context, self._ladder.climb(self._damage())
        await asyncio.sleep(step.pause)
        await self._sign_in.until_worth_trying()
        async with self._hand:
            if self._context is before:  # else another one was put in its place meanwhile
                await self._take(self._ladder.look_again(self._damage()))

    async def _take(self, rung: Rung) -> None:
        if rung is Rung.PAGE:
            await self._renew_pages()
            return
        self.heal(rung)
        if rung is Rung.CONTEXT and self.engine is not None:
            state = self._sign_in.load()
            await self._close_context()
            await self._open_context(self.engine, state)
        else:
            self.kill()  # it might not close, and there is nothing left in it to keep
            await self.close()
            await self.open()

    def _damage(self) -> Damage:
        serving = bool(self._pool.alive)
        return Damage(
            browser_gone=not self.connected or (self._stuck and not serving),
            context_gone=self._context is None,
            others_serve=serving,
            failure=self._pool.problem,
        )

    async def _renew_pages(self) -> None:
        for session in self._pool.lame:
            if session.reason != "opening":
                self.heal(Rung.PAGE)
            await session.close()
            await self._open_tab(session)

    async def _recycle(self) -> None:
        _log.warning("the browser is replaced: %s", self._recycling)
        async with self._pool.drained(self._recycling, self._deadlines.total + _DRAIN_SECONDS):
            self._recycling = ""
            await self._sign_in.save()
            self.heal(Rung.BROWSER)
            await self.close()
            await self.open()

    async def use(self, other: SignIn, seconds: float) -> None:
        """Have the browser signed in with another profile; `other` has the old one afterwards, saved back.

        The site is asked first, in a context beside the one in use; then the two are exchanged between two
        answers. Whatever fails before that leaves everything as it was.

        Raises:
            TimeoutError: that took more than `seconds`, mostly because of an answer that runs.
            GatewayError: there is no browser, or the site does not accept the profile.
        """
        async with asyncio.timeout(seconds) as clock, self._hand:
            unused: BrowserContext | None
            unused, sessions = await self._let_in(other)
            try:
                async with self._pool.between_answers(seconds):
                    clock.reschedule(None)  # there is no way back
                    unused = await self._exchange(unused, sessions, other)
            finally:
                await other.detach()
                await self._discard(unused)

    async def _let_in(self, other: SignIn) -> tuple[BrowserContext, list[Session]]:
        """A context and its tabs, the first of which the site has let in."""
        if self.engine is None or not self.connected:
            raise BrowserDown("There is no browser at the moment; try again when it is back.", retry_after=5)
        context, sessions = await self._new_context(self.engine, other.load())
        try:
            await self._open_tab(sessions[0])
        except BaseException as error:
            if isinstance(error, SignedOut):
                other.refused()
            await self._discard(context)
            raise
        return context, sessions

    async def _exchange(
        self, context: BrowserContext, sessions: list[Session], other: SignIn
    ) -> BrowserContext | None:
        """Put a context in the place of the one in use, whose tabs are closed: what stood on them moves."""
        async with self._sign_in.steady:  # a save that has begun is of the profile that it began with
            self._sign_in.trade_places(other)
            self._sign_in.attach(context)
            before = self._pool.exchange(sessions, "another profile is used")
            left, self._context = self._context, context
        self._ladder.proved()
        self._on_success()
        await _all_closed(session.close() for session in before)
        return left

    def heal(self, rung: Rung) -> None:
        """Note that a rung is tried."""
        self._last_step = rung.word
        self.count(f"healing.{rung.word}")

    def _on_failure(self, error: Exception) -> None:
        self._ladder.failed()
        if isinstance(error, SignedOut):
            self._sign_in.forget()
            self._pool.refuse(error)
        self._pool.problem = error if isinstance(error, GatewayError) else BrowserDown(str(error))
        self._pool.changed.set()
        _log.warning("bringing the page back failed (attempt %d): %s", self._ladder.failures, error)

    def _on_success(self) -> None:
        self._ladder.mended()
        self._pool.problem = None
        self._broken_since = None
        self._back_since, self._served_then = time.monotonic(), self._pool.served

    async def _open_context(self, engine: Engine, state: Mapping[str, Any]) -> None:
        """A context with this sign-in and its first tab, which shows whether the site accepts it."""
        context, sessions = await self._new_context(engine, state)
        self._context, self._pool.sessions = context, sessions
        try:
            await self._open_tab(sessions[0])
        except SignedOut:
            self._sign_in.refused()
            raise
        self._sign_in.attach(context)
        self._pool.problem = None

    async def _new_context(
        self, engine: Engine, state: Mapping[str, Any]
    ) -> tuple[BrowserContext, list[Session]]:
        """A context with this sign-in, and its tabs, none of which is open yet."""
        context = await open_context(engine, self._settings, state)
        context.on("close", self._on_context_closed)
        return context, [self._session(engine, context) for _ in range(self._settings.tabs)]

    async def _close_context(self) -> None:
        """Its tabs go first, so that whoever waits for them is told, whether or not the browser answers."""
        self._sign_in.forget()
        sessions, self._pool.sessions = self._pool.sessions, []
        context, self._context = self._context, None
        await _all_closed(session.close() for session in sessions)
        await self._discard(context)

    async def _discard(self, context: BrowserContext | None) -> None:
        if context is None or not self.connected:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await context.close()
        except (TimeoutError, Error) as error:
            _log.info("closing the context: %s", error)

    async def _open_tab(self, session: Session) -> None:
        seconds = self._deadlines.ready + _OPEN_SECONDS
        try:
            async with asyncio.timeout(seconds), self._sign_in.steady:
                await session.open()
        except TimeoutError as error:
            raise SessionLost(f"A tab could not be opened within {seconds:g} s.") from error

    def _session(self, engine: Engine, context: BrowserContext) -> Session:
        opener = TabOpener(engine, context, self._settings, self._deadlines.ready, self._library, self.count)
        return Session(
            opener,
            self._settings,
            self._deadlines,
            foreground=self._foreground,
            count=self.count,
            heal=self.heal,
            on_change=self._pool.changed.set,
        )

    def _on_disconnect(self, engine: Engine) -> None:
        if engine is self.engine and not engine.killed:
            self.count("browser_disconnects")
            self._pool.break_all("the browser went away")

    def _on_context_closed(self, context: BrowserContext) -> None:
        if context is self._context:
            self._context = None
            self._pool.break_all("the browser context was closed")


async def _all_closed(closings: Iterable[Coroutine[None, None, bool]]) -> bool:
    """Whether the browser closed all that it was asked to. Without its driver it fails namelessly."""
    return all(closed is True for closed in await asyncio.gather(*closings, return_exceptions=True))
