"""Work that a caller waits for right now, and background work that steps aside for it.

Tabs share the machine: a tab that is being cleaned, with its menus and animations, slows another one on
which a request is just being put.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Foreground:
    """Shared by all tabs of a driver."""

    def __init__(self) -> None:
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def work(self) -> Iterator[None]:
        """A caller waits for what happens inside."""
        self._at_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def step_aside(self, seconds: float) -> None:
        """Return when nobody waits for anything, after `seconds` at the latest."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(0)
                while self._at_work:
                    await self._idle.wait()
                    await asyncio.sleep(0)  # whoever ended a step may begin the next one first
        except TimeoutError:
            return
