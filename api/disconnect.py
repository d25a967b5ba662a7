"""Noticing that a caller has gone.

A server of ASGI 2.4 or later says so only when something is sent, and nothing is sent while a model thinks;
so `receive()` is listened to all the time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.types import Receive


@asynccontextmanager
async def while_connected(receive: Receive, on_gone: Callable[[], object]) -> AsyncIterator[None]:
    """Call `on_gone` once if the caller goes while the body of the context runs.

    The request's body must have been read before: this takes every message.
    """
    listener = asyncio.create_task(_listen(receive, on_gone), name="disconnect-listener")
    try:
        yield
    finally:
        listener.cancel()
        await asyncio.wait([listener])
    if not listener.cancelled() and (failure := listener.exception()) is not None:
        raise failure


async def _listen(receive: Receive, on_gone: Callable[[], object]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    on_gone()
