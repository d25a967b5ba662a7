"""Token counts are the page's own: nothing is generated for them, and nothing of them stays."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from browser.driver import PageDriver
from domain.counts import Modality
from domain.errors import DeadlinePassed, PermissionDenied
from domain.events import TextDelta
from domain.ports import Deadlines
from domain.requests import FunctionDeclaration, GenerateRequest, Text, Turn
from simulator.demo import Site
from tests.e2e.attaching import arrived, asking, files_in
from tests.e2e.driving import answer, driver_for, opened, request, run, text_of
from tests.site import SiteControl

LOOK_UP = FunctionDeclaration("look_up", "Looks a word up, and gives all that is known of it.")
REQUESTS: dict[str, dict[str, Any]] = {
    "text": {},
    "system": {"system": "Be brief, and to the point: so many tokens."},
    "functions": {"functions": (LOOK_UP,)},
    "history": {"history": [Turn.of("user", "one"), Turn.of("model", "two")]},
    "other model": {"model": "gemini-2.5-pro"},
    "all": {"system": "brief", "functions": (LOOK_UP,), "model": "gemini-2.5-pro"},
}


async def prompt_tokens(driver: PageDriver, control: SiteControl, asked: GenerateRequest) -> int:
    """What the site counts when the same is run."""
    await run(driver, asked)
    return int((await control.requests())[-1]["report"]["promptTokens"])


@pytest.mark.parametrize("capture", ["cdp", "in_page"])
async def test_a_count_is_what_the_site_counts_when_it_is_run(
    site: Site, control: SiteControl, capture: str
) -> None:
    async with opened(site, capture=capture) as driver:
        for name, options in REQUESTS.items():
            asked = request("/echo Grüße\r\n  from here\n", **options)
            count = await driver.count(asked)
            assert await control.requests() == [], name
            assert count.total == await prompt_tokens(driver, control, asked), name
            assert count.by_modality == ((Modality.TEXT, count.total),), name
            await control.forget_requests()


async def test_a_count_has_the_files(site: Site, control: SiteControl, tmp_path: Path) -> None:
    made = files_in(tmp_path)
    asked = asking(made("picture.png"), made("note.txt"), Text("/echo what is it?"))
    async with opened(site) as driver:
        count = await driver.count(asked)
        assert dict(count.by_modality).keys() == {Modality.TEXT, Modality.IMAGE}
        assert count.total == await prompt_tokens(driver, control, asked)
        await run(driver, request("/echo without"))
        assert await arrived(control) == []


async def test_a_generation_on_another_tab_goes_on(site: Site, control: SiteControl) -> None:
    async with opened(site, tabs=2) as driver:
        said: list[str] = []
        counted = asyncio.Event()

        async def generate() -> None:
            async with (
                driver.prepare(request("/chunks n=150 size=20 every=0.02")) as generation,
                aclosing(generation.events()) as events,
            ):
                async for event in events:
                    if isinstance(event, TextDelta):
                        said.append(event.text)
                        counted.set()

        async with asyncio.TaskGroup() as tasks:
            generating = tasks.create_task(generate())
            await counted.wait()
            count = await driver.count(request("count me"))
            assert not generating.done()
        assert count.total == 2
        assert "".join(said).count("chunk") == 150
        assert len(await control.requests()) == 1


async def test_counts_leave_room_for_generations(site: Site) -> None:
    async with opened(site) as driver:
        async with asyncio.TaskGroup() as tasks:
            counts = [tasks.create_task(driver.count(request(f"number {n}"))) for n in range(6)]
            await asyncio.wait(counts, return_when=asyncio.FIRST_COMPLETED)
            assert await answer(driver, "/echo between") == "between"
            assert not all(count.done() for count in counts)
        assert [count.result().total for count in counts] == [2] * 6


async def test_a_site_that_does_not_count_says_why(site: Site, control: SiteControl) -> None:
    await control.scenario(rpc_faults={"CountTokens": 403})
    async with opened(site) as driver:
        with pytest.raises(PermissionDenied):
            await driver.count(request("count me"))
        assert await answer(driver, "/echo fine") == "fine"


async def test_only_a_count_of_the_whole_request_counts(site: Site, control: SiteControl) -> None:
    """Slow counts of what stood there before are on their way while the request is put there."""
    await control.scenario(page={"token_count_delay_ms": 0}, rpc_delays={"CountTokens": 0.3})
    async with opened(site) as driver:
        for text, tokens in (("a" * 400, 100), ("a", 1), ("a" * 40, 10)):
            assert (await driver.count(request(text))).total == tokens


async def test_a_page_that_does_not_count_costs_no_more_than_the_budget(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"token_count_delay_ms": 600_000})
    quick = driver_for(site, Deadlines(ready=4), tabs=1)
    await quick.open()
    try:
        with pytest.raises(DeadlinePassed, match="ready"):
            await quick.count(request("count me"))
        assert text_of(await run(quick, request("/echo fine"))) == "fine"
    finally:
        await quick.close()


async def test_a_cancelled_count_gives_its_tab_back(site: Site, control: SiteControl) -> None:
    await control.scenario(rpc_delays={"CountTokens": 30})
    async with opened(site) as driver:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await driver.count(request("count me"))
        await control.scenario(rpc_delays={})
        assert await answer(driver, "/echo fine") == "fine"
        assert (await driver.count(request("count me"))).total == 2
