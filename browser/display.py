"""A display that nobody sees, for a browser that shall believe it has a window."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from domain.errors import BrowserDown
from settings import BrowserSettings, has_display

START_SECONDS = 15.0
STOP_SECONDS = 3.0


@asynccontextmanager
async def display_for(browser: BrowserSettings) -> AsyncIterator[BrowserSettings]:
    """Yield settings for a browser that shall have a virtual display, or the same ones where it shall not.

    It runs as long as the context.

    Raises:
        BrowserDown: it shall have a window and there is no display for it, or as `virtual_display`.
    """
    if browser.mode == "headed" and browser.ws_endpoint is None and not has_display(browser.args):
        raise BrowserDown(
            "There is no display for the browser's window (BROWSER_MODE=headed, --debug). Leave it away: no "
            "window is needed once somebody has signed in; or use --virtual-display."
        )
    if browser.mode != "virtual" or browser.ws_endpoint is not None:
        yield browser
        return
    async with virtual_display(size=browser.virtual_display_size) as name:
        # All engines take the display as an argument.
        yield browser.model_copy(update={"args": (*browser.args, f"--display={name}")})


@asynccontextmanager
async def virtual_display(
    program: str = "Xvfb", *, path: str | None = None, size: str = "1920x1080"
) -> AsyncIterator[str]:
    """Run an X server without a screen and yield its name, like `:99`; it ends with the context.

    `size` is width and height in pixels.

    Raises:
        BrowserDown: there is no such server here, or it does not start.
    """
    found = shutil.which(program, path=path)
    if found is None:
        raise BrowserDown(
            f"--virtual-display needs {program!r}; install it (apt-get install xvfb) or use --headless."
        )
    reading, writing = os.pipe()
    reader = os.fdopen(reading, "rb")
    try:
        # -displayfd lets the server choose a free number and tell it when it is ready.
        server = await asyncio.create_subprocess_exec(
            found,
            *("-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"),
            pass_fds=(writing,),
            start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        reader.close()
        raise BrowserDown(f"{found!r} does not start: {error.strerror}") from error
    finally:
        os.close(writing)
    try:
        yield f":{await _display_number(reader, program)}"
    finally:
        await _end(server)


async def _display_number(reader: BinaryIO, program: str) -> int:
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), reader
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await stream.readline()
        return int(line)
    except (TimeoutError, ValueError):
        raise BrowserDown(f"{program!r} did not open a display within {START_SECONDS:g} s") from None
    finally:
        transport.close()


async def _end(server: asyncio.subprocess.Process) -> None:
    if server.returncode is not None:
        return
    server.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await server.wait()
    except TimeoutError:
        server.kill()
        await server.wait()
