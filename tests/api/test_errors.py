"""Every failure has its row, its envelope and its headers."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api.errors import (
    ANSWERS,
    answer_for,
    envelope,
    error_headers,
)
from api.failures import on_http_error, on_validation_error
from api.middleware import RequestFrame
from domain.errors import (
    Cancelled,
    DeadlinePassed,
    GatewayError,
    NotAllowed,
    PageDrift,
    QueueFull,
    QuotaExhausted,
)
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import ScriptedDriver


def family(cls: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield cls
    for child in cls.__subclasses__():
        if child.__module__ == GatewayError.__module__:
            yield from family(child)


@pytest.mark.parametrize("cls", list(family(GatewayError)))
def test_every_error_class_has_a_row_of_its_own(cls: type[GatewayError]) -> None:
    assert cls in ANSWERS, f"{cls.__name__} has no row in api.errors.ANSWERS"


def test_class_without_a_row_is_answered_like_its_parent() -> None:
    class Rare(QuotaExhausted):
        pass

    assert answer_for(Rare("x")) == ANSWERS[QuotaExhausted]


def test_envelope_has_the_four_fields() -> None:
    assert envelope(PageDrift("run button", ("a", "b"))) == {
        "error": {
            "message": (
                "AI Studio's page shows no 'run button' control (tried: a, b). The page may have changed; "
                "a selector can be overridden with SELECTORS_FILE."
            ),
            "type": "server_error",
            "param": None,
            "code": "page_drift",
        }
    }
    assert envelope(NotAllowed("no"))["detail"] == "no"


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (QueueFull("full", retry_after=0.2), {"Retry-After": "1"}),
        (DeadlinePassed("idle", 1.5), {}),
        (Cancelled("x"), {"X-Should-Retry": "false"}),
        (QuotaExhausted("x", retry_after=3600), {"Retry-After": "3600", "X-Should-Retry": "false"}),
    ],
)
def test_headers_say_whether_and_when_to_try_again(error: GatewayError, headers: dict[str, str]) -> None:
    assert error_headers(error) == headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", CHAT, 405, "method_not_allowed"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("POST", "/v1/cancel/abc", 404, "not_found"),
        ("GET", "/v1/models/no-such", 404, "model_not_found"),
    ],
)
async def test_frameworks_own_refusals_are_in_the_envelope(
    method: str, path: str, status: int, code: str
) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.request(method, path)
    assert response.status_code == status
    assert set(response.json()) == {"error"}
    assert response.json()["error"]["code"] == code
    assert response.headers["x-request-id"]
    if status == 405:
        assert response.headers["allow"]


async def test_parameter_that_the_framework_checks_is_400_in_the_envelope() -> None:
    app = FastAPI(exception_handlers={RequestValidationError: on_validation_error})

    @app.get("/counted")
    async def counted(limit: int) -> int:
        return limit

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        response = await client.get("/counted?limit=many")
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "limit"
    assert "'many'" in response.json()["error"]["message"]


async def test_framework_refusal_of_another_kind_keeps_its_status() -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    response = await on_http_error(Request(scope), HTTPException(418, "I am a teapot."))
    assert response.status_code == 418
    assert b"I am a teapot." in bytes(response.body)


async def test_defect_after_the_headers_is_raised_so_that_the_server_cuts_the_connection() -> None:
    async def breaking(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise LookupError("in the middle")

    frame = RequestFrame(breaking, max_body_bytes=10)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(frame), base_url="http://x") as client:
        with pytest.raises(LookupError, match="in the middle"):
            await client.get("/")


async def test_defect_is_500_with_the_request_id_and_a_logged_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = ScriptedDriver()
    driver.cards = LookupError("secret detail")
    async with in_process(driver) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 500
    assert response.headers["x-request-id"] in response.json()["error"]["message"]
    assert "secret detail" not in response.text
    assert "secret detail" in caplog.text
