"""Reading requests by position, and the rules that the site applies to their values."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.ask import Ask, Attachment
from simulator.catalogue import read_catalogue
from simulator.model.report import report
from simulator.rejection import Rejection
from simulator.request_reader import read_count, read_generate
from simulator.request_rules import check
from tests.simulator.client import TOKEN, config, generate_body

CATALOGUE = read_catalogue()
STORED = Attachment("file", "a.txt", "text/plain", 3, "00")


def find_file(file_id: str) -> Attachment | None:
    return STORED if file_id == "known" else None


def read(body: Any) -> Ask:
    return read_generate(body, find_file)


def admitted(body: Any) -> Ask:
    ask = read(body)
    check(ask, CATALOGUE.get(ask.model))
    return ask


def refusal(body: Any) -> Rejection:
    with pytest.raises(Rejection) as refused:
        admitted(body)
    return refused.value


def test_captured_tool_request_is_read(samples: Path) -> None:
    body = json.loads((samples / "generatecontent.gemma-tools-schema.request.json").read_text("utf-8"))
    ask = read(body)
    found = report(ask)
    assert found["model"] == "gemma-4-31b-it"
    assert found["contents"][0]["texts"] == ["7777怎么凑成24点，禁止搜索"]
    assert found["system"] == "测试prompt"
    assert (found["temperature"], found["topP"], found["topK"]) == (0.7, 0.95, 64)
    assert (found["maxOutputTokens"], found["stopSequences"]) == (32768, ["6"])
    assert found["thinking"] == [1, None, None, 3]
    assert found["mimeType"] == "application/json"
    assert [tool["name"] for tool in found["tools"]] == ["code_execution", "functions", "google_search"]
    assert found["safety"] == [[7, 4], [8, 4], [9, 4], [10, 3]]
    assert found["previousResponseId"].startswith("v1_")
    check(ask, CATALOGUE[ask.model])


def test_captured_image_request_is_read(samples: Path) -> None:
    body = json.loads((samples / "generatecontent.image.request.json").read_text("utf-8"))
    ask = read(body)
    assert (ask.config.modalities, ask.config.image, ask.safety) == ((2, 1), [None, "512"], ())
    check(ask, CATALOGUE[ask.model])


@pytest.mark.parametrize(
    ("slots", "status", "named"),
    [
        ({"s0": "models/no-such"}, 404, "models/no-such"),
        ({"s0": "models/imagen-4.0-generate-001"}, 404, "imagen"),
        ({"s0": "models/gemini-3-pro-image-preview"}, 403, "permission"),
        ({"s0": "gemini-2.5-flash"}, 400, "model"),
        ({"s4": None}, 403, "permission"),
        ({"s4": "token"}, 403, "permission"),
        ({"s1": []}, 400, "contents"),
        ({"s1": [[[], "user"]]}, 400, "parts"),
        ({"s1": [[[[None, "a"]], "robot"]]}, 400, "role"),
        ({"s1": [[[[None, ["a"]]], "user"]]}, 400, "Unexpected list for single non-message field"),
        ({"s1": [[[[None, None, ["image/png", "@@"]]], "user"]]}, 400, "Base64"),
        ({"s1": [[[[None, None, None, None, None, ["gone"]]], "user"]]}, 400, "gone"),
        ({"s1": [[[[None, "\ud83d"]], "user"]]}, 400, "UTF-8"),
        ({"s3": config(c4=2.01)}, 400, "generation_config.temperature"),
        ({"s3": config(c4=-0.1)}, 400, "generation_config.temperature"),
        ({"s3": config(c4="warm")}, 400, "generation_config.temperature"),
        ({"s3": config(c5=1.5)}, 400, "generation_config.top_p"),
        ({"s3": config(c3=0)}, 400, "generation_config.max_output_tokens"),
        ({"s3": config(c3=65537)}, 400, "generation_config.max_output_tokens"),
        ({"s3": config(c1=["a", "b", "c", "d", "e", "f"])}, 400, "generation_config.stop_sequences"),
        ({"s3": config(c1=[""])}, 400, "generation_config.stop_sequences"),
        ({"s3": config(c1=[1])}, 400, "generation_config.stop_sequences"),
        ({"s3": config(c7="text/html")}, 400, "generation_config.response_mime_type"),
        ({"s3": config(c16=[1, None, None, 3])}, 400, "Thinking level HIGH"),
        ({"s3": config(c16=[1, 30000])}, 400, "thinking budget 30000"),
        ({"s6": [[None, None]]}, 400, "tools[0]"),
    ],
)
def test_wrong_value_is_refused_by_name(slots: dict[str, Any], status: int, named: str) -> None:
    found = refusal(generate_body("hi", **slots))
    assert (found.status, named in found.message) == (status, True), found.message


@pytest.mark.parametrize("body", ["text", 1, {}, None, [], [[]], [None]])
def test_wrong_body_is_refused(body: Any) -> None:
    assert refusal(body).status in (400, 403)


@pytest.mark.parametrize(
    ("model", "thinking", "fine"),
    [
        ("gemini-2.5-pro", [1, 0], False),
        ("gemini-2.5-pro", [1, 127], False),
        ("gemini-2.5-pro", [1, 128], True),
        ("gemini-2.5-pro", [1, -1], True),
        ("gemini-2.5-flash", [0, 0], True),
        ("gemini-3-pro-preview", [1, None, None, 1], True),
        ("gemini-3-pro-preview", [1, None, None, 4], False),
        ("gemini-3-flash-preview", [1, None, None, 4], True),
        ("gemini-3-flash-preview", [1, 512, None, 4], False),
        ("gemini-2.0-flash", [1, None, None, 3], False),
        ("gemini-2.0-flash", None, True),
    ],
)
def test_thinking_must_suit_the_model(model: str, thinking: list[Any] | None, *, fine: bool) -> None:
    ask = read(generate_body("hi", model=model, s3=config(c16=thinking)))
    if fine:
        check(ask, CATALOGUE[ask.model])
    else:
        with pytest.raises(Rejection):
            check(ask, CATALOGUE[ask.model])


def test_prompt_beyond_the_input_limit_is_refused() -> None:
    found = refusal(generate_body("a" * (4 * 131072 + 1), model="gemma-3-27b-it"))
    assert "131073" in found.message


def test_attachments_are_described() -> None:
    parts = [
        [None, "look"],
        [None, None, ["image/png", "iVBORw0K", "p.png"]],
        [None, None, None, None, None, ["known"]],
    ]
    ask = read(generate_body("", s1=[[parts, "user"]]))
    kinds = [(medium.kind, medium.name, medium.mime, medium.size) for medium in ask.attachments]
    assert kinds == [("inline", "p.png", "image/png", 6), ("file", "a.txt", "text/plain", 3)]
    assert ask.prompt_tokens == 1 + 2 * 258


def test_function_results_are_reported() -> None:
    answered = [None] * 11 + [["f", [[["ok", [None, None, None, 1]]]], "id1"]]
    ask = read(generate_body("", s1=[[[answered], "user"]]))
    assert report(ask)["contents"][0]["responses"] == [{"name": "f", "args": {"ok": True}, "id": "id1"}]


def test_both_forms_of_counting_are_read() -> None:
    contents = [[[[None, "12345678"]], "user"]]
    assert read_count(["models/m", contents], find_file).prompt_tokens == 2
    system = [[[None, "1234"]], "user"]
    wrapped = ["models/m", contents, None, None, None, system]
    assert read_count(["models/m", None, wrapped], find_file).prompt_tokens == 3
    assert read_count(["models/m", None, [wrapped]], find_file).prompt_tokens == 3


def test_token_length_is_reported() -> None:
    assert report(read(generate_body("hi")))["attestationLength"] == len(TOKEN)
