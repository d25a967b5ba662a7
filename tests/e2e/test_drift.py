"""The facts of the page that are most likely to change, changed one by one.

Whatever changes, the chat gives the right answer with the right settings, or error and doctor both name
the control. What is expected of each mutation is data: `CASES`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio

from browser.doctor.examine import examine_with
from browser.engine import Engine
from domain.attachments import Attachment
from domain.errors import ControlFailed, GatewayError, ModelRejected, PageDrift, Unsupported
from domain.ports import Deadlines
from domain.requests import GenerateRequest, ThinkingChoice, Tool, Turn
from simulator.demo import Site
from simulator.scenario import MutationName
from tests.e2e.attaching import arrived, files_in, sent, told
from tests.e2e.driving import DEADLINES, MODEL, driver_for, leave_early, opened, request, text_of
from tests.e2e.test_doctor import PATIENCE, settings_of
from tests.gateway import running_gateway
from tests.site import SiteControl

PRO = "gemini-2.5-pro"
LEVELS = "gemini-3-flash-preview"
ROUNDS = ({"temperature": 0.3, "top_p": 0.5, "max_output_tokens": 900}, {"temperature": 1.7, "top_p": 0.25})


@dataclass(frozen=True)
class Case:
    """What is expected of the page with some mutations."""

    fact: int
    """Its number among the fifteen; 0: a near miss."""
    mutations: tuple[MutationName, ...]
    drift: tuple[str, ...] = ()
    """Areas that are found by a later candidate, as `/health` tells."""
    warned: tuple[str, ...] = ()
    """Areas that the warnings of a request which leaves them to their defaults name."""
    asked: dict[str, Any] = field(default_factory=dict)
    """Options of a further request, which fails with …"""
    fails: type[GatewayError] | None = None
    named: str = ""
    """… this in its words."""
    missing: tuple[str, ...] = ()
    """Areas that the doctor calls missing; its exit status is 1 if there are any."""
    knobs: dict[str, Any] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    """Sampling parameters that the page can no longer be told."""
    files: tuple[str, ...] = ()
    """Attached to every request."""
    model: str = MODEL


LOW = ThinkingChoice(level="low")
MEDIUM = ThinkingChoice(level="medium")
CASES = (
    Case(1, ("run_button_anonymous",), drift=("run",)),
    Case(2, ("stop_button_apart",)),
    Case(2, ("stop_unmarked",)),
    Case(2, ("stop_wordless",)),
    Case(3, ("prompt_box_renamed",), drift=("prompt", "media_chip"), files=("a.txt",)),
    Case(3, ("prompt_field_unnamed",), drift=("prompt",)),
    Case(4, ("number_fields_untyped",), drift=("temperature", "top_p")),
    Case(
        4,
        ("number_ranges_alike",),
        warned=("top_p",),
        asked={"top_p": 0.5},
        fails=ControlFailed,
        named="'top_p' control is missing",
        missing=("top_p",),
        leaves=("top_p",),
    ),
    Case(5, ("model_rows_unmarked",), drift=("model_row",)),
    Case(5, ("model_address_ignored",)),
    Case(
        5,
        ("model_address_ignored",),
        knobs={"missing": ["model_rows"]},
        asked={"model": PRO},
        fails=ModelRejected,
        named="does not let model 'gemini-2.5-pro' be chosen",
        missing=("model_row",),
        model="gemini-3.1-pro-preview",
    ),
    Case(6, ("model_name_is_title",)),
    Case(7, ("temporary_in_toolbar",), drift=("temporary_indicator",)),
    Case(7, ("temporary_unmarked",)),
    Case(8, ("media_menu_reworded",), drift=("media_menu",), files=("a.txt", "b.txt")),
    Case(
        8,
        ("media_menu_reworded",),
        knobs={"file_input": "chooser"},
        asked={"files": ("a.txt",)},
        fails=PageDrift,
        named="'upload_item'",
        missing=("upload_item",),
    ),
    Case(9, ("discard_reworded",), knobs={"autosave_dialog_after_ms": None}),
    Case(10, ("answer_marks_gone",)),
    Case(11, ("thoughts_apart",)),
    Case(11, ("turns_renamed",), drift=("turn",)),
    Case(12, ("copy_reworded",)),
    Case(
        13,
        ("thinking_level_reworded",),
        asked={"model": LEVELS, "thinking": LOW},
        fails=ControlFailed,
        named="'thinking_level' control is missing",
        missing=("thinking_level",),
    ),
    Case(
        13,
        ("thinking_levels_fewer",),
        asked={"model": LEVELS, "thinking": MEDIUM},
        fails=ControlFailed,
        named="'thinking_level' control is unoffered",
    ),
    Case(14, ("tools_unmarked",), drift=("google_search", "function_calling", "structured_output")),
    Case(
        14,
        ("tools_reworded",),
        asked={"tools": frozenset({Tool.GOOGLE_SEARCH})},
        fails=Unsupported,
        named="Google Search",
        missing=(
            "google_search",
            "url_context",
            "code_execution",
            "google_maps",
            "function_calling",
            "structured_output",
        ),
    ),
    Case(15, ("run_takes_hands_only",)),
    Case(15, ("disabled_natively",)),
    Case(0, ("preferences_elsewhere",)),
)


def name_of(case: Case) -> str:
    return "+".join((*case.mutations, *case.knobs))


def test_every_mutation_and_each_of_the_fifteen_facts_is_tried() -> None:
    assert {name for case in CASES for name in case.mutations} == set(get_args(MutationName))
    assert {case.fact for case in CASES} >= set(range(1, 16))


async def scene(control: SiteControl, case: Case) -> None:
    await control.scenario(page={"animation_ms": 20, "mutations": case.mutations, **case.knobs})


async def asked_of(control: SiteControl) -> dict[str, Any]:
    found: dict[str, Any] = (await control.requests())[-1]["report"]
    return found


def asking(prompt: str, files: tuple[Attachment, ...], **options: Any) -> GenerateRequest:
    asked = request(prompt, **options)
    return replace(asked, turns=(Turn("user", (*files, *asked.turns[-1].parts)),))


def files_of(names: tuple[str, ...], folder: Path) -> tuple[Attachment, ...]:
    return tuple(files_in(folder)(name, f"content of {name}".encode()) for name in names)


@pytest.mark.parametrize("case", CASES, ids=name_of)
async def test_the_chat_goes_on_or_the_error_names_the_control(
    site: Site, control: SiteControl, tmp_path: Path, case: Case
) -> None:
    await scene(control, case)
    files = files_of(case.files, tmp_path)
    quick = replace(DEADLINES, ready=10)
    async with opened(
        site, deadlines=quick, temporary_chat=True, evidence_dir=tmp_path / "evidence"
    ) as driver:
        for number, options in enumerate(ROUNDS):
            wanted = {name: value for name, value in options.items() if name not in case.leaves}
            asked = asking(
                f"/echo {number}",
                files,
                model=case.model,
                system=f"rule {number}",
                stop=(f"S{number}",),
                **wanted,
            )
            async with driver.prepare(asked) as generation:
                assert text_of([event async for event in generation.events()]) == str(number)
                assert [area for area in case.warned if not any(area in w for w in generation.warnings)] == []
                assert case.warned or not generation.warnings
            is_as_asked(await asked_of(control), asked, case)
            assert told(await arrived(control)) == sent(*files)
        counters = driver.status().counters
        assert [area for area in case.drift if not counters.get(f"drift.{area}")] == []
        assert len(await control.requests()) == len(ROUNDS)
        if case.fails:
            options = {name: value for name, value in case.asked.items() if name != "files"}
            more = files_of(case.asked.get("files", ()), tmp_path)
            with pytest.raises(case.fails) as caught:
                async with driver.prepare(asking("/echo no", more, **options)) as generation:
                    _ = [event async for event in generation.events()]
            assert case.named in caught.value.public_message
            assert len(await control.requests()) == len(ROUNDS)


async def test_what_was_not_found_by_its_first_candidate_is_told_over_http(
    site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page={"mutations": ["run_button_anonymous", "number_fields_untyped"]})
    body = {"model": MODEL, "temperature": 0.3, "messages": [{"role": "user", "content": "/echo x"}]}
    async with (
        running_gateway(driver_for(site, tabs=1), DEADLINES, tmp_path) as gateway,
        gateway.http() as http,
    ):
        reply = (await http.post("/v1/chat/completions", json=body)).raise_for_status()
        assert reply.json()["choices"][0]["message"]["content"] == "x"
        counters = (await http.get("/health")).json()["details"]["counters"]
        assert counters["drift.run"] > 0
        assert counters["drift.temperature"] > 0
        assert "drift.model_card" not in counters


def is_as_asked(report: dict[str, Any], asked: GenerateRequest, case: Case) -> None:
    sampling = asked.sampling
    assert report["model"].endswith(asked.model)
    assert report["temperature"] == sampling.temperature
    assert "top_p" in case.leaves or report["topP"] == sampling.top_p
    assert sampling.max_output_tokens in {None, report["maxOutputTokens"]}
    assert report["stopSequences"] == list(sampling.stop)
    assert asked.system in str(report["system"])
    assert not report.get("tools")
    assert len(report["contents"]) == 1


STOPS = [case for case in CASES if case.fact in {2, 15}]


@pytest.mark.parametrize("case", STOPS, ids=name_of)
async def test_a_cancelled_answer_stops_and_is_never_submitted_again(
    site: Site, control: SiteControl, case: Case
) -> None:
    await scene(control, case)
    async with opened(site) as driver:
        await leave_early(driver)
        async with driver.prepare(request("/echo next")) as generation:
            assert text_of([event async for event in generation.events()]) == "next"
        first, second = await control.requests()
        assert (first["outcome"], second["outcome"]) == ("client_gone", "finished")
        assert len(second["report"]["contents"]) == 1


@pytest_asyncio.fixture(scope="module")
async def engine(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    async with Engine(settings_of(site, tmp_path_factory.mktemp("evidence"))) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=name_of)
async def test_the_doctor_names_what_the_gateway_cannot_do_without(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path, case: Case
) -> None:
    await scene(control, case)
    settings = settings_of(site, tmp_path)
    deadlines = Deadlines(ready=5, submit=8, first_event=4, total=50)
    report = await examine_with(engine, settings, deadlines, patience=PATIENCE)
    assert (report.problem, report.missing, report.exit_status) == ("", case.missing, int(bool(case.missing)))
    seen_now = {"turn", "media_chip", "temporary_indicator"}  # areas that the doctor sees only with an answer
    assert set(case.drift) - seen_now <= set(report.later)
