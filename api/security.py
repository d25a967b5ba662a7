"""Who may call what: API keys from a file, and what stays open without one."""

import hmac
import ipaddress
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final

from fastapi import Request

from domain.errors import NotAllowed
from settings import ServerSettings, SettingsError

SHORTEST_KEY: Final = 8


class Access(Enum):
    """What a route asks of its caller."""

    KEY = auto()
    """A key, whenever there are keys."""
    CONTROL = auto()
    """Queue and cancel: a key, except on loopback or with OPEN_STATUS."""
    PUBLIC = auto()
    """No key, unless REQUIRE_KEY_EVERYWHERE."""


def read_keys(path: Path) -> tuple[str, ...]:
    """The keys of a file: one a line, blank lines and lines that start with `#` left out; none if absent.

    Raises:
        SettingsError: a key is too short or cannot be sent in a header; the text never shows the key.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"KEY_FILE={str(path)!r} cannot be read: {error}.") from error
    return tuple(_keys_in(lines, path))


def _keys_in(lines: list[str], path: Path) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        key = line.strip()
        if not key or key.startswith("#"):
            continue
        if len(key) < SHORTEST_KEY:
            raise SettingsError(
                f"KEY_FILE={str(path)!r}, line {number}: a key needs at least {SHORTEST_KEY} characters."
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError(
                f"KEY_FILE={str(path)!r}, line {number}: a key is made of visible ASCII characters only."
            )
        yield key


def masked(key: str) -> str:
    """A key as it may stand in a log: `abcd****efgh`; shorter than 12 characters, only the first two."""
    return f"{key[:4]}****{key[-4:]}" if len(key) >= 12 else f"{key[:2]}****"


def is_loopback(host: str) -> bool:
    """Whether a bind address or a host name can be reached from this machine only."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    return host.partition("]" if host.startswith("[") else ":")[0]


def offered_key(request: Request) -> str | None:
    """The first that is there of: `Authorization`, `X-API-Key`, `X-Goog-Api-Key`, `key` in the query.

    The first and the third may have the word `Bearer` before the key. Nothing may log a query.
    """
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        if value := request.headers.get(name, "").strip():
            return _without_scheme(value) if name != "x-api-key" else value
    return request.query_params.get("key", "").strip() or None


def _without_scheme(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    return (rest.strip() or None) if scheme.lower() == "bearer" else value


class Gatekeeper:
    """Decides on every request; built once, at start."""

    def __init__(self, server: ServerSettings) -> None:
        self._keys: Final = read_keys(server.key_file)
        self._loopback: Final = is_loopback(server.host)
        self._control_open: Final = self._loopback or server.open_status
        self._nothing_open: Final = server.require_key_everywhere
        if not self._keys and not self._loopback:
            raise SettingsError(
                f"HOST={server.host!r} is open to other machines, but KEY_FILE={str(server.key_file)!r} "
                "holds no key. Put a key of at least 8 characters into that file, or set HOST=127.0.0.1."
            )
        if not self._keys and self._nothing_open:
            raise SettingsError(
                f"REQUIRE_KEY_EVERYWHERE is set, but KEY_FILE={str(server.key_file)!r} holds no key."
            )

    @property
    def needs_key(self) -> bool:
        return bool(self._keys)

    @property
    def masked_keys(self) -> tuple[str, ...]:
        return tuple(masked(key) for key in self._keys)

    def admit(self, request: Request, access: Access) -> None:
        """Let the request pass.

        Raises:
            NotAllowed: the key is missing or wrong, or a web page uses this machine's browser to get in.
        """
        key = offered_key(request)
        if key is not None and self._knows(key):
            return
        if not self._is_open(access):
            raise NotAllowed(
                "The API key is missing; send it as 'Authorization: Bearer KEY', 'X-API-Key: KEY' or "
                "'X-Goog-Api-Key: KEY'."
                if key is None
                else "Invalid API key."
            )
        self._refuse_rebinding(request)

    def _is_open(self, access: Access) -> bool:
        if not self._keys:
            return True
        if self._nothing_open:
            return False
        return access is Access.PUBLIC or (access is Access.CONTROL and self._control_open)

    def _knows(self, key: str) -> bool:
        offered = key.encode()
        # Every key is compared, whatever was found: the time taken tells nothing.
        return sum(hmac.compare_digest(offered, known.encode()) for known in self._keys) > 0

    def _refuse_rebinding(self, request: Request) -> None:
        """A page whose name was re-pointed to 127.0.0.1 still sends its own name as `Host`."""
        host = _without_port(request.headers.get("host", ""))
        if self._loopback and host and not is_loopback(host):
            raise NotAllowed(
                f"Without a key this gateway answers to 127.0.0.1 and localhost only, not to {host!r}."
            )
