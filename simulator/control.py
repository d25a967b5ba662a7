"""The control endpoint under `/_control`: scenario, request log, sessions, statistics. Loopback only."""

import json
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.scenario import Scenario
from simulator.sessions import storage_state
from simulator.site import LOOPBACK_HOSTS, PRODUCTION, Site
from simulator.state import request_site, state_of


class BadControlError(ValueError):
    """A control request that makes no sense; answered 400 with its text."""


async def read_scenario(request: Request) -> Response:
    return JSONResponse(state_of(request).scenario.model_dump(mode="json"))


async def change_scenario(request: Request) -> Response:
    """PUT: defaults plus the body. PATCH: what is there plus the body. Answers with the result."""
    state = state_of(request)
    base = Scenario() if request.method == "PUT" else state.scenario
    try:
        state.scenario = base.changed(await _object(request))
    except ValidationError as error:
        raise BadControlError(problems(error)) from error
    return JSONResponse(state.scenario.model_dump(mode="json"))


async def reset(request: Request) -> Response:
    """Back to the scenario of the start, without log, saved prompts and uploads. Sessions live on."""
    state_of(request).reset()
    return JSONResponse({"ok": True})


async def read_requests(request: Request) -> Response:
    """`?after=ID` leaves out older entries, `?report=0` leaves out the decoded requests."""
    after = request.query_params.get("after", "0")
    if not after.isdecimal():
        raise BadControlError(f"after={after!r} is not the id of a request; give a whole number")
    reports = request.query_params.get("report", "1") != "0"
    entries = state_of(request).log.as_json(after=int(after), reports=reports)
    return JSONResponse({"requests": entries})


async def clear_requests(request: Request) -> Response:
    state_of(request).log.clear()
    return JSONResponse({"ok": True})


async def new_storage_state(request: Request) -> Response:
    """A Playwright storage state of a new session.

    Body (all optional): `origin` of the page it is for, `account` (its e-mail), `preferences` (an object that
    the page finds as its saved preferences).
    """
    wanted = await _object(request)
    known = ("origin", "account", "preferences")
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise BadControlError(f"unknown {', '.join(unknown)}; known: {', '.join(known)}")
    sessions = state_of(request).sessions
    account = sessions.account(str(wanted.get("account", sessions.accounts[0].email)))
    if account is None:
        known_emails = ", ".join(each.email for each in sessions.accounts)
        raise BadControlError(f"account {wanted['account']!r} does not exist; use one of {known_emails}")
    site = _site(request, wanted.get("origin"))
    given = wanted.get("preferences")
    preferences = None if given is None else json.dumps(given)
    return JSONResponse(storage_state(sessions.open(account), [site], preferences))


async def sign_out(request: Request) -> Response:
    """End every session, as when the site's sign-ins expire."""
    return JSONResponse({"ended": state_of(request).sessions.end_all()})


async def stats(request: Request) -> Response:
    state = state_of(request)
    return JSONResponse(
        {
            "calls": dict(state.calls),
            "generate_total": state.log.total,
            "streams": len(state.streams),
            "sessions": len(state.sessions.live),
            "uploads": [
                {
                    "id": file_id,
                    "name": file.name,
                    "mime": file.mime,
                    "size": file.size,
                    "sha256": file.sha256,
                }
                for file_id, file in state.uploads.files.items()
            ],
            "prompts": sum(len(mine) for mine in state.prompts.saved.values()),
            "jserrors": list(state.jserrors),
        }
    )


def problems(error: ValidationError) -> str:
    """What is wrong with a scenario, each place by its dotted name."""
    found = [(".".join(map(str, item["loc"])) or "scenario", item["msg"]) for item in error.errors()]
    return "; ".join(f"{place}: {text}" for place, text in found)


def _site(request: Request, origin: str | None) -> Site:
    here = request_site(request)
    known = {site.page: site for site in (here, PRODUCTION)}
    if origin is None:
        return here
    if origin not in known:
        raise BadControlError(f"origin {origin!r} is not served; use one of {', '.join(known)}")
    return known[origin]


async def _object(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        value = json.loads(body or b"{}")
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadControlError(f"body is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadControlError(f"body must be a JSON object, got {type(value).__name__}")
    return value


async def bad_control(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


def is_local(request: Request) -> bool:
    """Whether the peer and the host name are both loopback (a foreign web page has another host name)."""
    name = request.headers.get("host", "").partition(":")[0]
    return name in LOOPBACK_HOSTS and request.client is not None and request.client.host == "127.0.0.1"


CONTROL_ROUTES = [
    Route("/scenario", read_scenario, methods=["GET"]),
    Route("/scenario", change_scenario, methods=["PUT", "PATCH"]),
    Route("/reset", reset, methods=["POST"]),
    Route("/requests", read_requests, methods=["GET"]),
    Route("/requests", clear_requests, methods=["DELETE"]),
    Route("/storage-state", new_storage_state, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/stats", stats, methods=["GET"]),
]
