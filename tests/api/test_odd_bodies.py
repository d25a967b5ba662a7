"""No body, however odd, is a defect: whatever stands in place of something is served or refused by name."""

import copy
import random
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.api.gemini_harness import COUNT, GENERATE, MODELS, STREAM, google_http
from tests.api.harness import CHAT
from tests.api.scripted import ScriptedDriver

MUTATIONS: Final = 400
ODD: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 1e308),
    *("", " ", "\0", "\u2028", "😀", "a" * 300, "A" * 70_000, "[", "{}", "0x10", "Infinity", "__proto__"),
    *("http://[", "file://[", "data:", "data:image/png;base64,%%", "//", "files/", "gs://a/b"),
    *([], {}, [[]], [{}], [None], {"": None}, ["a", "a"]),
    *({"$ref": "#"}, {"$ref": "#/x"}, {"type": "x"}, {"enum": []}, {"properties": []}, {"anyOf": []}),
)
PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SCHEMA: Final = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"type": "number", "minimum": 1, "maximum": 5}}},
    "required": ["a"],
    "propertyOrdering": ["a"],
    "allOf": [{"$ref": "#/$defs/b"}],
    "$defs": {"b": {"properties": {"c": {"anyOf": [{"type": "string", "enum": ["x"]}, {"const": 1}]}}}},
}
NATIVE: Final = {
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "a", "videoMetadata": {"fps": 1}},
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"fileData": {"fileUri": "https://127.0.0.1:1/a.png", "mimeType": "image/png"}},
            ],
        },
        {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"x": 1}, "id": "1"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"y": 1}, "id": "1"}}]},
    ],
    "systemInstruction": {"parts": [{"text": "s"}]},
    "generationConfig": {
        "temperature": 1,
        "maxOutputTokens": 100,
        "stopSequences": ["z"],
        "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 100},
        "imageConfig": {"aspectRatio": "1:1"},
    },
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
    "tools": [{"functionDeclarations": [{"name": "f", "description": "d", "parameters": SCHEMA}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}},
}
NATIVE_JSON: Final = {
    "contents": "a",
    "generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA},
}
CALL: Final = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT_TOOLS: Final = {
    "model": "gemini-2.5-flash",
    "messages": [
        {"role": "system", "content": "s", "name": "n"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
                {"type": "file", "file": {"filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "1", "content": "r"},
        {"role": "user", "content": {"text": "x", "attachments": ["files/abc"]}},
    ],
    "stop": ["z"],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "reasoning_effort": "low",
    "metadata": {"a": "b"},
    "attachments": [{"url": "https://127.0.0.1:1/x", "type": "image"}],
}
CHAT_JSON: Final = {
    "messages": [{"role": "user", "content": "x"}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}},
    "extra_body": {"google": {"thinking_config": {"thinking_budget": 1}}},
    "reasoning": {"effort": "low"},
    "web_search_options": {"user_location": {}},
}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    for key, item in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(item, (*at, key))


def mutated(body: Any, chance: random.Random) -> Any:
    """Something odd in place of one thing, or that thing one level deeper, or nothing at all."""
    body = copy.deepcopy(body)
    *steps, last = chance.choice(list(places(body)))
    holder = body
    for step in steps:
        holder = holder[step]
    match chance.randrange(8):
        case 0:
            del holder[last]
        case 1:
            holder[last] = chance.choice([[holder[last]], {"x": holder[last]}])
        case _:
            holder[last] = copy.deepcopy(chance.choice(ODD))
    return body


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (GENERATE, NATIVE),
        (GENERATE, NATIVE_JSON),
        (f"{STREAM}?alt=sse", NATIVE),
        (COUNT, NATIVE),
        (f"{MODELS}:embedContent", {"content": {"parts": [{"text": "x"}]}, "outputDimensionality": 3}),
        (CHAT, CHAT_TOOLS),
        (CHAT, CHAT_JSON),
        ("/v1/images/generations", {"prompt": "x", "n": 1, "size": "auto", "model": "gemini-2.5-flash"}),
        ("/v1/embeddings", {"model": "x", "input": ["a"], "dimensions": 3}),
        ("/upload/v1beta/files", {"file": {"displayName": "x", "name": "files/abc", "sizeBytes": "3"}}),
    ],
)
async def test_odd_bodies_are_served_or_refused_but_no_defect(address: str, body: dict[str, Any]) -> None:
    chance = random.Random(address)  # noqa: S311 - the same ones every time
    async with google_http(ScriptedDriver()) as client:
        for _ in range(MUTATIONS):
            odd = mutated(body, chance)
            reply = await client.post(address, json=odd)
            assert reply.status_code != 500, odd
            assert "internal_error" not in reply.text, odd
