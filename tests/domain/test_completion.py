"""The fold of events."""

from collections.abc import AsyncIterator

from domain.completion import fold, fold_choices
from domain.events import Event, Finished, FinishReason, TextDelta, ThoughtDelta

STOP = Finished(FinishReason.STOP)


async def test_choices_are_told_apart_and_ordered_by_their_index() -> None:
    async def events() -> AsyncIterator[tuple[int, Event]]:
        for item in ((1, TextDelta("b")), (0, TextDelta("a")), (1, TextDelta("c")), (1, STOP), (0, STOP)):
            yield item

    assert [done.text for done in await fold_choices(events())] == ["a", "bc"]


async def test_text_and_thoughts_are_joined_as_they_are() -> None:
    async def events() -> AsyncIterator[Event]:
        for event in (ThoughtDelta(" t"), TextDelta(" a"), TextDelta("\r\n"), STOP):
            yield event

    done = await fold(events())
    assert (done.text, done.thoughts, done.finished) == (" a\r\n", " t", STOP)
