"""The worker: takes jobs in order, prepares ahead, generates one at a time, settles every job once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager

from api.errors import internal_error
from api.queueing.contract import checked
from api.queueing.job import Job, JobState
from api.queueing.queue import JobQueue
from api.queueing.turns import Ticket, Turns
from domain.errors import DeadlinePassed, GatewayError, ShuttingDown
from domain.ports import Deadlines, Driver, Generation

log = logging.getLogger(__name__)


@asynccontextmanager
async def budget(stage: str, seconds: float, hint: str = "") -> AsyncIterator[asyncio.Timeout]:
    """Fail the body with `DeadlinePassed(stage)` after `seconds`; a time-out of its own stays what it is."""
    try:
        async with asyncio.timeout(seconds) as clock:
            yield clock
    except TimeoutError as error:
        if clock.expired():
            raise DeadlinePassed(stage, seconds, hint) from error
        raise


class Worker:
    """Serves one queue on one driver. `run` lives in the lifespan's task group and ends by cancellation."""

    def __init__(self, queue: JobQueue, driver: Driver, deadlines: Deadlines) -> None:
        self._queue = queue
        self._driver = driver
        self._deadlines = deadlines
        self._turns = Turns()
        self._running = False

    @property
    def running(self) -> bool:
        return self._running

    async def run(self) -> None:
        """Serve jobs until cancelled; up to `driver.slots` of them stand on pages at the same time."""
        pages = asyncio.Semaphore(self._driver.slots)
        self._running = True
        try:
            async with asyncio.TaskGroup() as jobs:
                while True:
                    await pages.acquire()
                    self._start(await self._queue.take(), jobs, pages)
        finally:
            self._running = False

    def _start(self, job: Job, jobs: asyncio.TaskGroup, pages: asyncio.Semaphore) -> None:
        ticket = self._turns.join()
        task = jobs.create_task(self._serve(job, ticket), name=f"job-{job.id}", context=job.context)
        job.attach(task)

        def release(_task: asyncio.Task[None]) -> None:
            # A task that was cancelled before its first step has run none of its own code.
            ticket.leave()
            pages.release()
            if not job.settled:
                job.context.run(self._settle, job, job.verdict or ShuttingDown())

        task.add_done_callback(release)

    async def _serve(self, job: Job, ticket: Ticket) -> None:
        """One job from preparing to the end; only cancellation leaves this method."""
        try:
            async with AsyncExitStack() as page:
                # The client hears of the end, and the next job runs, before the page is cleaned up.
                with self._settling(job, ticket):
                    generation = await self._prepare(job, page)
                    await self._await_turn(job, ticket)
                    await self._pump(job, generation)
        except Exception as error:  # the worker's settle step: no job may take the worker down
            if job.state is JobState.DONE or not isinstance(error, GatewayError):
                log.exception(
                    "job %s: %s",
                    job.id,
                    "its page was not given back" if job.state is JobState.DONE else "broke",
                )

    @contextmanager
    def _settling(self, job: Job, ticket: Ticket) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._settle(job, _as_failure(job, error))
            raise
        else:
            self._settle(job, None)
        finally:
            ticket.leave()

    async def _prepare(self, job: Job, page: AsyncExitStack) -> Generation:
        async with budget("ready", self._deadlines.ready, "The page did not become ready."):
            generation = await page.enter_async_context(self._driver.prepare(job.request))
        job.on_prepared()
        job.capture, job.warnings = generation.capture, generation.warnings
        return generation

    async def _await_turn(self, job: Job, ticket: Ticket) -> None:
        if not ticket.called.is_set():
            async with budget("queue", self._queue.patience_left(job), "The requests ahead took too long."):
                await ticket.called.wait()

    async def _pump(self, job: Job, generation: Generation) -> None:
        """Press Run and carry the events to the job's reader, each within its budget."""
        stages = _Stages(job, self._deadlines)
        try:
            async with (
                budget("total", self._deadlines.total, "Raise RESPONSE_COMPLETION_TIMEOUT for long answers."),
                stages.watched(),
                aclosing(checked(generation.events(stages.on_submit, stages.on_growth))) as events,
            ):
                async for event in events:
                    stages.on_event()
                    await job.events.put(event)
        finally:  # only now it is known who has heard the answer
            job.capture, job.warnings = generation.capture, generation.warnings

    def _settle(self, job: Job, failure: GatewayError | None) -> None:
        job.settle(failure)
        log.info(
            "job %s %s: key=%s model=%s stream=%s capture=%s waited=%.2fs ran=%.2fs%s",
            job.id,
            job.state.value,
            job.label.caller or "-",
            job.request.model,
            job.label.stream,
            job.capture or "-",
            job.waited,
            _ran(job),
            f" {failure.code}: {failure.public_message}" if failure is not None else "",
        )


class _Stages:
    """Which budget a running job is under. The driver keeps that of `submit` itself, and may change tabs."""

    def __init__(self, job: Job, deadlines: Deadlines) -> None:
        self._job = job
        self._deadlines = deadlines
        self._clock = asyncio.timeout(None)
        self._stage, self._seconds = "submit", deadlines.submit

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Fail the body with `DeadlinePassed` of the stage that took too long."""
        self._job.run()
        try:
            async with self._clock:
                self._enter("submit", self._deadlines.submit, self._deadlines.ready)
                yield
        except TimeoutError as error:
            if not self._clock.expired():
                raise
            raise DeadlinePassed(self._stage, self._seconds, self._hint()) from error

    def on_submit(self) -> None:
        """The page's own request has left."""
        self._job.on_submit()
        self._enter("first_event", self._deadlines.first_event)

    def on_growth(self) -> None:
        """The page goes on writing what cannot be told yet."""
        self._enter(self._stage, self._seconds)

    def on_event(self) -> None:
        self._job.on_event()
        self._enter("idle", self._deadlines.idle)

    def _enter(self, stage: str, seconds: float, grace: float = 0) -> None:
        self._stage, self._seconds = stage, seconds
        self._clock.reschedule(asyncio.get_running_loop().time() + seconds + grace)

    def _hint(self) -> str:
        if self._stage == "submit":
            return "Run was pressed but the page sent no request."
        if self._stage == "first_event":
            return "The model has not begun to answer."
        return (
            "The client reads too slowly."
            if self._job.events.full
            else "The model stopped in the middle of its answer."
        )


def _ran(job: Job) -> float:
    return job.ended - job.started if job.ended is not None and job.started is not None else 0.0


def _as_failure(job: Job, error: BaseException) -> GatewayError:
    """What the client is told when serving its job ended with `error`."""
    if isinstance(error, GatewayError):
        return error
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
        return job.verdict or ShuttingDown()
    return internal_error(job.id)
