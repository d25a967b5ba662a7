"""The contract of an event stream, enforced where the stream enters the gateway's HTTP side."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from domain.errors import EmptyAnswer, WireError
from domain.events import CodeRun, Event, Finished, FinishReason, Media, TextDelta, ThoughtDelta, ToolCall

_SAYS_WHY: Final = frozenset(
    {
        FinishReason.MAX_TOKENS,
        FinishReason.SAFETY,
        FinishReason.RECITATION,
        FinishReason.BLOCKLIST,
        FinishReason.PROHIBITED_CONTENT,
        FinishReason.SPII,
        FinishReason.IMAGE_SAFETY,
        FinishReason.IMAGE_PROHIBITED,
    }
)
"""Ends that tell a caller by themselves why there is no content."""


async def checked(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    """Pass events on as long as they keep the contract of `domain.events`.

    `Finished` is passed on when the source has ended after it, so that a second end is noticed.

    Raises:
        WireError: an event after `Finished`, an end without it, or an empty delta.
        EmptyAnswer: the turn ended without text, tool call, media or code, and the end does not say why.
    """
    finished: Finished | None = None
    said_something = False
    async with _closing(events) as source:
        async for event in source:
            if finished is not None:
                raise WireError(f"The answer went on after its end, with {event.kind!r}.")
            if isinstance(event, TextDelta | ThoughtDelta) and not event.text:
                raise WireError(f"The answer contained an empty {event.kind!r} delta.")
            said_something = said_something or isinstance(event, TextDelta | ToolCall | Media | CodeRun)
            if isinstance(event, Finished):
                finished = event
            else:
                yield event
    if finished is None:
        raise WireError("The answer broke off before its end.")
    if not said_something and finished.reason not in _SAYS_WHY:
        raise EmptyAnswer(_nothing_said(finished))
    yield finished


def _nothing_said(finished: Finished) -> str:
    why = f": {finished.message}" if finished.message else "."
    return (
        f"The model ended its turn ({finished.reason.value!r}) without an answer{why} Try again or rephrase."
    )


def _closing(events: AsyncIterator[Event]) -> "aclosing[AsyncGenerator[Event, None]]":
    """Close the source with the context, so that nothing of it is left to the garbage collector."""
    return aclosing(events if isinstance(events, AsyncGenerator) else _as_generator(events))


async def _as_generator(events: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    async for event in events:
        yield event
