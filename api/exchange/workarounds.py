"""What the page could not do lately, so that the next request need not find out again."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from domain.errors import ControlFailed, PageDrift
from domain.events import Event

REMEMBERED_FOR: Final = 600.0
"""Seconds until the page's own way is tried again."""

FUNCTIONS: Final = "function_"
STRUCTURED: Final = "structured_"
"""How the areas of the page's editors begin."""


class Workarounds:
    """Which of the page's editors could not be used, for which model, until when."""

    def __init__(self, remembered_for: float = REMEMBERED_FOR) -> None:
        self._remembered_for = remembered_for
        self._until: dict[tuple[str, str], float] = {}

    def note(self, editor: str, model: str) -> None:
        self._until[editor, model] = time.monotonic() + self._remembered_for

    def needed(self, editor: str, model: str) -> bool:
        return time.monotonic() < self._until.get((editor, model), 0.0)


async def on_page_or_else(
    on_page: AsyncGenerator[Event, None],
    editor: str,
    otherwise: Callable[[ControlFailed | PageDrift], AsyncGenerator[Event, None]],
) -> AsyncGenerator[Event, None]:
    """The events of `on_page`; those of `otherwise` where the page's editor fails before the first event."""
    failure: ControlFailed | PageDrift
    silent = True
    try:
        async with aclosing(on_page):
            async for event in on_page:
                silent = False
                yield event
    except (ControlFailed, PageDrift) as error:
        if not silent or not (error.area or "").startswith(editor):
            raise
        failure = error
    else:
        return
    async with aclosing(otherwise(failure)) as events:
        async for event in events:
            yield event
