"""The queue and its worker without HTTP: order, look-ahead, budgets, and that nothing is left over."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.queueing.board import queue_snapshot
from api.queueing.channel import Channel
from api.queueing.job import Job, JobState, Label
from api.queueing.queue import JobQueue
from api.queueing.turns import Turns
from api.queueing.worker import Worker
from domain.completion import fold
from domain.errors import Cancelled, DeadlinePassed, GatewayError, QueueFull, SessionLost, ShuttingDown
from domain.events import Event, Finished, FinishReason, TextDelta
from domain.ports import Deadlines
from domain.requests import GenerateRequest, Turn
from tests.api.harness import eventually
from tests.api.scripted import Growth, Script, ScriptedDriver, Step

STOP = Finished(FinishReason.STOP)
SAY = (TextDelta("x"), STOP)


def new_job(name: str) -> Job:
    return Job(Label(name), GenerateRequest("m", (Turn.of("user", name),)))


@asynccontextmanager
async def at_work(
    driver: ScriptedDriver, deadlines: Deadlines | None = None, size: int = 8
) -> AsyncIterator[JobQueue]:
    budgets = deadlines or Deadlines()
    queue = JobQueue(size, budgets.queue)
    worker = Worker(queue, driver, budgets)
    task = asyncio.create_task(worker.run(), name="worker")
    await eventually(lambda: worker.running)
    try:
        yield queue
        assert worker.running
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert not worker.running


async def failure_of(job: Job) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await fold(aiter(job.events))
    return caught.value


async def test_jobs_run_in_order_one_at_a_time_while_the_next_is_prepared() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    driver = ScriptedDriver(*(Script((gate, *SAY)) for gate in gates), slots=2)
    async with at_work(driver) as queue:
        jobs = [queue.submit(new_job(str(n))) for n in range(3)]
        first, second = await driver.record(0), await driver.record(1)
        await first.running.wait()
        await second.prepared.wait()
        assert not second.running.is_set()
        assert [job.state for job in jobs] == [JobState.RUNNING, JobState.PREPARING, JobState.WAITING]
        for gate in gates:
            gate.set()
        for job in jobs:
            assert (await fold(aiter(job.events))).text == "x"
    assert driver.most_running == 1
    assert driver.most_on_pages == 2


async def test_next_job_runs_while_the_page_of_the_last_is_still_cleaned_up() -> None:
    cleanup = asyncio.Event()
    driver = ScriptedDriver(Script(SAY, cleanup=cleanup), Script(SAY), slots=2)
    async with at_work(driver) as queue:
        first, second = queue.submit(new_job("1")), queue.submit(new_job("2"))
        await fold(aiter(first.events))
        await fold(aiter(second.events))
        assert not driver.records[0].left.is_set()
        cleanup.set()
        await driver.records[0].left.wait()


async def test_single_slot_waits_for_the_page() -> None:
    cleanup = asyncio.Event()
    driver = ScriptedDriver(Script(SAY, cleanup=cleanup), Script(SAY), slots=1)
    async with at_work(driver) as queue:
        first, second = queue.submit(new_job("1")), queue.submit(new_job("2"))
        await fold(aiter(first.events))
        assert second.state is JobState.WAITING
        cleanup.set()
        await fold(aiter(second.events))
    assert driver.most_on_pages == 1


async def test_cancelled_job_in_the_middle_does_not_let_the_next_overtake() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *SAY)), Script(SAY), Script(SAY), slots=3)
    async with at_work(driver) as queue:
        jobs = [queue.submit(new_job(str(n))) for n in range(3)]
        await (await driver.record(2)).prepared.wait()
        jobs[1].cancel(Cancelled("no"))
        await driver.records[1].left.wait()
        assert jobs[2].state is JobState.PREPARING
        gate.set()
        await fold(aiter(jobs[2].events))
        assert jobs[0].settled
    assert not driver.records[1].running.is_set()


async def test_job_cancelled_before_its_task_began_still_settles() -> None:
    driver = ScriptedDriver(Script(SAY))
    async with at_work(driver) as queue:
        job = queue.submit(new_job("1"))
        await asyncio.sleep(0)  # one turn: the worker has taken the job, its task has not had a turn yet
        assert job.state is JobState.PREPARING
        job.cancel(Cancelled("at once"))
        assert isinstance(await failure_of(job), Cancelled)
        assert (await fold(aiter(queue.submit(new_job("2")).events))).text == "x"
        assert len(driver.records) == 1


@pytest.mark.parametrize("state", [JobState.WAITING, JobState.PREPARING, JobState.RUNNING])
async def test_cancelled_job_frees_its_session(state: JobState) -> None:
    gate = asyncio.Event()
    script = Script(prepare=[gate]) if state is JobState.PREPARING else Script((gate, *SAY))
    driver = ScriptedDriver(script)
    async with at_work(driver) as queue:
        jobs = [queue.submit(new_job("1")), queue.submit(new_job("2"))]
        job = jobs[1] if state is JobState.WAITING else jobs[0]
        await eventually(lambda: job.state is state and jobs[0].state is not JobState.WAITING)
        assert job.cancel(Cancelled("no"))
        assert isinstance(await failure_of(job), Cancelled)
        assert job.state is JobState.CANCELLED
        assert not job.cancel(Cancelled("again"))
        gate.set()
        other = jobs[0] if job is jobs[1] else jobs[1]
        assert (await fold(aiter(other.events))).finished == STOP


async def test_job_that_follows_goes_ahead_of_other_requests_and_needs_no_room() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *SAY)))
    async with at_work(driver, size=2) as queue:
        running = queue.submit(new_job("1"))
        await driver.record(0)
        waiting = [queue.submit(new_job(name)) for name in ("2", "3")]
        later = [Job(Label("1", round=number), running.request) for number in (2, 3)]
        for job in later:
            queue.submit(job)
        assert list(queue) == [running, *later, *waiting]
        assert [job.id for job in later] == ["1-0.2", "1-0.3"]
        with pytest.raises(QueueFull):
            queue.submit(new_job("4"))
        gate.set()
        await fold(aiter(waiting[1].events))
    assert all(job.settled for job in later)


async def test_full_queue_refuses_and_has_room_again() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *SAY)))
    async with at_work(driver, size=1) as queue:
        queue.submit(new_job("1"))
        await driver.record(0)
        waiting = queue.submit(new_job("2"))
        with pytest.raises(QueueFull) as caught:
            queue.submit(new_job("3"))
        assert caught.value.retry_after
        waiting.cancel(Cancelled("no"))
        last = queue.submit(new_job("4"))
        gate.set()
        await fold(aiter(last.events))


@pytest.mark.parametrize("slots", [1, 2])
async def test_job_that_waits_too_long_fails_with_the_queue_stage(slots: int) -> None:
    driver = ScriptedDriver(Script((asyncio.Event(),)), slots=slots)
    async with at_work(driver, Deadlines(queue=0.02)) as queue:
        queue.submit(new_job("1"))
        late = queue.submit(new_job("2"))
        error = await failure_of(late)
        assert isinstance(error, DeadlinePassed)
        assert error.stage == "queue"
        assert late.state is JobState.FAILED


@pytest.mark.parametrize(
    ("stage", "script", "deadlines"),
    [
        ("ready", Script(prepare=(asyncio.Event(),)), {"ready": 0.02}),
        ("submit", Script((asyncio.Event(),), unsubmitted=True), {"submit": 0.02, "ready": 0.02}),
        ("first_event", Script((asyncio.Event(),)), {"first_event": 0.02}),
        ("idle", Script((TextDelta("a"), asyncio.Event())), {"idle": 0.02}),
        ("total", Script((TextDelta("a"), asyncio.Event())), {"total": 0.02}),
    ],
)
async def test_a_stage_that_takes_too_long_is_named_and_counted_and_the_next_job_served(
    stage: str, script: Script, deadlines: dict[str, float]
) -> None:
    async with at_work(ScriptedDriver(script), Deadlines(**deadlines)) as queue:
        late, following = queue.submit(new_job("1")), queue.submit(new_job("2"))
        with pytest.raises(DeadlinePassed) as caught:
            await fold(aiter(late.events))
        assert caught.value.stage == stage
        assert (await fold(aiter(following.events))).text == "Hello"
        assert queue.counters == {f"deadlines.{stage}": 1}


async def test_an_answer_that_grows_unseen_is_waited_for_within_the_total() -> None:
    beat: tuple[Step, ...] = (0.1, Growth())
    growing = Script((*beat * 6, *SAY))
    async with at_work(ScriptedDriver(growing), Deadlines(first_event=0.4)) as queue:
        assert (await fold(aiter(queue.submit(new_job("1")).events))).text == "x"
    async with at_work(ScriptedDriver(growing), Deadlines(first_event=0.4, total=0.2)) as queue:
        with pytest.raises(DeadlinePassed) as caught:
            await fold(aiter(queue.submit(new_job("2")).events))
    assert caught.value.stage == "total"


async def test_the_first_event_is_waited_for_from_the_pages_own_request() -> None:
    """A page that is slow to send it has the budget of another stage."""
    driver = ScriptedDriver(Script((0.1, *SAY), submit_after=0.2))
    async with at_work(driver, Deadlines(submit=1, first_event=0.25)) as queue:
        job = queue.submit(new_job("1"))
        assert (await fold(aiter(job.events))).text == "x"
        stages = job.stages
    assert stages["submit"] is not None
    assert stages["first_event"] is not None
    assert stages["submit"] >= 0.2
    assert stages["first_event"] < 0.25


async def test_the_queue_tells_how_long_each_stage_took() -> None:
    gate = asyncio.Event()
    async with at_work(ScriptedDriver(Script((gate, *SAY)))) as queue:
        job = queue.submit(new_job("1"))
        await eventually(lambda: job.stages["submit"] is not None)
        (item,) = queue_snapshot(queue)["items"]
        assert [name for name, seconds in item["stages"].items() if seconds is None] == ["first_event"]
        gate.set()
        await fold(aiter(job.events))
        assert None not in job.stages.values()


async def test_reader_that_stops_reading_does_not_hold_the_worker() -> None:
    driver = ScriptedDriver(Script((TextDelta("a"), TextDelta("b"), TextDelta("c"), STOP)))
    async with at_work(driver, Deadlines(idle=0.02)) as queue:
        lazy = new_job("1")
        lazy.events = Channel(room=1)
        queue.submit(lazy)
        assert (await fold(aiter(queue.submit(new_job("2")).events))).text == "Hello"
        error = await failure_of(lazy)
    assert isinstance(error, DeadlinePassed)
    assert "reads too slowly" in error.public_message


async def test_broken_job_is_settled_logged_and_does_not_stop_the_worker(
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = ScriptedDriver(Script((ZeroDivisionError("defect"),)), Script(SAY))
    async with at_work(driver) as queue:
        with caplog.at_level(logging.ERROR):
            error = await failure_of(queue.submit(new_job("1")))
            await fold(aiter(queue.submit(new_job("2")).events))
    assert error.code == "internal_error"
    assert "defect" in caplog.text


async def test_page_that_cannot_be_cleaned_up_does_not_change_the_answer() -> None:
    driver = ScriptedDriver(Script(SAY, cleanup=SessionLost("The page would not be cleaned.")), Script(SAY))
    async with at_work(driver) as queue:
        for name in ("1", "2"):
            assert (await fold(aiter(queue.submit(new_job(name)).events))).text == "x"


async def test_stopping_worker_settles_its_jobs_and_leaves_no_page() -> None:
    driver = ScriptedDriver(Script((asyncio.Event(),)), Script((asyncio.Event(),)), slots=2)
    async with at_work(driver) as queue:
        jobs = [queue.submit(new_job(str(n))) for n in range(3)]
        await (await driver.record(1)).prepared.wait()
        queue.close(ShuttingDown())
    assert all(job.settled for job in jobs)
    for job in jobs:
        assert isinstance(await failure_of(job), ShuttingDown)
    assert driver.on_pages == 0
    with pytest.raises(ShuttingDown):
        queue.submit(new_job("late"))


async def test_job_settles_once() -> None:
    job = new_job("1")
    job.settle()
    with pytest.raises(RuntimeError, match="settled already"):
        job.settle()


async def test_board_shows_every_job_with_its_place() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *SAY)), slots=2)
    async with at_work(driver) as queue:
        jobs = [queue.submit(new_job(str(n))) for n in range(3)]
        await (await driver.record(1)).prepared.wait()
        await eventually(lambda: bool(jobs[1].capture))
        board = queue_snapshot(queue)
        gate.set()
        await fold(aiter(jobs[2].events))
    assert (board["queue_length"], board["is_processing"]) == (2, True)
    seen = [(item["req_id"], item["state"], item["position"], item["capture"]) for item in board["items"]]
    assert seen == [
        ("0", "running", 0, "scripted"),
        ("1", "preparing", 1, "scripted"),
        ("2", "waiting", 2, None),
    ]


async def test_turns_are_strictly_in_order_of_joining() -> None:
    turns = Turns()
    first, second, third = turns.join(), turns.join(), turns.join()
    second.leave()
    assert (first.called.is_set(), third.called.is_set()) == (True, False)
    first.leave()
    first.leave()
    assert third.called.is_set()


async def test_reader_gets_what_was_put_before_a_failure() -> None:
    channel: Channel[Event] = Channel()
    await channel.put(TextDelta("a"))
    channel.end(SessionLost("gone"))
    await channel.put(TextDelta("dropped"))
    assert await channel.get() == TextDelta("a")
    with pytest.raises(SessionLost):
        await channel.get()


async def test_giving_up_waiting_for_an_event_loses_nothing() -> None:
    channel: Channel[Event] = Channel()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.get(), 0.001)
    await channel.put(STOP)
    assert await channel.get() is STOP
