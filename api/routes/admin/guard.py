"""What every family of admin routes begins with."""

from typing import Final

from fastapi import APIRouter, Depends, Request

from api.access.admin import Admin
from api.access.doorway import ADMIN

API: Final = f"{ADMIN}/api"


def admin_of(request: Request) -> Admin:
    admin: Admin = request.app.state.admin
    return admin


async def as_admin(request: Request) -> None:
    """Raises NotAllowed, Forbidden, TooManyRequests."""
    admin_of(request).admit(request)


def guarded_router() -> APIRouter:
    """A router whose every route asks for the admin."""
    return APIRouter(prefix=API, tags=["admin"], dependencies=[Depends(as_admin)])
