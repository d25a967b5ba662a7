"""Which of several profiles is used: changed by hand or, where the user wants that, when the site says no."""

import asyncio
import logging
import time
from collections import deque
from functools import partial

from playwright.async_api import Error

from browser.counting import Count
from browser.healing import Healer
from browser.pages.scripting import first_line
from browser.pool import Pool
from browser.profiles.sign_in import SignIn
from browser.profiles.standing import cool_down_of
from browser.profiles.store import ProfileStore
from domain.errors import (
    BadRequest,
    BrowserDown,
    DeadlinePassed,
    GatewayError,
    ProfileInUse,
    ProfileRefused,
    ProfileUnusable,
    QuotaExhausted,
    RateLimited,
    SignedOut,
)
from domain.profiles import Profile, ProfileState
from settings import SignInSettings

_log = logging.getLogger(__name__)
_MINUTE = 60.0
_AWAY = (QuotaExhausted, RateLimited, SignedOut)
"""Another account may do better."""


class PageProfiles:
    """Implements `domain.profiles.Profiles` for the browser of one driver; `sign_in` is what it uses."""

    def __init__(
        self, store: ProfileStore, sign_in: SignIn, pool: Pool, healer: Healer, *, count: Count
    ) -> None:
        self._store = store
        self._sign_in = sign_in
        self._pool = pool
        self._healer = healer
        self._count = count
        self._rules = sign_in.rules or SignInSettings()
        self._one_at_a_time = asyncio.Lock()
        self._switched: deque[float] = deque()
        """When profiles were switched by themselves, in the last minute."""

    @property
    def active(self) -> str:
        return self._sign_in.name

    @property
    def automatic(self) -> bool:
        return self._rules.switch == "on_quota" and self._sign_in.alone

    def all(self) -> tuple[Profile, ...]:
        return self._store.all()

    def rename(self, name: str, new: str) -> None:
        self._store.rename(name, new)

    def retire(self, name: str) -> None:
        self._store.retire(name)

    def export(self, name: str) -> bytes:
        file = self._store.existing(name)
        try:
            state, _ = self._store.load(file)
        except ProfileUnusable as error:
            raise BadRequest(
                f"The profile {file.stem!r} cannot be exported: {error.problem}.", param="name"
            ) from None
        return state.dump()

    def add(self, name: str, content: bytes, *, replace: bool = False) -> None:
        try:
            self._store.add(name, content, replace=replace)
        except ProfileUnusable as error:
            raise BadRequest(f"This is no profile: {error.problem}.") from None

    async def activate(self, name: str) -> None:
        async with self._one_at_a_time:
            await self._activate(name, "as asked")
            await self._seen()

    async def _seen(self) -> None:
        """Where there was no browser to try it in, wait for what the site says when there is one.

        Raises:
            ProfileRefused: it is in use, for there is no other, and does not serve.
            DeadlinePassed: nobody knows yet.
        """
        old, seconds = self._pool.problem, self._rules.switch_timeout
        try:
            async with asyncio.timeout(seconds):
                await self._pool.until(lambda: bool(self._pool.alive) or self._pool.problem is not old)
        except TimeoutError as error:
            on = f"The profile {self.active!r} is in use now; whether it signs in is not known yet."
            raise DeadlinePassed("switch", seconds, on) from error
        if not self._pool.alive:
            raise ProfileRefused(f"The profile {self.active!r} is in use now, but: {self._pool.reason}")

    async def keep_signed_in(self) -> None:
        """Whenever nothing can be served because the profile is signed out, use another; until cancelled."""
        while self.automatic:
            await self._pool.until(lambda: isinstance(self._pool.problem, SignedOut) and not self._pool.alive)
            problem = self._pool.problem
            if problem is not None and not await self.instead_of(self.active, "", problem):
                await self._pool.until(partial(self._has_other_problem, problem))

    def _has_other_problem(self, than: GatewayError) -> bool:
        return self._pool.problem is not than

    def note(self, error: GatewayError, model: str) -> None:
        """Remember what the site has just said about the account in use."""
        cool_down = cool_down_of(error, model, self._store.now(), self._rules.cooldown)
        if cool_down is not None:
            self._sign_in.cool_down(cool_down)

    async def instead_of(self, name: str, model: str, error: GatewayError) -> bool:
        """Whether another profile is in use than the one of that name, on which a request for a model failed.

        Where the user wants that, one is looked for that may do better.
        """
        if not self.automatic or not isinstance(error, _AWAY):
            return False
        async with self._one_at_a_time:
            return self.active != name or await self._switch(model, error.public_message)

    async def ahead(self, model: str) -> bool:
        """Leave a profile that cools down for a model before it is asked; whether that was done."""
        if not self.automatic or not self._sign_in.cools(model):
            return False
        async with self._one_at_a_time:
            return not self._sign_in.cools(model) or await self._switch(model, f"it cools down for {model}")

    async def _switch(self, model: str, why: str) -> bool:
        for name in await asyncio.to_thread(self._candidates, model):
            if not self._may_switch():
                _log.warning(
                    "the profile %s goes on: profiles were switched PROFILE_SWITCHES_PER_MINUTE=%d times",
                    self.active,
                    self._rules.switches_per_minute,
                )
                return False
            try:
                await self._activate(name, why)
            except (ProfileRefused, ProfileInUse) as error:
                _log.warning("%s", error)
            except GatewayError as error:
                _log.warning("the profile %s is not used: %s", name, error)
                return False
            else:
                return True
        return False

    def _candidates(self, model: str) -> list[str]:
        """Profiles that may do better, the one first that was not used for longest."""
        now, found = self._store.now(), []
        for profile in self._store.all():
            standing = self._store.standing(self._store.file(profile.name))
            usable = profile.state in {ProfileState.OK, ProfileState.COOLING_DOWN} and not profile.active
            if usable and not standing.cools(model, now):
                found.append((standing.used, profile.name))
        return [name for _, name in sorted(found)]

    def _may_switch(self) -> bool:
        """Whether the minute's budget has room; takes it up."""
        now = time.monotonic()
        while self._switched and now - self._switched[0] > _MINUTE:
            self._switched.popleft()
        if len(self._switched) >= self._rules.switches_per_minute:
            return False
        self._switched.append(now)
        return True

    async def _activate(self, name: str, why: str) -> None:
        file, before = self._store.existing(name), self.active
        if self._sign_in.uses(file):
            if not self._pool.alive:
                raise ProfileRefused(f"The profile {before!r} is in use already, but: {self._pool.reason}")
            return
        try:
            with self._sign_in.another(file) as other:
                await self._take(other)
        except SignedOut as error:
            said = error.detail if isinstance(error, ProfileUnusable) else error.public_message
            _log.warning("the profile %s is not used: %s", file.stem, said)
            on = f"{before!r} goes on" if before else "there is none"
            raise ProfileRefused(
                f"The profile {file.stem!r} is not used, {on}: {error.public_message}"
            ) from error
        self._count("profile_switches")
        _log.info("the profile %s is used instead of %s: %s", file.stem, before or "none", why)

    async def _take(self, other: SignIn) -> None:
        if self._healer.engine is None and isinstance(self._pool.problem, SignedOut | ProfileInUse):
            other.load()
            async with self._sign_in.steady:
                self._sign_in.trade_places(other)  # the browser is opened with it, by whoever opens it
            return
        seconds = self._rules.switch_timeout
        try:
            await self._healer.use(other, seconds)
        except Error as error:
            raise BrowserDown(f"The browser failed: {first_line(error)}") from error
        except TimeoutError as error:
            on = f"The profile {self.active!r} goes on; see PROFILE_SWITCH_TIMEOUT_SECONDS."
            raise DeadlinePassed("switch", seconds, on) from error
