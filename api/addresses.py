"""Other addresses of the same routes: a prefix, Google's mount of OpenAI's API, slashes that are too many."""

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from api.gemini.routing import OPENAI, SPOKEN_KEY

OPENAI_MOUNT: Final = "/v1beta/openai/"
_OPENAI_ROOT: Final = "/v1/"
_ORIGIN: Final = re.compile("https?://[^/]*", re.IGNORECASE)
_SLASHES: Final = re.compile("/{2,}")
_VERSIONED: Final = re.compile("/v1(?:alpha|beta)?/")


class Addresses:
    """Middleware. Routes are found with and without `base_path`; links that are made have it as the call had.

    `base_path` begins with a slash and ends without one, or is empty.
    """

    def __init__(self, app: ASGIApp, base_path: str = "") -> None:
        if base_path and (not base_path.startswith("/") or base_path.endswith("/")):
            raise ValueError(f"BASE_PATH={base_path!r} must begin with a slash and end without one.")
        self.app = app
        self._base = base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = self._mounted(self._prefixed(_tidied(scope)))
        await self.app(scope, receive, send)

    def _prefixed(self, scope: Scope) -> Scope:
        """`root_path` is what routes leave out of the path, and what links begin with."""
        root = scope.get("root_path", "") + self._base
        if self._base and scope["path"].startswith(f"{root}/"):
            return {**scope, "root_path": root}
        return scope

    def _mounted(self, scope: Scope) -> Scope:
        root = scope.get("root_path", "")
        mount = root + OPENAI_MOUNT
        if not scope["path"].startswith(mount):
            return scope
        path = root + _OPENAI_ROOT + scope["path"].removeprefix(mount)
        return {**scope, "path": path, "raw_path": path.encode(), SPOKEN_KEY: OPENAI}


def _tidied(scope: Scope) -> Scope:
    """Base URLs that end with a slash give paths with two, and some programs end every path with one.

    A request to a proxy has the whole address, and every server has to understand it.
    """
    origin = _ORIGIN.match(scope["path"])
    path = _SLASHES.sub("/", scope["path"][origin.end() if origin else 0 :])
    if _VERSIONED.search(path):
        path = path.rstrip("/")
    return scope if path == scope["path"] else {**scope, "path": path, "raw_path": path.encode()}
