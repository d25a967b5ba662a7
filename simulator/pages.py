"""The HTML side: the chat page behind a live session, and where its error reports go."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from simulator.admission import API_KEY
from simulator.sessions import Session, rotated_cookie
from simulator.site import JSERROR_PATH, NEW_CHAT_PATH, SERVICE_PATH, SIGN_IN_PATH, UPLOAD_PATH, Site
from simulator.state import State, request_site, state_of

STATIC_FOLDER = Path(__file__).with_name("static")
INDEX_FILE = STATIC_FOLDER / "index.html"
REGIONS_PATH = "/gemini-api/docs/available-regions"
FORBIDDEN = "Error 403 (Forbidden)!!1"
DOOR_STATUS = {"forbidden": 403, "forbidden-title": 200}
BOOT_MARK = "__BOOT__"
PAGE_HEADERS = {
    "content-security-policy": "require-trusted-types-for 'script'; object-src 'none'; base-uri 'self'",
    "cache-control": "no-store",
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
}
SCRIPT_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


async def home(request: Request) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(NEW_CHAT_PATH + query, 302)


async def other_user(request: Request) -> Response:
    """`/u/N/…`: user 0 is the only one; any other number falls back to the bare address."""
    if request.path_params["user"] == 0:
        return await page(request)
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/prompts/{request.path_params['rest']}{query}", 302)


async def page(request: Request) -> Response:
    """The chat page; without a live session a redirect to sign in."""
    state, site = state_of(request), request_site(request)
    if state.scenario.door == "region":
        return RedirectResponse(REGIONS_PATH, 302)
    if state.scenario.door != "open":
        return HTMLResponse(
            f"<title>{FORBIDDEN}</title><h1>{FORBIDDEN}</h1>", DOOR_STATUS[state.scenario.door]
        )
    session = state.sessions.of_cookie(request.cookies)
    if session is None:
        return RedirectResponse(sign_in_url(site, _address(request, site)), 302)
    try:
        html = INDEX_FILE.read_text(encoding="utf-8")
    except FileNotFoundError:
        return PlainTextResponse(f"{INDEX_FILE} is missing: the page has not been installed.\n", 500)
    filled = html.replace(BOOT_MARK, boot(state, site, session), 1)
    headers = PAGE_HEADERS | {"set-cookie": rotated_cookie(session, site)}
    return Response(filled, media_type="text/html", headers=headers)


def boot(state: State, site: Site, session: Session) -> str:
    """What the page is told at its start, as JSON that is safe inside a script element."""
    values: dict[str, Any] = {
        "rpcBase": site.rpc + SERVICE_PATH,
        "uploadUrl": site.upload + UPLOAD_PATH,
        "apiKey": API_KEY,
        "jserrorUrl": JSERROR_PATH,
        "account": {"name": session.account.name, "email": session.account.email},
        "page": state.scenario.page.model_dump(mode="json"),
    }
    return json.dumps(values, ensure_ascii=False).translate(SCRIPT_ESCAPES)


def sign_in_url(site: Site, target: str) -> str:
    return f"{site.accounts}{SIGN_IN_PATH}?{urlencode({'continue': target})}"


def _address(request: Request, site: Site) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{site.page}{request.url.path}{query}"


async def regions(_: Request) -> Response:
    """Where the site sends browsers of regions in which it is not offered."""
    title = "Available regions for Google AI Studio and Gemini API"
    return HTMLResponse(f"<title>{title}</title><h1>{title}</h1>")


async def jserror(request: Request) -> Response:
    state_of(request).jserrors.append(request.url.query)
    return Response(status_code=204)


async def favicon(_: Request) -> Response:
    return Response(status_code=204)
