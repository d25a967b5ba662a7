"""Playwright, with a pipe that takes large messages, and outliving its driver process.

Built on parts of it that are not public, because it offers none for this.
"""

import asyncio
from contextlib import suppress
from typing import Any

from playwright._impl._connection import Connection
from playwright._impl._object_factory import create_remote_object
from playwright._impl._transport import PipeTransport
from playwright.async_api import Error, Playwright
from playwright.async_api._context_manager import PlaywrightContextManager

_SIZE_BYTES = 4
_DRIVER_GONE = "Connection closed while reading from the driver"
"""As Playwright says it."""
_ABORT_SECONDS = 0.5


class WholePipe(PipeTransport):
    """Reads each message in one piece.

    Playwright's own adds up pieces of 32 KiB and copies what it has with each of them. Chromium tells twice
    of a picture that the page shows by a data URL, and says the whole address each time: with 30 MB that
    stopped this process for three quarters of a minute.
    """

    async def run(self) -> None:
        """Pass on messages until the driver ends or is to stop; then wait until it is gone."""
        try:
            while not self._stopped and (message := await self._message()) is not None:
                self.on_message(self.deserialize_message(message))
                await asyncio.sleep(0)  # whoever waits for it comes before the next one
            await self._proc.communicate()
        finally:
            if not self._stopped_future.done():
                self._stopped_future.set_result(None)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._proc.kill()

    async def _message(self) -> bytes | None:
        """The next one; `None` where there will be none."""
        source = self._proc.stdout
        if source is None:
            raise AssertionError("the driver was started with a pipe")
        try:
            size = int.from_bytes(await source.readexactly(_SIZE_BYTES), "little")
            message = await source.readexactly(size)
        except asyncio.IncompleteReadError:
            if not self._stopped:
                # Playwright says it by a bare Exception, which passes all handlers of its errors.
                self.on_error_future.set_exception(Error(_DRIVER_GONE))
            return None
        return None if self._stopped else message


class PromptConnection(Connection):
    """Gives calls up whether or not the driver confirms it; one that is frozen never does."""

    async def _abort(self, *call: Any) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_ABORT_SECONDS):
                await super()._abort(*call)


class PipedPlaywright(PlaywrightContextManager):
    """Playwright's own way to start and stop, around this pipe and connection."""

    def __init__(self) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        self._pipe = WholePipe(loop)
        self._connection = PromptConnection(None, create_remote_object, self._pipe, loop)

    async def __aenter__(self) -> Playwright:
        self._running = asyncio.create_task(self._connection.run(), name="playwright")
        started = self._connection.playwright_future
        await asyncio.wait({self._pipe.on_error_future, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            self._pipe.on_error_future.result()
        return Playwright(started.result())

    def kill(self) -> None:
        """End a driver that does not end by itself, which ends the waiting for it."""
        self._pipe.kill()
