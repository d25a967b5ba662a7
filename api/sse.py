"""Server-sent events: framing, and a response that notices when its reader goes."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.body import json_text
from api.disconnect import while_connected

DONE: Final = b"data: [DONE]\n\n"


def data_event(payload: Mapping[str, Any]) -> bytes:
    r"""One event: `data: ` with one space, one line of JSON, `\n` only. Readers split on exactly that."""
    return b"data: %b\n\n" % json_text(payload)


class EventStream(Response):
    """Sends `events` as they come.

    `release` is called as soon as the caller goes, and in any case at the end, however that comes; it is
    called also when not a single event was asked for.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncGenerator[bytes, None],
        release: Callable[[], object],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._events = events
        self._release = release
        self.status_code = 200
        self.background = None
        # Proxies that buffer would turn the stream into one late answer.
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._events), while_connected(receive, self._release):
                await self._send_all(send)
        finally:
            self._release()

    async def _send_all(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._events:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
