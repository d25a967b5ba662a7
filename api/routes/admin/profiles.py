"""`/admin/api/profiles`: saved sign-ins, and which of them is used.

What a profile holds signs its bearer in: it goes out as a download alone, and stands in no error and no log.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.body import require_json
from api.gateway import gateway_of
from api.routes.admin.guard import guarded_router
from domain.errors import NotOffered, TooLarge
from domain.profiles import Profile, Profiles

log = logging.getLogger(__name__)
router = guarded_router()

MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a profile that is brought in; those of the site's own page have some tens of kilobytes."""
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "a Playwright storage state",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "the file", "content": {"application/json": {"schema": {"type": "object"}}}}
}


class NewName(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=64)


def _port(request: Request) -> Profiles:
    found = gateway_of(request).driver.profiles
    if found is None:
        raise NotOffered("This gateway has no folder of profiles.")
    return found


@router.get("/profiles")
async def list_profiles(request: Request) -> dict[str, Any]:
    profiles = _port(request)
    found = await asyncio.to_thread(profiles.all)
    return {
        **in_use(profiles),
        "profiles": [described(profile, profiles.active) for profile in found],
    }


@router.get("/profiles/{name}", response_class=Response, responses=_FILE)
async def export(request: Request, name: str) -> Response:
    """Whoever has the file is signed in with it."""
    content = await asyncio.to_thread(_port(request).export, name)
    log.warning("the profile %s was exported by the admin", name)
    headers = {"Content-Disposition": f'attachment; filename="{name.removesuffix(".json")}.json"'}
    return Response(content, media_type="application/json", headers=headers)


@router.put("/profiles/{name}", status_code=201, openapi_extra=_BODY)
async def take_over(
    request: Request, name: str, *, replace: bool = Query(default=False, description="one of that name")
) -> dict[str, Any]:
    """The one in use may be replaced: the new one is taken when the gateway has to sign in again."""
    profiles = _port(request)
    require_json(request)
    content = await _bounded_body(request)
    await asyncio.to_thread(profiles.add, name, content, replace=replace)
    return {"success": True, "name": name}


@router.post("/profiles/{name}/activate")
async def activate(request: Request, name: str) -> dict[str, Any]:
    """Answers when it is done, which a running answer may delay."""
    profiles = _port(request)
    await profiles.activate(name)
    return {"success": True, "active": profiles.active}


@router.post("/profiles/{name}/rename")
async def rename(request: Request, name: str, asked: NewName) -> dict[str, Any]:
    await asyncio.to_thread(_port(request).rename, name, asked.name)
    return {"success": True, "name": asked.name}


@router.delete("/profiles/{name}")
async def retire(request: Request, name: str) -> dict[str, Any]:
    """It is put aside, and may be brought back by hand."""
    await asyncio.to_thread(_port(request).retire, name)
    return {"success": True, "name": name}


async def _bounded_body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise TooLarge(f"A profile has at most {MOST_BYTES} bytes.")
    return bytes(content)


def in_use(profiles: Profiles) -> dict[str, Any]:
    """Which one is used, and whether that changes by itself, in the words of PROFILE_SWITCH."""
    return {
        "active": profiles.active or None,
        "switch": "on_quota" if profiles.automatic else "manual",
    }


def described(profile: Profile, active: str) -> dict[str, Any]:
    return {
        "name": profile.name,
        "state": profile.state.value,
        "problem": profile.problem or None,
        "active": profile.name == active,
        "in_use": profile.active,
        "expires": _date(profile.expires),
        "last_used": _date(profile.last_used),
        "cooling": [
            {"model": one.model or None, "until": _date(one.until), "why": one.why} for one in profile.cooling
        ],
    }


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
