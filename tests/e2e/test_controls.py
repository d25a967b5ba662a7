"""Thinking, tools, functions and structured output: what is asked arrives at the site, and nothing stays."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.pages.chat_page import ChatPage
from domain.errors import ControlFailed, PageDrift, Unsupported
from domain.requests import (
    FunctionDeclaration,
    GenerateRequest,
    OutputFormat,
    ThinkingChoice,
    Tool,
)
from simulator.demo import Site
from tests.e2e.driving import opened, request, run
from tests.site import SiteControl

FLASH = "gemini-2.5-flash"
LEVELS = "gemini-3-flash-preview"
ERAS = ("E3", "E4", "E5", "E6")
LOW, MEDIUM, HIGH, MINIMAL = 1, 2, 3, 4
WEATHER = FunctionDeclaration(
    "get_weather",
    'Weather "now" in a town\nwith \\ and ü',
    site_schema={"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
)
CLOCK = FunctionDeclaration("clock")
ANSWER = {"type": "object", "properties": {"reply": {"type": "string"}}, "required": ["reply"]}
STRING, OBJECT = 1, 6

FUNCTIONS = replace(request("/echo x", model=FLASH), functions=(WEATHER,))
STRUCTURED = replace(request("/echo x", model=FLASH), output=OutputFormat(ANSWER, ANSWER))


@pytest_asyncio.fixture(scope="module")
async def driver(site: Site) -> AsyncIterator[PageDriver]:
    """One tab for all tests that need no other page: what one of them left behind would fail the next."""
    async with opened(site) as running:
        yield running


def chat_page(driver: PageDriver) -> ChatPage:
    return driver.pool.sessions[0].tab.chat_page


async def sent(driver: PageDriver, control: SiteControl, asked: GenerateRequest) -> dict[str, Any]:
    """What the site's own request says of a generation."""
    await run(driver, asked)
    report: dict[str, Any] = (await control.requests())[-1]["report"]
    return report


def plain(model: str = FLASH) -> GenerateRequest:
    return request("/echo x", model=model)


def thinking(model: str, **choice: Any) -> GenerateRequest:
    return replace(plain(model), thinking=ThinkingChoice(**choice))


def tools_of(report: dict[str, Any]) -> set[str]:
    return {tool["name"] for tool in report["tools"]}


def functions_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [function for tool in report["tools"] for function in tool.get("functions", [])]


@pytest.mark.parametrize("era", ERAS)
async def test_every_control_takes_its_value_in_every_era_and_lets_it_go(
    site: Site, control: SiteControl, era: str
) -> None:
    await control.scenario(page={"era": era})
    async with opened(site) as driver:
        everything = replace(thinking(FLASH, budget=2048), tools=frozenset(Tool), output=OutputFormat())
        report = await sent(driver, control, everything)
        assert tools_of(report) == {tool.value for tool in Tool}
        assert (report["thinking"][:2], report["mimeType"]) == ([1, 2048], "application/json")
        declared = replace(thinking(LEVELS, level="low"), functions=(WEATHER, CLOCK))
        report = await sent(driver, control, declared)
        assert [function["name"] for function in functions_of(report)] == ["get_weather", "clock"]
        assert (report["thinking"][3], report["mimeType"]) == (LOW, "text/plain")
        report = await sent(driver, control, plain(LEVELS))
        assert (report["tools"], report["thinking"][3]) == ([], HIGH)
        structured = replace(plain(), output=OutputFormat(ANSWER, ANSWER))
        report = await sent(driver, control, structured)
        assert (report["mimeType"], report["schema"][0]) == ("application/json", OBJECT)
        report = await sent(driver, control, plain())
        assert (report["tools"], report["mimeType"], report["schema"]) == ([], "text/plain", None)
        assert report["thinking"][:2] == [1, -1]


@pytest.mark.parametrize(
    ("model", "level", "number", "default"),
    [
        ("gemini-3-pro-preview", "low", LOW, HIGH),
        (LEVELS, "minimal", MINIMAL, HIGH),
        (LEVELS, "medium", MEDIUM, HIGH),
    ],
)
async def test_a_level_holds_for_its_request_only(
    driver: PageDriver, control: SiteControl, model: str, level: str, number: int, default: int
) -> None:
    assert (await sent(driver, control, thinking(model, level=level)))["thinking"][3] == number
    assert (await sent(driver, control, plain(model)))["thinking"][3] == default


