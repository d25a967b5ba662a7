"""Exchanges whose answer must be JSON: taken out, checked, asked for again, or described in words."""

import json
from typing import Any

import pytest

from api.exchange.output import described, document_of
from api.exchange.validation import misfit
from domain.errors import ControlFailed, GatewayError, InvalidOutput, PageDrift
from domain.events import Finished, FinishReason, TextDelta, ThoughtDelta
from domain.requests import OutputFormat, Turn
from tests.api.harness import any_object, exchanging, plan_of
from tests.api.scripted import STOP, Script, ScriptedDriver, saying

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
FORM = OutputFormat(SCHEMA, {"type": "OBJECT"})


async def test_valid_answer_is_one_delta_as_the_model_wrote_it() -> None:
    pieces = (TextDelta('{\n  "a": '), ThoughtDelta("hm"), TextDelta("1.0e0 }"))
    driver = ScriptedDriver(Script((*pieces, STOP)))
    plan = plan_of(output=FORM, system="Be brief.")
    async with exchanging(driver) as desk:
        events = await desk.events(plan)
    assert events == [ThoughtDelta("hm"), TextDelta('{\n  "a": 1.0e0 }'), STOP]
    assert driver.requests == [plan.request]


async def test_any_object_is_also_asked_for_in_words() -> None:
    driver = ScriptedDriver(saying("{}"))
    async with exchanging(driver) as desk:
        await desk.ask(plan_of(output=any_object(), system="Be brief."))
    assert driver.requests[0].output == any_object()
    assert driver.requests[0].system == f"Be brief.\n\n{described(None)}"


async def test_answer_that_does_not_fit_is_asked_for_again_with_the_reason() -> None:
    driver = ScriptedDriver(saying('{"a": "x"}'), saying('Sorry: ```json\n{"a": 2}\n``` there.'))
    async with exchanging(driver) as desk:
        assert await desk.events(plan_of(output=FORM)) == [TextDelta('{"a": 2}'), STOP]
    asked, said, told = driver.requests[1].turns
    assert (asked, said) == (Turn.of("user", "hi"), Turn.of("model", '{"a": "x"}'))
    assert "$.a: 'x' is not of type 'integer'" in told.text
    assert driver.requests[1].output == FORM


async def test_second_invalid_answer_is_invalid_output_with_the_reason() -> None:
    driver = ScriptedDriver(saying("nothing"), saying('{"b": 1}'))
    async with exchanging(driver) as desk:
        with pytest.raises(InvalidOutput, match="'a' is a required property") as caught:
            await desk.ask(plan_of(output=FORM))
    assert caught.value.param == "response_format"
    assert len(driver.requests) == 2


@pytest.mark.parametrize("reason", [FinishReason.MAX_TOKENS, FinishReason.SAFETY])
async def test_answer_that_was_cut_short_is_passed_on_without_repair(reason: FinishReason) -> None:
    end = Finished(reason)
    driver = ScriptedDriver(Script((TextDelta('```json\n{"a": '), end)))
    async with exchanging(driver) as desk:
        assert await desk.events(plan_of(output=FORM)) == [TextDelta('{"a": '), end]
    assert len(driver.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [ControlFailed("The switch stays off.", area="structured_output"), PageDrift("structured_editor")],
)
async def test_page_without_the_editor_is_worked_around_and_remembered(failure: GatewayError) -> None:
    driver = ScriptedDriver(
        Script(prepare=[failure]), saying("[1]"), saying('{"a": 1}'), saying('{"a": 2}'), saying("{}")
    )
    async with exchanging(driver) as desk:
        exchange = desk.start(plan_of(output=FORM))
        events = [event async for _, event in exchange.events()]
        assert events == [TextDelta('{"a": 1}'), STOP]
        assert "described to the model in words" in exchange.warnings[0]
        assert (await desk.ask(plan_of(output=FORM))).text == '{"a": 2}'
        await desk.ask(plan_of(output=any_object(), model="another"))
    assert [request.output is None for request in driver.requests] == [False, True, True, True, False]
    assert json.dumps(SCHEMA) in driver.requests[1].system


async def test_other_failures_of_the_page_are_the_callers() -> None:
    async with exchanging(ScriptedDriver(Script(prepare=[ControlFailed("no", area="top_p")]))) as desk:
        with pytest.raises(ControlFailed):
            await desk.ask(plan_of(output=FORM))


@pytest.mark.parametrize(
    ("text", "schema", "document"),
    [
        (' {"a": 1}\n', SCHEMA, '{"a": 1}'),
        ('```json\n{"a": 1}\n```', SCHEMA, '{"a": 1}'),
        ('```\r\n{"a": 1}\r\n```\r\n', SCHEMA, '{"a": 1}'),
        ('Here [as asked]: {"a": 1}. Enjoy {that}!', SCHEMA, '{"a": 1}'),
        ('{"b": 1} or rather {"a": 1}', SCHEMA, '{"a": 1}'),
        ('{"code": "```\\n{}\\n```"}', None, '{"code": "```\\n{}\\n```"}'),
        ('"just"', {"type": "string"}, '"just"'),
        ("[1, 2]", {"type": "array"}, "[1, 2]"),
    ],
)
def test_document_is_found_as_written(text: str, schema: dict[str, Any] | None, document: str) -> None:
    assert document_of(text, schema) == (document, None)


@pytest.mark.parametrize(
    ("text", "schema", "said"),
    [
        ("", None, "no JSON"),
        ("I cannot do that.", None, "no JSON"),
        ("[1]", None, "not a JSON object"),
        ('{"a": NaN}', None, "no JSON"),
        ("[" * 5000, None, "no JSON"),
        ('{"a": 1', SCHEMA, "no JSON"),
        ('{"a": 1.5}', SCHEMA, "$.a"),
    ],
)
def test_what_is_wrong_is_said(text: str, schema: dict[str, Any] | None, said: str) -> None:
    assert said in str(document_of(text, schema)[1])


def test_formats_are_not_checked_and_long_values_are_shortened() -> None:
    assert misfit("no date", {"type": "string", "format": "date"}) is None
    wrong = misfit("x" * 10_000, {"type": "integer"})
    assert wrong is not None
    assert len(wrong) < 400


@pytest.mark.parametrize("schema", [{"$ref": "http://127.0.0.1:9/schema"}, {"type": "nonsense"}])
def test_schema_that_leads_away_or_is_none_is_not_followed(schema: dict[str, Any]) -> None:
    assert misfit({}, schema) is None
