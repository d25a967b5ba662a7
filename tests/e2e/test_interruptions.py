"""Whatever comes up over the page at the worst moment: the answer is as asked, or the error names it."""

from typing import get_args

import pytest

from domain.errors import ControlFailed
from simulator.demo import Site
from simulator.scenario import Interruption
from tests.e2e.driving import answer, opened
from tests.site import SiteControl

HARMLESS = [name for name in get_args(Interruption) if name != "terms"]
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
        with pytest.raises(ControlFailed, match="Terms of service"):
            await answer(driver, "/echo x", temperature=0.3, stop=("END",))
        assert await control.requests() == []
