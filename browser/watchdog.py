"""Notices what tells nobody: tabs that are frozen, a browser that has grown too large, idle hours."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from browser.healing import Healer
from browser.pool import Pool
from browser.session import Session, SessionState
from domain.errors import SignedOut
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_BUSY_MISSES = 3
"""A tab at work may be silent for so many looks: a page that takes in megabytes answers to nothing else."""
_WEIGH_EVERY = 3
"""Looks; adding up the memory of a dozen processes takes some milliseconds."""
_RECYCLE_SECONDS = 300.0
"""Least time between two restarts for the sake of memory: a limit that is too low must not stop service."""


Probe = Callable[[], Awaitable[None]]


class Watchdog:
    """Looks at every tab and at the browser's memory, every so often; off the path of any request."""

    def __init__(self, pool: Pool, healer: Healer, settings: BrowserSettings) -> None:
        self._pool = pool
        self._healer = healer
        self._period = settings.watchdog_seconds
        self._limit = settings.memory_limit_mb
        self._misses: dict[Session, int] = {}
        """How often in a row a tab was silent."""
        self.on_idle: list[Probe] = []
        """Called while no tab is in use, once a period; `SignedOut` from one of them is heeded."""
        self._looks = 0
        self._recycled = -_RECYCLE_SECONDS

    async def run(self) -> None:
        """Look, until cancelled."""
        while self._period:
            await asyncio.sleep(self._period)
            try:
                await self.look(self._period)
            except Exception:  # noqa: BLE001 a background loop: one look that fails must not be the last
                _log.exception("the watchdog failed")

    async def look(self, patience: float) -> None:
        """One look at everything; `patience`: seconds within which a tab answers that is not frozen."""
        if not self._healer.connected:
            self._pool.break_all("the browser went away")
            return
        alive = self._pool.alive
        self._misses = dict(
            filter(None, await asyncio.gather(*(self._missed(each, patience) for each in alive)))
        )
        if self._looks % _WEIGH_EVERY == 0:
            await self._weigh()
        self._looks += 1
        if alive and not any(session.state is SessionState.BUSY for session in self._pool.sessions):
            await self._use_idleness()

    async def _missed(self, session: Session, patience: float) -> tuple[Session, int] | None:
        """How often in a row it was silent by now, if it was and may be so again."""
        tab = session.tab
        if await tab.answers(patience) or not session.shows(tab):
            return None
        misses = self._misses.get(session, 0) + 1
        if misses < (_BUSY_MISSES if session.state is SessionState.BUSY else 1):
            return session, misses
        self._healer.count("frozen_tabs")
        session.break_(f"the tab did not answer for {misses * patience:g} s")
        return None

    async def _weigh(self) -> None:
        now = time.monotonic()
        size = self._healer.memory_mb = await self._healer.weigh()
        if not self._limit or size <= self._limit or now - self._recycled < _RECYCLE_SECONDS:
            return
        self._recycled = now
        self._healer.count("memory_recycles")
        self._healer.recycle(f"the browser takes {size:.0f} MiB, more than {self._limit}")

    async def _use_idleness(self) -> None:
        for use in self.on_idle:
            try:
                await use()
            except SignedOut as error:
                self._pool.refuse(error)
