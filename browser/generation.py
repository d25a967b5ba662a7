"""A request on its tab, from Run to the end of its answer."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from browser.capture.hearing import Unheard
from browser.counting import Count
from browser.placing import Placed, Placer
from browser.switching import PageProfiles
from browser.wire.frames import ForeignBody
from domain.errors import BrowserDown, GatewayError, SessionLost, SignedOut, UpstreamError
from domain.events import Event
from domain.ports import ignored
from domain.requests import GenerateRequest

_log = logging.getLogger(__name__)
_LOST = (SessionLost, BrowserDown, Unheard)
"""The tab, the browser or the connection went: nothing that the site or the page decided."""


class PageGeneration:
    """Implements `domain.ports.Generation`.

    While nothing has been reported it moves to another tab once, and once to another profile where the user
    wants that.
    """

    def __init__(
        self,
        placer: Placer,
        profiles: PageProfiles,
        request: GenerateRequest,
        placed: Placed,
        ready: float,
        count: Count,
    ) -> None:
        """`ready`: seconds that moving to another tab may take."""
        self._placer = placer
        self._profiles = profiles
        self._profile = profiles.active
        """The one of the tab that it stands on."""
        self._moved = False
        self._switched = False
        self._request = request
        self._placed: Placed | None = placed
        self._ready = ready
        self._count = count
        self._flow = placed.flow

    @property
    def capture(self) -> str:
        return self._flow.capture

    @property
    def warnings(self) -> tuple[str, ...]:
        return self._flow.warnings

    async def events(
        self, on_submit: Callable[[], None] = ignored, on_growth: Callable[[], None] = ignored
    ) -> AsyncGenerator[Event]:
        if await self._profiles.ahead(self._request.model):
            await self._move(SessionLost("Another profile is used."))
        while True:
            said_something = False
            try:
                async with aclosing(self._heard(on_submit, on_growth)) as events:
                    async for event in events:
                        said_something = True
                        yield event
            except GatewayError as error:
                if said_something:
                    raise
                await self._go_on(error)
            else:
                return

    async def _go_on(self, error: GatewayError) -> None:
        """Stand on another tab, after an error of which nothing was told; or raise what is in the way."""
        while await self._may_go_better(error):
            try:
                return await self._move(error)
            except SignedOut as refused:  # found out while it was put there; another profile may do
                error = refused
        raise error

    async def _may_go_better(self, error: GatewayError) -> bool:
        """Whether to ask once more, of what nothing was told: on another tab, or with another profile."""
        if isinstance(error, _LOST) and self._profiles.active != self._profile:
            return True  # the tabs were exchanged while it stood on one: nothing went wrong
        if isinstance(error, _LOST) and not self._moved:
            _log.warning("nothing was heard of the answer, the request is made again: %s", error)
            self._count("retries")
            self._moved = True
            return True
        if self._switched:
            return False
        self._switched = await self._profiles.instead_of(self._profile, self._request.model, error)
        return self._switched

    async def leave(self, *, well: bool) -> None:
        """Give the tab back; nothing where a move to another one failed."""
        if (placed := self._placed) is not None:
            await self._placer.give_back(placed, well=well)

    async def _heard(
        self, on_submit: Callable[[], None], on_growth: Callable[[], None]
    ) -> AsyncGenerator[Event]:
        """The answer, for readers who know nothing of Playwright.

        One refusal is no proof of a sign-out, nor is a web page in place of an answer: the tab is opened
        anew, which shows whether it was one.
        """
        if (placed := self._placed) is None:
            raise SessionLost("The request stands on no tab any more.")
        async with self._placer.answering():
            try:
                with self._placer.guarding(placed.session):
                    async with aclosing(placed.flow.events(on_submit, on_growth)) as events:
                        async for event in events:
                            yield event
            except (SignedOut, ForeignBody) as error:
                placed.session.break_(error.public_message)
                raise
            except UpstreamError as error:
                self._profiles.note(error, self._request.model)
                raise

    async def _move(self, why: GatewayError) -> None:
        """Onto another tab, or the same one once it is clean; where that fails, `why` is the answer."""
        placed, self._placed = self._placed, None
        if placed is not None:
            self._placer.leave(placed)
        try:
            async with asyncio.timeout(self._ready):
                self._placed = placed = await self._placer.put(self._request)
                self._flow, self._profile = placed.flow, self._profiles.active
        except TimeoutError:
            raise why from None
