"""What holds of every request because browsers exist: names, foreign pages, and headers that bind a browser.

The order of the stack is `CrossOrigin`, then whatever gives a request its id, then `Doorway`: so also a
refusal can be read by a page that may call, and is found in the log.
"""

from collections.abc import Callable
from typing import Final, Protocol

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.head import check_head
from domain.errors import BadRequest, Forbidden, GatewayError

ADMIN: Final = "/admin"
"""Everything below belongs to whoever has the admin token, and never to another origin."""
MOST_ADMIN_BYTES: Final = 1024 * 1024
"""Of a body below: it is read before anybody is asked for a token. A profile has a limit of its own."""

_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "OPTIONS")
_EXPOSED: Final = (
    "Retry-After",
    "X-Gateway-Capture",
    "X-Gateway-Estimated",
    "X-Gateway-Ignored-Params",
    "X-Gateway-Warnings",
    "X-Goog-Upload-Chunk-Granularity",
    "X-Goog-Upload-Size-Received",
    "X-Goog-Upload-Status",
    "X-Goog-Upload-URL",
    "X-Request-Id",
    "X-Should-Retry",
)

_BINDING: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_BINDING_ADMIN: Final = (("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin"))


def path_of(scope: Scope) -> str:
    """The path as routes have it, without a prefix before it."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path


def is_admin(scope: Scope) -> bool:
    path = path_of(scope)
    return path == ADMIN or path.startswith(f"{ADMIN}/")


def bind_browser(scope: Scope, headers: MutableHeaders) -> None:
    """Add what keeps a browser from doing more with an answer than is meant; a route's own word stays."""
    for name, value in (*_BINDING, *(_BINDING_ADMIN if is_admin(scope) else ())):
        headers.setdefault(name, value)


class CrossOrigin:
    """CORS for the pages of CORS_ORIGINS, and nothing below `/admin`. A preflight needs no key."""

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self.app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            # SDKs add headers whose names change with their versions (`x-stainless-…`); a page that may
            # call at all gains nothing by them.
            allow_headers=("*",),
            expose_headers=_EXPOSED,
            allow_private_network=True,
        )
        self._on: Final = bool(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        within = self._on and scope["type"] == "http" and not is_admin(scope)
        await (self._cors if within else self.app)(scope, receive, send)


class NameCheck(Protocol):
    def __call__(self, scope: Scope, *, even_with_key: bool) -> None:
        """Raises Forbidden."""
        ...


class Doorway:
    """Refuses requests that were sent to a name that is not this gateway's, or begin without end."""

    def __init__(
        self,
        app: ASGIApp,
        check_name: NameCheck,
        refusal: Callable[[Scope, GatewayError], Response],
    ) -> None:
        self.app = app
        self._check_name = check_name
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                check_head(scope)
                self._check_name(scope, even_with_key=is_admin(scope))
            except (Forbidden, BadRequest) as error:
                refusal = self._refusal(scope, error)
                if isinstance(error, BadRequest):  # where the next request begins is anybody's guess
                    refusal.headers["Connection"] = "close"
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
