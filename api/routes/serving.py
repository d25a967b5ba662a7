"""How any protocol's request is served once it is decoded: resolve, exchange, answer whole or streamed."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from fastapi import Request
from starlette.responses import Response

from api.attachments.intake import RequestFiles
from api.body import JsonAnswer
from api.disconnect import while_connected
from api.exchange.exchange import Exchange
from api.gateway import Gateway
from api.middleware import request_id_of
from api.pictures import PictureWish, check_pictures
from api.security import Access
from api.sse import EventStream
from domain.completion import Completion, fold_choices
from domain.errors import BadRequest, Cancelled, ContextTooLong, GatewayError, Refused
from domain.events import Event, Finished
from domain.models import ModelCard
from domain.requests import GenerateRequest, Plan
from domain.thinking import ThinkingAsked, choose_thinking
from domain.tokens import estimated
from logbook.context import note

ESTIMATED: Final = "X-Gateway-Estimated"
"""A header that says that token counts are estimates."""

SURELY_TOO_LONG: Final = 2
"""How many times the model's input limit an estimate must be for a request to be refused for it."""

_LONGEST_HEADER: Final = 4000
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")


class Asked(Protocol):
    """A request as a protocol's decoder leaves it."""

    @property
    def plan(self) -> Plan:
        """Names the model as it was asked for, and has no thinking yet."""
        ...

    @property
    def thinking(self) -> ThinkingAsked | None: ...

    @property
    def pictures(self) -> PictureWish: ...

    @property
    def length_param(self) -> str | None:
        """The name under which the answer was limited."""
        ...

    @property
    def ignored(self) -> tuple[str, ...]: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


class Writer(Protocol):
    """Writes the answer to one request in the caller's protocol: whole, or as a stream."""

    def whole(self, answers: Sequence[Completion]) -> dict[str, Any]: ...

    def refused(self, error: Refused) -> dict[str, Any] | None:
        """The answer to a prompt that the site blocked; `None` where that is an error."""
        ...

    def opening(self) -> list[bytes]:
        """Sent before anything is known."""
        ...

    def keep_alive(self) -> bytes: ...

    def event(self, index: int, event: Event, warnings: tuple[str, ...]) -> list[bytes]:
        """`warnings` come with the end of a choice: what no earlier end and no header told."""
        ...

    def closing(self) -> list[bytes]:
        """The end of a stream that went well."""
        ...

    def failure(self, error: GatewayError) -> bytes:
        """The end of any other."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """How one request is to be answered."""

    writer: Callable[[Exchange], Writer]
    stream: type[EventStream] | None = None
    """`None`: whole."""
    prompt_param: str = "messages"
    """What the protocol calls the conversation, for errors."""


async def serve(
    request: Request, gateway: Gateway, asked: Asked, reply: Reply, files: RequestFiles
) -> Response:
    """Answer a decoded request, whose `files` are closed when it is over.

    A caller that goes cancels what is done for it.

    Raises:
        GatewayError: it failed before an answer was begun.
    """
    gateway.supervisor.require_open()
    plan, notes = await resolved(gateway, asked, reply.prompt_param)
    streamed = reply.stream is not None
    caller = gateway.gatekeeper.admit(request, Access.KEY)
    exchange = gateway.exchanges.start(
        request_id_of(request), plan, files=files, stream=streamed, caller=caller
    )
    serving = _Serving(exchange, reply.writer(exchange), asked.ignored, notes)
    with ExitStack() as undo:
        undo.callback(exchange.cancel, _gone())
        async with while_connected(request.receive, lambda: exchange.cancel(_gone())):
            if reply.stream is None:
                return await serving.whole()
            await exchange.accepted()
        undo.pop_all()
    return serving.stream(reply.stream, gateway.server.keep_alive, gateway.driver.status().capture)


async def resolved(gateway: Gateway, asked: Asked, prompt_param: str) -> tuple[Plan, tuple[str, ...]]:
    """The plan with what only the model's card can tell, and notes about how it was decided.

    Raises:
        UnknownModel: there is no such model.
        BadRequest: more than the model can answer with or think, or a picture that it does not make.
    """
    found = await gateway.catalogue.find(asked.plan.request.model)
    _check_length(asked, found.card)
    thinking = asked.thinking
    if thinking is None and found.effort is not None:
        thinking = ThinkingAsked(effort=found.effort, param="model")
    choice, note = None, None
    if thinking is not None:
        choice, note = choose_thinking(thinking, found.card, strict=gateway.chat.strict_parameters)
    pictures = check_pictures(asked.pictures, found.card, await gateway.catalogue.cards())
    request = replace(asked.plan.request, model=found.card.id, thinking=choice, pictures=pictures)
    _check_room(request, found.card, prompt_param)
    return replace(asked.plan, request=request), (*asked.notes, *([note] if note else []))


def _check_room(request: GenerateRequest, card: ModelCard, param: str) -> None:
    """The site counts exactly; this refuses what cannot fit however it counts."""
    tokens, limit = estimated(request), card.input_limit
    if limit is not None and tokens > SURELY_TOO_LONG * limit:
        raise ContextTooLong(
            f"The request has about {tokens} tokens, but {card.id!r} takes {limit}. "
            "Shorten the conversation.",
            param=param,
        )


def _check_length(asked: Asked, card: ModelCard) -> None:
    """The page would silently clamp a limit above the model's own."""
    wanted, limit = asked.plan.request.sampling.max_output_tokens, card.output_limit
    if wanted is not None and limit is not None and wanted > limit:
        raise BadRequest(
            f"{asked.length_param}={wanted} is above the {limit} tokens that {card.id!r} can answer with.",
            param=asked.length_param,
        )


