"""One run's ear: what a capture heard of the one request that the run caused.

A capture pushes; the job's own task pulls. A hearing is bound to the first GenerateContent request that
leaves after it was armed; what belongs to any other request never enters it.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from playwright.async_api import Page

from browser.counting import Count
from domain.errors import WireError

_SERVICE = ".MakerSuiteService/"
"""A dot, not a slash, precedes the service name; error beacons carry the method in their query only."""


def rpc_method(url: str) -> str | None:
    """The RPC a URL calls, judged by its path alone; `None` for anything else."""
    path = urlsplit(url).path
    _, found, method = path.rpartition(_SERVICE)
    return method if found and "/" not in method else None


class Unheard(WireError):
    """A capture lost the answer or a part of it; the page may have it all the same."""


class PageGone(Unheard):
    """The tab went away in the middle of an answer: nothing and nobody has the rest."""


@dataclass(frozen=True, slots=True)
class _End:
    failure: str | None = None
    gone: bool = False


class Hearing:
    """What one run hears. Captures call the `on_…` methods, the flow awaits the others."""

    def __init__(self) -> None:
        self.request_id: str | None = None
        self._submitted = asyncio.Event()
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | _End] = asyncio.Queue()
        self._closed = False

    def on_request(self, request_id: str) -> None:
        """The page's own request left."""
        self.request_id = request_id
        self._submitted.set()

    def on_response(self, status: int) -> None:
        """Response headers arrived."""
        if not self._status.done():
            self._status.set_result(status)

    def on_data(self, piece: bytes) -> None:
        """More of the body, un-gzipped, in order."""
        if not self._closed:
            self._pieces.put_nowait(piece)

    def on_end(self, failure: str | None = None, *, gone: bool = False) -> None:
        """The response is over: complete, or for the reason given; `gone` says that the tab is as well."""
        if self._closed:
            return
        self._submitted.set()
        if not self._status.done():
            self._status.set_result(0)
        self._pieces.put_nowait(_End(failure, gone))

    def close(self) -> None:
        """Forget everything; later calls of `on_…` bring nothing more."""
        self._closed = True
        self._pieces = asyncio.Queue()

    async def submitted(self) -> None:
        """Return as soon as the page's request has left (or the tab is gone)."""
        await self._submitted.wait()

    async def status(self) -> int:
        """HTTP status of the answer; 0 when there will be none."""
        return await asyncio.shield(self._status)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it arrives.

        Raises:
            Unheard: the connection broke, or the page gave the request up.
            PageGone: the tab crashed, closed or loads something else.
        """
        while True:
            piece = await self._pieces.get()
            if isinstance(piece, _End):
                if piece.failure is not None:
                    kind = PageGone if piece.gone else Unheard
                    raise kind(f"The page's connection to AI Studio broke: {piece.failure}.")
                return
            yield piece


class Capture(Protocol):
    """Hears the bytes of one tab's answers. `open` before the first navigation."""

    name: str
    proven: bool
    """Whether it hears the page as it was loaded last. The page always asks for its models first: that was
    heard, or what came too late for it has shown that it is there."""
    resting: bool
    """Another one is before it; set before `open`. It may keep silent about answers until it is woken."""

    async def open(self) -> None:
        """Install on the tab. May be called once.

        Raises:
            playwright's `Error`: the engine cannot do this.
        """
        ...

    async def reach(self) -> str:
        """The page has been loaded, and nothing of it was heard yet: do what can be done about it.

        Returns why it cannot hear the page; empty where it can, as far as it knows.
        """
        ...

    async def wake(self) -> None:
        """From now on it serves, from the beginning of the run at hand."""
        ...

    def arm(self) -> Hearing:
        """Start listening for the next GenerateContent request; before Run is pressed."""
        ...

    def release(self) -> None:
        """Another capture serves this run: forget what was heard of it, and what is still to come."""
        ...

    def disarm(self) -> None:
        """Stop listening; what still arrives is dropped and counted."""
        ...

    def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        """The answer's bytes, in order and complete."""
        ...

    async def model_list(self) -> str:
        """The page's own ListModels answer since the last navigation, once it is there."""
        ...

    def lost(self, why: str) -> None:
        """The tab is gone: whoever listens is told."""
        ...

    def forget_page(self) -> None:
        """The tab navigates: model list and running requests belong to the past."""
        ...


class Ear:
    """What all captures share: which hearing is armed, and to which request it is bound."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self.hearing: Hearing | None = None
        self.proven = False
        self.resting = False

    async def reach(self) -> str:
        """There is nothing to do for an ear that stands outside of the page."""
        return ""

    async def wake(self) -> None:
        """There is nothing to do for an ear that never rests."""

    def attach(self, page: Page) -> None:
        """A tab that crashes, closes or loads something else ends no request by itself: say so for it."""
        page.on("crash", lambda _: self.lost("the tab crashed"))
        page.on("close", lambda _: self.lost("the tab was closed"))
        page.on("domcontentloaded", lambda _: self.lost("the page was left"))

    def arm(self) -> Hearing:
        self.disarm()
        self.hearing = Hearing()
        return self.hearing

    def release(self) -> None:
        if self.hearing is not None:
            self.hearing.close()

    def disarm(self) -> None:
        if self.hearing is not None:
            self.hearing.close()
        self.hearing = None

    def claim(self, request_id: str) -> None:
        """A GenerateContent request left: it is the armed run's if that has none yet."""
        if self.hearing is not None and self.hearing.request_id is None:
            self.hearing.on_request(request_id)
        else:
            self._count("unclaimed_requests")

    def of(self, request_id: str) -> Hearing | None:
        """The hearing bound to a request of which something arrives; what no run owns is counted as late."""
        hearing = self.ending(request_id)
        if hearing is None:
            self._count("late_chunks")
        return hearing

    def ending(self, request_id: str) -> Hearing | None:
        """The hearing bound to a request that is over; mostly its run is by then, with the last byte."""
        if self.hearing is not None and self.hearing.request_id == request_id:
            return self.hearing
        return None

    def lost(self, why: str) -> None:
        """The tab is gone: whoever listens is told."""
        if self.hearing is not None:
            self.hearing.on_end(why, gone=True)
