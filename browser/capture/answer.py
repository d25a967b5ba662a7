"""A capture's bytes as the events of one run's answer."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from browser.capture.hearing import Capture, Unheard
from browser.wire.decode import AnswerDecoder
from browser.wire.frames import FrameSplitter, StatusFrame
from browser.wire.status import error_from_http, error_from_status
from domain.errors import GatewayError, WireError
from domain.events import Event

_log = logging.getLogger(__name__)
_REFUSAL_BYTES = 65_536


class Voice(Protocol):
    """The answer to one run as one capture tells it. Armed from the start, before Run is pressed."""

    name: str
    sure: bool
    """Whether it is known to hear the page, so that a request it has not heard did not leave."""
    heard: bool
    """Whether anything of the answer has arrived."""
    over: bool
    """Whether the site has said all it will: nothing of this run goes on behind the page."""
    exact: bool
    """Whether what it tells is the site's own text, to the character."""
    warnings: tuple[str, ...]
    """What the caller should know of how it was heard; complete when the answer is."""

    async def requested(self) -> None:
        """Return as soon as the page's request has left (or the tab is gone)."""
        ...

    def events(self) -> AsyncGenerator[Event]:
        """The whole answer. At most once, after Run was pressed.

        Raises:
            WireError: the capture has failed; the page may have the answer all the same.
            GatewayError: the site, or the page, has.
        """
        ...

    def release(self) -> None:
        """Another one serves the run: forget this one."""
        ...


class StreamVoice:
    """The bytes that a capture of the stream hears."""

    exact = True
    warnings: tuple[str, ...] = ()

    def __init__(self, capture: Capture) -> None:
        self.name = capture.name
        self.sure = capture.proven
        self.heard = False
        self.over = False
        self._capture = capture
        self._hearing = capture.arm()

    async def requested(self) -> None:
        await self._hearing.submitted()

    def release(self) -> None:
        self._capture.release()

    async def events(self) -> AsyncGenerator[Event]:
        await self._capture.wake()
        status = await self._hearing.status()
        if status not in {0, 200}:
            self.heard = True
            raise await self._refusal(status)
        splitter, decoder = FrameSplitter(), AnswerDecoder()
        async with aclosing(self._capture.body(self._hearing)) as body:
            async for piece in body:
                self.heard = True
                for frame in splitter.feed(piece):
                    for event in decoder.feed(frame):
                        yield event
                if splitter.ended:  # of the connection's end a page that is at work tells much later
                    break
        if not splitter.ended:
            raise Unheard("The answer broke off before its end.")
        self.over = True
        for event in decoder.finish():
            yield event

    async def _refusal(self, status: int) -> GatewayError:
        """What a response other than 200 says; the body is in stream form, or bare, or not the site's."""
        body = bytearray()
        with suppress(WireError):  # a page that leaves for the sign-in takes its answer along
            async with aclosing(self._capture.body(self._hearing)) as pieces:
                async for piece in pieces:
                    body += piece
                    if len(body) > _REFUSAL_BYTES:
                        break
        self.over = True
        try:
            for frame in FrameSplitter().feed(bytes(body)):
                if isinstance(frame, StatusFrame):
                    return error_from_status(frame.value)
        except WireError as error:
            _log.debug("the refusal is not in stream form: %s", error)
        return error_from_http(status, bytes(body))
