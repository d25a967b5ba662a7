"""`GET /v1/models` and `GET /v1/models/{id}`."""

from typing import Any, Final

from fastapi import APIRouter, Request

from api.gateway import gateway_of
from api.security import Access
from domain.models import ModelCard

router = APIRouter()

CREATED: Final = 1704067200
"""2024-01-01. The page does not tell when a model was made; clients need a number that does not change."""


@router.get("/v1/models")
async def list_models(request: Request) -> dict[str, Any]:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.PUBLIC)
    gateway.supervisor.require_open()
    return {"object": "list", "data": [model_object(card) for card in await gateway.catalogue.cards()]}


@router.get("/v1/models/{model_id:path}")
async def get_model(request: Request, model_id: str) -> dict[str, Any]:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.PUBLIC)
    gateway.supervisor.require_open()
    return model_object((await gateway.catalogue.find(model_id)).card)


def model_object(card: ModelCard) -> dict[str, Any]:
    """OpenAI's four fields, then what the page tells; unknown numbers are null."""
    return {
        "id": card.id,
        "object": "model",
        "created": CREATED,
        "owned_by": "google",
        "display_name": card.display_name,
        "description": card.description,
        "context_window": card.input_limit,
        "max_output_tokens": card.output_limit,
        "default_temperature": card.temperature,
        "default_top_p": card.top_p,
        "aliases": list(card.aliases),
    }
