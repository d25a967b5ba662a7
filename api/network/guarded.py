"""HTTP to addresses that were checked: a name is resolved once, and the connection goes where that led."""

from collections.abc import Callable, Sequence
from typing import Final

import httpx2

from api.network.addresses import Resolver, is_public, resolve

PORTS: Final = {"http": 80, "https": 443}
"""Schemes that may be used, each with its usual port."""


class AddressRefused(Exception):
    """A host that may not be reached; the text says why, and names no address of the own network."""


class Guard:
    """Decides which hosts may be reached."""

    def __init__(self, allows: Callable[[str], bool] = is_public, resolve: Resolver = resolve) -> None:
        """`allows`: whether an address may be connected to."""
        self._allows = allows
        self._resolve = resolve

    async def addresses(self, url: httpx2.URL) -> tuple[str, ...]:
        """Where to connect for a URL: all of its host's addresses.

        Raises:
            AddressRefused: another scheme, an unknown host, or one with an address that is not allowed. One
                such address is enough: which of them a connection would take is not the caller's to choose.
        """
        if url.scheme not in PORTS or not url.host:
            raise AddressRefused("is no http:// or https:// address with a host")
        try:
            found = await self._resolve(url.raw_host.decode("ascii"), url.port or PORTS[url.scheme])
        except (OSError, UnicodeError):
            raise AddressRefused("is a host that could not be found") from None
        if not found:
            raise AddressRefused("is a host without an address")
        if not all(self._allows(address) for address in found):
            raise AddressRefused("is an address of this machine or its network, or no single machine's")
        return found


def pinned(request: httpx2.Request, address: str) -> httpx2.Request:
    """The same request to one address; TLS and `Host` keep the name that was asked for."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )


async def send_pinned(
    http: httpx2.AsyncBaseTransport, request: httpx2.Request, addresses: Sequence[str]
) -> httpx2.Response:
    """Send a request to the first of the addresses that can be connected to.

    Raises:
        httpx2.TransportError: none of them can be connected to, or the request failed.
    """
    *others, last = addresses
    for address in others:
        try:
            return await http.handle_async_request(pinned(request, address))
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            continue
    return await http.handle_async_request(pinned(request, last))


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Checks the host of every request by itself, so that a redirect is checked as the first address is."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._http: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request.

        Raises:
            AddressRefused: the host may not be reached.
            httpx2.TransportError: the connection or the request failed.
        """
        addresses = await self._guard.addresses(request.url)
        return await send_pinned(self._opened(), request, addresses)

    async def aclose(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    def _opened(self) -> httpx2.AsyncHTTPTransport:
        """Made when it is first needed: it reads all of the system's certificates."""
        if self._http is None:
            # A kept connection belongs to an address, and could serve another name of that address unchecked.
            limits = httpx2.Limits(max_keepalive_connections=0)
            self._http = httpx2.AsyncHTTPTransport(trust_env=False, limits=limits)
        return self._http