@dataclass(frozen=True, slots=True)
class _Serving:
    """One exchange and the caller's way of being told of it."""

    exchange: Exchange
    writer: Writer
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    async def whole(self) -> JsonAnswer:
        exchange = self.exchange
        try:
            async with aclosing(exchange.events()) as events:
                document = self.writer.whole(await fold_choices(events))
        except Refused as error:
            refused = self.writer.refused(error)
            if refused is None:
                raise
            document = refused
        headers = self._headers() | {"X-Gateway-Capture": header_text([exchange.capture])}
        return JsonAnswer(document, headers=headers)

    def stream(self, kind: type[EventStream], patience: float, armed: str) -> EventStream:
        """`patience`: seconds of silence before a keep-alive; `armed`: the capture that is asked first."""
        return kind(
            self._chunks(patience),
            release=lambda: self.exchange.cancel(_gone()),
            headers=self._headers() | ({"X-Gateway-Capture": armed} if armed else {}),
        )

    def _headers(self) -> dict[str, str]:
        told = {
            "X-Gateway-Ignored-Params": header_text(self.ignored, ", "),
            "X-Gateway-Warnings": header_text(dict.fromkeys((*self.notes, *self.exchange.warnings)), "; "),
        }
        return {name: text for name, text in told.items() if text}

    async def _chunks(self, patience: float) -> AsyncGenerator[bytes, None]:
        """Everything that is sent after the headers."""
        exchange, writer, loop = self.exchange, self.writer, asyncio.get_running_loop()
        told: set[str] = set()
        chunks = writer.opening()
        due = loop.time() + patience
        try:
            while True:
                for chunk in chunks:
                    yield chunk
                if chunks:  # an event without a chunk of its own leaves the caller in silence
                    due = loop.time() + patience
                item = await _next_event(exchange, due)
                if isinstance(item, _End):
                    break
                if item is None:
                    chunks = [writer.keep_alive()]
                else:
                    index, event = item
                    chunks = writer.event(index, event, self._untold(event, told))
            for chunk in writer.closing():
                yield chunk
        except GatewayError as error:
            note(error=error.code)
            yield writer.failure(error)

    def _untold(self, event: Event, told: set[str]) -> tuple[str, ...]:
        """At the end of a choice, the warnings that no earlier end told; headers may know some of them."""
        if not isinstance(event, Finished):
            return ()
        new = tuple(warning for warning in self.exchange.warnings if warning not in told)
        told.update(new)
        return new


class _End:
    """The stream of events is over."""


async def _next_event(exchange: Exchange, due: float) -> tuple[int, Event] | _End | None:
    """The next event, or `None` if there is none until `due` on the loop's clock."""
    try:
        async with asyncio.timeout_at(due):
            item = await exchange.get()
    except TimeoutError:
        return None
    return _End() if item is None else item


def _gone() -> Cancelled:
    return Cancelled("The connection was closed.")


def header_text(texts: Iterable[str], separator: str = "") -> str:
    """One line of ASCII, short enough for every reader of headers, and without what some of them refuse."""
    line = " ".join(separator.join(texts).split()).encode("ascii", "backslashreplace").decode()
    line = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", line)
    return line if len(line) <= _LONGEST_HEADER else f"{line[:_LONGEST_HEADER]}..."
