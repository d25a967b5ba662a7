"""From one writer to one reader: a bounded line of events with an end."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

from domain.errors import GatewayError

Item = TypeVar("Item")

ROOM: Final = 4096
"""Events held for a slow reader before the generation has to wait for it; most answers fit whole."""


class Channel(Generic[Item]):
    """One writer, one reader. What was put before the end is still read after it."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._line: deque[Item] = deque()
        self._failure: GatewayError | None = None
        self._ended = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()

    @property
    def full(self) -> bool:
        return len(self._line) >= self._room

    async def put(self, event: Item) -> None:
        """Add an event, waiting for room. After the end it is dropped: nobody will read it."""
        while self.full and not self._ended:
            self._writable.clear()
            await self._writable.wait()
        if not self._ended:
            self._line.append(event)
            self._readable.set()

    def end(self, failure: GatewayError | None = None) -> None:
        """Nothing more will come; `failure` is raised to the reader once it has read the rest."""
        self._ended, self._failure = True, failure
        self._readable.set()
        self._writable.set()

    async def get(self) -> Item | None:
        """The next event, or `None` at a good end. Giving up waiting loses nothing.

        Raises:
            GatewayError: the generation failed, or was cancelled.
        """
        while not self._line:
            if self._ended:
                if self._failure is not None:
                    raise self._failure
                return None
            self._readable.clear()
            await self._readable.wait()
        event = self._line.popleft()
        self._writable.set()
        return event

    async def __aiter__(self) -> AsyncIterator[Item]:
        while (event := await self.get()) is not None:
            yield event
