"""Whatever breaks, and whenever: each request ends with its right answer or with a named error."""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.async_api import Error

from benchmarks.chaos import chaos
from benchmarks.chaos_asks import Ask, Asker
from benchmarks.chaos_clients import FAILURES, Client, Outcome
from benchmarks.chaos_faults import ANSWER_FAULTS
from benchmarks.chaos_report import with_section
from benchmarks.chaos_stage import Budgets
from browser.driver import PageDriver
from domain.ports import Deadlines
from simulator.demo import Site
from tests.e2e.driving import driver_for
from tests.gateway import RunningGateway, running_gateway
from tests.site import SiteControl

BUDGETS = Budgets(queue=20, ready=10, submit=4, first_event=3, idle=2, total=8)
CLOSED_TAB, FROZEN_TAB, LOST_BROWSER, CANCEL = "closed tab", "frozen tab", "lost browser", "/v1/cancel"
FREEZE = "() => { setTimeout(() => { for (;;); }, 0); }"
MOMENTS = st.floats(0, 0.4)
FAULTS = st.tuples(MOMENTS, st.sampled_from([*ANSWER_FAULTS, CLOSED_TAB, FROZEN_TAB, LOST_BROWSER, CANCEL]))
PATIENCES = st.none() | MOMENTS
"""`None`: the client waits for the end."""


@pytest.mark.timeout(150)
async def test_clients_get_right_answers_or_named_errors_while_everything_breaks() -> None:
    # Chromium keeps a socket there, whose path may have a hundred characters at most.
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        summary = await chaos(seed=22, seconds=5, folder=Path(folder), budgets=BUDGETS, all_kinds=False)
    # How long recovery takes is for `make chaos`: a machine that runs a whole suite beside it tells nothing.
    problems = [problem for problem in summary.problems if not problem.startswith("slow recovery")]
    assert problems == [], "\n".join(problems)
    assert summary.timeline
    assert sum(record.outcome is Outcome.RIGHT for record in summary.records) >= 8


@pytest_asyncio.fixture(scope="module")
async def fragile(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway with little patience, which is left in good health by each example."""
    deadlines = Deadlines(queue=20, ready=10, submit=4, first_event=1.5, idle=1, total=8)
    folder = tmp_path_factory.mktemp("fragile")
    async with running_gateway(driver_for(site, deadlines, watchdog_seconds=1), deadlines, folder) as running:
        yield running


@pytest.mark.timeout(240)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(faults=st.lists(FAULTS, min_size=1, max_size=4), patiences=st.lists(PATIENCES, min_size=1, max_size=3))
async def test_any_sequence_of_faults_leaves_a_gateway_that_answers_the_next_request(
    fragile: RunningGateway,
    control_of_site: SiteControl,
    faults: Sequence[tuple[float, str]],
    patiences: Sequence[float | None],
) -> None:
    chance = random.Random(0)  # noqa: S311 no secret: a sequence that can be had again
    async with httpx.AsyncClient(base_url=fragile.address, timeout=None) as http:  # noqa: S113 see `budget`
        client = Client(http, Asker(0, chance), chance, budget=50)
        async with asyncio.TaskGroup() as tasks:
            asking = [
                tasks.create_task(client.ask(client.asker.next(), stream=number % 2 == 0, patience=patience))
                for number, patience in enumerate(patiences)
            ]
            for moment, fault in faults:
                await asyncio.wait(asking, timeout=moment)
                await _inject(fault, fragile, control_of_site, http)
        assert [str(task.result()) for task in asking if task.result().outcome in FAILURES] == []
        await control_of_site.scenario(next_faults=[])
        after = await client.ask(client.asker.next(), stream=True)
        assert after.outcome is Outcome.RIGHT, str(after)
        assert (await http.get("/v1/queue")).json()["items"] == []


async def _inject(fault: str, gateway: RunningGateway, site: SiteControl, http: httpx.AsyncClient) -> None:
    assert isinstance(gateway.driver, PageDriver)
    engine = gateway.driver.healer.engine
    if fault == CANCEL:
        for item in (await http.get("/v1/queue")).json()["items"][:1]:
            await http.post(f"/v1/cancel/{item['req_id']}")
    elif fault not in {CLOSED_TAB, FROZEN_TAB, LOST_BROWSER}:
        await site.scenario(next_faults=[fault])
    elif engine is not None and engine.connected:
        if fault == LOST_BROWSER:
            await engine.browser.close()
        for page in [page for context in engine.browser.contexts for page in context.pages][:1]:
            with contextlib.suppress(Error, TimeoutError):  # it may be lost or frozen already
                async with asyncio.timeout(1):
                    await (page.evaluate(FREEZE) if fault == FROZEN_TAB else page.close())


ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
RIGHT = b'data: {"choices":[{"delta":{"content":"fine"}}]}\n\n'
FOREIGN = b'data: {"choices":[{"delta":{"content":"tok-7"}}]}\n\n'
END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
NAMED = b'data: {"error":{"message":"gone","code":"browser_down"}}\n\n'
NAMELESS = b'data: {"error":{"message":"oops","code":"internal_error"}}\n\n'


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        (ROLE + RIGHT + END + DONE, Outcome.RIGHT),
        (ROLE + RIGHT + NAMED, Outcome.NAMED),
        (NAMED, Outcome.NAMED),
        (ROLE + FOREIGN + END + DONE, Outcome.WRONG),
        (ROLE + FOREIGN + NAMED, Outcome.WRONG),
        (ROLE + END + DONE, Outcome.WRONG),
        (ROLE + RIGHT + RIGHT + END + DONE, Outcome.WRONG),
        (ROLE + RIGHT + END, Outcome.BROKEN),
        (ROLE + RIGHT + DONE, Outcome.BROKEN),
        (ROLE + RIGHT + END + DONE + RIGHT, Outcome.BROKEN),
        (ROLE + RIGHT + END + END + DONE, Outcome.BROKEN),
        (ROLE + RIGHT[:20], Outcome.BROKEN),
        (ROLE + NAMELESS, Outcome.BROKEN),
        (b"", Outcome.BROKEN),
    ],
)
async def test_the_clients_notice_whatever_is_wrong_with_a_stream(stream: bytes, outcome: Outcome) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=stream))
    chance = random.Random(0)  # noqa: S311 no secret: a sequence that can be had again
    ask = Ask("tok-0", "echo", {}, lambda said: "" if said.text == "fine" else said.text or "nothing", "fine")
    async with httpx.AsyncClient(base_url="http://127.0.0.1", transport=transport) as http:
        record = await Client(http, Asker(0, chance), chance, budget=5).ask(ask, stream=True)
    assert record.outcome is outcome, str(record)


def test_a_section_of_the_results_is_replaced_and_the_rest_stays() -> None:
    first = with_section("# Results\n\nkept\n", "## Chaos", "old\n")
    assert first == "# Results\n\nkept\n\n## Chaos\n\nold\n"
    more = f"{first}\n## Other\n\nkept too\n"
    assert with_section(more, "## Chaos", "new") == (
        "# Results\n\nkept\n\n## Chaos\n\nnew\n\n## Other\n\nkept too\n"
    )
