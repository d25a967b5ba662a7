"""`POST /v1/embeddings`."""

from fastapi import APIRouter, Request

from api.body import JsonAnswer, json_body
from api.embeddings.openai import EmbeddingRequest, answer, decode
from api.embeddings.service import embeddings_of
from api.gateway import gateway_of
from api.routes.serving import ESTIMATED, header_text
from api.security import Access
from api.treatment import check_ignored

router = APIRouter()


@router.post(
    "/v1/embeddings",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": EmbeddingRequest.model_json_schema()}},
        }
    },
)
async def embeddings(request: Request) -> JsonAnswer:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.KEY)
    asked = decode(await json_body(request))
    check_ignored(asked.ignored, strict=gateway.chat.strict_parameters)
    embedded = await embeddings_of(request).embed(asked.model, [(text, asked.manner) for text in asked.texts])
    headers = {ESTIMATED: "true"} if embedded.estimated else {}
    if asked.ignored:
        headers["X-Gateway-Ignored-Params"] = header_text(asked.ignored, ", ")
    return JsonAnswer(answer(asked.model, embedded, packed=asked.packed), headers=headers)
