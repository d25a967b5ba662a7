"""The simulator's own wire writer: JSPB events, statuses, and the StreamBody that carries them.

JSPB is protobuf as positional JSON: index = field number - 1, absent = null, trailing nulls cut off,
booleans 1/0. Everything is compact and UTF-8, as captured. Shares nothing with any reader of the project,
so that reader and writer cannot be wrong together.
"""

import json
from collections.abc import Sequence
from typing import Any

from simulator.parts import Blob, Call, Citation, Code, CodeResult, Finish, Grounding, Part, Text, Usage
from simulator.rejection import Rejection

MODALITY_TEXT, MODALITY_IMAGE = 1, 2
NEGLIGIBLE = 1
STREAM_OPEN, STREAM_CLOSE = b"[[", b"]]"


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def slots(values: dict[int, Any]) -> list[Any]:
    """A positional message from {index: value}; None values and everything after the last one are cut off."""
    present = [index for index, value in values.items() if value is not None]
    return [values.get(index) for index in range(max(present, default=-1) + 1)]


def part(item: Part) -> list[Any]:
    """One Part: 1 text, 2 inline data, 7 code, 8 code result, 10 call, 12 thought flag, 14 signature."""
    match item:
        case Text(text, thought, signature):
            return slots({1: text, 12: 1 if thought else None, 14: signature})
        case Blob(mime, data, thought, signature):
            return slots({2: [mime, data], 12: 1 if thought else None, 14: signature})
        case Call(name, args, call_id, signature):
            return slots({10: [name, struct(args), call_id], 14: signature})
        case Code(code):
            return slots({7: [1, code]})
        case CodeResult(output, outcome):
            return slots({8: [outcome, output]})


def struct(value: dict[str, Any]) -> list[Any]:
    """google.protobuf.Struct: `[[[key, Value], …]]`, empty `[]`."""
    return [[[key, struct_value(item)] for key, item in value.items()]] if value else []


def struct_value(value: Any) -> list[Any]:
    """google.protobuf.Value: the slot that is filled tells the type."""
    match value:
        case None:
            return [0]
        case bool():
            return slots({3: int(value)})
        case int() | float():
            return slots({1: value})
        case str():
            return slots({2: value})
        case dict():
            return slots({4: struct(value)})
        case list():
            return slots({5: [[struct_value(item) for item in value]] if value else []})
        case _:
            raise TypeError(f"{value!r} has no place in a Struct; pass decoded JSON")


def usage(counts: Usage) -> list[Any]:
    """UsageMetadata, public numbering."""
    return slots(
        {
            0: counts.prompt,
            1: counts.candidates,
            2: counts.total,
            3: counts.cached,
            4: [list(kind) for kind in counts.prompt_kinds] or [[MODALITY_TEXT, counts.prompt]],
            6: None if counts.image is None else [[MODALITY_IMAGE, counts.image]],
            9: counts.thoughts,
        }
    )


def grounding(found: Grounding) -> list[Any]:
    """GroundingMetadata: 1 chunks, 2 supports, 4 queries."""
    return slots(
        {
            0: ["<div>Search suggestions</div>"],
            1: [[list(chunk)] for chunk in found.chunks],
            2: [
                [[None, start, end, text], list(chunks), [0.9] * len(chunks)]
                for start, end, text, chunks in found.supports
            ],
            4: list(found.queries),
        }
    )


def citations(sources: Sequence[Citation]) -> list[Any]:
    """CitationMetadata, empty without sources; an offset of zero is absent, as zeros are."""
    written = [
        slots({0: source.start or None, 1: source.end, 2: source.uri, 3: source.licence})
        for source in sources
    ]
    return [written] if written else []


def event(
    parts: Sequence[Part], counts: Usage, response_id: str | None = None, finish: Finish | None = None
) -> list[Any]:
    """One GenerateContentResponse. A finishing event carries an empty text part if it has no other."""
    shown: Sequence[Part] = parts or (Text(""),)
    candidate: dict[int, Any] = {0: [[part(item) for item in shown], "model"]}
    if finish is not None:
        ratings = [[None, None, category, NEGLIGIBLE] for category in finish.ratings]
        candidate[1] = finish.reason.value
        candidate[3] = finish.message
        candidate[4] = ratings or None
        candidate[5] = citations(finish.citations) or None
        candidate[7] = None if finish.grounding is None else grounding(finish.grounding)
    return slots({0: [slots(candidate)], 2: usage(counts), 7: response_id})


def blocked(reason: int, counts: Usage, response_id: str | None = None) -> list[Any]:
    """A prompt that was refused: no candidate, `[reason]` as prompt feedback."""
    return slots({1: [reason], 2: usage(counts), 7: response_id})


def trailer(micros: int, first: int, second: int) -> list[Any]:
    """The event that some builds send after the last one; nobody knows what its numbers mean."""
    return [None, None, None, [str(micros), first, second]]


def status(code: int, message: str, details: list[Any] | None = None) -> list[Any]:
    """google.rpc.Status."""
    return slots({0: code, 1: message, 2: details})


def rejected_stream(rejection: Rejection) -> bytes:
    """Body of a streaming call that failed before its first event: slot 0 is a literal hole, no JSON."""
    return b"[," + dumps(status(rejection.code, rejection.message, rejection.details)) + b"]"


def rejected_unary(rejection: Rejection) -> bytes:
    """Body of a unary call that failed: the bare Status."""
    return dumps(status(rejection.code, rejection.message, rejection.details))


def broken_stream(code: int, message: str, details: list[Any] | None = None) -> bytes:
    """What ends a stream that fails after its first event."""
    return b"]," + dumps(status(code, message, details)) + b"]"
