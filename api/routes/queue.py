"""`GET /v1/queue` and `POST /v1/cancel/{req_id}`."""

from typing import Any

from fastapi import APIRouter, Request

from api.gateway import gateway_of
from api.queueing.board import queue_snapshot
from api.queueing.job import JobState
from api.security import Access

router = APIRouter()


@router.get("/v1/queue")
async def show_queue(request: Request) -> dict[str, Any]:
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.CONTROL)
    return queue_snapshot(gateway.queue)


@router.post("/v1/cancel/{req_id}")
async def cancel(request: Request, req_id: str) -> dict[str, Any]:
    """Takes the id of `X-Request-Id` or of the completion."""
    gateway = gateway_of(request)
    gateway.gatekeeper.admit(request, Access.CONTROL)
    request_id = req_id.removeprefix("chatcmpl-")
    was = gateway.exchanges.cancel(request_id)
    return {"success": True, "req_id": request_id, "state": JobState.CANCELLED.value, "was": was.value}
