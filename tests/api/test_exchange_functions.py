"""Exchanges with functions: on the page, in words, and from one to the other."""

import json
from typing import Any

import pytest

from api.exchange.emulation import CallProblem, CallReader, described
from domain.completion import fold_choices
from domain.errors import ControlFailed, GatewayError, InvalidOutput, PageDrift, Unsupported
from domain.events import Event, Finished, FinishReason, TextDelta, ThoughtDelta, ToolCall, Usage
from domain.requests import FunctionDeclaration, OutputFormat, Text, Tool, ToolResult, Turn
from tests.api.harness import exchanging, plan_of
from tests.api.scripted import STOP, Script, ScriptedDriver, saying

WEATHER = FunctionDeclaration(
    "weather",
    "Tells the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    {"type": "object"},
)
CLOCK = FunctionDeclaration("clock")
BOTH = (WEATHER, CLOCK)
OSLO = ToolCall("weather", {"city": "Oslo"}, "call-1")
NOW = ToolCall("clock", {}, "call-2")


def call_text(name: str = "weather", **arguments: Any) -> str:
    return json.dumps({"tool_calls": [{"name": name, "arguments": arguments}]})


def in_pieces(text: str, size: int = 3) -> Script:
    pieces = (TextDelta(text[at : at + size]) for at in range(0, len(text), size))
    return Script((*pieces, STOP))


def calls_in(events: list[Event]) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, dict(event.args)) for event in events if isinstance(event, ToolCall)]


