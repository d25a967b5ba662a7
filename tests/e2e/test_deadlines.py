"""Each stage of a request has a budget with a name, and a request behind one that took too long is served."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import openai
import pytest
import pytest_asyncio

from browser.driver import PageDriver
from domain.ports import Deadlines
from simulator.demo import Site
from tests.e2e.driving import driver_for, until_ready
from tests.e2e.test_chat import ask
from tests.gateway import RunningGateway, running_gateway
from tests.site import SiteControl

BUDGETS = Deadlines(queue=2, ready=8, submit=2, first_event=1.5, idle=1, total=5)
READING_BUDGETS = replace(BUDGETS, first_event=2.5, total=7)
FREE_SECONDS = 1.0
FREEZE = "() => { setTimeout(() => { for (;;); }, 0); }"


@pytest_asyncio.fixture(scope="module")
async def hasty(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway with one tab and little patience."""
    driver = driver_for(site, BUDGETS, tabs=1)
    async with running_gateway(driver, BUDGETS, tmp_path_factory.mktemp("hasty")) as running:
        yield running


async def counters(gateway: RunningGateway) -> dict[str, int]:
    async with gateway.http() as http:
        found: dict[str, int] = (await http.get("/health")).json()["details"]["counters"]
        return found


async def fails_in(gateway: RunningGateway, stage: str, prompt: str) -> float:
    """When a request failed because its stage took too long."""
    before = await counters(gateway)
    async with gateway.openai() as client:
        with pytest.raises(openai.InternalServerError, match=f"The {stage} stage") as caught:
            await ask(client, prompt)
    ended = time.monotonic()
    assert caught.value.status_code == 504
    after = await counters(gateway)
    assert after.get(f"deadlines.{stage}", 0) == before.get(f"deadlines.{stage}", 0) + 1
    return ended


async def is_free(gateway: RunningGateway) -> None:
    """The worker takes the next job within a second, and it gets its own answer."""
    asked = time.monotonic()
    async with gateway.openai() as client, gateway.http() as http:
        asking = asyncio.create_task(ask(client, "/echo next"))
        async with asyncio.timeout(BUDGETS.queue):
            while not asking.done():
                items = (await http.get("/v1/queue")).json()["items"]
                if items and items[0]["state"] != "waiting":
                    break
        assert time.monotonic() - asked < FREE_SECONDS + 1, "beside its own way to the queue"
        assert await asking == "next"


@pytest.mark.parametrize(
    ("stage", "prompt"),
    [
        ("first_event", "/echo(ttft=30) late"),
        ("idle", "/fail stall after=2"),
        ("total", "/chunks n=500 every=0.05"),
    ],
)
async def test_a_slow_model_fails_its_request_alone(hasty: RunningGateway, stage: str, prompt: str) -> None:
    await fails_in(hasty, stage, prompt)
    await is_free(hasty)


async def test_a_page_that_sends_nothing_fails_its_request_alone(
    hasty: RunningGateway, control: SiteControl
) -> None:
    await reloaded(hasty, control, run_sends_nothing=True)
    await fails_in(hasty, "submit", "/echo unsent")
    await reloaded(hasty, control, run_sends_nothing=False)
    await is_free(hasty)


async def test_a_page_that_is_frozen_fails_the_request_on_it_alone(hasty: RunningGateway) -> None:
    driver = driver_of(hasty)
    await until_ready(driver, 1)
    await driver.pool.sessions[0].tab.page.evaluate(FREEZE)
    await fails_in(hasty, "ready", "/echo stuck")
    await is_free(hasty)


async def test_a_request_that_waits_too_long_fails_alone(hasty: RunningGateway) -> None:
    async with hasty.openai() as client:
        busy = asyncio.create_task(ask(client, "/chunks n=70 every=0.05"))
        async with hasty.http() as http, asyncio.timeout(5):
            while not (await http.get("/v1/queue")).json()["is_processing"]:
                pass
        await fails_in(hasty, "queue", "/echo impatient")
        assert await busy
    await is_free(hasty)


async def reloaded(gateway: RunningGateway, control: SiteControl, **page: Any) -> None:
    """A tab that was loaded with these knobs."""
    driver = driver_of(gateway)
    await until_ready(driver, 1)
    await control.scenario(page=page)
    await driver.pool.sessions[0].tab.load(BUDGETS.ready)


def driver_of(gateway: RunningGateway) -> PageDriver:
    assert isinstance(gateway.driver, PageDriver)
    return gateway.driver


@pytest_asyncio.fixture(scope="module")
async def reading(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway that reads answers from the page, each when it is over, and has little patience."""
    driver = driver_for(site, READING_BUDGETS, tabs=1, capture="dom")
    async with running_gateway(driver, READING_BUDGETS, tmp_path_factory.mktemp("reading")) as running:
        yield running


async def test_an_answer_that_grows_on_the_page_may_take_longer_than_its_first_event(
    reading: RunningGateway,
) -> None:
    async with reading.openai() as client:
        said = await ask(client, "/chunks n=40 size=20 every=0.1")
    assert said.count("chunk") == 40


async def test_a_page_that_grows_for_ever_is_ended_by_the_total(reading: RunningGateway) -> None:
    await fails_in(reading, "total", "/chunks n=400 every=0.1")


async def test_an_answer_that_stopped_growing_is_waited_for_no_longer(reading: RunningGateway) -> None:
    began = time.monotonic()
    assert await fails_in(reading, "first_event", "/fail stall after=3") - began < READING_BUDGETS.total
