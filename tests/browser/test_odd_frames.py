"""Frames of any shape at all: events or an error with a name, never anything else."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from browser.wire.decode import AnswerDecoder
from browser.wire.frames import EventFrame, FrameSplitter, StatusFrame
from browser.wire.models import decode_models
from browser.wire.status import error_from_http
from domain.errors import GatewayError, WireError

ODD = st.sampled_from(["1", "nan", "1e999", "models/x", "", "\ud83d"])
LEAF = st.none() | st.booleans() | st.integers(-3, 20) | st.floats() | ODD
VALUE = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(ODD, inner, max_size=2), max_leaves=25
)
PART = st.lists(VALUE, max_size=16)
CONTENT = st.tuples(st.lists(PART, max_size=2), st.just("model")).map(list)
CANDIDATE = st.tuples(CONTENT, *[VALUE] * 9).map(list)
EVENT = st.tuples(st.lists(CANDIDATE, max_size=2), *[VALUE] * 7).map(list)
ANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def named(read: Callable[[], object]) -> None:
    """Whatever goes wrong inside has a name."""
    with contextlib.suppress(GatewayError):
        read()


@ANY
@given(event=EVENT | st.lists(VALUE, max_size=9))
def test_an_event_of_any_shape_is_understood_or_refused_by_name(event: list[Any]) -> None:
    decoder = AnswerDecoder()
    named(lambda: [*decoder.feed(EventFrame(event)), *decoder.finish()])


@ANY
@given(value=VALUE, row=st.lists(VALUE, max_size=80), http=st.sampled_from([200, 400, 403, 429, 500, 599]))
def test_a_status_and_a_list_of_models_of_any_shape_are_too(value: Any, row: list[Any], http: int) -> None:
    decoder = AnswerDecoder()
    named(lambda: list(decoder.feed(StatusFrame(value if isinstance(value, list) else [value]))))
    assert isinstance(error_from_http(http, json.dumps(value).encode()), GatewayError)
    named(lambda: decode_models(json.dumps([[row]])))
    named(lambda: decode_models(json.dumps(value)))


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_what_is_nested_without_end_is_refused_by_name(depth: int) -> None:
    body = b"[" * depth + b"]" * depth
    with pytest.raises(WireError, match="nested too deep"):
        FrameSplitter().feed(body)
    assert isinstance(error_from_http(400, body), GatewayError)


def test_arguments_that_are_nested_without_end_are_refused_by_name() -> None:
    value: list[Any] = [None, 1]
    for _ in range(5_000):
        value = [None, None, None, None, None, [[value]]]
    call = [*[None] * 10, ["f", [[["a", value]]]]]
    with pytest.raises(WireError, match="'f' are nested too deep"):
        list(AnswerDecoder().feed(EventFrame([[[[[call], "model"]]]])))
