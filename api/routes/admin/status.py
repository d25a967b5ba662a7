"""`GET /admin/api/status` and `POST /admin/api/reload`."""

import time
from typing import Any

from fastapi import Request

from api.gateway import gateway_of
from api.queueing.board import queue_snapshot
from api.routes.admin.guard import admin_of, guarded_router
from api.routes.admin.profiles import in_use
from api.routes.health import health_report
from api.version import NAME, VERSION
from domain.errors import BadRequest
from settings import SettingsError

router = guarded_router()


@router.get("/status")
async def status(request: Request) -> dict[str, Any]:
    """Everything that `/health` and `/v1/queue` tell, and what only the owner should know."""
    gateway = gateway_of(request)
    gatekeeper = gateway.gatekeeper
    gatekeeper.ring.refresh()
    return {
        "name": NAME,
        "version": VERSION,
        "uptime_seconds": round(time.monotonic() - request.app.state.started, 1),
        "health": health_report(gateway),
        "queue": queue_snapshot(gateway.queue, callers=True),
        "keys": {
            "asked_for": gatekeeper.needs_key,
            "in_force": len(gatekeeper.ring.keys),
            "problem": gatekeeper.ring.problem or None,
        },
        "profiles": None if gateway.driver.profiles is None else in_use(gateway.driver.profiles),
        "network": {
            "host": gateway.server.host,
            "allowed_hosts": list(gatekeeper.hosts.allowed),
            "cors_origins": list(gatekeeper.origins.allowed),
        },
    }


@router.post("/reload")
async def reload(request: Request) -> dict[str, Any]:
    """Read the key files and the admin token again, whether they have changed or not."""
    ring = gateway_of(request).gatekeeper.ring
    ring.reload()
    try:
        admin_of(request).reload()
    except SettingsError as error:
        raise BadRequest(str(error)) from error
    if ring.problem:
        raise BadRequest(f"The old keys stay in force: {ring.problem}")
    return {"success": True, "keys": len(ring.keys)}