@pytest.mark.parametrize(
    ("model", "budget", "arrives", "default"),
    [
        ("gemini-2.5-pro", 1000, [1, 1000], [1, -1]),
        ("gemini-2.5-pro", -1, [1, -1], [1, -1]),
        (FLASH, 24576, [1, 24576], [1, -1]),
        (FLASH, 0, [0, 0], [1, -1]),
        ("gemini-2.5-flash-lite", 512, [1, 512], [0, 0]),
        ("gemini-2.5-flash-lite", -1, [1, -1], [0, 0]),
    ],
)
async def test_a_budget_holds_for_its_request_only(
    driver: PageDriver, control: SiteControl, model: str, budget: int, arrives: list[int], default: list[int]
) -> None:
    assert (await sent(driver, control, thinking(model, budget=budget)))["thinking"][:2] == arrives
    assert (await sent(driver, control, plain(model)))["thinking"][:2] == default


async def test_a_model_that_does_not_think_is_not_asked_to(driver: PageDriver, control: SiteControl) -> None:
    model = "gemini-2.0-flash"
    async with driver.prepare(plain(model)) as generation:
        assert generation.warnings == ()
    assert (await sent(driver, control, thinking(model, budget=0)))["thinking"] is None
    for choice, area in (({"level": "low"}, "thinking_level"), ({"budget": 100}, "thinking_mode")):
        with pytest.raises(ControlFailed) as caught:
            await run(driver, thinking(model, **choice))
        assert caught.value.area == area


async def test_a_value_that_the_page_does_not_take_is_a_failure(driver: PageDriver) -> None:
    with pytest.raises(ControlFailed, match="32768") as caught:
        await run(driver, thinking("gemini-2.5-pro", budget=99_999))
    assert caught.value.area == "thinking_budget"
    with pytest.raises(ControlFailed, match="High") as caught:
        await run(driver, thinking("gemini-3-pro-preview", level="minimal"))
    assert caught.value.area == "thinking_level"
    assert await run(driver, plain())


LOST = ("thinking_level", "thinking_mode", "thinking_budget_toggle")


@pytest.mark.parametrize(
    "knobs", [{"missing": LOST}, {"renamed": dict.fromkeys(LOST, True)}], ids=["missing", "renamed"]
)
async def test_lost_thinking_controls_fail_a_choice_and_warn_of_a_default(
    site: Site, control: SiteControl, knobs: dict[str, Any]
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        for asked, area in (
            (thinking(LEVELS, level="low"), "thinking_level"),
            (thinking(FLASH, budget=0), "thinking_mode"),
            (thinking("gemini-2.5-pro", budget=900), "thinking_mode"),
        ):
            with pytest.raises(ControlFailed) as caught:
                await run(driver, asked)
            assert caught.value.area == area
            async with driver.prepare(replace(asked, thinking=None)) as generation:
                assert [area in warning for warning in generation.warnings] == [True]
                assert [event async for event in generation.events()]


async def test_a_lost_part_of_the_budget_matters_only_where_it_is_needed(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"missing": ["thinking_mode", "thinking_budget"]})
    async with opened(site) as driver:
        with pytest.raises(ControlFailed) as caught:
            await run(driver, thinking(FLASH, budget=900))
        assert caught.value.area == "thinking_budget"
        async with driver.prepare(plain()) as generation:
            assert generation.warnings == ()
            assert [event async for event in generation.events()]
        assert (await control.requests())[-1]["report"]["thinking"][:2] == [1, -1]


async def test_a_strict_default_of_thinking_is_a_failure(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"missing": ["thinking_level"]})
    async with opened(site, strict_controls=True) as driver:
        with pytest.raises(ControlFailed, match="thinking_level"):
            await run(driver, plain(LEVELS))


