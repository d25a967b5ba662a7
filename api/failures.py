"""How failures are answered: in the envelope of the protocol that the caller speaks."""

from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.access.doorway import path_of
from api.body import JsonAnswer
from api.errors import envelope, error_response
from api.gemini.errors import google_envelope, google_error_response
from api.gemini.routing import speaks_google
from api.strays import methods_at, not_found, not_offered
from domain import errors as e

_GOOGLES: Final = ("/v1beta/", "/v1alpha/", "/upload/")
_OPENAIS: Final = "/v1beta/openai/"
_SHARED: Final = ("/v1/files", "/v1/models")
"""Paths that both protocols have."""


def failure_response(scope: Scope, error: e.GatewayError) -> JsonAnswer:
    """The answer to a request that no route has taken, or whose route leaves its failures to others."""
    return google_error_response(error) if _expects_google(scope) else error_response(error)


async def on_gateway_error(request: Request, error: e.GatewayError) -> JsonAnswer:
    return failure_response(request.scope, error)


async def on_http_error(request: Request, error: HTTPException) -> JsonAnswer:
    """The framework's own refusals: unknown path, wrong method, a body that ours refused while it read."""
    if isinstance(error.__cause__, e.GatewayError):
        return failure_response(request.scope, error.__cause__)
    scope = request.scope
    if error.status_code not in {404, 405}:
        return _of_another_kind(scope, error)
    routes = request.app.router.routes
    stray: e.GatewayError | None = not_offered(scope)
    if stray is None and error.status_code == 404:
        stray = not_found(scope, routes)
    if stray is not None:
        return google_error_response(stray) if _may_be_google(scope) else error_response(stray)
    return _wrong_method(scope, methods_at(scope, routes))


def _of_another_kind(scope: Scope, error: HTTPException) -> JsonAnswer:
    failure = e.BadRequest(str(error.detail))
    body = _googles(failure, error.status_code) if _expects_google(scope) else envelope(failure)
    return JsonAnswer(body, status_code=error.status_code, headers=error.headers)


def _wrong_method(scope: Scope, served: list[str]) -> JsonAnswer:
    allowed = ", ".join(served)
    failure = e.BadRequest(f"{scope['method']} is not served at {scope['path']!r}, only {allowed}.")
    if _expects_google(scope):
        body = _googles(failure, 405)
    else:
        body = envelope(failure)
        body["error"]["code"] = "method_not_allowed"
    return JsonAnswer(body, status_code=405, headers={"Allow": allowed})


async def on_validation_error(request: Request, error: RequestValidationError) -> JsonAnswer:
    """What FastAPI checks by itself. A body is not repeated: it may hold a secret, at a wrong place."""
    first = error.errors()[0]
    place, *steps = first["loc"]
    name = ".".join(str(step) for step in steps) or None
    got = f" (got {first['input']!r:.200})" if place != "body" else ""
    remedy = "" if steps else " Send a JSON object, with 'Content-Type: application/json'."
    failure = e.BadRequest(f"{name or 'The body'}: {first['msg']}{got}.{remedy}", param=name)
    return failure_response(request.scope, failure)


def _googles(failure: e.GatewayError, status: int) -> dict[str, Any]:
    """Google's `code` is the HTTP status."""
    body = google_envelope(failure)
    body["error"]["code"] = status
    return body


def _expects_google(scope: Scope) -> bool:
    path = path_of(scope)
    if path.startswith(_OPENAIS):
        return False
    return path.startswith(_GOOGLES) or (path.startswith(_SHARED) and speaks_google(scope))


def _may_be_google(scope: Scope) -> bool:
    """The same of a path without a route: which of the two has it is not known."""
    return _expects_google(scope) or (not path_of(scope).startswith(_OPENAIS) and speaks_google(scope))
