"""`POST /admin/api/login` and `/logout`: the web page's session."""

from typing import Any, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.access.admin import SESSION_SECONDS, cookie_name
from api.access.doorway import ADMIN
from api.body import JsonAnswer
from api.routes.admin.guard import API, admin_of, guarded_router

open_router = APIRouter(prefix=API, tags=["admin"])
router: Final = guarded_router()


class Login(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=1024)


@open_router.post("/login")
async def login(request: Request, asked: Login) -> Response:
    """Answers with the session's cookie."""
    session = admin_of(request).login(request, asked.token)
    response = JsonAnswer({"success": True})
    response.set_cookie(
        cookie_name(request),
        session,
        max_age=int(SESSION_SECONDS),
        path=f"{request.scope.get('root_path', '')}{ADMIN}",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout")
async def logout(request: Request) -> dict[str, Any]:
    admin_of(request).logout(request)
    return {"success": True}
