"""`GET /api/info`: what this gateway is and takes, for people and for clients that configure themselves."""

from dataclasses import asdict
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from api.access.doorway import ADMIN
from api.body import JsonAnswer
from api.gateway import Gateway, gateway_of
from api.openai.decode import MOST_STOPS
from api.openai.parameters import MATRIX
from api.openai.schema import MOST_CHOICES, NEUTRAL
from api.security import Access
from api.treatment import Treatment
from api.version import NAME, VERSION

router = APIRouter()

_EFFECTIVE: Final = frozenset({Treatment.HONOURED, Treatment.MAPPED})


@router.get("/", response_class=JsonAnswer)
async def front(request: Request) -> Response:
    """Where to go from the bare address: a person with a browser to the admin page."""
    gateway_of(request).gatekeeper.admit(request, Access.PUBLIC)
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{request.scope.get('root_path', '')}{ADMIN}/", status_code=307)
    base = str(request.base_url)
    return JsonAnswer({"name": NAME, "version": VERSION, "base_url": f"{base}v1", "info": f"{base}api/info"})


@router.get("/api/info")
async def info(request: Request) -> dict[str, Any]:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.PUBLIC)
    return {
        "name": NAME,
        "version": VERSION,
        "base_url": f"{request.base_url}v1",
        "endpoints": _endpoints(request),
        "auth_required": gateway.gatekeeper.needs_key,
        "default_model": gateway.server.default_model,
        "supported_parameters": [row.name for row in MATRIX if row.treatment in _EFFECTIVE],
        "accepted_without_effect": {name: list(values) for name, values in NEUTRAL.items()},
        "parameters": [row.described() for row in MATRIX],
        "strict_parameters": gateway.chat.strict_parameters,
        "limits": _limits(gateway),
    }


def _endpoints(request: Request) -> list[str]:
    paths = request.app.openapi()["paths"]
    return [
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if not path.startswith(ADMIN)
    ]


def _limits(gateway: Gateway) -> dict[str, Any]:
    rules = gateway.intake.rules
    return {
        "queue_size": gateway.server.queue_size,
        "max_body_bytes": gateway.server.max_body_bytes,
        "max_stop_sequences": MOST_STOPS,
        "max_choices": MOST_CHOICES,
        "keep_alive_seconds": gateway.server.keep_alive,
        "max_file_bytes": rules.max_file_bytes,
        "max_files": rules.max_files,
        "max_files_bytes": rules.max_total_bytes,
        "seconds": asdict(gateway.deadlines),
    }
