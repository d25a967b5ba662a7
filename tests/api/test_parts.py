"""Small parts on their own: the contract's source, the disconnect listener, the fold that is none."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from starlette.types import Message

from api.disconnect import while_connected
from api.openai.encode import AnswerStyle, completion_object
from api.queueing.contract import checked
from domain.completion import Completion
from domain.errors import WireError
from domain.events import Event, Finished, FinishReason, TextDelta
from tests.api.harness import eventually

STOP = Finished(FinishReason.STOP)


class PlainIterator:
    """An asynchronous iterator that is no generator."""

    def __init__(self, *events: Event) -> None:
        self._events: Iterator[Event] = iter(events)

    def __aiter__(self) -> "PlainIterator":
        return self

    async def __anext__(self) -> Event:
        for event in self._events:
            return event
        raise StopAsyncIteration


async def test_contract_is_kept_for_any_iterator() -> None:
    assert [event async for event in checked(PlainIterator(TextDelta("x"), STOP))] == [TextDelta("x"), STOP]


async def test_broken_contract_closes_the_source_at_once() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[Event]:
        try:
            while True:
                yield TextDelta("")
        finally:
            closed.set()

    with pytest.raises(WireError):
        [event async for event in checked(endless())]
    assert closed.is_set()


async def test_caller_that_goes_is_noticed_once() -> None:
    gone: list[str] = []
    messages: asyncio.Queue[Message] = asyncio.Queue()
    async with while_connected(messages.get, lambda: gone.append("gone")):
        messages.put_nowait({"type": "http.request"})
        messages.put_nowait({"type": "http.disconnect"})
        await eventually(lambda: bool(gone))
    assert gone == ["gone"]


async def test_failing_receive_is_not_lost() -> None:
    async def broken() -> Message:
        raise ConnectionError("no transport")

    async def listened() -> None:
        async with while_connected(broken, lambda: None):
            await asyncio.sleep(0)

    with pytest.raises(ConnectionError, match="no transport"):
        await listened()


def test_completion_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no end"):
        completion_object("id", "m", 0, [Completion()], AnswerStyle())
