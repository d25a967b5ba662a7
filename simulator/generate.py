"""GenerateContent: reads the request, asks the model, and plays the answer at its pace.

The connection is watched while the answer is played, so that a page that pressed Stop shows in the log at
once and nothing is sent to nobody.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator import writer
from simulator.admission import GENERATE, admit, rpc_headers
from simulator.ask import Ask
from simulator.model import answer_to
from simulator.model.beats import Answer, Beat, Block, Break, Cut, Emit, End, Garbage, Refuse, Stall
from simulator.model.report import report
from simulator.rejection import Rejection
from simulator.request_log import LogEntry
from simulator.request_reader import read_generate
from simulator.request_rules import check
from simulator.state import State, state_of
from simulator.stream_out import StreamOut
from simulator.transcript import Transcript

GARBAGE = b"<!doctype html><html><body>this is no answer</body></html>"


async def generate(request: Request) -> Response:
    """The endpoint. Whatever is wrong with the request is answered at once; else the answer streams."""
    state = state_of(request)
    entry = state.log.begin()
    started = asyncio.get_running_loop().time()
    headers = rpc_headers(request)
    try:
        ask = await _read(request, state, entry)
        fault = state.next_fault()
        answer = answer_to(ask, fault, None if fault else state.next_answer())
    except Rejection as rejection:
        return Refusal(rejection, headers, entry)
    except ClientDisconnect:
        entry.end("client_gone", "gone while the request was being read")
        return Response(status_code=499)
    gzip = state.scenario.framing.gzip and "gzip" in request.headers.get("accept-encoding", "")
    return Playback(state, entry, ask, answer, Delivery(headers, started, gzip=gzip))


async def _read(request: Request, state: State, entry: LogEntry) -> Ask:
    body = await request.body()  # first of all: a refusal in the middle of an upload would be a reset
    entry.body_bytes = len(body)
    entry.account = admit(request, GENERATE).email
    ask = read_generate(parsed(body), state.uploads.find)
    entry.model = ask.model.removeprefix("models/")
    entry.report = report(ask)
    check(ask, state.catalogue.get(ask.model))
    return ask


def parsed(body: bytes) -> object:
    """The JSON of a request body. Raises Rejection (400) for anything else."""
    try:
        return json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Rejection(400, f"Invalid JSON payload received. {error}") from error


class Refusal(Response):
    """A streaming call that failed before its first event. Settles the log entry when it has been sent."""

    def __init__(self, rejection: Rejection, headers: Mapping[str, str], entry: LogEntry) -> None:
        super().__init__(writer.rejected_stream(rejection), rejection.status, dict(headers))
        self._entry = entry
        self._rejection = rejection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._entry.status = self._rejection.status
        await super().__call__(scope, receive, send)
        self._entry.sent()
        self._entry.end("failed", str(self._rejection))


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer leaves: response headers, the loop time at which the request came, compression."""

    headers: Mapping[str, str]
    started: float
    gzip: bool


class Playback(Response):
    """A streamed answer. Its first beat decides the status, so nothing is sent before its time has come."""

    def __init__(self, state: State, entry: LogEntry, ask: Ask, answer: Answer, delivery: Delivery) -> None:
        super().__init__()
        self._state = state
        self._entry = entry
        self._answer = answer
        self._delivery = delivery
        self._framing = state.scenario.framing
        self._ttft = state.scenario.ttft if answer.ttft is None else answer.ttft
        self._pace = state.scenario.pace if answer.pace is None else answer.pace
        state.responses += 1
        self._transcript = Transcript(ask, _response_id(state.responses), self._framing)
        self._gathered = b""
        self._open = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = StreamOut(send, self._framing, gzip=self._delivery.gzip)
        playing = asyncio.create_task(self._play(scope, receive, out), name=f"answer-{self._entry.id}")
        leaving = asyncio.create_task(_departure(receive), name=f"client-{self._entry.id}")
        self._state.streams.add(playing)
        try:
            await asyncio.wait((playing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                self._entry.end("client_gone")
        finally:
            self._state.streams.discard(playing)
            playing.cancel()
            leaving.cancel()
            await asyncio.wait((playing, leaving))
        if not playing.cancelled():
            playing.result()
        elif self._entry.outcome == "running" and not self._open:
            stopping = Rejection(503, "The simulator is stopping.")
            await Refusal(stopping, self._delivery.headers, self._entry)(scope, receive, send)
        self._entry.end("cut")

    async def _play(self, scope: Scope, receive: Receive, out: StreamOut) -> None:
        loop = asyncio.get_running_loop()
        due = self._delivery.started + self._ttft
        for number, beat in enumerate(self._answer.beats):
            await asyncio.sleep(max(0.0, due - loop.time()))
            due += self._pace
            if isinstance(beat, Refuse) and number == 0:
                await self._refuse(beat, scope, receive, out)
                return
            await self._open_stream(out)
            await self._perform(beat, out)

    async def _refuse(self, beat: Refuse, scope: Scope, receive: Receive, out: StreamOut) -> None:
        if beat.ends_sessions:
            self._state.sessions.end_all()
        await Refusal(beat.rejection, self._delivery.headers, self._entry)(scope, receive, out.send)

    async def _open_stream(self, out: StreamOut) -> None:
        if not self._open:
            self._open = True
            self._entry.status = 200
            await out.start(200, self._delivery.headers)

    async def _perform(self, beat: Beat, out: StreamOut) -> None:
        transcript = self._transcript
        match beat:
            case Emit():
                self._gathered += transcript.emit(beat)
                self._entry.events = transcript.events
                if transcript.events % self._framing.events_per_write == 0:
                    await self._write(b"", out)
            case End():
                await self._finish(transcript.end(beat), "finished", out)
            case Block():
                await self._finish(transcript.block(beat), "finished", out)
            case Break(code, message, _):
                await self._finish(transcript.broken(beat), "failed", out, f"{code}: {message}")
            case Garbage():
                await self._finish(GARBAGE, "failed", out, "garbage")
            case Cut():
                await self._write(transcript.torn(), out)
            case Stall():
                await self._write(b"", out)
                await asyncio.Event().wait()
            case Refuse():
                raise AssertionError("a refusal comes first or not at all")

    async def _finish(
        self, last: bytes, outcome: Literal["finished", "failed"], out: StreamOut, error: str | None = None
    ) -> None:
        await self._write(last, out)
        await asyncio.sleep(self._framing.linger)
        await out.end()
        self._entry.sent()
        self._entry.events = self._transcript.events
        self._entry.end(outcome, error)

    async def _write(self, data: bytes, out: StreamOut) -> None:
        gathered, self._gathered = self._gathered + data, b""
        if gathered:
            await out.write(gathered)
            self._entry.sent()


async def _departure(receive: Receive) -> None:
    """Return when the client has closed the connection (or the response is complete)."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _response_id(number: int) -> str:
    """`v1_` and base64url, as the site's; the next request of the chat gives it back."""
    return "v1_" + base64.urlsafe_b64encode(f"simulated-response-{number:012d}".encode()).decode().rstrip("=")
