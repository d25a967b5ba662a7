"""Estimates of tokens."""

from domain.attachments import FileReference
from domain.events import ToolCall
from domain.requests import FunctionDeclaration, GenerateRequest, Text, ToolResult, Turn
from domain.tokens import TOKENS_PER_FILE, estimated, tokens_of


def test_four_bytes_are_a_token_rounded_up() -> None:
    assert [tokens_of(text) for text in ("", "a", "abcd", "abcde", "日本語の")] == [0, 1, 1, 2, 3]


def test_everything_that_is_asked_counts() -> None:
    plain = GenerateRequest("m", (Turn.of("user", "abcd"),))
    assert estimated(plain) == 1
    call, result = ToolCall("f", {"x": 1}, "id"), ToolResult("f", "id", "{}")
    more = GenerateRequest(
        "m",
        (
            Turn("user", (Text("abcd"), FileReference("data", "", "p"))),
            Turn("model", (call,)),
            Turn("user", (result,)),
        ),
        system="abcd",
        functions=(FunctionDeclaration("f", "abcd", {"type": "object"}),),
    )
    assert estimated(more) > 1 + 1 + TOKENS_PER_FILE + 4


def test_nothing_counts_as_one() -> None:
    assert estimated(GenerateRequest("m", (Turn.of("user", ""),))) == 1
