"""Clients that hold the gateway to its word: the right answer or a named error, for every request."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from benchmarks.chaos_asks import Ask, Asker, Json, Said

DONE = "[DONE]"
BLAMES = frozenset(
    {"invalid_request", "invalid_api_key", "not_found", "method_not_allowed", "path_not_allowed"}
    | {"request_too_large", "internal_error"}
)
"""Codes that no request of these clients deserves: they blame the caller, or name nothing at all."""


class Outcome(StrEnum):
    """How a request ended; always exactly one of these."""

    RIGHT = "right answer"
    NAMED = "named error"
    LEFT = "left by its client"
    WRONG = "wrong answer"
    HUNG = "hung"
    BROKEN = "broken protocol"


FAILURES = (Outcome.WRONG, Outcome.HUNG, Outcome.BROKEN)


@dataclass(frozen=True, slots=True)
class Record:
    """One request as its client saw it; times in seconds since the epoch."""

    ask: Ask
    stream: bool
    outcome: Outcome
    detail: str
    """The error's code, or what was wrong."""
    started: float
    ended: float

    def __str__(self) -> str:
        way = "streamed" if self.stream else "whole"
        took = self.ended - self.started
        return f"{self.outcome}: {self.ask.kind} {self.ask.token} ({way}, {took:.1f} s): {self.detail}"


class ProtocolBroken(Exception):
    """Something came back that is neither an answer nor an error of the documented form."""


class ErrorTold(Exception):
    """An error in the documented form; the text is its code."""


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one request after the other, and now and then leaves before the answer has ended.

    `budget`: seconds after which a request counts as hung.
    """

    http: httpx.AsyncClient
    asker: Asker
    chance: random.Random
    budget: float

    async def work(self, over: asyncio.Event, keep: Callable[[Record], None]) -> None:
        while not over.is_set():
            patience = self.chance.uniform(0, 3) if self.chance.random() < 0.1 else None
            record = await self.ask(self.asker.next(), stream=self.chance.random() < 0.6, patience=patience)
            keep(record)
            if record.outcome is not Outcome.RIGHT:  # as clients do that try again later
                await pause(over, self.chance.uniform(0, 1))

    async def ask(self, ask: Ask, *, stream: bool, patience: float | None = None) -> Record:
        """One request. With `patience` its client closes the connection after so many seconds."""
        started, said = time.time(), Said()
        try:
            async with asyncio.timeout(self.budget if patience is None else patience):
                await (self._streamed(ask, said) if stream else self._whole(ask, said))
            flaw = ask.flaw(said)
            outcome, detail = (Outcome.WRONG, flaw) if flaw else (Outcome.RIGHT, "")
        except TimeoutError:
            outcome = Outcome.HUNG if patience is None else Outcome.LEFT
            detail = f"no end within {self.budget:g} s" if patience is None else ""
        except ErrorTold as error:
            outcome, detail = _judged(str(error), ask.flaw_of_part(said.text))
        except (ProtocolBroken, httpx.TransportError) as error:
            outcome, detail = Outcome.BROKEN, f"{type(error).__name__}: {error}"
        if outcome is Outcome.RIGHT:
            self.asker.heard(ask, said)
        return Record(ask, stream, outcome, detail, started, time.time())

    async def _whole(self, ask: Ask, said: Said) -> None:
        reply = await self.http.post("/v1/chat/completions", json=ask.body)
        document = _document(reply.content)
        if reply.status_code != 200:
            raise ErrorTold(_code(document))
        _add(said, _only_choice(document).get("message"))
        said.finish = _only_choice(document).get("finish_reason")
        _check_end(said)

    async def _streamed(self, ask: Ask, said: Said) -> None:
        body = {**ask.body, "stream": True}
        async with self.http.stream("POST", "/v1/chat/completions", json=body) as reply:
            if reply.status_code != 200:
                raise ErrorTold(_code(_document(await reply.aread())))
            done = False
            async for data in _events(reply):
                if done:
                    raise ProtocolBroken(f"an event after {DONE}: {data[:200]!r}")
                if data == DONE:
                    done = True
                else:
                    _hear(said, _document(data.encode()))
        if not done:
            raise ProtocolBroken(f"the stream ended without {DONE} and without an error")
        _check_end(said)


async def pause(over: asyncio.Event, seconds: float) -> None:
    """Let time pass, but not beyond the moment when all is over."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over.wait()


async def _events(reply: httpx.Response) -> AsyncIterator[str]:
    """The data of each server-sent event. Bytes behind the last one break the protocol."""
    rest = b""
    async for piece in reply.aiter_bytes():
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            if not event.startswith(b"data: "):
                raise ProtocolBroken(f"an event without data: {event[:200]!r}")
            yield event.removeprefix(b"data: ").decode()
    if rest:
        raise ProtocolBroken(f"the stream was cut inside an event: {rest[:200]!r}")


def _hear(said: Said, document: Json) -> None:
    if "error" in document:
        raise ErrorTold(_code(document))
    if not document.get("choices"):
        return
    choice = _only_choice(document)
    _add(said, choice.get("delta"))
    if (finish := choice.get("finish_reason")) is not None:
        if said.finish is not None:
            raise ProtocolBroken(f"a second finish_reason: {finish!r} after {said.finish!r}")
        said.finish = finish


def _add(said: Said, message: Any) -> None:
    if not isinstance(message, dict):
        raise ProtocolBroken(f"neither message nor delta: {message!r}")
    said.text += message.get("content") or ""
    said.thoughts += message.get("reasoning_content") or ""
    for call in message.get("tool_calls") or ():
        function = call["function"]
        said.calls.append((function["name"], json.loads(function["arguments"])))


def _check_end(said: Said) -> None:
    if said.finish is None:
        raise ProtocolBroken("an answer without finish_reason")


def _document(body: bytes) -> Json:
    try:
        found = json.loads(body)
    except ValueError:
        raise ProtocolBroken(f"no JSON: {body[:200]!r}") from None
    if not isinstance(found, dict):
        raise ProtocolBroken(f"no JSON object: {body[:200]!r}")
    return found


def _only_choice(document: Json) -> Json:
    choices = document.get("choices")
    if not isinstance(choices, list) or len(choices) != 1:
        raise ProtocolBroken(f"not one choice: {str(document)[:200]}")
    found: Json = choices[0]
    return found


def _code(document: Json) -> str:
    error = document.get("error")
    if not isinstance(error, dict) or not error.get("code") or not error.get("message"):
        raise ProtocolBroken(f"an error without a name: {str(document)[:200]}")
    return str(error["code"])


def _judged(code: str, flaw: str) -> tuple[Outcome, str]:
    if flaw:
        return Outcome.WRONG, f"{code} after {flaw}"
    return (Outcome.BROKEN if code in BLAMES else Outcome.NAMED), code
