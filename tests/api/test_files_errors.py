"""Failures as Google's clients are told of them."""

from collections.abc import Iterator

import pytest

from api.errors import ANSWERS
from api.gemini.errors import GOOGLE_ANSWERS, google_answer_for, google_envelope, google_error_response
from domain import errors as e

CODES = {
    "ABORTED": 409,
    "CANCELLED": 499,
    "DEADLINE_EXCEEDED": 504,
    "FAILED_PRECONDITION": 400,
    "INTERNAL": 500,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
    "UNIMPLEMENTED": 501,
}
"""Names of google.rpc.Code with the HTTP status that goes with each."""


def classes(cls: type[e.GatewayError] = e.GatewayError) -> Iterator[type[e.GatewayError]]:
    yield cls
    for below in cls.__subclasses__():
        if below.__module__ == e.__name__:
            yield from classes(below)


@pytest.mark.parametrize("cls", list(classes()), ids=lambda cls: cls.__name__)
def test_every_error_has_a_row_of_its_own(cls: type[e.GatewayError]) -> None:
    assert cls in GOOGLE_ANSWERS


@pytest.mark.parametrize("cls", list(GOOGLE_ANSWERS), ids=lambda cls: cls.__name__)
def test_name_is_googles_and_its_status_is_of_the_same_kind(cls: type[e.GatewayError]) -> None:
    answer = GOOGLE_ANSWERS[cls]
    assert answer.status // 100 == CODES[answer.name] // 100


@pytest.mark.parametrize("cls", list(GOOGLE_ANSWERS), ids=lambda cls: cls.__name__)
def test_both_protocols_put_the_blame_on_the_same_side(cls: type[e.GatewayError]) -> None:
    assert GOOGLE_ANSWERS[cls].status // 100 == ANSWERS[cls].status // 100


def test_class_without_a_row_is_answered_as_its_ancestor() -> None:
    odd = type("Odd", (e.TooLarge,), {"__module__": __name__})
    assert google_answer_for(odd("x")).status == 413


def test_envelope_is_googles() -> None:
    error = e.RateLimited("Too many requests.", param="x", retry_after=2.1)
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.1s"}
    status = {"code": 429, "message": "Too many requests.", "status": "RESOURCE_EXHAUSTED"}
    assert google_envelope(error) == {"error": {**status, "details": [retry]}}
    response = google_error_response(error)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "3"


@pytest.mark.parametrize(("seconds", "told"), [(60, "60s"), (0.25, "0.25s"), (1_234_567.5, "1234567.5s")])
def test_time_to_wait_is_a_duration(seconds: float, told: str) -> None:
    [retry] = google_envelope(e.QueueFull("x", retry_after=seconds))["error"]["details"]
    assert retry["retryDelay"] == told
