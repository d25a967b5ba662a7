"""`make bench`: the gateway beside a minimal script, on the same simulator, in one run.

Writes `benchmarks/RESULTS.md`. Absolute times belong to the machine; what counts are the ratios.
"""

import argparse
import asyncio
import os
import platform
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
from openai import AsyncOpenAI

from benchmarks.chaos_report import HEADING
from benchmarks.figures import Figures
from benchmarks.measurements import MIXED, PROMPT_BYTES, Measured, alone, back_to_back, crowd, submission
from benchmarks.subjects import READY_SECONDS, Gateway, script_on
from simulator.demo import Site, end, simulated_site

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).with_name("RESULTS.md")
MODEL_OPTIONS = ("--quiet", "--ttft", "0.3", "--pace", "0.02")
ONE_SECOND = "/chunks n=36 every=0.02 size=40"
"""0.3 s to the first token and 35 intervals of 0.02 s: a generation of one second."""


@asynccontextmanager
async def gateway_on(site: Site) -> AsyncIterator[Gateway]:
    """The gateway as its users start it, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {name: str(value) for name, value in site.settings("chromium", ()).items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "launch_camoufox.py",
        "--headless",
        "--server-port",
        str(port),
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(READY_SECONDS), httpx.AsyncClient() as client:
            while not await _healthy(client, address):
                await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=0.1)
        async with AsyncOpenAI(base_url=f"{address}/v1", api_key="unused", max_retries=0) as openai:
            yield Gateway(openai, process)
    finally:
        await end(process)


async def _healthy(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/health")).status_code == 200
    except httpx.TransportError:
        return False


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def compare(name: str, limit: Figures, gateway: Figures) -> str:
    ratio = gateway.p50 / limit.p50 if limit.p50 > 0 else float("nan")
    return f"| {name} | {limit.milliseconds()} | {gateway.milliseconds()} | {ratio:.2f} |"


def loads(name: str, limit: Measured | None, gateway: Measured) -> str:
    def cells(measured: Measured | None) -> str:
        return f"{measured.rate:.1f} | {100 * measured.busy:.1f} %" if measured else "– | –"

    return f"| {name} | {cells(limit)} | {cells(gateway)} |"


async def measure(times: int) -> str:
    async with simulated_site(*MODEL_OPTIONS) as site, script_on(site) as script, gateway_on(site) as gateway:
        for subject in (script, gateway):  # the first request of a browser pays for its caches
            await alone(site, subject, 2, "/echo warm")
        single = [await alone(site, subject, times, ONE_SECOND) for subject in (script, gateway)]
        rows = [compare("time to first token, alone", single[0].first_token, single[1].first_token)]
        paced = [await back_to_back(site, subject, times, ONE_SECOND) for subject in (script, gateway)]
        rows.append(compare("time to first token, back to back", paced[0].first_token, paced[1].first_token))
        rows.append(compare("delay of a chunk", paced[0].chunks, paced[1].chunks))
        mixed = await back_to_back(site, gateway, times, ONE_SECOND, MIXED)
        queued = await crowd(site, gateway, times, ONE_SECOND)
        queued_mixed = await crowd(site, gateway, times, ONE_SECOND, MIXED)
        sizes = [
            compare(
                f"{size:,} bytes", *[await submission(site, subject, size) for subject in (script, gateway)]
            )
            for size in PROMPT_BYTES
        ]
        memory = gateway.memory() / 2**20
    return "\n".join(
        [
            "# Results",
            "",
            "Written by `make bench`. The script is the limit: it fills the box, presses Run and reads the",
            "same stream, without settings, clean-up or checks. Both drive one simulator in the same run.",
            "",
            f"Machine: {machine()}. {times} requests a row; simulated model: 0.3 s to its first token.",
            "",
            "| added by (ms, p50 / p95) | script | gateway | ratio of p50 |",
            "|---|---|---|---|",
            *rows,
            "",
            "| generations of 1 s | script, per minute | model busy | gateway, per minute | model busy |",
            "|---|---|---|---|---|",
            loads("one client, same settings", paced[0], paced[1]),
            loads("one client, every request changes temperature, top-p, limit and stops", None, mixed),
            loads("all waiting at once, same settings", None, queued),
            loads("all waiting at once, every request changes settings", None, queued_mixed),
            "",
            "| from asking to the page's own request (ms, p50 / p95) | script | gateway | ratio of p50 |",
            "|---|---|---|---|",
            *sizes,
            "",
            f"Gateway process after all this: {memory:.0f} MiB resident.",
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="requests per row (20)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write the results")
    options = parser.parse_args()
    text = asyncio.run(measure(options.times))
    before = options.output.read_text(encoding="utf-8") if options.output.exists() else ""
    _, mark, chaos = before.partition(f"\n{HEADING}\n")
    options.output.write_text(f"{text}{mark}{chaos}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
