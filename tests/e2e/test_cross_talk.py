"""No answer has a byte of another one, however runs end and whatever hears them."""

import asyncio
import random
from contextlib import aclosing

import pytest

from browser.driver import PageDriver
from simulator.demo import Site
from tests.e2e.driving import answer, opened, request, text_of
from tests.site import SiteControl

ADD_A_TURN = """() => {
  const turn = document.createElement("ms-chat-turn");
  turn.textContent = "somebody else's";
  document.querySelector(".chat-session-content").append(turn);
}"""


async def begin_and_leave(driver: PageDriver, prompt: str, chance: random.Random) -> None:
    """Leave at a random event, or at a random time."""
    if chance.random() < 0.5:
        wanted = chance.randrange(6)
        async with driver.prepare(request(prompt)) as generation, aclosing(generation.events()) as events:
            for _ in range(wanted):
                if await anext(events, None) is None:
                    return
        return
    task = asyncio.create_task(answer(driver, prompt))
    await asyncio.wait({task}, timeout=chance.uniform(0, 0.5))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("capture", ["cdp", "in_page", "dom", "auto"])
async def test_a_run_that_was_left_is_not_heard_in_a_later_one(
    site: Site, control: SiteControl, capture: str
) -> None:
    chance = random.Random(capture)  # noqa: S311 no secret: a sequence that can be had again
    async with opened(site, capture=capture, tabs=2) as driver:
        for number in range(6):
            framing = chance.choice([{"split": 5}, {"events_per_write": 4}, {"gzip": False}])
            await control.scenario(framing=framing)
            mark = f"left-{number} "
            await begin_and_leave(driver, f"/echo(every=0.02) {mark * 60}", chance)
            wanted = f"kept-{number} " * chance.randrange(1, 40)
            assert await answer(driver, f"/echo {wanted}") == wanted


async def test_a_page_with_anything_on_it_is_renewed_before_it_is_used(site: Site) -> None:
    async with opened(site) as driver:
        [session] = driver.pool.sessions
        await session.tab.page.evaluate(ADD_A_TURN)
        assert await answer(driver, "/echo mine") == "mine"
        counters = driver.status().counters
    assert (counters["retries"], counters["healing.reload"]) == (1, 1)


async def test_a_page_that_changed_while_it_waited_is_not_run(site: Site, control: SiteControl) -> None:
    async with opened(site) as driver:
        async with driver.prepare(request("/echo mine")) as generation:
            [session] = driver.pool.sessions
            await session.tab.page.evaluate(ADD_A_TURN)
            assert text_of([event async for event in generation.events()]) == "mine"
        assert driver.status().counters["retries"] == 1
        assert len(await control.requests()) == 1
