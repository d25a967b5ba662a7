"""Request bodies that are not to be held in memory: read piece by piece, and not for ever."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.requests import ClientDisconnect

from domain.errors import BadRequest, Cancelled, TooLarge

MOST_DESCRIPTION: Final = 64 * 1024
"""Bytes of JSON, or of one form field, that may come with a file."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly a body may come: at least `least` bytes in every `window` seconds, but for its end."""

    window: float = 60.0
    least: int = 16 * 1024


async def chunks_of(request: Request, pace: Pace) -> AsyncIterator[bytes]:
    """The body, in pieces as they come; none of them is empty.

    Raises:
        BadRequest: it comes too slowly.
        Cancelled: the caller has gone.
    """
    clock = asyncio.get_running_loop().time
    stream = request.stream()
    since, got = clock(), 0
    while True:
        try:
            async with asyncio.timeout(pace.window):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise _too_slow(pace) from None
        except ClientDisconnect:
            raise Cancelled("The caller went away while sending the file.") from None
        if chunk is None:
            return
        got += len(chunk)
        if clock() - since > pace.window:
            if got < pace.least:
                raise _too_slow(pace)
            since, got = clock(), 0
        if chunk:
            yield chunk


async def small(chunks: AsyncIterator[bytes], what: str) -> bytes:
    """All of it.

    Raises:
        TooLarge: more than `MOST_DESCRIPTION` bytes.
    """
    whole = bytearray()
    async for chunk in chunks:
        whole += chunk
        if len(whole) > MOST_DESCRIPTION:
            raise TooLarge(f"{what} is larger than {MOST_DESCRIPTION} bytes.")
    return bytes(whole)


def _too_slow(pace: Pace) -> BadRequest:
    return BadRequest(
        f"The body came too slowly: less than {pace.least} bytes in {pace.window:g} s. Send it again, "
        "or in smaller pieces."
    )
