"""The bounded queue: every job until it is settled, in the order of service."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

from api.queueing.job import Job, JobState
from domain.errors import DeadlinePassed, GatewayError, QueueFull

_RECENT: Final = 8
_LONGEST_RETRY_AFTER: Final = 60


class JobQueue:
    """Holds at most `size` waiting jobs; those that a worker has taken do not count.

    A job that follows from one that was accepted before is neither refused for want of room nor kept waiting
    behind other requests: it stands before every waiting job but the followers that came earlier.
    """

    def __init__(self, size: int, patience: float) -> None:
        """`patience`: seconds a job may wait to be taken before it fails."""
        self._size = size
        self._patience = patience
        self._jobs: dict[str, Job] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._arrived = asyncio.Event()
        self._closed: GatewayError | None = None
        self.counters: Counter[str] = Counter()
        """Since start: `deadlines.<stage>`."""
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def __iter__(self) -> Iterator[Job]:
        """Every unsettled job, in the order of service."""
        return iter(tuple(self._jobs.values()))

    @property
    def waiting(self) -> int:
        return sum(job.state is JobState.WAITING for job in self._jobs.values())

    @property
    def is_processing(self) -> bool:
        return any(job.state is JobState.RUNNING for job in self._jobs.values())

    def submit(self, job: Job) -> Job:
        """Take a job in.

        Raises:
            QueueFull: with `retry_after`, estimated from the latest jobs.
            GatewayError: the queue has been closed.
        """
        self.require_room(follows=job.label.follows)
        self._insert(job)
        late = DeadlinePassed("queue", self._patience, "Too many requests are ahead of it.")
        loop = asyncio.get_running_loop()
        self._timers[job.id] = loop.call_later(self._patience, job.cancel, late)
        job.on_settled(self._forget)
        self._arrived.set()
        return job

    def require_room(self, *, follows: bool = False) -> None:
        """Check that a job would be taken in now.

        Raises:
            QueueFull, GatewayError: as `submit` would.
        """
        if self._closed is not None:
            raise self._closed
        if not follows and self.waiting >= self._size:
            raise QueueFull(
                f"All {self._size} places of the queue are taken; try again later, or raise QUEUE_SIZE.",
                retry_after=self._retry_after(),
            )

    async def take(self) -> Job:
        """The next waiting job, which is preparing from here on."""
        while (job := self._first_waiting()) is None:
            self._arrived.clear()
            await self._arrived.wait()
        self._stop_timer(job)
        job.take()
        return job

    def patience_left(self, job: Job) -> float:
        """Seconds of the waiting budget that a job has left."""
        return max(0.0, self._patience - job.waited)

    def position(self, job: Job) -> int:
        """0 for the running job, 1 for the next, and so on."""
        ahead = list(self._jobs).index(job.id)
        return ahead if self.is_processing else ahead + 1

    def close(self, reason: GatewayError) -> None:
        """Fail every waiting job and refuse new ones; jobs that a worker has taken are the worker's."""
        self._closed = reason
        for job in self:
            if job.state is JobState.WAITING:
                job.cancel(reason)

    def _insert(self, job: Job) -> None:
        later = [other for other in self if job.label.follows and _gives_way(other)]
        for one in (job, *later):
            self._jobs.pop(one.id, None)
            self._jobs[one.id] = one

    def _first_waiting(self) -> Job | None:
        return next((job for job in self._jobs.values() if job.state is JobState.WAITING), None)

    def _stop_timer(self, job: Job) -> None:
        timer = self._timers.pop(job.id, None)
        if timer is not None:
            timer.cancel()

    def _forget(self, job: Job) -> None:
        self._stop_timer(job)
        del self._jobs[job.id]
        if isinstance(job.failure, DeadlinePassed):
            self.counters[f"deadlines.{job.failure.stage}"] += 1
        if job.started is not None and job.ended is not None:
            self._recent.append(job.ended - job.started)

    def _retry_after(self) -> float:
        """When a place should be free: the mean length of the latest generations."""
        mean = sum(self._recent) / len(self._recent) if self._recent else 5.0
        return min(max(1, math.ceil(mean)), _LONGEST_RETRY_AFTER)


def _gives_way(job: Job) -> bool:
    return job.state is JobState.WAITING and not job.label.follows