def words_in(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_declared_functions_reach_the_page_and_their_calls_the_caller() -> None:
    driver = ScriptedDriver(saying("Let me see.", OSLO, NOW, usage=Usage(1, 2, 0, 0, 3)))
    plan = plan_of(functions=BOTH)
    async with exchanging(driver, function_calling_mode="native") as desk:
        events = await desk.events(plan)
    assert events == [TextDelta("Let me see."), OSLO, NOW, Usage(1, 2, 0, 0, 3), STOP]
    assert driver.requests == [plan.request]


async def test_call_of_what_was_not_offered_is_asked_for_again_with_the_reason() -> None:
    stranger = ToolCall("wether", {"city": "Oslo"}, "call-0")
    driver = ScriptedDriver(saying("", stranger), saying("", OSLO))
    async with exchanging(driver) as desk:
        events = await desk.events(plan_of(functions=BOTH))
    assert events == [OSLO, STOP]
    asked, said, told = driver.requests[1].turns
    assert asked == Turn.of("user", "hi")
    assert said == Turn("model", (stranger,))
    [result] = told.parts
    assert isinstance(result, ToolResult)
    assert (result.name, result.call_id) == ("wether", "call-0")
    assert "'wether'" in result.content
    assert "'clock'" in result.content


@pytest.mark.parametrize("mode", ["native", "emulated"])
async def test_second_unusable_call_is_invalid_output(mode: str) -> None:
    script = saying("", ToolCall("nothing", {}, "x")) if mode == "native" else in_pieces(call_text("nothing"))
    driver = ScriptedDriver(script, script)
    async with exchanging(driver, function_calling_mode=mode) as desk:
        with pytest.raises(InvalidOutput, match="'nothing'") as caught:
            await desk.events(plan_of(functions=BOTH))
    assert caught.value.param == "tools"
    assert len(driver.requests) == 2


@pytest.mark.parametrize("mode", ["native", "emulated"])
async def test_demanded_call_is_asked_for_in_words_and_its_missing_once_more(mode: str) -> None:
    called = saying("", OSLO) if mode == "native" else in_pieces(call_text(city="Oslo"))
    driver = ScriptedDriver(Script((ThoughtDelta("hm"), TextDelta("It rains."), STOP)), called)
    async with exchanging(driver, function_calling_mode=mode) as desk:
        events = await desk.events(plan_of(functions=(WEATHER,), system="Be brief.", must_call=True))
    assert events[0] == ThoughtDelta("hm")
    assert words_in(events) == ""
    assert calls_in(events) == [("weather", {"city": "Oslo"})]
    first, second = driver.requests
    assert first.system.startswith("Be brief.\n\n")
    assert 'You must call the function "weather"' in first.system
    assert second.turns[1] == Turn.of("model", "It rains.")
    assert "You must call" in second.turns[2].text


@pytest.mark.parametrize("mode", ["native", "emulated"])
async def test_demanded_call_that_never_comes_is_invalid_output(mode: str) -> None:
    driver = ScriptedDriver(saying("no"), saying("still no"))
    async with exchanging(driver, function_calling_mode=mode) as desk:
        with pytest.raises(InvalidOutput, match="You must call at least one"):
            await desk.events(plan_of(functions=BOTH, must_call=True))


@pytest.mark.parametrize("mode", ["native", "emulated"])
async def test_answer_that_the_site_cut_short_is_not_asked_for_again(mode: str) -> None:
    cut = Finished(FinishReason.MAX_TOKENS)
    driver = ScriptedDriver(Script((TextDelta("It ra"), cut)))
    async with exchanging(driver, function_calling_mode=mode) as desk:
        assert await desk.events(plan_of(functions=BOTH, must_call=True)) == [TextDelta("It ra"), cut]
    assert len(driver.requests) == 1


async def test_half_a_call_at_the_limit_is_text_and_never_made() -> None:
    cut, half = Finished(FinishReason.MAX_TOKENS), call_text(city="Oslo")[:-5]
    driver = ScriptedDriver(Script((TextDelta(half), cut)))
    async with exchanging(driver, function_calling_mode="emulated") as desk:
        assert await desk.events(plan_of(functions=BOTH)) == [TextDelta(half), cut]


async def test_without_parallel_calls_only_the_first_is_passed_on_and_the_caller_warned() -> None:
    async with exchanging(ScriptedDriver(saying("", OSLO, NOW))) as desk:
        exchange = desk.start(plan_of(functions=BOTH, parallel_calls=False))
        events = [event async for _, event in exchange.events()]
    assert events == [OSLO, STOP]
    assert "2 calls" in exchange.warnings[0]


async def test_emulated_functions_are_described_and_not_declared() -> None:
    driver = ScriptedDriver(in_pieces(call_text(city="Oslo")))
    async with exchanging(driver, function_calling_mode="emulated") as desk:
        events = await desk.events(plan_of(functions=BOTH, system="Be brief."))
    [call, end] = events
    assert isinstance(call, ToolCall)
    assert (call.name, call.args, end) == ("weather", {"city": "Oslo"}, STOP)
    assert len(call.call_id) > 20
    request = driver.requests[0]
    assert request.functions == ()
    assert request.system == f"Be brief.\n\n{described(BOTH, parallel=True)}"
    assert '"Tells the weather."' in request.system
    assert '"required": ["city"]' in request.system


async def test_emulated_answer_in_words_streams_piece_by_piece() -> None:
    driver = ScriptedDriver(in_pieces('{"temperature": 3} they say'))
    async with exchanging(driver, function_calling_mode="emulated") as desk:
        events = await desk.events(plan_of(functions=BOTH))
    assert words_in(events) == '{"temperature": 3} they say'
    assert len(events) > 5


async def test_emulated_arguments_that_do_not_fit_are_asked_for_again() -> None:
    driver = ScriptedDriver(in_pieces(call_text(city=3)), in_pieces(call_text(city="Oslo")))
    async with exchanging(driver, function_calling_mode="emulated") as desk:
        events = await desk.events(plan_of(functions=BOTH))
    assert calls_in(events) == [("weather", {"city": "Oslo"})]
    _, said, told = driver.requests[1].turns
    assert said.parts == (Text(call_text(city=3)),)
    assert "$.city" in told.text
    assert described(BOTH, parallel=True) in driver.requests[1].system


@pytest.mark.parametrize(
    "failure",
    [ControlFailed("The switch stays off.", area="function_calling"), PageDrift("function_editor")],
)
async def test_page_without_functions_is_worked_around_and_remembered(failure: GatewayError) -> None:
    driver = ScriptedDriver(
        Script(prepare=[failure]), in_pieces(call_text(city="Oslo")), in_pieces(call_text(city="Rome"))
    )
    async with exchanging(driver) as desk:
        plan = plan_of(functions=BOTH)
        for city in ("Oslo", "Rome"):
            exchange = desk.start(plan)
            assert calls_in([event async for _, event in exchange.events()]) == [("weather", {"city": city})]
            assert "described to the model in words" in exchange.warnings[0]
        await desk.events(plan_of(functions=BOTH, model="another"))
    assert [bool(request.functions) for request in driver.requests] == [True, False, False, True]


async def test_choices_that_were_made_ready_for_the_page_are_given_up_with_it() -> None:
    failing = Script(prepare=[ControlFailed("no", area="function_calling")])
    driver = ScriptedDriver(failing, failing, in_pieces("a"), in_pieces("b"), slots=2)
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(functions=BOTH, choices=2))
        answers = await fold_choices(exchange.events())
    assert sorted(answer.text for answer in answers) == ["a", "b"]
    assert driver.most_running == 1


