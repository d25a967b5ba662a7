"""`/admin/api/keys` and `/admin/api/usage`: API keys, without ever showing one a second time."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from api.access.keys import Key
from api.gateway import gateway_of
from api.routes.admin.guard import guarded_router
from api.security import Gatekeeper
from domain.errors import BadRequest, NotFound
from settings import SettingsError

router = guarded_router()


class NewKey(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=64)
    requests_per_minute: int | None = Field(default=None, ge=0, le=1_000_000)
    """`null`: as KEY_REQUESTS_PER_MINUTE says; 0: no limit."""


@router.get("/keys")
async def list_keys(request: Request) -> dict[str, Any]:
    gatekeeper = gateway_of(request).gatekeeper
    gatekeeper.ring.refresh()
    return {"keys": [_described(key) | _used(gatekeeper, key) for key in gatekeeper.ring.keys]}


@router.post("/keys", status_code=201)
async def add_key(request: Request, asked: NewKey) -> dict[str, Any]:
    """Answers with the key, this once."""
    gatekeeper = gateway_of(request).gatekeeper
    try:
        # The file's lock may be somebody else's for a moment.
        text, key = await asyncio.to_thread(gatekeeper.store.add, asked.name, asked.requests_per_minute)
    except SettingsError as error:
        raise BadRequest(str(error), param="name") from error
    gatekeeper.ring.refresh()
    return {"key": text, **_described(key)}


@router.delete("/keys/{name}")
async def revoke_key(request: Request, name: str) -> dict[str, Any]:
    """Its requests that run go on; the next one is refused."""
    gatekeeper = gateway_of(request).gatekeeper
    try:
        await asyncio.to_thread(gatekeeper.store.revoke, name)
    except KeyError:
        raise _no_such_key(gatekeeper, name) from None
    except SettingsError as error:
        raise BadRequest(str(error)) from error
    gatekeeper.ring.refresh()
    return {"success": True, "name": name}


@router.get("/usage")
async def usage(request: Request) -> dict[str, Any]:
    """Sums since each key was first used."""
    gatekeeper = gateway_of(request).gatekeeper
    rows = [{"name": key.name, **_used(gatekeeper, key)} for key in gatekeeper.ring.keys]
    sums = ("requests", "prompt_tokens", "answer_tokens")
    return {"keys": rows, "total": {name: sum(row[name] for row in rows) for name in sums}}


def _described(key: Key) -> dict[str, Any]:
    return {
        "name": key.name,
        "hint": key.hint,
        "created": None if key.created is None else key.created.isoformat(),
        "requests_per_minute": key.requests_per_minute,
        "revocable": key.named,
    }


def _used(gatekeeper: Gatekeeper, key: Key) -> dict[str, Any]:
    spent = gatekeeper.usage.of(key.digest)
    used = spent.last_used
    return {
        "last_used": None
        if used is None
        else datetime.fromtimestamp(used, UTC).isoformat(timespec="seconds"),
        "requests": spent.requests,
        "prompt_tokens": spent.prompt_tokens,
        "answer_tokens": spent.answer_tokens,
    }


def _no_such_key(gatekeeper: Gatekeeper, name: str) -> NotFound | BadRequest:
    if any(key.name == name for key in gatekeeper.ring.keys):
        return BadRequest(f"{name!r} stands in KEY_FILE; take its line out there.", param="name")
    return NotFound(f"There is no key named {name!r:.100}.", param="name")
