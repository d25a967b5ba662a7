"""The admin: one token, sessions of its web page, and no patience with guesses.

The token is kept plain, readable by its owner alone, so that it can be looked up again. It lies beside saved
sign-ins and key files that are worth as much; a hash would protect nothing that they do not give away.
"""

import hmac
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fastapi import Request

from api.access.backoff import BackOff
from api.access.names import is_same_origin
from api.access.private import write_private
from domain.errors import Forbidden, NotAllowed
from settings import SettingsError

SESSION_SECONDS: Final = 12 * 3600.0
_SHORTEST: Final = 16
_MOST_SESSIONS: Final = 64
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})

log = logging.getLogger(__name__)


class Admin:
    """Lets the admin in: by the token itself (programs), or by a session's cookie (the web page)."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Makes the token where there is none.

        Raises:
            SettingsError: its file cannot be read or written, or is no token.
        """
        self._path: Final = path
        self._clock: Final = clock
        self._failures: Final = BackOff(clock)
        self._sessions: dict[str, float] = {}
        """When each ends."""
        made = not path.exists()
        if made:
            _make(path)
        self.token = _read(path)
        self.new_token: Final = self.token if made else ""
        """The token, if it has just been made: to be shown once."""

    def admit(self, request: Request) -> None:
        """Let a request below `/admin` pass.

        Raises:
            Forbidden: it comes from another origin.
            NotAllowed: neither the token nor a session.
            TooManyRequests: wrong tokens came from this address.
        """
        _refuse_foreign(request)
        if (token := _offered(request)) is not None:
            self._check(request, token)
            return
        if not self._has_session(request):
            raise NotAllowed(
                "This is for the admin: sign in on the admin page, or send the admin token as "
                "'Authorization: Bearer TOKEN' or 'X-Admin-Token: TOKEN'."
            )
        if request.method not in _SAFE_METHODS and not _is_own_page(request):
            raise Forbidden("A session of the admin page changes things from that page only.")

    def login(self, request: Request, token: str) -> str:
        """The id of a new session.

        Raises:
            Forbidden, NotAllowed, TooManyRequests: as `admit`.
        """
        _refuse_foreign(request)
        self._check(request, token)
        now = self._clock()
        alive = {id_: end for id_, end in self._sessions.items() if end > now}
        while len(alive) >= _MOST_SESSIONS:
            del alive[min(alive, key=alive.__getitem__)]
        session = secrets.token_urlsafe(32)
        self._sessions = alive | {session: now + SESSION_SECONDS}
        return session

    def logout(self, request: Request) -> None:
        self._sessions.pop(request.cookies.get(cookie_name(request), ""), None)

    def reload(self) -> None:
        """Read the token's file again; another token ends all sessions.

        Raises:
            SettingsError: it cannot be used, and the old token stays.
        """
        token = _read(self._path)
        if token != self.token:
            self.token, self._sessions = token, {}

    def _check(self, request: Request, token: str) -> None:
        address = request.client.host if request.client is not None else ""
        self._failures.check(address)
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            self._failures.failed(address)
            log.warning("a wrong admin token came from %s", address or "an unknown address")
            raise NotAllowed("This is not the admin token; API keys do not open the admin's routes.")
        self._failures.passed(address)

    def _has_session(self, request: Request) -> bool:
        # Ids are random and long, and looked up whole: time tells nothing that could be used.
        return self._sessions.get(request.cookies.get(cookie_name(request), ""), 0.0) > self._clock()


def cookie_name(request: Request) -> str:
    """Cookies are the host's, whatever the port: gateways on one machine would end one another's sessions."""
    return f"gateway_admin_{request.url.port or 'default'}"


def _offered(request: Request) -> str | None:
    if token := request.headers.get("x-admin-token", "").strip():
        return token
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _refuse_foreign(request: Request) -> None:
    """Browsers say where a request comes from; a page on another port of this machine is foreign as well."""
    site = request.headers.get("sec-fetch-site")
    foreign = "origin" in request.headers and not is_same_origin(request.headers)
    if foreign or site not in {None, "same-origin", "none"}:
        raise Forbidden("The admin's routes do not answer to pages of another origin.")


def _is_own_page(request: Request) -> bool:
    return is_same_origin(request.headers) or request.headers.get("sec-fetch-site") == "same-origin"


def _make(path: Path) -> None:
    try:
        write_private(path, f"{secrets.token_urlsafe(32)}\n".encode())
    except OSError as error:
        raise SettingsError(f"ADMIN_TOKEN_FILE={str(path)!r} cannot be written: {error.strerror}.") from error


def _close(path: Path) -> None:
    if path.is_symlink():  # what it leads to may be anything, and is not ours to change
        log.warning("others may read %s, which ADMIN_TOKEN_FILE is a link to", path.resolve())
    else:
        path.chmod(0o600)


def _read(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
        if path.stat().st_mode & 0o077:
            _close(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"ADMIN_TOKEN_FILE={str(path)!r} cannot be used: {error}.") from error
    if len(token) < _SHORTEST or not token.isprintable() or " " in token:
        raise SettingsError(
            f"ADMIN_TOKEN_FILE={str(path)!r} holds no token of at least {_SHORTEST} visible characters; "
            "remove the file, and a new one is made."
        )
    return token
