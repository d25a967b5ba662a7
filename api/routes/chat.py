"""`POST /v1/chat/completions`, streamed or whole."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.body import JsonAnswer, json_body
from api.disconnect import while_connected
from api.errors import envelope
from api.gateway import Gateway, gateway_of
from api.middleware import request_id_of
from api.openai.decode import Asked, decode
from api.openai.encode import ChunkEncoder, completion_object
from api.openai.schema import ChatRequest
from api.queueing.job import Job
from api.security import Access
from api.sse import DONE, EventStream, data_event
from domain.completion import fold
from domain.errors import BadRequest, Cancelled, GatewayError
from domain.events import Event
from domain.models import ModelCard

router = APIRouter()


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
    asked = decode(await json_body(request), gateway.server.default_model)
    job = gateway.queue.submit(await _job(gateway, request_id_of(request), asked))
    created = int(time.time())
    if not asked.stream:
        return await _whole(request, job, created)
    encoder = ChunkEncoder(job.id, job.request.model, created, include_usage=asked.include_usage)
    chunks = _chunks(job, encoder, gateway.server.keep_alive)
    return EventStream(chunks, release=lambda: job.cancel(_gone()))


async def _job(gateway: Gateway, request_id: str, asked: Asked) -> Job:
    gateway.supervisor.require_open()
    card = await gateway.catalogue.find(asked.request.model)
    _check_length(asked, card)
    return Job(request_id, replace(asked.request, model=card.id), stream=asked.stream)


def _check_length(asked: Asked, card: ModelCard) -> None:
    """The page would silently clamp a limit above the model's own."""
    wanted, limit = asked.request.sampling.max_output_tokens, card.output_limit
    if wanted is not None and limit is not None and wanted > limit:
        raise BadRequest(
            f"{asked.length_param}={wanted} is above the {limit} tokens that {card.id!r} can answer with.",
            param=asked.length_param,
        )


async def _whole(request: Request, job: Job, created: int) -> JsonAnswer:
    try:
        async with while_connected(request.receive, lambda: job.cancel(_gone())):
            done = await fold(aiter(job.events))
    finally:
        job.cancel(_gone())
    headers = {"X-Gateway-Capture": _header_text(job.capture)}
    if job.warnings:
        headers["X-Gateway-Warnings"] = _header_text("; ".join(job.warnings))
    return JsonAnswer(completion_object(job.id, job.request.model, created, done), headers=headers)


async def _chunks(job: Job, encoder: ChunkEncoder, patience: float) -> AsyncGenerator[bytes, None]:
    """Everything that is sent after the headers. A failure ends it without `[DONE]`."""
    loop = asyncio.get_running_loop()
    try:
        chunks = [encoder.opening()]
        while True:
            for chunk in chunks:
                yield data_event(chunk)
            if chunks:  # an event without a chunk of its own leaves the caller in silence
                due = loop.time() + patience
            event = await _next_event(job, due)
            if isinstance(event, _End):
                break
            chunks = [encoder.keep_alive()] if event is None else encoder.event(event, job.warnings)
        yield DONE
    except GatewayError as error:
        yield data_event(envelope(error))


class _End:
    """The stream of events is over."""


async def _next_event(job: Job, due: float) -> Event | _End | None:
    """The next event, or `None` if there is none until `due` on the loop's clock."""
    try:
        async with asyncio.timeout_at(due):
            event = await job.events.get()
    except TimeoutError:
        return None
    return _End() if event is None else event


def _gone() -> Cancelled:
    return Cancelled("The connection was closed.")


def _header_text(text: str) -> str:
    """One line of ASCII."""
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode()
