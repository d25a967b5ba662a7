"""One generation on its way: waiting, preparing, running, settled once."""

import asyncio
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass
from enum import StrEnum

from api.queueing.channel import ROOM, Channel
from domain.errors import Cancelled, GatewayError
from domain.events import Event  # noqa: TC001  an annotation of an attribute, beside imports of values
from domain.requests import GenerateRequest


class JobState(StrEnum):
    WAITING = "waiting"
    PREPARING = "preparing"
    """It is put on a page, or stands there until its turn."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_STAGES = {
    "queue": ("created", "taken"),
    "prepare": ("taken", "prepared"),
    "turn": ("prepared", "started"),
    "submit": ("started", "submitted"),
    "first_event": ("submitted", "first"),
}
"""The stages of a job, each between two moments."""


@dataclass(frozen=True, slots=True)
class Label:
    """Which generation of which caller's request a job is."""

    request_id: str
    """As in `X-Request-Id`; jobs of one request share it."""
    stream: bool = False
    choice: int = 0
    choices: int = 1
    """How many answers the request asks for."""
    round: int = 1
    """1 for the first generation of a choice, 2 for the one that follows from it, and so on."""
    caller: str = ""
    """The name of the caller's key; empty without one."""

    @property
    def follows(self) -> bool:
        """Whether the request has been accepted with an earlier job."""
        return self.choice > 0 or self.round > 1

    @property
    def job_id(self) -> str:
        """Unique among jobs; the request's own id for its first."""
        return f"{self.request_id}-{self.choice}.{self.round}" if self.follows else self.request_id


class Job:
    """Owned by the queue until a worker takes it, then by that worker's task. Times are monotonic seconds."""

    def __init__(
        self, label: Label, request: GenerateRequest, *, room: int = ROOM, context: Context | None = None
    ) -> None:
        """`room`: how many events are held for the reader. `context`: whose work it is, for the log."""
        self.context = copy_context() if context is None else context
        self.label = label
        self.id = label.job_id
        self.request = request
        self.state = JobState.WAITING
        self.created = time.monotonic()
        self.started: float | None = None
        """When Run was about to be pressed."""
        self.ended: float | None = None
        self.failure: GatewayError | None = None
        """What it ended with, if not well."""
        self._marks: dict[str, float] = {}
        """When stages began and ended; see `stages`."""
        self.capture = ""
        self.warnings: tuple[str, ...] = ()
        self.events: Channel[Event] = Channel(room)
        self._task: asyncio.Task[None] | None = None
        self._verdict: GatewayError | None = None
        self._on_taken: list[Callable[[], None]] = []
        self._on_settled: list[Callable[[Job], None]] = []

    @property
    def settled(self) -> bool:
        return self.ended is not None

    @property
    def verdict(self) -> GatewayError | None:
        """Why this job was told to stop, if it was."""
        return self._verdict

    @property
    def waited(self) -> float:
        """Seconds until Run, or until now."""
        return (self.started or self.ended or time.monotonic()) - self.created

    def on_settled(self, listener: Callable[["Job"], None]) -> None:
        self._on_settled.append(listener)

    def on_taken(self, listener: Callable[[], None]) -> None:
        """`listener` is called when a worker takes the job, before the worker looks for another one."""
        self._on_taken.append(listener)

    @property
    def stages(self) -> dict[str, float | None]:
        """Seconds that the stages took which are over; `None` for those that are not."""
        marks = {"created": self.created, "started": self.started, **self._marks}
        return {stage: _between(marks.get(begin), marks.get(end)) for stage, (begin, end) in _STAGES.items()}

    def take(self) -> None:
        self.state = JobState.PREPARING
        self._mark("taken")
        for listener in self._on_taken:
            listener()

    def attach(self, task: asyncio.Task[None]) -> None:
        """From now on `task` serves this job and settles it, also when it is cancelled."""
        self._task = task

    def run(self) -> None:
        self.state, self.started = JobState.RUNNING, time.monotonic()

    def on_prepared(self) -> None:
        """The request stands on a page."""
        self._mark("prepared")

    def on_submit(self) -> None:
        """The page's own request has left; again, where the generation was made once more."""
        self._mark("submitted")

    def on_event(self) -> None:
        """Something of the answer has come; only the first time counts."""
        if "first" not in self._marks:
            self._mark("first")

    def _mark(self, name: str) -> None:
        self._marks[name] = time.monotonic()

    def cancel(self, reason: GatewayError) -> bool:
        """Stop this job, wherever it is; false if it had already ended or been told to stop."""
        if self.settled or self._verdict is not None:
            return False
        self._verdict = reason
        if self._task is None:
            self.settle(reason)
        else:
            self._task.cancel(f"job {self.id}: {reason.code}")
        return True

    def settle(self, failure: GatewayError | None = None) -> None:
        """End the job: well, or with `failure`.

        Raises:
            RuntimeError: it had been settled before.
        """
        if self.settled:
            raise RuntimeError(f"Job {self.id!r} is settled already, as {self.state!r}.")
        self.ended = time.monotonic()
        self.failure = failure
        self.state = _end_state(failure)
        self.events.end(failure)
        for listener in self._on_settled:
            listener(self)


def _between(begin: float | None, end: float | None) -> float | None:
    return round(end - begin, 3) if begin is not None and end is not None else None


def _end_state(failure: GatewayError | None) -> JobState:
    if failure is None:
        return JobState.DONE
    return JobState.CANCELLED if isinstance(failure, Cancelled) else JobState.FAILED
