"""An answer that another program hears: `GUI_DEFAULT_HELPER_ENDPOINT`. The contract is in `docs/helper.md`.

The helper is asked once Run has been pressed and its turn in the chain has come. It answers with the bytes of
the site's own stream, or with one JSON object a line in the form of Gemini's API.
"""

import codecs
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2
from playwright.async_api import Page

from browser.pages.answers import AnswerOnPage
from browser.wire.decode import AnswerDecoder
from browser.wire.frames import FrameSplitter
from browser.wire.gemini import GeminiDecoder
from domain.errors import WireError
from domain.events import Event

VERSION = 1
STREAM_TYPE = "application/json+protobuf"
LINES_TYPE = "application/x-ndjson"
_MAX_BYTES = 256 * 1024 * 1024
_MAX_LINE = 64 * 1024 * 1024
_TIMEOUT = httpx2.Timeout(120, connect=5)
"""Seconds; the silence of a helper also ends by the request's own deadlines."""


def is_loopback(endpoint: str) -> bool:
    """Whether an address is this machine's by its own words, whatever a name server says."""
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Helper:
    """The endpoint for the runs of one tab."""

    name = "helper"

    def __init__(self, endpoint: str, page: Page, *, cookies: bool) -> None:
        self._endpoint = endpoint
        self._page = page
        self._cookies = cookies

    def voice(self, answer: AnswerOnPage, run: str, model: str) -> "HelperVoice":
        """For one run; `run` is a name that no other run has."""

        async def told() -> dict[str, Any]:
            asked = {"version": VERSION, "request_id": run, "model": model, "page_url": self._page.url}
            if self._cookies:
                asked["cookies"] = list(await self._page.context.cookies(self._page.url))
            return asked

        return HelperVoice(self._endpoint, told, answer.begun)


class HelperVoice:
    """One question to the helper and its answer."""

    name = Helper.name
    sure = False
    exact = True
    warnings: tuple[str, ...] = ()

    def __init__(
        self,
        endpoint: str,
        told: Callable[[], Awaitable[dict[str, Any]]],
        requested: Callable[[], Awaitable[None]],
    ) -> None:
        self.heard = False
        self.over = False
        self._endpoint = endpoint
        self._told = told
        self._requested = requested

    async def requested(self) -> None:
        """The page alone can tell: the helper is asked when its turn has come."""
        await self._requested()

    def release(self) -> None:
        """Nothing is kept."""

    async def events(self) -> AsyncGenerator[Event]:
        headers = {"Accept": f"{STREAM_TYPE}, {LINES_TYPE}"}
        try:
            async with (
                httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False) as http,
                http.stream("POST", self._endpoint, json=await self._told(), headers=headers) as response,
                aclosing(self._read(response)) as events,
            ):
                async for event in events:
                    yield event
        except httpx2.HTTPError as error:
            raise WireError(f"The helper failed: {type(error).__name__} {error}".strip()) from error

    async def _read(self, response: httpx2.Response) -> AsyncGenerator[Event]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code != 200:
            raise WireError(f"The helper answered with status {response.status_code} instead of 200.")
        if kind not in {STREAM_TYPE, LINES_TYPE}:
            raise WireError(
                f"The helper answered with {kind!r}; it may be {STREAM_TYPE!r} or {LINES_TYPE!r}."
            )
        reader = _StreamReader() if kind == STREAM_TYPE else _LineReader()
        size = 0
        async with aclosing(response.aiter_bytes()) as pieces:
            async for piece in pieces:
                self.heard = True
                size += len(piece)
                if size > _MAX_BYTES:
                    raise WireError(f"The helper's answer is longer than {_MAX_BYTES} bytes.")
                for event in reader.feed(piece):
                    yield event
        for event in reader.finish():
            self.over = True
            yield event


class _StreamReader:
    def __init__(self) -> None:
        self._splitter, self._decoder = FrameSplitter(), AnswerDecoder()

    def feed(self, piece: bytes) -> Iterator[Event]:
        for frame in self._splitter.feed(piece):
            yield from self._decoder.feed(frame)

    def finish(self) -> Iterator[Event]:
        if not self._splitter.ended:
            raise WireError("The helper's answer broke off before its end.")
        yield from self._decoder.finish()


class _LineReader:
    def __init__(self) -> None:
        self._text = codecs.getincrementaldecoder("utf-8")()
        self._line: list[str] = []
        self._length = 0
        self._decoder = GeminiDecoder()

    def feed(self, piece: bytes) -> Iterator[Event]:
        try:
            *whole, rest = self._text.decode(piece).split("\n")
        except UnicodeDecodeError as error:
            raise WireError(f"The helper's answer is not UTF-8: {error.reason}.") from error
        for end in whole:
            line = "".join((*self._line, end))
            self._line, self._length = [], 0
            yield from self._events(line)
        self._line.append(rest)
        self._length += len(rest)
        if self._length > _MAX_LINE:
            raise WireError(f"A line of the helper's answer is longer than {_MAX_LINE} characters.")

    def finish(self) -> Iterator[Event]:
        yield from self._events("".join(self._line))
        yield from self._decoder.finish()

    def _events(self, line: str) -> Iterator[Event]:
        if not line.strip():
            return
        try:
            message = json.loads(line)
        except ValueError as error:
            raise WireError(f"A line of the helper's answer is no JSON: {line[:80]!r}.") from error
        if not isinstance(message, dict):
            raise WireError(f"A line of the helper's answer is no JSON object: {line[:80]!r}.")
        yield from self._decoder.feed(message)
