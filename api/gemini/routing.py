"""Routes that speak Google's protocol, and how its clients are told from OpenAI's on paths they share."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers, QueryParams
from starlette.routing import Match
from starlette.types import Scope

from api.gemini.errors import google_error_response
from domain.errors import GatewayError

_SHARED: Final = "/v1/"
_CLIENT_HEADER: Final = "x-goog-api-client"
_KEY_HEADER: Final = "x-goog-api-key"

SPOKEN_KEY: Final = "gateway.protocol"
"""Where a scope says which protocol is spoken, if the address has told."""
OPENAI: Final = "openai"


def speaks_google(scope: Scope) -> bool:
    """Whether the caller is one of Google's clients, or signs in as they do.

    The rule for paths that Google's API and OpenAI's have in common, such as `/v1/files`: the header
    `x-goog-api-client` or `x-goog-api-key`, or the key in the query.
    """
    if scope.get(SPOKEN_KEY) == OPENAI:
        return False
    headers = Headers(scope=scope)
    if _CLIENT_HEADER in headers or _KEY_HEADER in headers:
        return True
    return "key" in QueryParams(scope["query_string"])


def is_google_client(request: Request) -> bool:
    """Whether this is one of Google's own libraries; they, and only they, name themselves so."""
    return _CLIENT_HEADER in request.headers


class GoogleAnswers(APIRoute):
    """Fails in Google's envelope."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except GatewayError as error:
                return google_error_response(error)

        return handle


class GoogleRoute(GoogleAnswers):
    """Below `/v1/` it is there for those who speak Google's protocol only."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] == "http" and self.path.startswith(_SHARED) and not speaks_google(scope):
            return Match.NONE, {}
        return super().matches(scope)
