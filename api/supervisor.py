"""Opens the browser in the background and keeps the reason while it cannot."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Final

from domain.errors import BrowserDown, GatewayError
from domain.ports import Driver

log = logging.getLogger(__name__)

BACK_OFF: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds between one failed opening and the next try; the last one repeats."""


class Supervisor:
    """Owns the opening of one driver. `run` ends when the driver is open, or by cancellation."""

    def __init__(self, driver: Driver, back_off: Iterable[float] = BACK_OFF) -> None:
        self._driver = driver
        self._back_off = tuple(back_off)
        self._open = False
        self._failure: GatewayError | None = None

    @property
    def reason(self) -> str:
        """Why nothing can be served right now; empty when it can."""
        if self._failure is not None:
            return self._failure.public_message
        if not self._open:
            return "The browser is starting."
        return self._driver.status().reason

    def require_open(self) -> None:
        """Let requests pass once the driver has been opened; what happens to it later is its own to tell.

        Raises:
            BrowserDown: still starting.
            GatewayError: the last opening failed with this.
        """
        if self._failure is not None:
            raise self._failure
        if not self._open:
            raise BrowserDown("The browser is still starting; try again in a moment.", retry_after=2)

    async def run(self) -> None:
        """Open the driver, again and again with growing pauses."""
        failures = 0
        while not await self._try_open():
            pause = self._back_off[min(failures, len(self._back_off) - 1)]
            failures += 1
            log.warning("opening the browser failed, next try in %g s: %s", pause, self.reason)
            await asyncio.sleep(pause)

    async def _try_open(self) -> bool:
        try:
            await self._driver.open()
        except GatewayError as error:
            self._failure = error
            return False
        except Exception as error:  # background loop: a defect in opening must stay visible, not end the try
            log.exception("opening the browser failed unexpectedly")
            self._failure = BrowserDown(
                f"The browser could not be opened ({type(error).__name__}); see the log."
            )
            return False
        self._open, self._failure = True, None
        log.info("the browser is open")
        return True
