"""`python -m simulator`: serves until SIGINT or SIGTERM; one line of JSON on stdout says when it is ready."""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.control import problems
from simulator.scenario import Scenario
from simulator.server import Simulator
from simulator.sessions import DEFAULT_ACCOUNT

DEFAULT_PORT = 2049


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 after a signal, 1 when a port is taken, 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        scenario = _scenario(options)
    except ValidationError as error:
        return _complain(f"--scenario: {problems(error)}", 2)
    except (OSError, ValueError) as error:
        return _complain(f"--scenario {options.scenario!r}: {error}", 2)
    try:
        asyncio.run(_serve(options, scenario))
    except OSError as error:
        return _complain(f"port {options.port} (https {options.https_port}): {error}; choose another or 0", 1)
    return 0


async def _serve(options: argparse.Namespace, scenario: Scenario) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Simulator(scenario, http_port=options.port, https_port=options.https_port) as simulator:
        if options.write_profile is not None:
            write_private(options.write_profile, simulator.storage_state())
        _announce(simulator, quiet=options.quiet)
        stopping = asyncio.create_task(stopped.wait(), name="signal")
        failing = asyncio.create_task(simulator.failed(), name="server")
        done, _ = await asyncio.wait((stopping, failing), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        failing.cancel()
        if failing in done:
            failing.result()


def _announce(simulator: Simulator, *, quiet: bool) -> None:
    ready = {
        "ready": True,
        "http": simulator.http_url,
        "https": simulator.https_url,
        "control": simulator.control_url,
    }
    print(json.dumps(ready), flush=True)
    if not quiet:
        who = f"{DEFAULT_ACCOUNT.email} / {DEFAULT_ACCOUNT.password}"
        print(f"AI Studio simulator at {simulator.http_url} (sign in as {who})", file=sys.stderr, flush=True)


def write_private(path: Path, value: dict[str, Any]) -> None:
    """Write JSON that only the owner can read, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _scenario(options: argparse.Namespace) -> Scenario:
    text: str = options.scenario
    is_json = text.lstrip().startswith(("{", "["))
    patch = json.loads(text if is_json else Path(text).read_text(encoding="utf-8"))
    if not isinstance(patch, dict):
        raise ValueError(f"a scenario is a JSON object, not {type(patch).__name__}")  # noqa: TRY004 - text of a file
    given = {"ttft": options.ttft, "pace": options.pace}
    return Scenario().changed(patch | {name: value for name, value in given.items() if value is not None})


def _complain(text: str, status: int) -> int:
    print(f"simulator: {text}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A local stand-in for AI Studio."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="HTTP port, 0 = any (%(default)s)")
    parser.add_argument("--https-port", type=int, help="also serve HTTPS under the site's own host names")
    parser.add_argument("--scenario", default="{}", help="scenario as JSON, or a file that holds it")
    parser.add_argument("--ttft", type=float, help="seconds to the first event")
    parser.add_argument("--pace", type=float, help="seconds between events")
    parser.add_argument("--write-profile", type=Path, help="write a signed-in storage state to this file")
    parser.add_argument("--quiet", action="store_true", help="nothing on stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