async def test_every_set_of_tools_is_on_for_its_request_only(
    driver: PageDriver, control: SiteControl
) -> None:
    for tools in ({Tool.GOOGLE_SEARCH}, {Tool.URL_CONTEXT, Tool.CODE_EXECUTION}, {Tool.GOOGLE_MAPS}, set()):
        report = await sent(driver, control, replace(plain(), tools=frozenset(tools)))
        assert tools_of(report) == {tool.value for tool in tools}


async def test_tools_and_functions_follow_each_other_although_the_page_excludes_them(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"tick_ms": 50})
    async with opened(site) as driver:
        for _ in range(2):
            report = await sent(driver, control, replace(plain(), tools=frozenset(Tool)))
            assert tools_of(report) == {tool.value for tool in Tool}
            report = await sent(driver, control, replace(plain(), functions=(CLOCK,)))
            assert tools_of(report) == {"functions"}


async def test_a_tool_that_the_page_does_not_offer_is_refused_by_name(driver: PageDriver) -> None:
    asked = replace(plain("gemini-2.0-flash"), tools=frozenset({Tool.GOOGLE_SEARCH}))
    with pytest.raises(Unsupported, match=r"no Google Search switch.*'gemini-2\.0-flash'") as caught:
        await run(driver, asked)
    assert caught.value.param == "tools"


async def test_a_missing_switch_of_functions_or_output_is_named(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"missing": ["function_toggle", "structured_toggle"]})
    async with opened(site) as driver:
        for asked, area in ((FUNCTIONS, "function_calling"), (STRUCTURED, "structured_output")):
            with pytest.raises(ControlFailed) as failed:
                await run(driver, asked)
            assert failed.value.area == area
        assert (await sent(driver, control, plain()))["tools"] == []


async def test_functions_arrive_whole_and_change_with_the_request(
    driver: PageDriver, control: SiteControl
) -> None:
    report = await sent(driver, control, replace(plain(), functions=(WEATHER, CLOCK)))
    weather, clock = functions_of(report)
    assert (weather["name"], weather["description"]) == (WEATHER.name, WEATHER.description)
    assert weather["parameters"][0] == OBJECT
    assert weather["parameters"][6] == [["town", [STRING]]]
    assert weather["parameters"][7] == ["town"]
    assert (clock["name"], clock["parameters"]) == ("clock", None)
    assert tools_of(await sent(driver, control, plain())) == set()
    report = await sent(driver, control, replace(plain(), functions=(replace(WEATHER, name="other"),)))
    assert [function["name"] for function in functions_of(report)] == ["other"]


async def test_the_same_functions_and_the_same_schema_open_their_editors_once(
    driver: PageDriver, control: SiteControl
) -> None:
    page = chat_page(driver)
    for editor, asked in ((page.declarations, FUNCTIONS), (page.answer_schema, STRUCTURED)):
        await run(driver, plain())
        visits = editor.visits
        for _ in range(3):
            report = await sent(driver, control, asked)
            assert functions_of(report) or report["schema"]
        assert editor.visits == visits + 1


