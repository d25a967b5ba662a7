"""The wire writer rebuilds captured bodies from what they mean."""

import json
from pathlib import Path
from typing import Any

import pytest

from simulator import writer
from simulator.catalogue import read_catalogue
from simulator.parts import Blob, Call, Finish, FinishReason, Part, Text, Usage
from simulator.rejection import BAD_REQUEST, Rejection
from simulator.request_reader import read_struct, read_value
from tests.simulator.client import slot


def part_meaning(part: list[Any]) -> Part:
    signature = slot(part, 14)
    if call := slot(part, 10):
        return Call(call[0], read_struct(call[1]), call[2], signature)
    if blob := slot(part, 2):
        return Blob(blob[0], blob[1], bool(slot(part, 12)), signature)
    return Text(part[1], bool(slot(part, 12)), signature)


def usage_meaning(usage: list[Any]) -> Usage:
    image = slot(usage, 6)
    return Usage(usage[0], usage[1], slot(usage, 9), image[0][1] if image else None)


def rebuilt(event: list[Any]) -> list[Any]:
    """The same event, written anew from its decoded meaning."""
    if event[0] is None:
        micros, first, second = event[3]
        return writer.trailer(int(micros), first, second)
    candidate = event[0][0]
    finish = None
    if slot(candidate, 1) is not None:
        ratings = tuple(rating[2] for rating in slot(candidate, 4) or [])
        finish = Finish(FinishReason(candidate[1]), None, ratings)
    parts = [part_meaning(part) for part in candidate[0][0]]
    return writer.event(parts, usage_meaning(event[2]), slot(event, 7), finish)


@pytest.mark.parametrize(
    "name",
    ["generatecontent.text-thinking.response.compact.txt", "generatecontent.image.response.truncated.json"],
)
def test_captured_streams_are_rebuilt_event_for_event(samples: Path, name: str) -> None:
    events = json.loads((samples / name).read_text(encoding="utf-8"))[0]
    assert [rebuilt(event) for event in events] == events


def test_captured_stream_is_rebuilt_byte_for_byte(samples: Path) -> None:
    captured = (samples / "generatecontent.text-thinking.response.compact.txt").read_bytes().strip()
    events = json.loads(captured)[0]
    body = b",".join(writer.dumps(rebuilt(event)) for event in events)
    assert writer.STREAM_OPEN + body + writer.STREAM_CLOSE == captured


def test_captured_function_call_is_rebuilt(samples: Path) -> None:
    event = json.loads((samples / "generatecontent.functioncall.chunk.json").read_text(encoding="utf-8"))
    assert rebuilt(event) == event


def test_legacy_events_and_trailer_are_rebuilt(samples: Path) -> None:
    events = json.loads((samples / "generatecontent.legacy-trailer.response.json").read_text("utf-8"))[0]
    assert rebuilt(events[0]) == events[0]
    assert rebuilt(events[-1]) == events[-1]
    # totals of that build do not add up (6 + 9 + 200), so everything but the counts is compared
    assert rebuilt(events[1])[0] == events[1][0]


def test_catalogue_keeps_the_captured_rows(samples: Path) -> None:
    captured = json.loads((samples / "listmodels.2026-02-14.response.jspb.json").read_text("utf-8"))[0]
    catalogue = read_catalogue()
    assert [list(catalogue[row[0]].row) for row in captured] == captured


def test_error_bodies_are_the_captured_ones() -> None:
    assert writer.rejected_stream(Rejection(403)) == b'[,[7,"The caller does not have permission"]]'
    shape = Rejection(400, "Invalid value (), Unexpected list for single non-message field.", [[BAD_REQUEST]])
    assert writer.rejected_stream(shape) == (
        b'[,[3,"Invalid value (), Unexpected list for single non-message field.",'
        b'[["type.googleapis.com/google.rpc.BadRequest"]]]]'
    )
    assert writer.rejected_unary(Rejection(401)) == b'[16,"Request had invalid authentication credentials"]'


def test_struct_example_has_the_documented_nesting() -> None:
    args = {"a": {"b": [1, True, "x", None]}}
    inner = [
        ["b", [None, None, None, None, None, [[[None, 1], [None, None, None, 1], [None, None, "x"], [0]]]]]
    ]
    assert writer.struct(args) == [[["a", [None, None, None, None, [inner]]]]]


@pytest.mark.parametrize(
    "value", [{}, {"a": None}, {"a": [], "b": {}, "c": [[1.5], {"d": False}]}, {"ключ": "значение 🎉"}]
)
def test_struct_reads_back_as_written(value: dict[str, Any]) -> None:
    assert read_struct(writer.struct(value)) == value
    assert read_value(writer.struct_value(value)) == value


def test_broken_stream_puts_the_status_in_the_second_slot() -> None:
    body = writer.STREAM_OPEN + writer.dumps(["event"]) + writer.broken_stream(8, "quota")
    assert json.loads(body) == [[["event"]], [8, "quota"]]
