"""The real driver: one browser, one profile, a few tabs that take turns."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from browser.foreground import Foreground
from browser.generation import PageGeneration
from browser.healing import Healer
from browser.pages.scripting import ScriptLibrary
from browser.pages.selectors import load_selectors
from browser.placing import Placed, Placer
from browser.pool import Pool
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from browser.profiles.watch import keep_saved, keep_watched
from browser.switching import PageProfiles
from browser.watchdog import Watchdog
from domain.counts import TokenCount
from domain.errors import BrowserDown, DeadlinePassed, SessionLost, SignedOut
from domain.models import ModelCard
from domain.ports import Deadlines, DriverStatus
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0
"""What closing may take before the browser is killed."""


class PageDriver:
    """Implements `domain.ports.Driver` on AI Studio's chat page.

    Without a `sign_in` the profile of the settings is read, and neither locked nor saved back. `starting` is
    held while its browser starts, for others who start one in the same process.

    Raises:
        SettingsError: the user's selectors cannot be used.
    """

    def __init__(
        self,
        settings: BrowserSettings,
        deadlines: Deadlines,
        sign_in: SignIn | None = None,
        starting: asyncio.Lock | None = None,
    ) -> None:
        self._sign_in = sign_in or SignIn(
            ProfileStore(settings.auth_profiles_dir, settings.ai_studio_url), lambda: settings.auth_profile
        )
        self._counters: Counter[str] = Counter()
        self._ready_seconds = deadlines.ready
        self._counting = asyncio.Lock()
        """One count at a time, so that generations find tabs however much is to be counted."""
        foreground = Foreground()
        self.pool = Pool(
            foreground,
            continue_conversations=settings.continue_conversations,
            waits_for_sign_in=settings.when_signed_out == "wait",
        )
        self.healer = Healer(
            self.pool,
            settings,
            deadlines,
            ScriptLibrary(load_selectors(settings.selectors_file), self._count),
            sign_in=self._sign_in,
            foreground=foreground,
            count=self._count,
            starting=starting,
        )
        self.watchdog = Watchdog(self.pool, self.healer, settings)
        self._placer = Placer(self.pool, self._count)
        self._profiles = PageProfiles(
            self._sign_in.store, self._sign_in, self.pool, self.healer, count=self._count
        )
        self._stack = AsyncExitStack()
        self._background: tuple[asyncio.Task[None], ...] = ()
        self.slots = settings.tabs

    @property
    def profiles(self) -> PageProfiles | None:
        """`None` where the profile in use is not kept from others."""
        return self._profiles if self._sign_in.alone else None

    async def open(self) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.healer.close)
            await self._open_browser()
            stack.push_async_callback(self._sign_in.detach)
            self._background = (
                asyncio.create_task(self.healer.keep_ready(), name="driver-repairs"),
                asyncio.create_task(self.healer.keep_swept(), name="driver-sweeping"),
                asyncio.create_task(self.pool.keep_cleaning(), name="driver-cleaning"),
                asyncio.create_task(self.pool.keep_one_clean(), name="driver-tidying"),
                asyncio.create_task(self.watchdog.run(), name="driver-watchdog"),
                asyncio.create_task(keep_saved(self._sign_in, self.pool), name="sign-in-saving"),
                asyncio.create_task(keep_watched(self._sign_in, self.pool), name="sign-in-watching"),
                asyncio.create_task(self._profiles.keep_signed_in(), name="profile-switching"),
            )
            stack.push_async_callback(self._stop_background)
            self._stack = stack.pop_all()

    async def _open_browser(self) -> None:
        try:
            await self.healer.open()
        except SignedOut as error:
            if not await self._profiles.instead_of(self._profiles.active, "", error):
                raise
            if not self.pool.alive:  # it was no browser that found out
                await self.healer.open()

    async def close(self) -> None:
        """Ends within half a minute: a browser that answers to nothing is killed, which ends the waiting."""
        killing = asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self.healer.kill)
        try:
            await self._stack.aclose()
        finally:
            killing.cancel()
        self.pool.problem = BrowserDown("The browser has been closed.")

    @asynccontextmanager
    async def prepare(self, request: GenerateRequest) -> AsyncIterator[PageGeneration]:
        placed = await self._put(request)
        generation = PageGeneration(
            self._placer, self._profiles, request, placed, self._ready_seconds, self._count
        )
        well = False
        try:
            yield generation
            well = True
        finally:
            await generation.leave(well=well)

    async def _put(self, request: GenerateRequest) -> Placed:
        profile = self._profiles.active
        try:
            return await self._placer.put(request)
        except SignedOut as error:
            if not await self._profiles.instead_of(profile, request.model, error):
                raise
        return await self._placer.put(request)

    async def count(self, request: GenerateRequest) -> TokenCount:
        late = DeadlinePassed(
            "ready", self._ready_seconds, "The page has not told how many tokens it counts."
        )
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._ready_seconds):
                    await stack.enter_async_context(self._counting)
                    try:
                        return await self._counted_on_a_tab(stack, request)
                    except (SessionLost, BrowserDown) as error:  # with a switch of profiles, for instance
                        _log.info("the request is counted again on another tab: %s", error)
                        return await self._counted_on_a_tab(stack, request)
            except TimeoutError as error:
                raise late from error
        raise AssertionError("it returns or raises")

    async def _counted_on_a_tab(self, stack: AsyncExitStack, request: GenerateRequest) -> TokenCount:
        """The tab is given back with `stack`."""
        session, lease = await self.pool.take(request.model)
        stack.push_async_callback(self.pool.give_back, session, lease)
        try:
            with self._placer.guarding(session):
                return await session.count(request, session.card(request.model))
        except SignedOut as error:  # whether it is one shows when the tab is opened anew
            session.break_(error.public_message)
            raise

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
            counters=dict(self._counters + self._sign_in.counters),
            sign_in_expires=self._sign_in.expires,
            stage=self.healer.stage,
            healing=self.healer.healing,
        )

    def _count(self, name: str) -> None:
        self._counters[name] += 1

    async def _stop_background(self) -> None:
        for task in self._background:
            task.cancel()
        await asyncio.wait(self._background)
