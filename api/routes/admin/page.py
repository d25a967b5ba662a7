"""The admin page: static files that hold nothing secret, so that they need no session."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from api.access.doorway import ADMIN

DASHBOARD: Final = Path(__file__).parents[2] / "dashboard"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)
# Starlette's own checks keep a path from leaving the folder.
static = StaticFiles(directory=DASHBOARD / "static")


@router.get(ADMIN)
async def without_slash(request: Request) -> RedirectResponse:
    """The page's own addresses are relative: it also works below a prefix."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{ADMIN}/", status_code=308)


@router.get(f"{ADMIN}/")
async def page() -> FileResponse:
    return FileResponse(DASHBOARD / "index.html", headers={"Content-Security-Policy": POLICY})
