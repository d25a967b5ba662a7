"""Who may call what: with a key, without one, and under which name."""

import logging
from enum import Enum, auto
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from api.access.caller import ANYBODY, Caller
from api.access.keys import Key
from api.access.names import HostNames, Origins, is_loopback
from api.access.ring import KeyRing
from api.access.store import KeyStore
from api.access.usage import UsageBook, usage_file
from domain.errors import Forbidden, NotAllowed
from settings import AccessSettings, ServerSettings, SettingsError

log = logging.getLogger(__name__)

_CALLER: Final = "gateway.caller"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Access(Enum):
    """What a route asks of its caller."""

    KEY = auto()
    """A key, whenever there are keys."""
    CONTROL = auto()
    """Queue and cancel: a key, except on loopback or with OPEN_STATUS."""
    PUBLIC = auto()
    """No key, unless REQUIRE_KEY_EVERYWHERE."""


def offered_key(scope: Scope) -> str | None:
    """The first that is there of: `Authorization`, `X-API-Key`, `X-Goog-Api-Key`, `key` in the query.

    The first and the third may have the word `Bearer` before the key. Nothing may log a query.
    """
    headers = Headers(scope=scope)
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        if value := headers.get(name, "").strip():
            return _without_scheme(value) if name != "x-api-key" else value
    return QueryParams(scope["query_string"]).get("key", "").strip() or None


def _without_scheme(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    return (rest.strip() or None) if scheme.lower() == "bearer" else value


class Gatekeeper:
    """Decides on every request; built once, at start."""

    def __init__(self, server: ServerSettings, access: AccessSettings) -> None:
        """Raises SettingsError: a key file is broken, or the settings contradict one another."""
        self.ring: Final = KeyRing(access.key_file, access.named_keys_file)
        self.store: Final = KeyStore(access.named_keys_file)
        self.usage: Final = UsageBook(usage_file(access))
        self.hosts: Final = HostNames(server.host, access.allowed_hosts)
        self.origins: Final = Origins(access.cors_origins)
        loopback = is_loopback(server.host)
        self._may_be_open: Final = loopback or access.allow_open_access
        self._control_open: Final = loopback or access.open_status
        self._nothing_open: Final = access.require_key_everywhere
        self._pace: Final = access.requests_per_minute
        files = f"KEY_FILE={str(access.key_file)!r} and NAMED_KEYS_FILE={str(access.named_keys_file)!r}"
        if not self.needs_key and not self._may_be_open:
            raise SettingsError(
                f"HOST={server.host!r} is open to other machines, but {files} hold no key. Make one with "
                "'launch_camoufox.py keys add NAME', or set HOST=127.0.0.1. ALLOW_OPEN_ACCESS=true lets "
                "everybody in who reaches the address."
            )
        if not self.needs_key and not loopback:
            log.warning(
                "ALLOW_OPEN_ACCESS: no key is asked for, and HOST=%r is open to other machines. "
                "Whoever reaches it uses your account.",
                server.host,
            )
        if not self.needs_key and self._nothing_open:
            raise SettingsError(f"REQUIRE_KEY_EVERYWHERE is set, but {files} hold no key.")

    @property
    def needs_key(self) -> bool:
        return self.ring.guarded

    def pace_of(self, key: Key) -> int:
        """Requests a minute; 0: as many as it likes."""
        return self._pace if key.requests_per_minute is None else key.requests_per_minute

    def admit(self, request: Request, access: Access) -> Caller:
        """Let the request pass; it is counted once, however often it is asked about.

        Raises:
            NotAllowed: the key is missing or wrong.
            Forbidden: a web page that may not call uses a browser to get in without a key.
            TooManyRequests: the key's own limit.
        """
        known: tuple[Access, Caller] | None = request.scope.get(_CALLER)
        if known is None or known[0] is not access:
            known = request.scope[_CALLER] = (access, self._admitted(request, access))
        return known[1]

    def check_name(self, scope: Scope, *, even_with_key: bool = False) -> None:
        """Refuse what was sent to a name that is not this gateway's. A page that rebinds names has no key.

        Raises:
            Forbidden
        """
        host = Headers(scope=scope).get("host", "")
        if self.hosts.includes(host) or (not even_with_key and self._key_of(scope) is not None):
            return
        raise Forbidden(
            f"This gateway does not answer to the name {host!r:.200}; ALLOWED_HOSTS lists further names."
        )

    def _admitted(self, request: Request, access: Access) -> Caller:
        key = self._key_of(request.scope)
        if key is None:
            self._check_anonymous(request, access)
            return ANYBODY
        if access is Access.KEY:
            return Caller(key.name, key.digest, self.usage.admit(key.digest, self.pace_of(key)))
        return Caller(key.name, key.digest)

    def _check_anonymous(self, request: Request, access: Access) -> None:
        if not self._is_open(access):
            raise NotAllowed(
                "The API key is missing; send it as 'Authorization: Bearer KEY', 'X-API-Key: KEY' or "
                "'X-Goog-Api-Key: KEY'."
                if offered_key(request.scope) is None
                else "Invalid API key."
            )
        if request.method not in _SAFE_METHODS and not self.origins.includes(request.headers):
            origin = request.headers["origin"]
            raise Forbidden(
                f"The web page {origin!r:.200} may not call this gateway without a key; "
                "CORS_ORIGINS lists pages that may."
            )

    def _key_of(self, scope: Scope) -> Key | None:
        self.ring.refresh()
        offered = offered_key(scope)
        return None if offered is None else self.ring.find(offered)

    def _is_open(self, access: Access) -> bool:
        if not self.ring.guarded:
            return self._may_be_open
        if self._nothing_open:
            return False
        return access is Access.PUBLIC or (access is Access.CONTROL and self._control_open)
