"""Files that callers name by their address: fetched to disk, within limits, from the open internet only."""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from urllib.parse import unquote

import httpx2

from api.attachments.rules import AttachmentRules
from api.attachments.workspace import Spool
from api.network.addresses import is_public, is_public_or_private
from api.network.guarded import AddressRefused, Guard, GuardedTransport
from domain.errors import BadRequest

MOST_REDIRECTS: Final = 5

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_STEP: Final = 256 * 1024
"""Bytes that packed content is unpacked to at a time."""
_EITHER_PACKING: Final = 47
"""zlib's word for: gzip or zlib, whichever it is."""
_FILENAME: Final = re.compile(r"""filename\s*=\s*(?:"([^"]*)"|([^;\s]+))""", re.IGNORECASE)
_FILENAME_UTF8: Final = re.compile(r"filename\*\s*=\s*utf-8''([^;\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server said of the file that it sent; nothing of it is checked."""

    name: str | None
    mime_type: str | None


class Fetcher:
    """Fetches files; between two fetches no connection is held. To be closed in the end."""

    def __init__(self, rules: AttachmentRules, guard: Guard | None = None) -> None:
        self._total = rules.fetch_timeout
        self._idle = rules.fetch_idle
        guard = guard or Guard(is_public_or_private if rules.allow_private_urls else is_public)
        self._http = httpx2.AsyncClient(
            transport=GuardedTransport(guard),
            timeout=httpx2.Timeout(rules.fetch_idle),
            headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "aistudio-gateway"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=False,
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def fetch(self, address: str, spool: Spool) -> Fetched:
        """Write the file at an address to `spool`.

        Raises:
            BadRequest: for whatever reason there is no file, naming the host and the reason.
            TooLarge: it is larger than the spool takes.
        """
        url = _parsed(address, spool.param)
        try:
            async with asyncio.timeout(self._total):
                return await self._followed(url, spool)
        except TimeoutError:
            raise self._failed(
                url, spool, f"took longer than {self._total:g} s (FETCH_TIMEOUT_SECONDS)"
            ) from None

    async def _followed(self, url: httpx2.URL, spool: Spool) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with self._http.stream("GET", url) as response:
                    if response.status_code not in _REDIRECTS or "location" not in response.headers:
                        return await self._received(response, spool)
                    url = self._next(response, spool)
            except AddressRefused as refused:
                raise self._failed(url, spool, str(refused)) from None
            except httpx2.TimeoutException:
                raise self._failed(url, spool, f"was silent for {self._idle:g} s") from None
            except httpx2.HTTPError as error:
                raise self._failed(url, spool, f"failed: {_words(error)}") from None
        raise self._failed(url, spool, f"was redirected more than {MOST_REDIRECTS} times")

    def _next(self, response: httpx2.Response, spool: Spool) -> httpx2.URL:
        location = response.headers["location"]
        try:
            return response.url.join(location).copy_with(fragment=None)
        except (httpx2.InvalidURL, ValueError):
            raise self._failed(response.url, spool, "redirects to what is no address") from None

    async def _received(self, response: httpx2.Response, spool: Spool) -> Fetched:
        if response.status_code != 200:
            raise self._failed(response.url, spool, f"answered with status {response.status_code}")
        announced = response.headers.get("content-length", "")
        if announced.isdecimal():
            spool.refuse_above(int(announced))
        try:
            async for data in _content(response):
                await spool.write(data)
        except _BadContent as error:
            raise self._failed(response.url, spool, str(error)) from None
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Fetched(_name_of(response), kind or None)

    def _failed(self, url: httpx2.URL, spool: Spool, why: str) -> BadRequest:
        return BadRequest(
            f"The file of {spool.param} could not be fetched: {url.host!r:.200} {why}.", param=spool.param
        )


class _BadContent(Exception):
    """Content in a form that was not asked for and is not understood, or damaged."""


async def _content(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The content, unpacked step by step where the server packed it unasked."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        async for data in response.aiter_raw():
            yield data
        return
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise _BadContent(f"sent the content coding {coding!r:.40}, which was not asked for")
    unpacker = zlib.decompressobj(_EITHER_PACKING)
    async for packed in response.aiter_raw():
        for data in _unpacked(unpacker, packed):
            yield data
    if not unpacker.eof:
        raise _BadContent("sent packed content that is cut off")


def _unpacked(unpacker: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    """What a piece unpacks to, never more than `_STEP` at a time: a few bytes may stand for gigabytes."""
    while packed and not unpacker.eof:
        try:
            data = unpacker.decompress(packed, _STEP)
        except zlib.error:
            raise _BadContent("sent packed content that is damaged") from None
        packed = unpacker.unconsumed_tail
        if data:
            yield data


def _parsed(address: str, param: str) -> httpx2.URL:
    try:
        return httpx2.URL(address).copy_with(fragment=None)
    except (httpx2.InvalidURL, ValueError) as error:
        raise BadRequest(f"{param}={address!r:.200} is no address: {error}.", param=param) from None


def _name_of(response: httpx2.Response) -> str | None:
    disposition = response.headers.get("content-disposition", "")
    if (encoded := _FILENAME_UTF8.search(disposition)) is not None:
        return unquote(encoded.group(1))
    if (plain := _FILENAME.search(disposition)) is not None:
        return plain.group(1) or plain.group(2)
    return unquote(response.url.path.rpartition("/")[2]) or None


def _words(error: httpx2.HTTPError) -> str:
    """What the HTTP library says, which may be nothing."""
    text = str(error).strip().rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
