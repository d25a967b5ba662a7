"""The same request in either protocol is the same plan, and the same events are the same answer."""

import base64
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
from domain.attachments import FileReference
from domain.completion import Folding
from domain.events import Event, Finished, FinishReason, Media, TextDelta, ThoughtDelta, ToolCall, Usage

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


MODALITIES = st.sampled_from([[], ["text"], ["text", "image"], ["image"]])
FORM = st.fixed_dictionaries(
    {},
    optional={
        "aspectRatio": st.sampled_from(["1:1", "16:9", "21:9"]),
        "imageSize": st.sampled_from(["512", "1K", "2k", "4K"]),
    },
)
SNAKE = {"aspectRatio": "aspect_ratio", "imageSize": "image_size"}


@settings(deadline=None, max_examples=60)
@given(modalities=MODALITIES, form=FORM, budget=st.none() | st.integers(-1, 32_768), shown=st.booleans())
def test_pictures_and_thinking(
    *, modalities: list[str], form: dict[str, str], budget: int | None, shown: bool
) -> None:
    thinking = {"include_thoughts": shown} | ({} if budget is None else {"thinking_budget": budget})
    openai = decode_openai(
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": "a cat"}],
            "modalities": modalities,
            "thinking_config": thinking,
            **{SNAKE[name]: value for name, value in form.items()},
        },
        MODEL,
        strict=True,
    )
    google = decode_google(
        {
            "contents": "a cat",
            "generationConfig": {
                "responseModalities": [kind.upper() for kind in modalities],
                "thinkingConfig": thinking,
                "imageConfig": form,
            },
        },
        MODEL,
        strict=True,
    )
    assert google.plan == openai.plan
    assert (google.pictures.format, google.pictures.modalities) == (
        openai.pictures.format,
        openai.pictures.modalities,
    )
    asked = [one and (one.effort, one.budget) for one in (google.thinking, openai.thinking)]
    assert asked[0] == asked[1]
    assert google.style.include_thoughts == openai.style.include_thoughts == shown


FILES = st.lists(
    st.tuples(st.sampled_from(["image/png", "application/pdf"]), st.binary(min_size=1)), max_size=3
)


@settings(deadline=None, max_examples=30)
@given(FILES, WORDS)
def test_files(files: list[tuple[str, bytes]], question: str) -> None:
    encoded = [(mime, base64.b64encode(content).decode()) for mime, content in files]
    google: dict[str, Any] = {
        "contents": [
            {
                "parts": [
                    *({"inlineData": {"mimeType": mime, "data": data}} for mime, data in encoded),
                    {"text": question},
                ]
            }
        ]
    }
    openai = {
        "messages": [
            {
                "role": "user",
                "content": [
                    *(
                        {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}"}}
                        for mime, data in encoded
                    ),
                    {"type": "text", "text": question},
                ],
            }
        ]
    }
    found = [
        [_content(part) for part in plan.request.turns[0].parts]
        for plan in (
            decode_google(google, MODEL, strict=True).plan,
            decode_openai(openai, MODEL, strict=True).plan,
        )
    ]
    assert found[0] == found[1]


def _content(part: Any) -> Any:
    """Of a file its base64 alone: one protocol names its kind inside of a data URL."""
    return str(part.value).rpartition(",")[2] if isinstance(part, FileReference) else part


EVENTS = st.lists(
    st.builds(TextDelta, WORDS)
    | st.builds(ThoughtDelta, WORDS)
    | st.builds(Media, st.sampled_from(["image/png", "image/jpeg"]), st.just("QUJD"))
    | st.builds(ToolCall, NAMES, st.dictionaries(NAMES, st.integers()), NAMES)
)


@settings(deadline=None, max_examples=60)
@given(EVENTS, st.builds(Usage, *[st.integers(0, 99)] * 4), st.sampled_from(["STOP", "MAX_TOKENS"]))
def test_answers(events: list[Event], usage: Usage, reason: str) -> None:
    folding = Folding()
    for event in (*events, usage, Finished(FinishReason[reason])):
        folding.add(event)
    done = folding.result()
    style = OpenAiStyle(pictures_apart=True)
    message = completion_object("r", MODEL, 0, [done], style)["choices"][0]["message"]
    [candidate] = response_object("r", MODEL, [done], GoogleStyle(include_thoughts=True))["candidates"]
    parts = candidate.get("content", {"parts": []})["parts"]
    assert _joined(parts, thought=False) == (message["content"] or "")
    assert _joined(parts, thought=True) == message.get("reasoning_content", "")
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    assert [(call["id"], call["name"], call["args"]) for call in calls] == [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in message.get("tool_calls", [])
    ]
    pictures = [part["inlineData"] for part in parts if "inlineData" in part]
    assert [f"data:{one['mimeType']};base64,{one['data']}" for one in pictures] == [
        image["image_url"]["url"] for image in message.get("images", [])
    ]
    assert candidate["finishReason"] == reason


def _joined(parts: list[dict[str, Any]], *, thought: bool) -> str:
    return "".join(part.get("text", "") for part in parts if part.get("thought", False) is thought)
