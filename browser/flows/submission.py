"""Presses Run once, and waits for the page's own request or for what the page says instead of sending one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from browser.capture.chain import Listening
from browser.pages.chat_page import ChatPage
from browser.wire.refusals import error_from_words
from domain.errors import DeadlinePassed, GatewayError

_log = logging.getLogger(__name__)
_QUICK_SECONDS = 0.3
"""A page that sends at all has mostly sent by then; only afterwards is it worth reading what it says."""
_LOST_CLICK_SECONDS = 2.0
"""Without any sign of a request after this long, it is worth looking whether the click arrived at all."""
_BREATH_SECONDS = 0.2
_LAST_LOOK_SECONDS = 0.5
_WATCH_MS = 60_000
"""For so long the page is watched at a time."""


class Submission:
    """One press of Run on a page that shows `shown` turns before it."""

    def __init__(self, page: ChatPage, listening: Listening, shown: int) -> None:
        self._page = page
        self._listening = listening
        self._shown = shown
        self._told: tuple[str, ...] = ()
        """What the page said of its own accord before Run."""

    async def send(self, budget: float, *, first: Callable[[], Awaitable[None]]) -> None:
        """Return as soon as the page's request has left; `first` looks once more at what is sent.

        A second click follows only where the page shows that the first had no effect.

        Raises:
            DeadlinePassed: the page sent nothing, and did not say why, within `budget` seconds.
            GatewayError: the page said why it sends nothing.
            ControlFailed: Run cannot be pressed.
        """
        try:
            async with asyncio.timeout(budget):
                await first()
                self._told = await self._page.chat.press_run()
                if await self._requested_within(_QUICK_SECONDS):
                    return
                async with self._watching() as sent:
                    if not await sent(_LOST_CLICK_SECONDS - _QUICK_SECONDS):
                        await self._click_again()
                        await sent(None)
        except TimeoutError as error:
            raise DeadlinePassed("submit", budget, await self._why_nothing_left()) from error

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator["_Sent"]:
        tasks = (
            asyncio.create_task(self._listening.requested(), name="request-heard"),
            asyncio.create_task(self._listening.submitted(), name="request-noticed"),
            asyncio.create_task(self._refusal(), name="page-notices"),
        )
        try:
            yield _Sent(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _refusal(self) -> GatewayError:
        """What the page says that it did not say before Run, as soon as that means something."""
        told = self._told
        while True:
            notices = await self._page.notices.since(told, _WATCH_MS)
            for notice in notices:
                if error := error_from_words(notice.text):
                    return error
                _log.info("after Run the page says %r", notice.text)
            told = (*told, *(notice.text for notice in notices))

    async def _click_again(self) -> None:
        state = await self._page.chat.state()
        if state.filled and not state.running and state.turns <= self._shown:
            _log.warning("the click on Run had no effect; pressing it again")
            await self._page.chat.press_run()

    async def _requested_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._listening.requested()
        except TimeoutError:
            return False
        return True

    async def _why_nothing_left(self) -> str:
        """In words, if the page still answers at all."""
        try:
            async with asyncio.timeout(_LAST_LOOK_SECONDS):
                state = await self._page.chat.state()
        except TimeoutError:
            return "The page does not answer any more."
        if state.notice:
            return f"The page says {state.notice!r}."
        if state.running:
            return (
                "The page shows that it is generating, but its request never left. The site may distrust "
                "this browser: open the page by hand with the same profile and press Run to see."
            )
        return "Run was pressed but the page sent no request."


class _Sent:
    """Waits for one of three signs: the request was heard, somebody noticed it, or the page refused it."""

    def __init__(
        self, heard: asyncio.Task[None], noticed: asyncio.Task[None], refusal: asyncio.Task[GatewayError]
    ) -> None:
        self._heard = heard
        self._noticed = noticed
        self._refusal = refusal

    async def __call__(self, seconds: float | None) -> bool:
        """Whether the request has left by then. Raises what the page says instead.

        A turn that has ended looks the same whether it was answered or refused, and the page says why only
        with its next breath: a refusal may follow for a moment.
        """
        signs = {self._heard, self._noticed, self._refusal}
        await asyncio.wait(signs, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self._heard.done():
            return True
        if self._noticed.done() and not self._refusal.done():
            await asyncio.wait(
                {self._heard, self._refusal}, timeout=_BREATH_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        if self._refusal.done() and not self._heard.done():
            raise self._refusal.result()
        return self._heard.done() or self._noticed.done()
