"""`POST /v1/images/generations`, by the chat page's image models."""

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.body import json_body
from api.gateway import Gateway, gateway_of
from api.openai.images import Asked, ImageRequest, answer, decode
from api.routes.receiving import receiving
from api.routes.serving import Reply, serve
from api.security import Access
from domain.completion import Completion
from domain.errors import GatewayError, Refused, UnknownModel
from domain.events import Event

router = APIRouter()


@router.post(
    "/v1/images/generations",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ImageRequest.model_json_schema()}},
        }
    },
)
async def generate_images(request: Request) -> Response:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.KEY)
    gateway.supervisor.require_open()
    async with receiving(request, gateway) as files:
        document = await json_body(request)
        asked = decode(document, await _usual_model(gateway), strict=gateway.chat.strict_parameters)
        return await serve(request, gateway, asked, Reply(lambda _: _Writer(asked), None, "prompt"), files)


async def _usual_model(gateway: Gateway) -> str:
    for card in await gateway.catalogue.cards():
        if card.makes_pictures and not card.needs_paid_key:
            return card.id
    raise UnknownModel("AI Studio's page offers no model that makes pictures.", param="model")


class _Writer:
    """Only ever whole: a picture is nothing before it is finished."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def whole(self, answers: Sequence[Completion]) -> dict[str, Any]:
        return answer(int(time.time()), answers, packed=self._asked.packed)

    def refused(self, error: Refused) -> None:  # noqa: ARG002 - the other protocol looks at it
        """An error, here."""
        return

    def opening(self) -> list[bytes]:
        return []

    def keep_alive(self) -> bytes:
        return b""

    def event(self, index: int, event: Event, warnings: tuple[str, ...]) -> list[bytes]:  # noqa: ARG002
        return []

    def closing(self) -> list[bytes]:
        return []

    def failure(self, error: GatewayError) -> bytes:
        raise error
