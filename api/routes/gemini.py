"""Google's own API: models, generations, token counts, embeddings.

Every address is there under each version, and with a slash in place of the colon.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.body import JsonAnswer, json_body
from api.embeddings.service import Embedded, embeddings_of
from api.exchange.exchange import Exchange
from api.gateway import Gateway, gateway_of
from api.gemini.contents import may_be_file
from api.gemini.decode import Asked, decode, decode_count
from api.gemini.embed import decode_batch, decode_embed
from api.gemini.models import model_object, models_page
from api.gemini.objects import kinds_object
from api.gemini.query import ignored_in_query
from api.gemini.routing import GoogleAnswers, GoogleRoute
from api.gemini.schema import (
    BatchEmbedContentsRequest,
    CountTokensRequest,
    EmbedContentRequest,
    GenerateContentRequest,
)
from api.gemini.streams import Array, ArrayStream, Events, Framing, wants_events
from api.gemini.writer import AnswerWriter
from api.long_json import json_document
from api.routes.counting import count
from api.routes.receiving import receiving
from api.routes.serving import ESTIMATED, Reply, header_text, serve
from api.security import Access
from api.sse import EventStream

VERSIONS: Final = ("v1beta", "v1", "v1alpha")
"""The first is the documented one."""


class _ModelRoute(GoogleRoute):
    """Leaves the methods of models to their own routes, so that a wrong one is told as such."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        called = scope["type"] == "http" and _is_call(scope["method"], scope["path"])
        return (Match.NONE, {}) if called else super().matches(scope)


router = APIRouter()
_models = APIRouter(route_class=_ModelRoute)
_methods = APIRouter(route_class=GoogleAnswers)

Handler = Callable[[Request, str], Awaitable[Response]]


async def list_models(request: Request) -> JsonAnswer:
    gateway = _open(request)
    query = request.query_params
    size, token = (
        query.get("pageSize", query.get("page_size")),
        query.get("pageToken", query.get("page_token")),
    )
    return JsonAnswer(models_page(await gateway.catalogue.cards(), size or None, token or None))


async def get_model(request: Request, model: str) -> JsonAnswer:
    gateway = _open(request)
    return JsonAnswer(model_object((await gateway.catalogue.find(model)).card))


async def generate_content(request: Request, model: str) -> Response:
    return await _generate(request, model, Array(), None)


async def stream_generate_content(request: Request, model: str) -> Response:
    if wants_events(request):
        return await _generate(request, model, Events(), EventStream)
    return await _generate(request, model, Array(), ArrayStream)


async def _generate(
    request: Request, model: str, framing: Framing, stream: type[EventStream] | None
) -> Response:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.KEY)
    async with receiving(request, gateway) as files:
        ignored = ignored_in_query(request, stream=stream is not None)
        document = await json_document(request, files.new_path, may_be_file)
        asked = decode(document, model, strict=gateway.chat.strict_parameters, ignored=ignored)
        reply = Reply(lambda exchange: _writer(exchange, asked, framing), stream, "contents")
        return await serve(request, gateway, asked, reply, files)


async def count_tokens(request: Request, model: str) -> Response:
    """What the page counts, without anything being generated; an estimate while there is no page."""
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.KEY)
    async with receiving(request, gateway) as files:
        asked = decode_count(await json_document(request, files.new_path, may_be_file), model)
        counted = await count(request, gateway, asked, files)
    answer: dict[str, Any] = {"totalTokens": counted.count.total}
    if counted.count.by_modality:
        answer["promptTokensDetails"] = kinds_object(counted.count.by_modality)
    told = {"X-Gateway-Warnings": header_text([counted.why_estimated])} if counted.why_estimated else {}
    return JsonAnswer(answer, headers={ESTIMATED: "true", **told} if counted.estimated else {})


async def embed_content(request: Request, model: str) -> Response:
    gateway_of(request).gatekeeper.admit(request, Access.KEY)
    embedded = await embeddings_of(request).embed(model, decode_embed(await json_body(request), model))
    return _embeddings({"embedding": {"values": list(embedded.vectors[0])}}, embedded)


async def batch_embed_contents(request: Request, model: str) -> Response:
    gateway_of(request).gatekeeper.admit(request, Access.KEY)
    embedded = await embeddings_of(request).embed(model, decode_batch(await json_body(request), model))
    return _embeddings({"embeddings": [{"values": list(vector)} for vector in embedded.vectors]}, embedded)


def _is_call(http_method: str, path: str) -> bool:
    """A colon may also be part of a name, which only GET asks for."""
    return path.endswith(_CALLS) or (http_method != "GET" and ":" in path)


def _open(request: Request) -> Gateway:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.PUBLIC)
    gateway.supervisor.require_open()
    return gateway


def _writer(exchange: Exchange, asked: Asked, framing: Framing) -> AnswerWriter:
    return AnswerWriter(exchange.id, exchange.plan.request.model, asked.style, framing)


def _embeddings(answer: dict[str, Any], embedded: Embedded) -> JsonAnswer:
    usage = {"promptTokenCount": embedded.tokens, "totalTokenCount": embedded.tokens}
    headers = {ESTIMATED: "true"} if embedded.estimated else {}
    return JsonAnswer({**answer, "usageMetadata": usage}, headers=headers)


_METHODS: Final[tuple[tuple[str, Handler, type[Any]], ...]] = (
    ("generateContent", generate_content, GenerateContentRequest),
    ("streamGenerateContent", stream_generate_content, GenerateContentRequest),
    ("countTokens", count_tokens, CountTokensRequest),
    ("embedContent", embed_content, EmbedContentRequest),
    ("batchEmbedContents", batch_embed_contents, BatchEmbedContentsRequest),
)
_JOINTS: Final = (":", "/")
_CALLS: Final = tuple(joint + method for method, _, _ in _METHODS for joint in _JOINTS)


def _add_routes() -> None:
    for version in VERSIONS:
        documented = version == VERSIONS[0]
        _models.add_api_route(f"/{version}/models", list_models, include_in_schema=documented)
        _models.add_api_route(f"/{version}/models/{{model:path}}", get_model, include_in_schema=documented)
        for method, handler, schema in _METHODS:
            body = {"content": {"application/json": {"schema": schema.model_json_schema()}}, "required": True}
            for joint in _JOINTS:
                _methods.add_api_route(
                    f"/{version}/models/{{model:path}}{joint}{method}",
                    handler,
                    methods=["POST"],
                    include_in_schema=documented and joint == ":",
                    openapi_extra={"requestBody": body},
                )
    router.include_router(_methods)
    router.include_router(_models)


_add_routes()
