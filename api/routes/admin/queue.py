"""`GET /admin/api/queue` and `POST /admin/api/cancel/{req_id}`: as `/v1`, with the names of callers' keys."""

from typing import Any

from fastapi import Request

from api.gateway import gateway_of
from api.queueing.board import queue_snapshot
from api.queueing.job import JobState
from api.routes.admin.guard import guarded_router

router = guarded_router()


@router.get("/queue")
async def show_queue(request: Request) -> dict[str, Any]:
    return queue_snapshot(gateway_of(request).queue, callers=True)


@router.post("/cancel/{req_id}")
async def cancel(request: Request, req_id: str) -> dict[str, Any]:
    was = gateway_of(request).exchanges.cancel(req_id)
    return {"success": True, "req_id": req_id, "state": JobState.CANCELLED.value, "was": was.value}
