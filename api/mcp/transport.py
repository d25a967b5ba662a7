"""HTTP to one endpoint only: its checked addresses, its own host and port, no proxy, bounded answers."""

from collections.abc import AsyncIterator
from typing import Final

import httpx2

from api.mcp.address import Endpoint
from api.network.guarded import pinned

LARGEST_ANSWER: Final = 16 * 1024 * 1024
"""Bytes of one HTTP response, a whole event stream included."""


def client_for(endpoint: Endpoint, timeout: float) -> httpx2.AsyncClient:
    """A client that can reach the endpoint and nothing else; waiting for answers is the caller's to bound."""
    return httpx2.AsyncClient(
        transport=PinnedTransport(endpoint),
        timeout=httpx2.Timeout(timeout, read=None),
        # What unpacks to more than the limit is not unpacked at all.
        headers={"Accept-Encoding": "identity"},
        trust_env=False,
        follow_redirects=False,
    )


class PinnedTransport(httpx2.AsyncBaseTransport):
    """Connects to the addresses that were checked, under the endpoint's name for TLS and `Host`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._url = endpoint.url
        self._addresses = list(endpoint.addresses)
        self._shown = endpoint.shown
        self._http = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request.

        Raises:
            httpx2.TransportError: it goes elsewhere, the connection failed, or the answer is too large.
        """
        url = request.url
        if (url.scheme, url.host, url.port) != (self._url.scheme, self._url.host, self._url.port):
            raise httpx2.ConnectError(f"{self._shown!r} points elsewhere, which is not followed")
        response = await self._send(request)
        coding = response.headers.get("content-encoding", "identity")
        stream = response.stream
        if coding != "identity" or not isinstance(stream, httpx2.AsyncByteStream):
            await response.aclose()
            raise httpx2.RemoteProtocolError(f"an answer in the coding {coding!r} was not asked for")
        response.stream = _Bounded(stream)
        return response

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        while True:
            address = self._addresses[0]
            try:
                return await self._http.handle_async_request(pinned(request, address))
            except httpx2.ConnectError:
                if len(self._addresses) == 1:
                    raise
                self._addresses.pop(0)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise httpx2.ReadError(f"the answer is larger than {LARGEST_ANSWER} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
