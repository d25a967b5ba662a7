"""Chat over ASGI: what the model's name and the settings decide, and what callers are told about it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import ControlFailed
from domain.events import TextDelta, Usage
from domain.models import Thinking
from domain.requests import ThinkingChoice
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import MODELS, STOP, Script, ScriptedDriver


async def test_several_choices_are_several_generations() -> None:
    scripts = [
        Script((TextDelta(text), Usage(prompt=3, answer=1, total=4), STOP), capture=text) for text in "ab"
    ]
    driver = ScriptedDriver(*scripts)
    async with in_process(driver) as client:
        response = await client.post(CHAT, json=body(n=2))
    choices = response.json()["choices"]
    assert [(choice["index"], choice["message"]["content"]) for choice in choices] == [(0, "a"), (1, "b")]
    assert response.json()["usage"]["completion_tokens"] == 2
    assert response.headers["x-gateway-capture"] == "b"
    assert len(driver.records) == 2


async def test_ending_of_a_models_name_asks_for_thinking_unless_the_request_does() -> None:
    driver = ScriptedDriver()
    thinking = Thinking(levels=("low", "medium", "high"), default_level="medium")
    driver.cards = (replace(MODELS[0], thinking=thinking),)
    async with in_process(driver) as client:
        for asked in (body(), body(model="gemini-2.5-flash-low")):
            assert (await client.post(CHAT, json=asked)).status_code == 200
        explicit = body(model="gemini-2.5-flash-low", reasoning_effort="high")
        assert (await client.post(CHAT, json=explicit)).json()["model"] == "gemini-2.5-flash"
    assert [request.thinking for request in driver.requests] == [
        None,
        ThinkingChoice(level="low"),
        ThinkingChoice(level="high"),
    ]


@pytest.mark.parametrize("stream", [True, False])
async def test_parameters_without_effect_are_named_in_a_header(stream: bool) -> None:
    asked = body(seed=1, logit_bias={"5": 1}, stream=stream)
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, json=asked)
        plain = await client.post(CHAT, json=body(stream=stream))
    assert response.status_code == 200
    assert sorted(response.headers["x-gateway-ignored-params"].split(", ")) == ["logit_bias", "seed"]
    assert "x-gateway-ignored-params" not in plain.headers


async def test_parameters_without_effect_are_refused_when_strict() -> None:
    driver = ScriptedDriver()
    async with in_process(driver, strict_parameters=True) as client:
        response = await client.post(CHAT, json=body(seed=1))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "seed"
    assert driver.records == []


@pytest.mark.parametrize("stream", [True, False])
async def test_what_was_done_differently_is_told(stream: bool) -> None:
    failing = Script(prepare=[ControlFailed("The switch stays off.", area="function_calling")])
    tools = [{"type": "function", "function": {"name": "f"}}]
    async with in_process(ScriptedDriver(failing)) as client:
        response = await client.post(CHAT, json=body(tools=tools, stream=stream))
    told = response.text if stream else response.headers["x-gateway-warnings"]
    assert "The switch stays off. So the functions were described to the model in words" in told
    assert "Hello" in "".join(_contents(response.text)) if stream else "Hello" in response.text


def _contents(raw: str) -> list[str]:
    chunks = [json.loads(line[6:]) for line in raw.split("\n") if line.startswith("data: {")]
    return [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]


async def test_own_name_for_a_model_is_understood(tmp_path: Path) -> None:
    aliases = tmp_path / "aliases.txt"
    aliases.write_text("quick = gemini-2.5-flash\n")
    driver = ScriptedDriver()
    async with in_process(driver, model_aliases_file=aliases) as client:
        assert (await client.post(CHAT, json=body(model="quick"))).status_code == 200
    assert driver.requests[0].model == "gemini-2.5-flash"
