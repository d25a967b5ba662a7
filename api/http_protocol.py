"""One connection: how long a client may take to say what it wants, and to take what it asked for."""

import asyncio
import sys
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.access.head import head_too_large
from api.errors import error_response
from domain.errors import BadRequest, GatewayError, TooManyConnections


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with limits to its patience and the gateway's form of errors.

    A client that is slow to send its headers is cut off; so is one that stops in the middle of its body, or
    takes nothing of its answer for a while. Meanwhile they hold nothing but a connection, and of those there
    are `most_connections`: one more takes the place of the one whose client was waited for longest.
    """

    head_seconds: ClassVar[float] = 20.0
    """From the first byte of a request, or the connection, to the end of its headers."""
    body_seconds: ClassVar[float] = 60.0
    """Without one byte of a body coming, although it is read."""
    pause_seconds: ClassVar[float] = 2.0
    """In the middle of a body before its connection may give way to another."""
    stall_seconds: ClassVar[float] = 60.0
    """Without one byte of an answer being taken."""

    def __init__(self, *args: Any, most_connections: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._most_connections = most_connections
        self._idle_since = self._heard = self.loop.time()
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) <= self._most_connections or self._took_idle_place():
            self._watch_head()
        else:
            self._answer(
                TooManyConnections(
                    f"{self._most_connections} connections are open, and all of them are busy; try again "
                    "later. MAX_CONNECTIONS sets the limit.",
                    retry_after=5,
                )
            )

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        self._stop_body_timer()
        self._stop_stall_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._heard = self.loop.time()
        if self.conn.their_state is h11.IDLE:
            self._watch_head()
        else:
            self._stop_head_timer()
        if self.conn.their_state is not h11.SEND_BODY:
            self._stop_body_timer()
        elif self._body_timer is None:
            self._watch_body()

    def on_response_complete(self) -> None:
        self._idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def waits_since(self) -> float | None:
        """Since when its client is waited for; `None` while the gateway works for it, or just heard it."""
        if self.cycle is None or self.cycle.response_complete:
            return self._idle_since
        reading = self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused
        silent = self.loop.time() - self._heard > self.pause_seconds
        return self._heard if reading and silent else None

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
        self._answer(head_too_large() if too_large else BadRequest(msg))

    def _answer(self, error: GatewayError) -> None:
        """Say this and hang up."""
        answer = error_response(error)
        body = bytes(answer.body)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        events = (
            h11.Response(status_code=answer.status_code, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _took_idle_place(self) -> bool:
        """End the connection whose client has been waited for longest, if there is one."""
        others = (one for one in self.connections if isinstance(one, PatientProtocol) and one is not self)
        waiting = [(since, id(one), one) for one in others if (since := one.waits_since) is not None]
        if not waiting:
            return False
        longest = min(waiting)[-1]
        self.connections.discard(longest)
        longest.transport.abort()
        return True

    def _watch_body(self) -> None:
        self._body_timer = self.loop.call_later(self.body_seconds, self._check_body)

    def _check_body(self) -> None:
        """While the gateway itself does not read, silence says nothing."""
        if self.flow.read_paused:
            self._heard = self.loop.time()
        if self.loop.time() - self._heard < self.body_seconds:
            self._watch_body()
        else:
            self.transport.abort()

    def _stop_body_timer(self) -> None:
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None

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
