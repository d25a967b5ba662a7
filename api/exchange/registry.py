"""Every exchange that has not ended: where they run, and where they are found to be cancelled."""

import asyncio
import logging
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from api.access.caller import ANYBODY, Caller
from api.attachments.intake import RequestFiles
from api.errors import internal_error
from api.exchange.exchange import Exchange
from api.exchange.workarounds import Workarounds
from api.queueing.job import JobState
from api.queueing.queue import JobQueue
from domain.errors import Cancelled, GatewayError, NotFound, ShuttingDown
from domain.requests import Plan
from settings import ChatSettings

log = logging.getLogger(__name__)


class Exchanges:
    """Owns the tasks of exchanges. An async context manager: leaving it ends what is still running."""

    def __init__(self, queue: JobQueue, chat: ChatSettings) -> None:
        self._queue = queue
        self._chat = chat
        self._workarounds = Workarounds()
        self._running: dict[str, Exchange] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.cancel_all(ShuttingDown())
        while self._tasks:  # the end of an exchange begins the removal of its files
            await asyncio.wait(self._tasks)

    def __iter__(self) -> Iterator[str]:
        """The ids of the requests that are being served."""
        return iter(tuple(self._running))

    def start(
        self,
        request_id: str,
        plan: Plan,
        *,
        files: RequestFiles | None = None,
        stream: bool = False,
        caller: Caller = ANYBODY,
    ) -> Exchange:
        """Begin to serve a plan; whether it is taken in shows at `Exchange.accepted`.

        `files` are closed when it has ended, however it ends.
        """
        exchange = Exchange(
            request_id,
            plan,
            self._queue,
            self._chat,
            self._workarounds,
            files=files,
            stream=stream,
            caller=caller,
        )
        if files is not None:
            files.handed_over = True
        task = asyncio.create_task(exchange.run(), name=f"exchange-{request_id}")
        exchange.attach(task)
        self._running[request_id] = exchange
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._settle(exchange, done))
        return exchange

    def cancel(self, request_id: str) -> JobState:
        """Cancel a request at whatever it is doing; returns how far it was.

        Raises:
            NotFound: no such request, or it has ended.
        """
        exchange = self._running.get(request_id)
        state = exchange.state if exchange is not None else None
        reason = Cancelled("The request was cancelled on demand.")
        if exchange is None or state is None or not exchange.cancel(reason):
            raise NotFound(f"No request with the id {request_id!r} is waiting or running.", param="req_id")
        return state

    def cancel_all(self, reason: GatewayError, *, but: JobState | None = None) -> None:
        """Cancel what is being served, except in one state."""
        for exchange in tuple(self._running.values()):
            if exchange.state is not but:
                exchange.cancel(reason)

    def _settle(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        del self._running[exchange.id]
        error = ShuttingDown() if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, GatewayError):
            log.error("exchange %s broke", exchange.id, exc_info=error)
            error = internal_error(exchange.id)
        # What was told to stop may break in many ways while it stops.
        exchange.end(exchange.verdict or error)
        if exchange.files is not None:
            closing = asyncio.create_task(exchange.files.close(), name=f"files-{exchange.id}")
            self._tasks.add(closing)
            closing.add_done_callback(self._tasks.discard)