@pytest.mark.parametrize("knobs", [{}, {"drop_settings_on_new_chat": True}], ids=["kept", "dropped"])
async def test_functions_that_the_page_forgot_are_declared_again(
    site: Site, control: SiteControl, knobs: dict[str, Any]
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        for model in (FLASH, FLASH, LEVELS, FLASH):
            for asked in (replace(FUNCTIONS, model=model), plain(model)):
                report = await sent(driver, control, asked)
                assert [f["name"] for f in functions_of(report)] == [f.name for f in asked.functions]


@pytest.mark.parametrize("editor", ["textarea", "keyboard"])
async def test_a_schema_arrives_changes_and_goes(site: Site, control: SiteControl, editor: str) -> None:
    await control.scenario(page={"structured_editor": editor})
    other = {"type": "object", "properties": {"n": {"type": "integer"}, "a": {"type": "string"}}}
    async with opened(site) as driver:
        for schema in (ANSWER, other, None, ANSWER):
            report = await sent(driver, control, replace(plain(), output=OutputFormat(schema, schema)))
            assert report["mimeType"] == "application/json"
            names = None if schema is None else [name for name, _ in report["schema"][6]]
            assert names == (schema and list(schema["properties"]))
        assert (await sent(driver, control, plain()))["mimeType"] == "text/plain"


def both(how: str, part: str) -> dict[str, Any]:
    names = [f"function_{part}", f"structured_{part}"]
    return {how: names if how == "missing" else dict.fromkeys(names, True)}


@pytest.mark.parametrize(
    ("knobs", "part"),
    [
        (both("missing", "edit"), "edit"),
        (both("missing", "save"), "save"),
        (both("renamed", "save"), "save"),
        ({"dialog_stays_open": True}, "save"),
        ({"swallow_dialog_clicks": 9}, "dialog"),
    ],
)
async def test_a_broken_dialog_is_named_and_left_closed(
    site: Site, control: SiteControl, knobs: dict[str, Any], part: str
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        for asked, prefix in ((FUNCTIONS, "function"), (STRUCTURED, "structured")):
            with pytest.raises((ControlFailed, PageDrift)) as caught:
                await run(driver, asked)
            assert isinstance(caught.value, ControlFailed | PageDrift)
            assert caught.value.area == f"{prefix}_{part}"
            assert (await chat_page(driver).chat.state()).dialogs == 0
        report = await sent(driver, control, plain())
        assert (report["tools"], report["mimeType"]) == ([], "text/plain")


async def test_an_edit_button_that_nothing_marks_is_found_in_its_row(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page=both("renamed", "edit"))
    async with opened(site) as driver:
        assert (await sent(driver, control, FUNCTIONS))["tools"]
        assert (await sent(driver, control, STRUCTURED))["mimeType"] == "application/json"
        counters = driver.status().counters
        assert counters["drift.function_edit"]
        assert counters["drift.structured_edit"]


async def test_an_editor_without_its_tab_is_named(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"missing": ["function_code_tab"]})
    async with opened(site) as driver:
        with pytest.raises(PageDrift) as caught:
            await run(driver, FUNCTIONS)
        assert caught.value.area == "function_tab"


async def test_the_pages_own_words_are_passed_on_when_it_refuses_functions(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"refuse_declarations": "Property 'town' is not allowed."})
    async with opened(site) as driver:
        with pytest.raises(ControlFailed, match="'town' is not allowed") as caught:
            await run(driver, FUNCTIONS)
        assert caught.value.area == "function_text"
        assert (await sent(driver, control, plain()))["tools"] == []


async def test_a_click_that_the_page_lost_opens_the_editor_when_made_again(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"swallow_dialog_clicks": 1})
    async with opened(site) as driver:
        assert functions_of(await sent(driver, control, FUNCTIONS))


async def test_an_editor_may_draw_its_tabs_anew_and_have_a_field_in_each(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"editor_tabs_drawn_anew": True})
    async with opened(site) as driver:
        assert functions_of(await sent(driver, control, FUNCTIONS))


async def test_an_editor_takes_a_long_text_whole(driver: PageDriver, control: SiteControl) -> None:
    many = tuple(FunctionDeclaration(f"f{n}", "d" * 2000, site_schema=ANSWER) for n in range(128))
    report = await sent(driver, control, replace(plain(), functions=many))
    assert len(functions_of(report)) == len(many)
    assert len(json.dumps(functions_of(report))) > 256_000


async def test_what_was_cancelled_on_its_way_to_the_page_does_not_reach_the_next_request(
    site: Site, control: SiteControl
) -> None:
    """At whatever moment: the page's own scripts are given up in the middle of the editor."""
    await control.scenario(page={"tick_ms": 40})
    async with opened(site) as driver:
        for step in range(8):
            cancelled = replace(FUNCTIONS, functions=(replace(WEATHER, name=f"cancelled_{step}"),))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05 + step * 0.07), driver.prepare(cancelled):
                    await asyncio.Event().wait()
            wanted = replace(FUNCTIONS, functions=(replace(CLOCK, name=f"wanted_{step}"),))
            report = await sent(driver, control, wanted)
            assert [function["name"] for function in functions_of(report)] == [f"wanted_{step}"]
