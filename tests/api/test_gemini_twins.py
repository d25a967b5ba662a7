"""The same request in either protocol is the same plan, and the same events are the same answer."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from api.gemini.decode import decode as decode_google
from api.gemini.encode import AnswerStyle as GoogleStyle
from api.gemini.encode import response_object
from api.openai.decode import decode as decode_openai
from api.openai.encode import AnswerStyle as OpenAiStyle
from api.openai.encode import completion_object
from domain.completion import Folding
from domain.events import Event, Finished, FinishReason, TextDelta, ThoughtDelta, ToolCall, Usage

MODEL = "gemini-2.5-flash"
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: bool(text.strip()))
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
TALK = st.lists(st.tuples(WORDS, WORDS), max_size=3)
SAMPLING = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0, 1),
        "max_output_tokens": st.integers(1, 10_000),
        "stop": st.lists(WORDS, min_size=1, max_size=5, unique=True),
        "n": st.integers(1, 8),
    },
)
GOOGLES = {"stop": "stopSequences", "n": "candidateCount"}
FUNCTIONS = st.lists(
    st.tuples(
        NAMES, st.dictionaries(NAMES, st.sampled_from(["string", "integer", "number", "boolean"]), max_size=4)
    ),
    max_size=3,
    unique_by=lambda function: function[0],
)


@settings(deadline=None, max_examples=60)
@given(TALK, WORDS, st.none() | WORDS, SAMPLING, FUNCTIONS)
def test_requests(
    talk: list[tuple[str, str]],
    question: str,
    system: str | None,
    sampling: dict[str, Any],
    functions: list[tuple[str, dict[str, str]]],
) -> None:
    said = [(role, text) for pair in talk for role, text in zip(("user", "model"), pair, strict=True)]
    said.append(("user", question))
    openai: dict[str, Any] = {
        "model": MODEL,
        "messages": [
            *([{"role": "system", "content": system}] if system is not None else []),
            *({"role": "assistant" if role == "model" else role, "content": text} for role, text in said),
        ],
        "tools": [
            {"type": "function", "function": {"name": name, "parameters": _schema(fields, str)}}
            for name, fields in functions
        ],
        **sampling,
    }
    google: dict[str, Any] = {
        "contents": [{"role": role, "parts": [{"text": text}]} for role, text in said],
        "generationConfig": {GOOGLES.get(name, name): value for name, value in sampling.items()},
        "tools": [
            {"functionDeclarations": [{"name": name, "parameters": _schema(fields, str.upper)}]}
            for name, fields in functions
        ],
    }
    if system is not None:
        google["systemInstruction"] = system
    assert decode_google(google, MODEL, strict=True).plan == decode_openai(openai, MODEL, strict=True).plan


def _schema(fields: dict[str, str], spelled: Any) -> dict[str, Any]:
    properties = {name: {"type": spelled(kind)} for name, kind in fields.items()}
    return {"type": spelled("object"), "properties": properties}


EVENTS = st.lists(
    st.builds(TextDelta, WORDS)
    | st.builds(ThoughtDelta, WORDS)
    | st.builds(ToolCall, NAMES, st.dictionaries(NAMES, st.integers()), NAMES)
)


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.builds(Usage, *[st.integers(0, 99)] * 4), st.sampled_from(["STOP", "MAX_TOKENS"]))
def test_answers(events: list[Event], usage: Usage, reason: str) -> None:
    folding = Folding()
    for event in (*events, usage, Finished(FinishReason[reason])):
        folding.add(event)
    done = folding.result()
    message = completion_object("r", MODEL, 0, [done], OpenAiStyle())["choices"][0]["message"]
    [candidate] = response_object("r", MODEL, [done], GoogleStyle(include_thoughts=True))["candidates"]
    parts = candidate.get("content", {"parts": []})["parts"]
    assert _joined(parts, thought=False) == (message["content"] or "")
    assert _joined(parts, thought=True) == message.get("reasoning_content", "")
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    assert [(call["id"], call["name"], call["args"]) for call in calls] == [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls", [])
    ]
    assert candidate["finishReason"] == reason


def _joined(parts: list[dict[str, Any]], *, thought: bool) -> str:
    return "".join(part.get("text", "") for part in parts if part.get("thought", False) is thought)
