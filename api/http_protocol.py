"""One connection: how long a client may take to say what it wants, and to take what it asked for."""

import asyncio
import json
import sys
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.access.head import head_too_large
from api.errors import answer_for, envelope
from domain.errors import BadRequest


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with limits to its patience and the gateway's form of errors.

    A client that is slow to send its headers is cut off; so is one that takes nothing of its answer for a
    while. Meanwhile both hold nothing but a connection. Bodies have a pace of their own.
    """

    head_seconds: ClassVar[float] = 20.0
    """From the first byte of a request, or the connection, to the end of its headers."""
    stall_seconds: ClassVar[float] = 60.0
    """Without one byte of an answer being taken."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._stop_stall_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._watch_head()
        else:
            self._stop_head_timer()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_stall_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or too much of it, in the usual envelope."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        cause = sys.exc_info()[1]
        too_large = isinstance(cause, h11.RemoteProtocolError) and cause.error_status_hint == 431
        error = head_too_large() if too_large else BadRequest(msg)
        body = json.dumps(envelope(error)).encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        events = (
            h11.Response(status_code=answer_for(error).status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _watch_reader(self, left: int) -> None:
        self._stall_timer = self.loop.call_later(self.stall_seconds, self._check_reader, left)

    def _check_reader(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left < before:
            self._watch_reader(left)
        else:
            self.transport.abort()
