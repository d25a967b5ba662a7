"""What holds for every request before any route is known: an id, a size limit, and an answer to defects."""

import logging
import secrets
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.doorway import MOST_ADMIN_BYTES, bind_browser, is_admin
from api.errors import internal_error
from api.failures import failure_response
from domain.errors import TooLarge
from logbook.context import Account, accounting
from logbook.formats import FIELDS

log = logging.getLogger(__name__)

REQUEST_ID_HEADER: Final = "X-Request-Id"


def request_id_of(request: Request) -> str:
    """16 hex digits, set by `RequestFrame`; the same as in the `X-Request-Id` header."""
    request_id: str = request.scope["gateway.request_id"]
    return request_id


class RequestFrame:
    """Outermost part of the stack, but for addresses and CORS.

    Puts the request id into the scope and into the header of every response, with the headers that bind
    browsers; refuses bodies above `max_body_bytes` (by their declared length at once, otherwise as soon as
    the limit is passed), and turns an exception that nobody handled into a 500 in the usual envelope.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope["gateway.request_id"] = request_id
        with accounting(request_id) as account:
            try:
                await self._serve(scope, receive, send, account)
            finally:
                _write_down(scope, account)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, account: Account) -> None:
        request_id, started = account.request_id, False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                account.facts["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                bind_browser(scope, headers)
            await send(message)

        if self._declares_too_much(scope):
            await failure_response(scope, self._too_large(scope))(scope, receive, send_with_id)
            return
        try:
            await self.app(scope, self._limited(scope, receive), send_with_id)
        except Exception:  # the 500 handler: whatever went wrong, the caller gets an answer
            log.exception("request failed")
            if started:
                raise
            await failure_response(scope, internal_error(request_id))(scope, receive, send_with_id)

    def _declares_too_much(self, scope: Scope) -> bool:
        length = Headers(scope=scope).get("content-length", "")
        return length.isdecimal() and int(length) > self._most(scope)

    def _most(self, scope: Scope) -> int:
        """Bytes of a body. Profiles come by PUT, to a route that reads them after it has asked who calls."""
        ours = is_admin(scope) and scope["method"] != "PUT"
        return min(MOST_ADMIN_BYTES, self.max_body_bytes) if ours else self.max_body_bytes

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        received, most = 0, self._most(scope)

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise self._too_large(scope)
            return message

        return limited

    def _too_large(self, scope: Scope) -> TooLarge:
        most = self._most(scope)
        remedy = "; MAX_BODY_BYTES sets the limit" if most == self.max_body_bytes else ""
        return TooLarge(f"The request body is larger than {most} bytes{remedy}.")


def _write_down(scope: Scope, account: Account) -> None:
    """The one line of a finished request. The path alone: the query may hold a key."""
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        **account.facts,
        "total": round(account.seconds, 3),
    }
    quiet = scope["path"].endswith(("/health", "/sign-in/picture"))
    log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={FIELDS: fields})


class HeadIsGet:
    """Middleware, the innermost. HEAD is answered wherever GET is, as that, without the content."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, send_head)
