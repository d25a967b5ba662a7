"""The splitter finds the same frames wherever the network cuts the body."""

import itertools
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browser.wire.frames import EventFrame, Frame, FrameSplitter, StatusFrame
from domain.errors import WireError

SAMPLES = Path(__file__).parent.parent / "samples"
THINKING = (SAMPLES / "generatecontent.text-thinking.response.compact.txt").read_bytes()


def split(*pieces: bytes) -> list[Frame]:
    splitter = FrameSplitter()
    frames = list(itertools.chain.from_iterable(splitter.feed(piece) for piece in pieces))
    assert splitter.ended
    return frames


def test_a_captured_answer_has_its_ten_events() -> None:
    frames = split(THINKING)
    assert [frame.value for frame in frames] == json.loads(THINKING)[0]
    assert len(frames) == 10


def test_every_cut_position_gives_the_same_frames() -> None:
    whole = split(THINKING)
    for at in range(len(THINKING) + 1):
        assert split(THINKING[:at], THINKING[at:]) == whole


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_every_slice_size_gives_the_same_frames(size: int) -> None:
    slices = [THINKING[at : at + size] for at in range(0, len(THINKING), size)]
    assert split(*slices) == split(THINKING)


def test_a_pretty_printed_body_is_understood() -> None:
    assert split(json.dumps(json.loads(THINKING), indent=4).encode()) == split(THINKING)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'[,[7,"The caller does not have permission"]]', [7, "The caller does not have permission"]),
        (b'[null,[8,"a ] and a , inside"]]', [8, "a ] and a , inside"]),
        (b'[[],[13,"x",[["type.googleapis.com/google.rpc.BadRequest"]]]]', None),
    ],
)
def test_a_refusal_is_a_status_frame(body: bytes, status: list[object] | None) -> None:
    (frame,) = split(body)
    assert isinstance(frame, StatusFrame)
    assert status is None or frame.value == status


def test_a_status_after_events_comes_last() -> None:
    first, last = split(b'[[[[1]]],[8,"enough"]]')
    assert first == EventFrame([[1]])
    assert last == StatusFrame([8, "enough"])


def test_the_xssi_prefix_is_skipped_even_when_cut() -> None:
    body = b")]}'\n" + THINKING
    for at in range(8):
        assert split(body[:at], body[at:]) == split(THINKING)


@pytest.mark.parametrize("body", [b"<html>", b"no", b"{}", b"\xff\xfe["])
def test_something_else_is_refused_by_name(body: bytes) -> None:
    with pytest.raises(WireError, match=r"begin|UTF-8"):
        FrameSplitter().feed(body)


def test_bytes_after_the_end_are_refused() -> None:
    splitter = FrameSplitter()
    splitter.feed(b"[[]]\n ")
    with pytest.raises(WireError, match="after its end"):
        splitter.feed(b"[[1]]")


def test_a_cut_body_never_claims_to_have_ended() -> None:
    for at in range(len(THINKING)):
        splitter = FrameSplitter()
        splitter.feed(THINKING[:at])
        assert not splitter.ended


texts = st.text(st.characters(codec="utf-8"))
values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.integers() | texts, lambda children: st.lists(children, max_size=4), max_leaves=8
)


@given(events=st.lists(st.lists(values, max_size=4), max_size=5), data=st.data())
def test_any_events_survive_any_cuts(events: list[list[object]], data: st.DataObject) -> None:
    body = json.dumps([events], ensure_ascii=data.draw(st.booleans())).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[a:b] for a, b in itertools.pairwise([0, *cuts, len(body)])]
    assert [frame.value for frame in split(*pieces)] == events


def test_a_picture_of_many_megabytes_is_cut_out_in_linear_time() -> None:
    spent = []
    for megabytes in (4, 16):
        part = [None, None, ["image/png", "A" * (megabytes << 20)]]
        body = json.dumps([[[[[[[part], "model"]]]]]]).encode()
        begun = time.process_time()
        splitter = FrameSplitter()
        frames = [
            frame for at in range(0, len(body), 1 << 14) for frame in splitter.feed(body[at : at + (1 << 14)])
        ]
        spent.append(time.process_time() - begun)
        assert splitter.ended
        assert len(frames) == 1
    assert spent[1] < 8 * spent[0] + 0.2
