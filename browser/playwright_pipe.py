"""Playwright, with a pipe that takes large messages; built on parts of it that are not public."""

import asyncio

from playwright._impl._connection import Connection
from playwright._impl._object_factory import create_remote_object
from playwright._impl._transport import PipeTransport
from playwright.async_api import Playwright
from playwright.async_api._context_manager import PlaywrightContextManager

_SIZE_BYTES = 4
_DRIVER_GONE = "Connection closed while reading from the driver"
"""As Playwright says it."""


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
                self.on_error_future.set_exception(Exception(_DRIVER_GONE))
            return None
        return None if self._stopped else message


class PipedPlaywright(PlaywrightContextManager):
    """Playwright's own way to start and stop, around this pipe."""

    async def __aenter__(self) -> Playwright:
        loop = asyncio.get_running_loop()
        pipe = WholePipe(loop)
        self._connection = Connection(None, create_remote_object, pipe, loop)
        self._running = loop.create_task(self._connection.run(), name="playwright")
        started = self._connection.playwright_future
        await asyncio.wait({pipe.on_error_future, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            pipe.on_error_future.result()
        return Playwright(started.result())
