"""`POST /v1/chat/completions`, streamed or whole."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.body import JsonAnswer, json_body
from api.disconnect import while_connected
from api.errors import envelope
from api.exchange.exchange import Exchange
from api.gateway import Gateway, gateway_of
from api.middleware import request_id_of
from api.openai.decode import Asked, decode
from api.openai.encode import ChunkEncoder, completion_object
from api.openai.schema import ChatRequest
from api.security import Access
from api.sse import DONE, EventStream, data_event
from domain.completion import fold_choices
from domain.errors import BadRequest, Cancelled, GatewayError
from domain.events import Event, Finished
from domain.models import ModelCard
from domain.requests import Plan
from domain.thinking import ThinkingAsked, choose_thinking

router = APIRouter()

_LONGEST_HEADER: Final = 4000


@router.post(
    "/v1/chat/completions",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ChatRequest.model_json_schema()}},
        }
    },
)
async def chat_completions(request: Request) -> Response:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.KEY)
    strict = gateway.chat.strict_parameters
    asked = decode(await json_body(request), gateway.server.default_model, strict=strict)
    gateway.supervisor.require_open()
    plan, notes = await _resolved(gateway, asked)
    exchange = gateway.exchanges.start(request_id_of(request), plan, stream=asked.stream)
    reply = _Reply(exchange, asked, notes, int(time.time()))
    with ExitStack() as undo:
        undo.callback(exchange.cancel, _gone())
        async with while_connected(request.receive, lambda: exchange.cancel(_gone())):
            if not asked.stream:
                return await reply.whole()
            await exchange.accepted()
        undo.pop_all()
    return reply.stream(gateway.server.keep_alive)


async def _resolved(gateway: Gateway, asked: Asked) -> tuple[Plan, tuple[str, ...]]:
    """The plan with what only the model's card can tell, and notes about how it was decided."""
    found = await gateway.catalogue.find(asked.plan.request.model)
    _check_length(asked, found.card)
    thinking = asked.thinking
    if thinking is None and found.effort is not None:
        thinking = ThinkingAsked(effort=found.effort, param="model")
    choice, note = None, None
    if thinking is not None:
        choice, note = choose_thinking(thinking, found.card, strict=gateway.chat.strict_parameters)
    request = replace(asked.plan.request, model=found.card.id, thinking=choice)
    return replace(asked.plan, request=request), (*asked.notes, *([note] if note else []))


def _check_length(asked: Asked, card: ModelCard) -> None:
    """The page would silently clamp a limit above the model's own."""
    wanted, limit = asked.plan.request.sampling.max_output_tokens, card.output_limit
    if wanted is not None and limit is not None and wanted > limit:
        raise BadRequest(
            f"{asked.length_param}={wanted} is above the {limit} tokens that {card.id!r} can answer with.",
            param=asked.length_param,
        )


@dataclass(frozen=True, slots=True)
class _Reply:
    """How one exchange is sent."""

    exchange: Exchange
    asked: Asked
    notes: tuple[str, ...]
    created: int

    async def whole(self) -> JsonAnswer:
        exchange = self.exchange
        async with aclosing(exchange.events()) as events:
            answers = await fold_choices(events)
        model = exchange.plan.request.model
        document = completion_object(exchange.id, model, self.created, answers, self.asked.style)
        headers = self._headers() | {"X-Gateway-Capture": _header_text([exchange.capture])}
        return JsonAnswer(document, headers=headers)

    def stream(self, patience: float) -> EventStream:
        """`patience`: seconds of silence before a keep-alive."""
        return EventStream(
            self._chunks(patience),
            release=lambda: self.exchange.cancel(_gone()),
            headers=self._headers(),
        )

    def _headers(self) -> dict[str, str]:
        told = {
            "X-Gateway-Ignored-Params": _header_text(self.asked.ignored, ", "),
            "X-Gateway-Warnings": _header_text(dict.fromkeys((*self.notes, *self.exchange.warnings)), "; "),
        }
        return {name: text for name, text in told.items() if text}

    async def _chunks(self, patience: float) -> AsyncGenerator[bytes, None]:
        """Everything that is sent after the headers. A failure ends it without `[DONE]`."""
        exchange, loop = self.exchange, asyncio.get_running_loop()
        told: set[str] = set()
        encoder = ChunkEncoder(exchange.id, exchange.plan.request.model, self.created, self.asked.style)
        chunks = encoder.opening(exchange.plan.choices)
        try:
            while True:
                for chunk in chunks:
                    yield data_event(chunk)
                if chunks:  # an event without a chunk of its own leaves the caller in silence
                    due = loop.time() + patience
                item = await _next_event(exchange, due)
                if isinstance(item, _End):
                    break
                if item is None:
                    chunks = [encoder.keep_alive()]
                else:
                    index, event = item
                    chunks = encoder.event(index, event, self._untold(event, told))
            for chunk in encoder.closing():
                yield data_event(chunk)
            yield DONE
        except GatewayError as error:
            yield data_event(envelope(error))

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


def _header_text(texts: Iterable[str], separator: str = "") -> str:
    """One line of ASCII, short enough for every reader of headers."""
    line = " ".join(separator.join(texts).split()).encode("ascii", "backslashreplace").decode()
    return line if len(line) <= _LONGEST_HEADER else f"{line[:_LONGEST_HEADER]}..."
