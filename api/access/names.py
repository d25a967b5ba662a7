"""Under which names this gateway may be called, and which web pages may call it.

A page can re-point its own name to 127.0.0.1 and then read what answers there (DNS rebinding), and any page
can have a browser post somewhere. Both give themselves away by the `Host` and `Origin` that browsers send.
"""

import ipaddress
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from typing import Final

ANY: Final = "*"


def is_loopback(host: str) -> bool:
    """Whether a bind address or a host name can be reached from this machine only."""
    if host.lower().rstrip(".") == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def without_port(host: str) -> str:
    """What is before the port; all of it where that is none."""
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        return host.lower()
    return name.lower() if port.isdecimal() or not port else host.lower()


class HostNames:
    """The names that a `Host` header may have."""

    def __init__(self, bound: str, allowed: Collection[str]) -> None:
        self._bound: Final = bound.lower()
        self._local: Final = is_loopback(bound)
        self.allowed: Final = tuple(name.lower().rstrip(".") for name in allowed)

    def includes(self, header: str) -> bool:
        """Loopback names, the bound address, ALLOWED_HOSTS; elsewhere any address: only names can be rebound.

        No `Host` at all is fine, for every browser sends one.
        """
        host = without_port(header.strip())
        if not host or is_loopback(host) or host.strip("[]") == self._bound:
            return True
        if not self._local and _address(host) is not None:
            return True
        return any(fnmatchcase(host.rstrip("."), name) for name in self.allowed)


class Origins:
    """The web pages that may call the API."""

    def __init__(self, allowed: Collection[str]) -> None:
        self.allowed: Final = tuple(origin.rstrip("/").lower() for origin in allowed)

    def includes(self, headers: Mapping[str, str]) -> bool:
        """Pages of this gateway itself, those of CORS_ORIGINS, and programs that are no web page.

        Browsers' extensions and desktop programs have origins of their own schemes, which no site can have.
        """
        origin = headers.get("origin", "").lower()
        if not origin or is_same_origin(headers) or ANY in self.allowed or origin in self.allowed:
            return True
        return origin != "null" and origin.partition("://")[0] not in {"http", "https"}


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request with an `Origin` comes from a page of the host that it was sent to.

    The scheme is not compared: a proxy may have taken the TLS off.
    """
    origin, host = headers.get("origin", "").lower(), headers.get("host", "").lower()
    return bool(host) and origin.partition("://")[2] == host


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
