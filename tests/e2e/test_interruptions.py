"""Whatever comes up over the page at the worst moment: the answer is as asked, or the error names it."""

from typing import get_args

import pytest

from domain.errors import ControlFailed, SessionLost
from simulator.demo import Site
from simulator.scenario import Interruption
from tests.e2e.driving import answer, opened, request, text_of
from tests.site import SiteControl

HARMLESS = [name for name in get_args(Interruption) if name != "terms"]
LAY_OVER = """() => {
  const backdrop = document.createElement("div");
  backdrop.className = "cdk-overlay-backdrop cdk-overlay-dark-backdrop cdk-overlay-backdrop-showing";
  document.querySelector(".cdk-overlay-container").append(backdrop);
}"""
"""Nothing closes it."""
ASKED = {"temperature": 0.3, "top_p": 0.5, "stop": ("END",), "system": "be brief"}


@pytest.mark.parametrize("moment", ["setting", "prompt"])
@pytest.mark.parametrize("what", HARMLESS)
async def test_what_comes_up_at_the_worst_moment_changes_nothing(
    site: Site, control: SiteControl, what: str, moment: str
) -> None:
    await control.scenario(page={"interrupt_with": what, "interrupt_at": moment})
    async with opened(site) as driver:
        assert await answer(driver, "/echo x", **ASKED) == "x"
        (entry,) = await control.requests()
        report = entry["report"]
        assert (report["temperature"], report["topP"], report["stopSequences"]) == (0.3, 0.5, ["END"])
        assert "be brief" in str(report["system"])


@pytest.mark.parametrize("moment", ["setting", "prompt"])
async def test_terms_that_a_person_has_to_accept_are_named(
    site: Site, control: SiteControl, moment: str
) -> None:
    await control.scenario(page={"interrupt_with": "terms", "interrupt_at": moment})
    async with opened(site) as driver:
        with pytest.raises(ControlFailed if moment == "setting" else SessionLost, match="Terms of service"):
            await answer(driver, "/echo x", temperature=0.3, stop=("END",))
        assert await control.requests() == []


async def test_what_stays_over_the_page_after_an_answer_goes_with_the_page(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"interrupt_with": "terms", "interrupt_at": "answer"})
    async with opened(site, continue_conversations=False) as driver:
        assert [await answer(driver, f"/echo {word}") for word in ("one", "two")] == ["one", "two"]
        counters = driver.status().counters
    assert counters["healing.overlays"] == counters["healing.reload"] >= 1
    assert counters.get("retries", 0) == 0


async def test_what_came_over_a_page_while_it_waited_has_the_request_made_elsewhere(site: Site) -> None:
    async with opened(site) as driver:
        async with driver.prepare(request("/echo mine")) as generation:
            [session] = driver.pool.sessions
            await session.tab.page.evaluate(LAY_OVER)
            assert text_of([event async for event in generation.events()]) == "mine"
        counters = driver.status().counters
    assert (counters["retries"], counters["healing.reload"]) == (1, 1)
