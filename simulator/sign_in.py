"""The sign-in pages: e-mail, password, optional code. Server-rendered, without script.

Every step is posted to its own address and answered with a redirect to the page of the next step, so that
reloading and going back do no harm.
"""

from html import escape
from string import Template
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from simulator.pages import STATIC_FOLDER, sign_in_url
from simulator.sessions import set_cookie_headers
from simulator.sign_in_flows import Flow, Step
from simulator.site import SIGN_IN_PATH, Site
from simulator.state import request_site, state_of

STEP_PATHS: dict[Step, str] = {
    "identifier": "/v3/signin/identifier",
    "password": "/v3/signin/challenge/pwd",
    "code": "/v3/signin/challenge/totp",
}
TEMPLATE_FOLDER = STATIC_FOLDER.with_name("sign_in_pages")
HTML_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "x-frame-options": "DENY",
}


async def begin(request: Request) -> Response:
    """`/ServiceLogin?continue=…`: a new attempt. Foreign addresses in `continue` are not followed."""
    site = request_site(request)
    target = own_target(request.query_params.get("continue", ""), site)
    flow = state_of(request).flows.begin(target)
    return _to_step(flow)


async def show(request: Request) -> Response:
    flow = state_of(request).flows.find(request.query_params.get("flow", ""))
    if flow is None or STEP_PATHS.get(flow.step) != request.url.path:
        return RedirectResponse(sign_in_url(request_site(request), request_site(request).home), 302)
    return HTMLResponse(_render(flow), headers=HTML_HEADERS)


async def submit(request: Request) -> Response:
    """A posted step: on to the next one, or back with an error, or signed in."""
    state, site = state_of(request), request_site(request)
    flow = state.flows.find(request.query_params.get("flow", ""))
    if flow is None or STEP_PATHS.get(flow.step) != request.url.path:
        return RedirectResponse(sign_in_url(site, site.home), 303)
    form = parse_qs((await request.body()).decode(errors="replace"))
    given = form.get("identifier" if flow.step == "identifier" else _FIELDS[flow.step], [""])[0]
    if flow.step == "identifier":
        flow.identify(given, state.sessions.account(given))
    elif flow.step == "password":
        flow.give_password(given, second_step=state.scenario.second_step)
    else:
        flow.give_code(given)
    if flow.step != "done":
        return _to_step(flow)
    state.flows.close(flow)
    response = RedirectResponse(flow.target, 303)
    for cookie in set_cookie_headers(state.sessions.open(flow.account), site):
        response.headers.append("set-cookie", cookie)
    return response


async def sign_out(request: Request) -> Response:
    """`/Logout`: ends the browser's session and offers to sign in again."""
    site = request_site(request)
    state_of(request).sessions.end(request.cookies.get("SID", ""))
    return RedirectResponse(sign_in_url(site, site.home), 302)


def own_target(target: str, site: Site) -> str:
    """`target` if it is an address of the page's own origin, else the page's home."""
    parts = urlsplit(target)
    return target if f"{parts.scheme}://{parts.netloc}" == site.page else site.home


_FIELDS: dict[Step, str] = {"password": "Passwd", "code": "totpPin"}


def _to_step(flow: Flow) -> Response:
    return RedirectResponse(f"{STEP_PATHS[flow.step]}?{urlencode({'flow': flow.id})}", 303)


def _render(flow: Flow) -> str:
    fill = {
        "action": escape(f"{STEP_PATHS[flow.step]}?{urlencode({'flow': flow.id})}"),
        "email": escape(flow.email),
        "error": escape(flow.error),
        "invalid": "true" if flow.error else "false",
        "again": escape(f"{SIGN_IN_PATH}?{urlencode({'continue': flow.target})}"),
    }
    step = Template((TEMPLATE_FOLDER / f"{flow.step}.html").read_text(encoding="utf-8"))
    frame = Template((TEMPLATE_FOLDER / "frame.html").read_text(encoding="utf-8"))
    return frame.substitute(step=step.substitute(fill))
