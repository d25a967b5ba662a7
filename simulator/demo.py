"""The simulator as a process of its own, for as long as a demo or a benchmark needs it.

`python -m simulator.demo` is `python -m simulator` that also ends when its standard input does: a starter
that is killed leaves nothing behind.
"""

import asyncio
import json
import os
import runpy
import shlex
import signal
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"
"""Chromium argument: nothing but this machine can be reached."""
START_SECONDS = 30.0
STOP_SECONDS = 3.0


class SiteFailed(Exception):
    """The simulator did not start; the text says why."""


@dataclass(frozen=True, slots=True)
class Site:
    """A running simulator."""

    address: str
    """`http://127.0.0.1:PORT`"""
    profile: Path
    """A storage-state file of an account that is signed in there."""
    process: asyncio.subprocess.Process
    https_port: int = 0
    """Where the site's own host names are served; 0 when they are not."""

    @property
    def page(self) -> str:
        """What to open by hand."""
        return f"{self.address}/prompts/new_chat"

    @property
    def obituary(self) -> str:
        """What to say when the simulator has ended by itself; empty while it runs."""
        status = self.process.returncode
        return (
            "" if status is None else f"The simulator has ended with status {status}, and so does the demo."
        )

    def settings(self, engine: str, args: Sequence[str]) -> dict[str, object]:
        """Settings of a gateway in front of this site, by name: nothing of the user's account, loopback only.

        `engine` and `args` are what the user chose for the browser.
        """
        own_args = [LOOPBACK_ONLY] if engine == "chromium" else []
        return {
            "HOST": "127.0.0.1",
            "KEY_FILE": str(self.profile.with_name("no-keys.txt")),
            "NAMED_KEYS_FILE": str(self.profile.with_name("no-keys.json")),
            "ADMIN_TOKEN_FILE": str(self.profile.with_name("admin_token")),
            "AI_STUDIO_URL": self.address,
            "AUTH_PROFILE": str(self.profile),
            "AUTH_PROFILES_DIR": str(self.profile.with_name("profiles")),
            "BROWSER": engine,
            "BROWSER_ARGS": shlex.join([*args, *own_args]),
            "BROWSER_WS_ENDPOINT": "",
            "UNIFIED_PROXY_CONFIG": "",
        }


@asynccontextmanager
async def simulated_site(*options: str) -> AsyncIterator[Site]:
    """Start a simulator on a free port, with further command line `options`, and end it afterwards.

    Raises:
        SiteFailed: it ended or said nothing useful within `START_SECONDS`.
    """
    with TemporaryDirectory(prefix="aistudio-demo-") as folder:
        profile = Path(folder, "profile.json")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "simulator.demo", "--port", "0", "--write-profile", str(profile), *options),
            cwd=Path(__file__).parent.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal reaches the starter alone, which then ends us
        )
        try:
            ready = await _ready(process)
            yield Site(ready["http"], profile, process, urlsplit(ready["https"] or "").port or 0)
        finally:
            await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """End a process that was started here: politely, then by force after `STOP_SECONDS`."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> dict[str, str]:
    line = b""
    try:
        async with asyncio.timeout(START_SECONDS):
            if process.stdout is not None:
                line = await process.stdout.readline()
        said = json.loads(line)
        return {name: said[name] for name in ("http", "https")}
    except TimeoutError:
        raise SiteFailed(f"the simulator was not ready within {START_SECONDS:g} s") from None
    except (ValueError, KeyError, TypeError):
        raise SiteFailed(f"the simulator did not start; instead of its address it said {line!r}") from None


def _end_with_input() -> None:
    # Not through sys.stdin: its lock, held by this thread, would abort the interpreter's own end.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(argv: Sequence[str]) -> None:
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.argv[1:] = argv
    runpy.run_module("simulator", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
