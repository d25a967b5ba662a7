"""What is said in native requests becomes turns, or is refused with the path of what is wrong."""

from typing import Any

import pytest

from domain.attachments import FileReference
from domain.errors import Unsupported
from domain.events import ToolCall
from domain.requests import (
    Text,
    ToolResult,
    Turn,
)
from tests.api.gemini_reading import parts, read, refused, turns


@pytest.mark.parametrize(
    "contents",
    [
        "hi",
        ["hi"],
        {"parts": {"text": "hi"}},
        {"parts": "hi"},
        [{"parts": [{"text": "hi"}]}],
        [{"role": "user", "parts": ["h", "i"]}],
        [{"role": "USER", "parts": [{"text": "hi"}]}],
        [[{"text": "hi"}]],
    ],
)
def test_contents_come_in_many_forms(contents: Any) -> None:
    assert read({"contents": contents}).plan.request.turns == (Turn.of("user", "hi"),)


@pytest.mark.parametrize(
    "instruction",
    [
        "Be brief.",
        {"parts": [{"text": "Be brief."}]},
        {"role": "system", "parts": {"text": "Be brief."}},
        [{"text": "Be brief."}],
    ],
)
@pytest.mark.parametrize("name", ["systemInstruction", "system_instruction"])
def test_instruction_comes_in_many_forms(name: str, instruction: Any) -> None:
    assert read(**{name: instruction}).plan.request.system == "Be brief."


@pytest.mark.parametrize("name", ["inlineData", "inline_data"])
@pytest.mark.parametrize("kind", ["mimeType", "mime_type"])
def test_inline_data_is_a_file_in_its_place(name: str, kind: str) -> None:
    found = parts({"text": "a"}, {name: {kind: "image/png", "data": "-_8="}}, {"text": "b"})
    reference = FileReference("data", "-_8=", "contents[0].parts[1].inlineData", None, "image/png")
    assert found == (Text("a"), reference, Text("b"))


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/files/abc123", "file_uri"),
        ("http://127.0.0.1:2048/antigravity/v1beta/files/abc", "file_uri"),
        ("files/abc", "file_uri"),
        ("https://example.com/files/a.png", "url"),
    ],
)
def test_file_uri_is_an_upload_or_an_address(uri: str, source: str) -> None:
    [reference] = parts({"fileData": {"fileUri": uri, "mimeType": "image/png"}})
    assert (reference.source, reference.value, reference.mime_type) == (source, uri, "image/png")


def test_videos_of_other_sites_are_refused_by_name() -> None:
    error = refused({"contents": [{"parts": [{"fileData": {"fileUri": "https://youtu.be/x"}}]}]})
    assert isinstance(error, Unsupported)
    assert "youtu.be" in str(error)


@pytest.mark.parametrize(
    "uri", ["gs://a/a.png", "data:,hello", "file:///a.png", "ftp://example.com/a.png", "http://[::1/a.png"]
)
def test_addresses_that_cannot_be_read_are_refused_by_name(uri: str) -> None:
    error = refused({"contents": [{"parts": [{"fileData": {"fileUri": uri}}]}]})
    assert error.param == "contents[0].parts[0].fileData.fileUri"
    assert uri in str(error)


def test_a_file_described_like_one_of_this_machine_is_no_text() -> None:
    """What the gateway keeps in a file comes from its own reader only, never out of a caller's JSON."""
    blob = {"data": {"head": "", "path": "/etc/passwd", "length": 1}}
    assert refused({"contents": [{"parts": [{"inlineData": blob}]}]}).param == (
        "contents[0].parts[0].inlineData.data"
    )


def test_calls_and_their_results_find_each_other() -> None:
    _, first, second = turns(
        "weather?",
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "sig"},
                {"function_call": {"name": "f", "id": "x"}},
            ],
        },
        {
            "role": "function",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"r": "é"}}},
                {"functionResponse": {"name": "f", "id": "x"}},
            ],
        },
    )
    made = "call_contents[1].parts[0].functionCall"
    assert first.parts == (ToolCall("f", {"a": 1}, made, "sig"), ToolCall("f", {}, "x"))
    assert second == Turn("user", (ToolResult("f", made, '{"r": "é"}'), ToolResult("f", "x", "{}")))


def test_result_by_an_id_that_the_call_did_not_have_is_matched_by_name() -> None:
    *_, answer = turns(
        "weather?",
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
        {"parts": [{"functionResponse": {"name": "f", "id": "mine", "response": {}}}]},
    )
    assert answer.parts == (ToolResult("f", "call_contents[1].parts[0].functionCall", "{}"),)


def test_result_may_carry_files() -> None:
    *_, answer = turns(
        "weather?",
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
        {
            "parts": [
                {
                    "functionResponse": {
                        "name": "f",
                        "parts": [{"inlineData": {"data": "AA==", "mimeType": "image/png"}}],
                    }
                }
            ]
        },
    )
    assert [type(part) for part in answer.parts] == [ToolResult, FileReference]


def test_code_and_its_output_stay_in_the_text() -> None:
    found = parts(
        {"text": "See:"},
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        role="model",
    )
    assert found == (Text("See:\n```python\nprint(1)\n```\n\n```\n1\n```\n"),)


def test_contents_of_the_model_in_a_row_are_one_answer() -> None:
    chunks = [{"role": "model", "parts": [{"text": text}]} for text in ("Hel", "lo", "")]
    assert turns("a", *chunks, "b")[1] == Turn.of("model", "Hello")
    assert len(turns("a", "b")) == 2


def test_thoughts_are_left_out_with_a_turn_of_nothing_else() -> None:
    thought = {"role": "model", "parts": [{"text": "hm", "thought": True, "thoughtSignature": "s"}]}
    assert turns("a", thought, "b") == (Turn.of("user", "a"), Turn.of("user", "b"))
    assert parts({"text": "hm", "thought": True}, {"text": "a"}, {"thoughtSignature": "s"}) == (Text("a"),)
