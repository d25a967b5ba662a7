"""The doctor: every control of every known page is found, a lost one is named, and nothing is left behind."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from browser.doctor.areas import EMAIL
from browser.doctor.examine import consulting, examine, examine_with
from browser.doctor.report import Report, Result
from browser.engine import Engine
from browser.pages.selectors import load_selectors
from domain.ports import Deadlines
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.site import SiteControl

DEADLINES = Deadlines(ready=5, submit=8, first_event=4, total=100)
pytestmark = pytest.mark.timeout(150)
PATIENCE = 1.0
QUICK = {"animation_ms": 20}


def settings_of(site: Site, folder: Path, **changes: Any) -> BrowserSettings:
    options: dict[str, Any] = {
        "engine": "chromium",
        "ai_studio_url": site.address,
        "auth_profile": site.profile,
        "evidence_dir": folder,
        "args": (LOOPBACK_ONLY,),
        **changes,
    }
    return BrowserSettings(**options)


@pytest_asyncio.fixture(scope="module")
async def engine(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    async with Engine(settings_of(site, tmp_path_factory.mktemp("evidence"))) as running:
        yield running


async def examined(
    engine: Engine, site: Site, folder: Path, *, generate: bool = False, **changes: Any
) -> Report:
    settings = settings_of(site, folder, **changes)
    return await examine_with(engine, settings, DEADLINES, generate=generate, patience=PATIENCE)


def result_of(report: Report, area: str) -> Result:
    return next(finding.result for finding in report.findings if finding.area == area)


@pytest.mark.parametrize("era", ["E3", "E4", "E5", "E6"])
async def test_no_needed_area_is_missing_in_any_era(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path, era: str
) -> None:
    await control.scenario(page={**QUICK, "era": era})
    report = await examined(engine, site, tmp_path)
    assert (report.problem, report.missing, report.exit_status) == ("", (), 0)
    assert bool(report.later) == (era != "E6")
    assert await control.requests() == []


async def test_every_area_has_a_line_and_a_reason_where_it_was_not_found(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page=QUICK)
    report = await examined(engine, site, tmp_path)
    assert [finding.area for finding in report.findings] == list(load_selectors(None))
    unexplained = [
        f.area for f in report.findings if "not looked at" in f.note or not (f.note or f.candidate)
    ]
    assert unexplained == []
    lines = report.table().splitlines()
    assert all(any(line.startswith(f"{f.area} ") for line in lines) for f in report.findings)


AREAS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_output_tokens",
    "stop_sequence_input": "stop_input",
    "search_toggle": "google_search",
    "thinking_level": "thinking_level",
    "thinking_mode": "thinking_mode",
    "thinking_budget": "thinking_budget",
    "thinking_budget_toggle": "thinking_manual",
    "aspect_ratio": "aspect_ratio",
    "image_size": "image_size",
    "model_rows": "model_row",
    "model_card": "model_card",
    "new_chat": "new_chat",
    "system_instructions_card": "system_card",
    "function_toggle": "function_calling",
    "function_edit": "function_edit",
    "function_code_tab": "function_tab",
    "function_save": "function_save",
    "structured_toggle": "structured_output",
    "structured_edit": "structured_edit",
    "structured_save": "structured_save",
    "media_resolution": "media_resolution",
    "safety_edit": "safety_edit",
    "safety_slider": "safety_harassment",
    "tools_header": "tools_section",
    "advanced_header": "advanced_section",
    "temporary_chat": "temporary_item",
    "run_button": "run",
    "prompt_textarea": "prompt",
}
"""The area that each control of the simulator is."""
SETTINGS = ("temperature", "top_p", "max_output_tokens", "stop_sequence_input", "search_toggle")
OPENERS = ("system_instructions_card", "function_edit", "structured_edit", "temporary_chat", "model_rows")
TOGETHER = [
    (
        *SETTINGS,
        *OPENERS,
        "media_resolution",
        "safety_slider",
        "thinking_level",
        "thinking_mode",
        "thinking_budget",
        "new_chat",
    ),
    ("thinking_budget_toggle", "function_code_tab", "structured_save", "tools_header", "advanced_header"),
    ("function_save", "structured_toggle", "top_p", "safety_edit", "image_size"),
    ("model_card", "function_toggle", "aspect_ratio"),
    ("prompt_textarea", "run_button"),
]
"""Each control once, none of them beside one that hides it."""


def test_each_control_of_the_simulator_is_lost_once() -> None:
    assert {name for names in TOGETHER for name in names} == set(AREAS)


@pytest.mark.parametrize("lost", TOGETHER, ids=lambda names: names[0])
async def test_exactly_the_lost_controls_are_named(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path, lost: tuple[str, ...]
) -> None:
    await control.scenario(page={**QUICK, "missing": list(lost)})
    report = await examined(engine, site, tmp_path)
    assert (set(report.missing), report.exit_status) == ({AREAS[name] for name in lost}, 1)
    assert report.problem == ""
    assert f"MISSING: {report.missing[0]}" in report.table()
    assert await control.requests() == []


async def test_a_renamed_control_is_found_by_a_later_candidate_or_named(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page={**QUICK, "renamed": {"thinking_budget": True}})
    report = await examined(engine, site, tmp_path)
    assert (report.missing, report.later, report.exit_status) == ((), ("thinking_budget",), 0)
    await control.scenario(page={**QUICK, "renamed": {"thinking_budget": True, "structured_save": True}})
    report = await examined(engine, site, tmp_path)
    assert (report.missing, report.later) == (("structured_save",), ("thinking_budget",))
    assert report.exit_status == 1


async def test_the_users_own_selectors_are_what_is_examined(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page=QUICK)
    own = tmp_path / "selectors.json"
    nowhere = {"name": "nowhere", "css": "not-on-the-page"}
    second = {"name": "mine", "css": "ms-run-button button"}
    own.write_text(json.dumps({"run": [nowhere, second], "temperature": [nowhere]}))
    report = await examined(engine, site, tmp_path, selectors_file=own)
    assert (report.missing, report.later, report.exit_status) == (("temperature",), ("run",), 1)


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-flash-preview"])
async def test_the_page_is_left_as_it_was(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path, model: str
) -> None:
    await control.scenario(page=QUICK)
    async with consulting(engine, settings_of(site, tmp_path), DEADLINES, patience=PATIENCE) as doctor:
        shown = await doctor.load(model, DEADLINES.ready)
        before = await doctor.settings()
        await doctor.look_at(shown, await doctor.cards())
        assert await doctor.settings() == before
        assert (before["model"], before["numbers"]["temperature"]) == (model, 1)
        state = await doctor.chat_state()
        assert (state.dialogs, state.turns, state.temporary) == (0, 0, False)
    assert await control.requests() == []


@pytest.mark.parametrize(
    "knobs",
    [
        {"cookie_bar": True, "survey_iframe": True, "announcement": True},
        {"file_input": "page", "structured_editor": "keyboard"},
        {"file_input": "chooser", "swallow_dialog_clicks": 1},
    ],
    ids=["notices", "other-shapes", "swallowed-clicks"],
)
async def test_an_obstacle_is_no_miss(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path, knobs: dict[str, Any]
) -> None:
    await control.scenario(page={**QUICK, **knobs})
    report = await examined(engine, site, tmp_path)
    assert (report.problem, report.missing) == ("", ())


async def test_a_dialog_that_only_a_person_can_answer_is_the_problem(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page={**QUICK, "terms_dialog": True})
    report = await examined(engine, site, tmp_path)
    assert "Terms of service" in report.problem
    assert "--debug" in report.problem
    assert report.missing == ()


async def test_one_tiny_prompt_is_sent_when_asked(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page=QUICK)
    report = await examined(engine, site, tmp_path, generate=True)
    assert (report.missing, result_of(report, "turn")) == ((), Result.OK)
    assert len(await control.requests()) == 1


async def test_a_run_button_that_sends_nothing_is_named(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page={**QUICK, "run_sends_nothing": True})
    report = await examined(engine, site, tmp_path, generate=True)
    assert result_of(report, "run") is Result.STUCK
    assert report.exit_status == 1


async def test_not_signed_in_is_told_as_such(site: Site, tmp_path: Path) -> None:
    report = await examine(settings_of(site, tmp_path, auth_profile=None), DEADLINES)
    assert "sign" in report.problem
    assert (report.missing, report.exit_status) == ((), 1)
    assert f"PROBLEM: {report.problem}" in report.table()


async def test_the_bundle_shows_the_page_without_its_user(
    engine: Engine, site: Site, control: SiteControl, tmp_path: Path
) -> None:
    await control.scenario(page={**QUICK, "missing": ["function_save"]})
    report = await examined(engine, site, tmp_path / "evidence", generate=True)
    assert report.bundle is not None
    assert report.bundle.stat().st_mode & 0o077 == 0
    kept = {path.name: path for path in report.bundle.iterdir()}
    assert {"page.html", "page.png", "function_save.html", "answered.html", "report.json"} <= set(kept)
    assert all(path.stat().st_mode & 0o177 == 0 for path in kept.values())
    data = json.loads(kept["report.json"].read_text())
    assert (data["missing"], data["areas"]["run"]["candidate"]) == (["function_save"], "submit")
    for path in report.bundle.glob("*.html"):
        html = path.read_text()
        assert "<ms-run-settings" in html
        assert not re.search(r"\bAda\b|Answer with the word OK|<script", html)
        assert not re.search(EMAIL, html)
