"""The wiring: every path the simulator serves. One application for all hosts and both ways of serving."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import control, drive, pages, rpc, sign_in
from simulator.site import JSERROR_PATH, NEW_CHAT_PATH, SERVICE_PATH, SIGN_IN_PATH, UPLOAD_PATH, site_of
from simulator.state import State


class KnownHosts:
    """Lets through only hosts that the simulator stands for; `/_control` only from loopback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        host = request.headers.get("host", "")
        if site_of(scope["scheme"], host) is None:
            refusal = PlainTextResponse(f"host {host!r} is not served here; use 127.0.0.1\n", 421)
            await refusal(scope, receive, send)
        elif scope["path"].startswith("/_control") and not control.is_local(request):
            await JSONResponse({"error": "the control endpoint is for loopback only"}, 403)(
                scope, receive, send
            )
        else:
            await self._app(scope, receive, send)


class FreshFiles(StaticFiles):
    """Static files that a browser asks for again each time (answered 304 when unchanged)."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "no-cache"
        return response


def create_app(state: State) -> Starlette:
    """The application over `state`."""
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route(NEW_CHAT_PATH, pages.page),
            Route("/prompts/{prompt}", pages.page),
            Route("/library", pages.page),
            Route("/u/{user:int}/prompts/{rest:path}", pages.other_user),
            Route(pages.REGIONS_PATH, pages.regions),
            Route("/favicon.ico", pages.favicon),
            Mount("/static", FreshFiles(directory=pages.STATIC_FOLDER, check_dir=False)),
            Route(JSERROR_PATH, pages.jserror, methods=["GET", "POST"]),
            Route(SIGN_IN_PATH, sign_in.begin),
            Route("/Logout", sign_in.sign_out),
            *(Route(path, sign_in.show, methods=["GET"]) for path in sign_in.STEP_PATHS.values()),
            *(Route(path, sign_in.submit, methods=["POST"]) for path in sign_in.STEP_PATHS.values()),
            Route(SERVICE_PATH + "/{method}", rpc.rpc, methods=["POST", "OPTIONS"]),
            Route(UPLOAD_PATH, drive.upload, methods=["POST", "OPTIONS"]),
            Mount("/_control", routes=control.CONTROL_ROUTES),
        ],
        middleware=[Middleware(KnownHosts)],
        exception_handlers={control.BadControlError: control.bad_control},
    )
    app.state.simulator = state
    return app
