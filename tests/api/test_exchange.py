"""Exchanges: several generations for one caller, accepted, ordered, counted and cancelled as one."""

import asyncio
import logging

import pytest

from api.queueing.board import queue_snapshot
from domain.completion import fold_choices
from domain.errors import Cancelled, NotFound, QueueFull, RateLimited, SessionLost, ShuttingDown
from domain.events import TextDelta, ThoughtDelta, Usage
from tests.api.harness import PATIENCE, Desk, any_object, eventually, exchanging, plan_of
from tests.api.scripted import HELLO, STOP, Script, ScriptedDriver, saying


async def test_simple_request_is_one_generation_whose_events_come_as_they_are() -> None:
    driver = ScriptedDriver(Script((ThoughtDelta("hm"), *HELLO)))
    plan = plan_of()
    async with exchanging(driver) as desk:
        assert await desk.events(plan) == [ThoughtDelta("hm"), *HELLO]
    assert driver.requests == [plan.request]


async def test_choices_are_generations_of_the_same_request_in_order() -> None:
    driver = ScriptedDriver(*(saying(text) for text in "abc"))
    plan = plan_of(choices=3)
    async with exchanging(driver) as desk:
        seen = [item async for item in desk.start(plan).events()]
    assert seen == [item for at, text in enumerate("abc") for item in ((at, TextDelta(text)), (at, STOP))]
    assert driver.requests == [plan.request] * 3
    assert driver.most_running == 1


async def test_next_choice_is_prepared_while_one_runs() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *HELLO)), slots=2)
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(choices=3))
        await (await driver.record(0)).running.wait()
        await (await driver.record(1)).prepared.wait()
        gate.set()
        answers = await fold_choices(exchange.events())
    assert [answer.text for answer in answers] == ["Hello"] * 3
    assert driver.most_running == 1


async def test_board_shows_one_request_with_its_choices() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *HELLO)))
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(choices=2))
        other = desk.start(plan_of())
        await (await driver.record(0)).running.wait()
        await eventually(lambda: len(list(desk.queue)) == 3)
        items = queue_snapshot(desk.queue)["items"]
        gate.set()
        await fold_choices(exchange.events())
        await fold_choices(other.events())
    assert [(item["req_id"], item.get("choice"), "round" in item) for item in items] == [
        ("r1", 0, False),
        ("r1", 1, False),
        ("r2", None, False),
    ]
    assert [item["position"] for item in items] == [0, 1, 2]


async def test_further_choices_go_ahead_of_those_who_wait_and_need_no_room() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *HELLO)))
    async with exchanging(driver, size=1) as desk:
        first = desk.start(plan_of("first", choices=2))
        await driver.record(0)
        with pytest.raises(QueueFull):
            await desk.ask(plan_of("late"))
        gate.set()
        await fold_choices(first.events())
    assert [request.turns[0].text for request in driver.requests] == ["first", "first"]


async def test_second_round_goes_ahead_of_those_who_wait() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(saying("no json"), Script((gate, *saying('{"a": 1}').steps)))
    async with exchanging(driver) as desk, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(desk.ask(plan_of("first", output=any_object())))
        await driver.record(0)
        second = tasks.create_task(desk.ask(plan_of("second")))
        assert [item["round"] for item in await _rounds(desk)] == [2]
        gate.set()
    assert [request.turns[0].text for request in driver.requests] == ["first", "first", "second"]
    assert (first.result().text, second.result().text) == ('{"a": 1}', "Hello")


async def _rounds(desk: Desk) -> list[dict[str, int]]:
    def shown() -> list[dict[str, int]]:
        return [item for item in queue_snapshot(desk.queue)["items"] if "round" in item]

    await eventually(lambda: bool(shown()))
    return shown()


async def test_usage_of_every_round_is_in_the_sum() -> None:
    driver = ScriptedDriver(
        saying("no json", usage=Usage(10, 2, 3, 1, 15)), saying("{}", usage=Usage(20, 1, 0, 4, 21))
    )
    async with exchanging(driver) as desk:
        events = await desk.events(plan_of(output=any_object()))
    assert events == [TextDelta("{}"), Usage(30, 3, 3, 5, 36), STOP]


async def test_failing_choice_ends_the_exchange_with_its_own_error() -> None:
    driver = ScriptedDriver(saying("a"), Script((RateLimited("slow down", retry_after=3),)), slots=3)
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(choices=4))
        with pytest.raises(RateLimited, match="slow down"):
            await fold_choices(exchange.events())
        await eventually(lambda: not list(desk.queue))
    assert len(driver.records) <= 4


@pytest.mark.parametrize("slots", [1, 2])
async def test_cancelled_exchange_takes_all_its_jobs_along(slots: int) -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())), slots=slots)
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(choices=3))
        events = exchange.events()
        assert await anext(events) == (0, TextDelta("x"))
        await eventually(lambda: len(list(desk.queue)) == slots + (slots < 3))
        assert desk.exchanges.cancel("r1") == "running"
        with pytest.raises(Cancelled):
            await anext(events)
        await eventually(lambda: not list(desk.queue) and driver.on_pages == 0)
        with pytest.raises(NotFound, match="'r1'"):
            desk.exchanges.cancel("r1")
        assert (await desk.ask(plan_of())).text == "Hello"


async def test_exchange_whose_reader_leaves_is_cancelled() -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of())
        events = exchange.events()
        await anext(events)
        await events.aclose()
        await asyncio.wait_for(driver.records[0].left.wait(), PATIENCE)
        assert isinstance(exchange.verdict, Cancelled)


async def test_exchange_is_accepted_when_its_first_job_is() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *HELLO)))
    async with exchanging(driver, size=1) as desk:
        first, second = desk.start(plan_of()), desk.start(plan_of())
        await asyncio.gather(first.accepted(), (driver.record(0)))
        with pytest.raises(QueueFull):
            await asyncio.gather(second.accepted(), desk.start(plan_of()).accepted())
        gate.set()
        await fold_choices(first.events())


async def test_exchange_that_is_answered_before_anybody_asks_was_accepted() -> None:
    async with exchanging(ScriptedDriver(Script((SessionLost("gone"),)))) as desk:
        exchange = desk.start(plan_of())
        with pytest.raises(SessionLost):
            await exchange.get()
        await exchange.accepted()


async def test_stopping_ends_what_still_runs() -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of())
        assert await exchange.get() == (0, TextDelta("x"))
    with pytest.raises(ShuttingDown):
        await exchange.get()
    assert driver.on_pages == 0


async def test_defect_is_an_internal_error_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    broken = plan_of(choices=None)
    async with exchanging(ScriptedDriver()) as desk:
        with caplog.at_level(logging.ERROR), pytest.raises(Exception, match="its log has the details"):
            await desk.ask(broken)
        assert (await desk.ask(plan_of())).text == "Hello"
    assert "exchange r1 broke" in caplog.text


async def test_warnings_of_all_generations_are_told_once() -> None:
    scripts = (Script(HELLO, warnings=("a", "b"), capture="cdp"), Script(HELLO, warnings=("b", "c")))
    async with exchanging(ScriptedDriver(*scripts)) as desk:
        exchange = desk.start(plan_of(choices=2))
        await fold_choices(exchange.events())
    assert exchange.warnings == ("a", "b", "c")
    assert exchange.capture == "scripted"
