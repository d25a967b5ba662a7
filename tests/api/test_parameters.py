"""Every field of OpenAI's request schema, and every row of our own table, does what the table says."""

import json
from typing import Any

import pytest

from api.openai.decode import Asked, decode
from api.openai.parameters import MATRIX
from api.openai.schema import ChatRequest
from api.treatment import Parameter, Treatment
from domain.errors import BadRequest, Unsupported
from settings import ROOT
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import ScriptedDriver
from tests.parameters_docs import PARAMETERS, documented

OPENAI: dict[str, Any] = json.loads(
    (ROOT / "tests" / "samples" / "openai-chat-request.json").read_text(encoding="utf-8")
)
OTHERS: dict[str, Any] = {
    "aspect_ratio": "1:1",
    "attachments": ["data:text/plain;base64,eA=="],
    "enable_thinking": False,
    "extra_body": {"google": {"thinking_config": {"thinking_budget": 2000}}},
    "gateway": {"annotations": True},
    "google": {"thinking_config": {"include_thoughts": False}},
    "image_config": {"aspect_ratio": "16:9", "image_size": "2K"},
    "image_size": "4K",
    "include_reasoning": False,
    "max_output_tokens": 100,
    "mcp_endpoint": "https://mcp.example/mcp",
    "min_p": 0.1,
    "modalities": ["text", "image"],
    "reasoning": {"effort": "high"},
    "repetition_penalty": 1.1,
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "thinking_config": {"thinking_level": "HIGH"},
    "top_a": 0.2,
    "top_k": 40,
    "typical_p": 0.9,
}
EXAMPLES = {**OPENAI, **OTHERS}
COMPANY: dict[str, dict[str, Any]] = {
    "tool_choice": {"tools": OPENAI["tools"]},
    "function_call": {"functions": OPENAI["functions"]},
}
"""What a field needs beside it to mean anything."""

ROWS = {row.name: row for row in MATRIX}


def read(document: dict[str, Any], *, strict: bool = False) -> Asked:
    return decode(document, "default-model", strict=strict)


def with_field(name: str) -> dict[str, Any]:
    return {**body(), **COMPANY.get(name, {}), name: EXAMPLES[name]}


def named(treatment: Treatment) -> list[str]:
    return [row.name for row in MATRIX if row.treatment is treatment]


def test_table_has_every_field_once_and_examples_for_all() -> None:
    assert len(ROWS) == len(MATRIX)
    assert OPENAI.keys() <= ROWS.keys()
    assert ROWS.keys() == EXAMPLES.keys()
    taken = {row.name for row in MATRIX if row.treatment is not Treatment.REFUSED}
    assert taken == ChatRequest.model_fields.keys()


@pytest.mark.parametrize("name", [*named(Treatment.HONOURED), *named(Treatment.MAPPED)])
def test_honoured_parameter_changes_what_is_asked_also_when_strict(name: str) -> None:
    for strict in (False, True):
        asked = read(with_field(name), strict=strict)
        assert asked != read({**body(), **COMPANY.get(name, {})})
        assert name not in asked.ignored


@pytest.mark.parametrize("name", named(Treatment.IGNORED))
def test_ignored_parameter_is_named_and_has_no_effect(name: str) -> None:
    asked = read(with_field(name))
    assert asked.ignored == (name,)
    assert (asked.plan, asked.style, asked.thinking) == (read(body()).plan, read(body()).style, None)


@pytest.mark.parametrize("name", named(Treatment.IGNORED))
def test_strict_refuses_an_ignored_parameter_by_name(name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        read(with_field(name), strict=True)
    assert caught.value.param == name
    assert name in caught.value.public_message


@pytest.mark.parametrize("name", named(Treatment.REFUSED))
def test_refused_parameter_is_refused_by_name_with_the_reason(name: str) -> None:
    with pytest.raises(Unsupported) as caught:
        read(with_field(name))
    assert caught.value.param == name
    assert ROWS[name].how in caught.value.public_message


@pytest.mark.parametrize("row", [row for row in MATRIX if row.neutral], ids=lambda row: row.name)
@pytest.mark.parametrize("strict", [False, True])
def test_value_that_asks_for_what_happens_anyway_is_accepted(row: Parameter, *, strict: bool) -> None:
    for value in row.neutral:
        assert read({**body(), row.name: value}, strict=strict) == read(body())


@pytest.mark.parametrize("name", sorted({*EXAMPLES, "thinkingConfig", "never_heard_of"} - {"messages"}))
def test_null_means_not_given(name: str) -> None:
    assert read({**body(), name: None}) == read(body())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("top_k", [0, 1001, 1.5, True, "4"]),
        ("seed", [2**63, 1.5, "7"]),
        ("presence_penalty", [-2.1, 2.1, "1", True]),
        ("frequency_penalty", [-3, []]),
        ("logit_bias", [{"1": 101}, {"1": 0.5}, [], {"1": True}]),
        ("user", [5, {}]),
        ("metadata", [{"a": 1}, "x"]),
        ("store", [1, "true"]),
        ("service_tier", [1]),
        ("prediction", ["x"]),
        ("min_p", ["x"]),
        ("safety_identifier", [[]]),
    ],
)
def test_ignored_parameter_of_a_wrong_type_is_refused_all_the_same(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(BadRequest) as caught:
            read({**body(), name: value})
        assert (caught.value.param or "").startswith(name)


async def test_parameters_are_told_as_data() -> None:
    async with in_process(ScriptedDriver()) as client:
        info = (await client.get("/api/info")).json()
    assert {row["name"]: row["treatment"] for row in info["parameters"]} == {
        name: row.treatment.value for name, row in ROWS.items()
    }
    assert "temperature" in info["supported_parameters"]
    assert "seed" not in info["supported_parameters"]
    assert info["accepted_without_effect"]["store"] == [False]


@pytest.mark.parametrize("name", named(Treatment.IGNORED))
async def test_header_names_what_was_ignored(name: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, json=with_field(name))
    assert response.status_code == 200
    assert response.headers["x-gateway-ignored-params"] == name


async def test_strict_setting_refuses_what_would_be_ignored() -> None:
    async with in_process(ScriptedDriver(), strict_parameters=True) as client:
        response = await client.post(CHAT, json=with_field("seed"))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "seed"


def test_page_says_what_the_table_says() -> None:
    page = PARAMETERS.read_text(encoding="utf-8")
    assert page == documented(page), "run: make docs"
