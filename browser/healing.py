"""Has a browser with tabs, and brings back whatever of them is lost."""

import asyncio
import logging

from playwright.async_api import BrowserContext, Error

from browser.context import open_context
from browser.counting import Count
from browser.engine import Engine
from browser.foreground import Foreground
from browser.pages.scripting import ScriptLibrary, first_line
from browser.pool import Pool
from browser.session import Session, SessionState
from browser.tab import TabOpener
from domain.errors import BrowserDown, GatewayError, SignedOut
from domain.ports import Deadlines
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 10.0
_BACK_OFF = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the n-th attempt in a row to get a tab back."""


class Healer:
    """Owns the browser and fills the pool with its tabs."""

    def __init__(
        self,
        pool: Pool,
        settings: BrowserSettings,
        deadlines: Deadlines,
        library: ScriptLibrary,
        *,
        foreground: Foreground,
        count: Count,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._deadlines = deadlines
        self._library = library
        self._foreground = foreground
        self._count = count
        self.engine: Engine | None = None

    @property
    def connected(self) -> bool:
        return self.engine is not None and self.engine.connected

    async def open(self) -> None:
        """Browser, context and the first tab; the others follow while the first already serves.

        Raises:
            GatewayError: that failed; `close` takes away what there is.
        """
        try:
            engine = self.engine = Engine(self._settings)
            await engine.__aenter__()
            engine.browser.on("disconnected", lambda _: self._on_disconnect())
            context = await open_context(engine, self._settings)
            self._pool.sessions = [self._session(engine, context) for _ in range(self._settings.tabs)]
            await self._pool.sessions[0].open()
        except Error as error:
            self._pool.problem = BrowserDown(f"The browser failed: {first_line(error)}")
            raise self._pool.problem from error
        except GatewayError as error:
            self._pool.problem = error
            raise
        self._pool.problem = None

    async def close(self) -> None:
        for session in self._pool.sessions:
            await session.close()
        self._pool.sessions = []
        engine, self.engine = self.engine, None
        if engine is not None:
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await engine.__aexit__(None, None, None)
            except TimeoutError:
                _log.warning("the browser did not close within %g s", _CLOSE_SECONDS)

    async def keep_ready(self) -> None:
        """Bring every tab that is not usable back, until cancelled."""
        failures = 0
        while True:
            await self._pool.until(lambda: bool(self._pool.lame) or not self._pool.sessions)
            await asyncio.sleep(_BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
            try:
                await self._repair()
                failures = 0
            except Exception as error:  # noqa: BLE001 a background loop: the next attempt may work
                failures += 1
                if isinstance(error, SignedOut):
                    self._pool.refuse(error)
                self._pool.problem = error if isinstance(error, GatewayError) else BrowserDown(str(error))
                self._pool.changed.set()
                _log.warning("bringing the page back failed (attempt %d): %s", failures, error)

    async def _repair(self) -> None:
        if not self.connected:
            self._count("browser_restarts")
            await self.close()
            await self.open()
            return
        for session in self._pool.lame:
            if session.state is SessionState.BROKEN:
                self._count("sessions_renewed")
                await session.close()
            await session.open()
        self._pool.problem = None

    def _session(self, engine: Engine, context: BrowserContext) -> Session:
        opener = TabOpener(engine, context, self._settings, self._deadlines.ready, self._library, self._count)
        return Session(
            opener,
            self._settings,
            self._deadlines,
            foreground=self._foreground,
            count=self._count,
            on_change=self._pool.changed.set,
        )

    def _on_disconnect(self) -> None:
        self._count("browser_disconnects")
        self._pool.break_all("the browser went away")
