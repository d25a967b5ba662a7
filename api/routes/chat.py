"""`POST /v1/chat/completions`, streamed or whole."""

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.errors import envelope
from api.exchange.exchange import Exchange
from api.gateway import gateway_of
from api.long_json import json_document
from api.openai.decode import Asked, decode
from api.openai.encode import ChunkEncoder, completion_object
from api.openai.files import may_be_file
from api.openai.schema import ChatRequest
from api.routes.receiving import receiving
from api.routes.serving import Reply, serve
from api.security import Access
from api.sse import DONE, EventStream, data_event
from domain.completion import Completion
from domain.errors import GatewayError, Refused
from domain.events import Event

router = APIRouter()


@router.post(
    "/v1/chat/completions",
    responses={200: {"content": {"text/event-stream": {}}}},
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
    async with receiving(request, gateway) as files:
        document = await json_document(request, files.new_path, may_be_file)
        asked = decode(document, gateway.server.default_model, strict=gateway.chat.strict_parameters)
        reply = Reply(lambda exchange: _Writer(exchange, asked), EventStream if asked.stream else None)
        return await serve(request, gateway, asked, reply, files)


class _Writer:
    """Writes one answer as OpenAI's chat completions; a failure ends a stream without `[DONE]`."""

    def __init__(self, exchange: Exchange, asked: Asked) -> None:
        self._id = exchange.id
        self._model = exchange.plan.request.model
        self._created = int(time.time())
        self._style = asked.style
        self._choices = exchange.plan.choices
        self._encoder = ChunkEncoder(self._id, self._model, self._created, asked.style)

    def whole(self, answers: Sequence[Completion]) -> dict[str, Any]:
        return completion_object(self._id, self._model, self._created, list(answers), self._style)

    def refused(self, error: Refused) -> None:  # noqa: ARG002 - the other protocol looks at it
        """An error, here."""
        return

    def opening(self) -> list[bytes]:
        return [data_event(chunk) for chunk in self._encoder.opening(self._choices)]

    def keep_alive(self) -> bytes:
        return data_event(self._encoder.keep_alive())

    def event(self, index: int, event: Event, warnings: tuple[str, ...]) -> list[bytes]:
        return [data_event(chunk) for chunk in self._encoder.event(index, event, warnings)]

    def closing(self) -> list[bytes]:
        return [*(data_event(chunk) for chunk in self._encoder.closing()), DONE]

    def failure(self, error: GatewayError) -> bytes:
        return data_event(envelope(error))
