"""`GET /health`: 200 when a request could be served now, 503 with the reason otherwise."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.gateway import Gateway, gateway_of
from api.queueing.board import queue_length

router = APIRouter()


@router.get("/health")
async def health(request: Request) -> JSONResponse:
    """Open to everybody."""
    report = health_report(gateway_of(request))
    return JSONResponse(report, status_code=200 if report["status"] == "ok" else 503)


def _stage(stage: str, reason: str) -> str:
    """What is at fault; while the driver knows of nothing, it has not been opened, or nobody serves it."""
    return (stage or "gateway") if reason else ""


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def health_report(gateway: Gateway) -> dict[str, Any]:
    status = asdict(gateway.driver.status())
    reason = gateway.supervisor.reason
    if not reason and not gateway.worker.running:
        reason = "The worker is not running."
    flat = {
        "playwright_ready": status["playwright_ready"],
        "browser_connected": status["browser_connected"],
        "page_ready": status["page_ready"],
        "worker_running": gateway.worker.running,
        "queue_length": queue_length(gateway.queue),
    }
    details = {
        **flat,
        "engine": status["engine"],
        "capture": status["capture"],
        "counters": {**status["counters"], **gateway.queue.counters},
        "stage": _stage(status["stage"], reason),
        "healing": status["healing"],
        "sign_in_expires": _date(status["sign_in_expires"]),
        "is_processing": gateway.queue.is_processing,
        "key_files_ok": not gateway.gatekeeper.ring.problem,
    }
    said = {"reason": reason} if reason else {}
    return {"status": "unavailable" if reason else "ok", **flat, **said, "details": details}
