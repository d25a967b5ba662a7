"""The jobs of one exchange: numbered, submitted in time, cancelled together."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Final

from api.queueing.channel import ROOM
from api.queueing.job import Job, JobState, Label
from api.queueing.queue import JobQueue
from domain.errors import Cancelled, GatewayError
from domain.requests import GenerateRequest
from logbook.context import note

WHOLE_ANSWER: Final = 1 << 20
"""Room for the events of a job that may run before its reader comes: more than any model's tokens."""

_TOLD: Final = ("queue", "prepare", "turn", "submit")
"""Stages that the log tells by themselves; the first event it tells as the caller sees it."""


class Jobs:
    """Submits what the choices of one exchange need.

    When a job of one choice is taken, the next choice's first job is submitted with the same request, so that
    it is prepared while the other runs. A choice that turns out to need another request drops it.
    """

    def __init__(
        self,
        queue: JobQueue,
        request_id: str,
        choices: int,
        on_submitted: Callable[[], None],
        *,
        stream: bool,
        caller: str = "",
    ) -> None:
        """`caller`: the name of the caller's key."""
        self._queue = queue
        self._request_id = request_id
        self._choices = choices
        self._on_submitted = on_submitted
        self._stream = stream
        self._caller = caller
        self._rounds: Counter[int] = Counter()
        self._all: list[Job] = []
        self._ahead: dict[int, Job] = {}
        self._context = copy_context()

    @property
    def any(self) -> bool:
        """Whether a job was taken in."""
        return bool(self._all)

    @property
    def capture(self) -> str:
        """Which capture heard the latest generation; empty until one stood on a page."""
        return next((job.capture for job in reversed(self._all) if job.capture), "")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(warning for job in self._all for warning in job.warnings)

    @property
    def state(self) -> JobState:
        """How far the exchange is with its current job; between two of them it runs."""
        if not self._all:
            return JobState.PREPARING
        return next((job.state for job in self._all if not job.settled), JobState.RUNNING)

    def submit(self, request: GenerateRequest, choice: int) -> Job:
        """The job of the choice's next generation.

        Raises:
            QueueFull: only for the very first job of an exchange.
            GatewayError: the queue has been closed.
        """
        ahead = self._ahead.pop(choice, None)
        if ahead is not None:
            if ahead.request == request:
                return ahead
            ahead.cancel(Cancelled("Another request took its place."))
        return self._submit(request, choice, ROOM)

    def cancel(self, reason: GatewayError) -> None:
        """Stop all of them."""
        for job in self._all:
            job.cancel(reason)

    def _submit(self, request: GenerateRequest, choice: int, room: int) -> Job:
        number = self._rounds[choice] + 1
        label = Label(self._request_id, self._stream, choice, self._choices, number, self._caller)
        job = Job(label, request, room=room, context=self._context.copy())
        # Whoever settles it need not work for this request.
        job.on_settled(lambda settled: self._context.copy().run(_account_for, settled))
        if number == 1 and choice + 1 < self._choices:
            job.on_taken(lambda: self._go_ahead(request, choice + 1))
        self._queue.submit(job)
        self._rounds[choice] = number
        self._all.append(job)
        self._on_submitted()
        return job

    def _go_ahead(self, request: GenerateRequest, choice: int) -> None:
        if not self._rounds[choice]:
            # A queue that was closed meanwhile tells so when the choice itself submits.
            with suppress(GatewayError):
                self._ahead[choice] = self._submit(request, choice, WHOLE_ANSWER)


def _account_for(job: Job) -> None:
    """What the request's own line in the log tells of its generations: of several, the last one's."""
    ran = job.ended - job.started if job.ended is not None and job.started is not None else 0.0
    note(model=job.request.model, capture=job.capture or "-", waited=round(job.waited, 3), ran=round(ran, 3))
    note(**{name: seconds for name, seconds in job.stages.items() if name in _TOLD and seconds is not None})
