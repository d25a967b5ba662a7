"""Waiting for what tells nobody: it is looked at again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

SECONDS = 30.0
_PAUSE = 0.01

T = TypeVar("T")


async def found(look: Callable[[], Awaitable[T]], within: float = SECONDS) -> T:
    """The first thing seen that counts as true; TimeoutError when there is none in time."""
    async with asyncio.timeout(within):
        while not (seen := await look()):  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(_PAUSE)
    return seen


async def eventually(holds: Callable[[], object], within: float = SECONDS) -> None:
    """Return as soon as something is so; TimeoutError when it is not in time."""

    async def look() -> bool:
        return bool(holds())

    await found(look, within)