@pytest.mark.parametrize(
    ("failure", "mode"),
    [
        (ControlFailed("no", area="function_calling"), "native"),
        (ControlFailed("no", area="temperature"), "auto"),
        (ControlFailed("no"), "auto"),
    ],
)
async def test_other_failures_of_the_page_are_the_callers(failure: GatewayError, mode: str) -> None:
    driver = ScriptedDriver(Script(prepare=[failure]))
    async with exchanging(driver, function_calling_mode=mode) as desk:
        with pytest.raises(ControlFailed):
            await desk.events(plan_of(functions=BOTH))
    assert len(driver.requests) == 1


async def test_functions_beside_search_are_described_or_refused() -> None:
    plan = plan_of(functions=BOTH, tools=frozenset({Tool.GOOGLE_SEARCH}))
    driver = ScriptedDriver(in_pieces(call_text(city="Oslo")))
    async with exchanging(driver) as desk:
        exchange = desk.start(plan)
        assert calls_in([event async for _, event in exchange.events()]) == [("weather", {"city": "Oslo"})]
        assert "google_search" in exchange.warnings[0]
    assert driver.requests[0].tools == plan.request.tools
    async with exchanging(ScriptedDriver(), function_calling_mode="native") as desk:
        with pytest.raises(Unsupported, match="google_search"):
            await desk.events(plan)


async def test_functions_beside_structured_output_are_both_honoured() -> None:
    plan = plan_of(functions=BOTH, output=OutputFormat())
    driver = ScriptedDriver(saying("", OSLO), saying("```json\n{}\n```"))
    async with exchanging(driver) as desk:
        assert await desk.events(plan) == [OSLO, STOP]
        assert await desk.events(plan) == [TextDelta("{}"), STOP]
    assert all(request.output is None and request.functions for request in driver.requests)


def reading(text: str, *, whole: bool = True) -> tuple[str, list[tuple[str, Any]]]:
    """What is passed on, and the calls, when the text comes one character at a time."""
    reader = CallReader(BOTH)
    passed = "".join(reader.feed(letter) for letter in text)
    return passed, [(call.name, call.args) for call in reader.calls(whole=whole)]


@pytest.mark.parametrize(
    "text",
    [
        call_text(city="Oslo"),
        "\n  " + call_text(city="Oslo") + "\n",
        f"```json\n{call_text(city='Oslo')}\n```",
        f"```\n{call_text(city='Oslo')}```\n",
        '{"tool_calls": [{"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}]}',
        '{"tool_calls": [{"name": "weather", "arguments": {"city": "Oslo"}}]',
        "{'tool_calls': [{'name': 'weather', 'arguments': {'city': 'Oslo'}}]}",
        '{tool_calls: [{"name": "weather", "arguments": {"city": "Oslo",}}]}',
    ],
)
def test_call_is_read_whole_and_repaired_where_it_is_broken(text: str) -> None:
    assert reading(text) == ("", [("weather", {"city": "Oslo"})])


@pytest.mark.parametrize(
    "text",
    [
        "No call.",
        " \n{",
        "`weather` is a function",
        "```python\nprint()\n```",
        "```\n",
        '{"tool": 1}',
        '{"name": "weather"}',
        f"I call {call_text()}",
        "[]",
        "",
        "```json" + " " * 3000,
    ],
)
def test_text_is_never_taken_for_a_call_and_never_lost(text: str) -> None:
    reader = CallReader(BOTH)
    passed = "".join(reader.feed(letter) for letter in text)
    assert reader.calls(whole=True) == []
    assert passed + reader.held == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (call_text("nobody"), "'nobody'"),
        (call_text(city=3), "$.city"),
        (call_text(), "city"),
        ('{"tool_calls": []}', "of the form"),
        ('{"tool_calls": 3}', "of the form"),
        ('{"tool_calls": ["weather"]}', '"name"'),
        ('{"tool_calls": [{"name": "weather", "arguments": [1]}]}', "JSON object"),
        ('{"tool_calls": [{"name": "weather", "arguments": "Oslo"}]}', "not JSON"),
    ],
)
def test_unusable_call_says_why(text: str, said: str) -> None:
    with pytest.raises(CallProblem) as caught:
        reading(text)
    assert said in str(caught.value)


def test_call_without_arguments_is_a_call() -> None:
    assert reading('{"tool_calls": [{"name": "clock"}, {"name": "clock", "arguments": {}}]}') == (
        "",
        [("clock", {}), ("clock", {})],
    )


def test_calls_that_were_cut_off_are_not_repaired() -> None:
    with pytest.raises(CallProblem):
        reading('{"tool_calls": [{"name": "weather", "arguments": {"city": "Os', whole=False)
