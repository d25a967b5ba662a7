"""Puts requests on tabs: on the one that holds their conversation, or on a clean one."""

import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from playwright.async_api import Error

from browser.counting import Count
from browser.flows.chat import ChatFlow
from browser.pages.scripting import first_line
from browser.pool import Pool
from browser.session import Session
from domain.errors import BrowserDown, GatewayError, SessionLost, SignedOut
from domain.requests import GenerateRequest

_log = logging.getLogger(__name__)
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Placed:
    """A request on its tab, short of Run. Whoever has it gives the tab back."""

    session: Session
    lease: int
    flow: ChatFlow


class Placer:
    """Takes tabs from the pool for requests."""

    def __init__(self, pool: Pool, count: Count) -> None:
        self._pool = pool
        self._count = count

    async def put(self, request: GenerateRequest) -> Placed:
        """Put a request on a tab; a tab that is lost meanwhile has done nothing yet, so another one tries."""
        if continued := await self._continue(request):
            return continued
        for attempt in range(1, _ATTEMPTS + 1):
            session, lease = await self._pool.take(request.model)
            try:
                with self.guarding(session):
                    return Placed(session, lease, await session.put(request, session.card(request.model)))
            except BaseException as error:
                self._give_up(session, lease, error)
                if attempt == _ATTEMPTS or not self._may_work_elsewhere(error):
                    raise
                self._count("retries")
        raise AssertionError("the last attempt returns or raises")

    def answering(self) -> AbstractAsyncContextManager[None]:
        """Around an answer, from before Run."""
        return self._pool.answering()

    def leave(self, placed: Placed) -> None:
        """Give a tab back without waiting for it."""
        self._pool.abandon(placed.session, placed.lease)

    async def give_back(self, placed: Placed, *, well: bool) -> None:
        """`well`: the answer was taken to its end, so the page may be left as it is."""
        held = placed.flow.held if well else None
        self._pool.served += well
        await self._pool.give_back(placed.session, placed.lease, held)

    def _may_work_elsewhere(self, failure: BaseException) -> bool:
        if isinstance(failure, SignedOut):
            return self._pool.waits_for_sign_in
        return isinstance(failure, SessionLost | BrowserDown)

    async def _continue(self, request: GenerateRequest) -> Placed | None:
        """Put a request on the tab that holds what it extends.

        `None` when there is no such tab, or its page is not to be trusted or does not take the request. The
        tab is being cleaned then, and a clean one takes the request or tells what is wrong with it.
        """
        session = self._pool.holding(request)
        if session is None:
            return None
        held, lease = session.held, session.take()
        try:
            with self.guarding(session):
                flow = await session.put(request, session.card(request.model), held)
        except BaseException as error:
            self._give_up(session, lease, error)
            if isinstance(error, SignedOut) or not isinstance(error, GatewayError):
                raise
            self._count("continuing_failed")
            _log.info("the conversation is not continued but replayed: %s", error)
            return None
        self._count("continued")
        return Placed(session, lease, flow)

    def _give_up(self, session: Session, lease: int, error: BaseException) -> None:
        """The tab is cleaned by others, so that whoever waits is told at once."""
        if isinstance(error, SignedOut):
            self._pool.refuse(error)
        self._pool.abandon(session, lease)

    @contextmanager
    def guarding(self, session: Session) -> Iterator[None]:
        """Give a tab up on which Playwright fails, and say so to readers who know nothing of Playwright.

        Raises:
            BrowserDown: it failed inside.
        """
        try:
            yield
        except Error as error:
            session.break_(first_line(error))
            raise BrowserDown(f"The browser failed: {first_line(error)}") from error
