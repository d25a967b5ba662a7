"""`make chaos`: eight clients at work while everything breaks, at moments that a seed decides.

A simulator, and a whole gateway process in front of it. Every request has to end with the right answer or
with a named error, in time; afterwards nothing may be left over. Exit status 1: that was not so.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.chaos_asks import Asker
from benchmarks.chaos_clients import Client, Outcome, Record
from benchmarks.chaos_faults import Faults
from benchmarks.chaos_report import HEADING, Summary, with_section
from benchmarks.chaos_stage import TABS, Budgets, Footprint, Stage, StageFailed, is_healthy, stage_on, until
from simulator.demo import simulated_site

RESULTS = Path(__file__).with_name("RESULTS.md")
MODEL_OPTIONS = ("--quiet", "--ttft", "0.05", "--pace", "0.01")
CLIENTS = 8
FIRST_REQUESTS = 3
CALM_SECONDS = 45.0


async def chaos(
    seed: int,
    seconds: float,
    folder: Path,
    clients: int = CLIENTS,
    budgets: Budgets | None = None,
    *,
    all_kinds: bool = True,
) -> Summary:
    """One run. `folder` is for what the gateway writes; its log and evidence are found there afterwards.

    It goes on beyond `seconds` until each kind of fault was tried, where `all_kinds` are wanted.

    Raises:
        StageFailed: the gateway did not start, ended, or did not come back.
    """
    budgets = budgets or Budgets()
    async with simulated_site(*MODEL_OPTIONS) as site, stage_on(site, budgets, folder) as stage:
        async with httpx.AsyncClient(base_url=stage.address, timeout=None) as http:  # noqa: S113 the client's own
            workers = [_client(http, seed, number, budgets) for number in range(clients)]
            records = [
                await workers[0].ask(workers[0].asker.next(), stream=True) for _ in range(FIRST_REQUESTS)
            ]
            before = Footprint.of(stage.process.pid)
            over = asyncio.Event()
            faults = Faults(stage, _chance(seed, "faults"), over)
            records += await _storm(workers, faults, over, seconds, all_kinds=all_kinds)
            await stage.read_log()
            afterwards = await _aftermath(stage, workers, records)
            counters = await stage.counters()
        after = Footprint.of(stage.process.pid)
        again = sorted(token for token, count in stage.submitted.items() if count > 1)
    return Summary(
        seed=seed,
        seconds=seconds,
        clients=clients,
        records=records,
        kinds=tuple(faults.kinds),
        timeline=faults.timeline,
        signed_out=stage.signed_out,
        recoveries=faults.recoveries,
        counters=counters,
        submitted_again=again,
        before=before,
        after=after,
        afterwards=afterwards,
    )


async def _storm(
    workers: list[Client], faults: Faults, over: asyncio.Event, seconds: float, *, all_kinds: bool
) -> list[Record]:
    """All clients at once for a while; then the faults end, and what has been asked is waited for.

    A fault that cannot be mended ends it early, as a StageFailed.
    """

    async def end() -> None:
        await asyncio.sleep(seconds)
        if all_kinds:
            await faults.all_tried.wait()
        over.set()

    records: list[Record] = []
    breaking = asyncio.create_task(faults.run(), name="faults")
    breaking.add_done_callback(lambda _: over.set())
    ending = asyncio.create_task(end(), name="end of the storm")
    try:
        async with asyncio.TaskGroup() as tasks:
            for worker in workers:
                tasks.create_task(worker.work(over, records.append))
        await breaking
    finally:
        ending.cancel()
        breaking.cancel()
    return records


async def _aftermath(stage: Stage, clients: list[Client], records: list[Record]) -> list[str]:
    """What is left over when all is quiet; the last requests are added to the records."""
    found = []
    try:
        await until(lambda: _is_idle(stage), "an empty queue and no open stream", CALM_SECONDS)
        await until(lambda: is_healthy(stage), "health without faults", CALM_SECONDS)
        last = await asyncio.gather(*(client.ask(client.asker.next(), stream=True) for client in clients))
        records += last
        found += [f"after the storm: {record}" for record in last if record.outcome is not Outcome.RIGHT]
        await until(lambda: _has_tabs(stage), f"{TABS} tabs in one browser", CALM_SECONDS)
        await until(lambda: _is_idle(stage), "an empty queue at the end", CALM_SECONDS)
    except StageFailed as error:
        found.append(f"{error}; health: {await stage.health()}, tabs: {await stage.tabs()}")
    if stage.profiles() > 1:
        found.append(f"{stage.profiles()} folders of browsers are left in {stage.folder}")
    return found


async def _is_idle(stage: Stage) -> bool:
    queue = await stage.queue()
    return not queue["items"] and not queue["is_processing"] and await stage.open_streams() == 0


async def _has_tabs(stage: Stage) -> bool:
    return len(await stage.tabs()) == TABS and len(stage.browsers()) == 1


def _client(http: httpx.AsyncClient, seed: int, number: int, budgets: Budgets) -> Client:
    asker = Asker(number, _chance(seed, f"asker {number}"))
    return Client(http, asker, _chance(seed, f"client {number}"), budgets.hung)


def _chance(seed: int, purpose: str) -> random.Random:
    """What one part decides does not depend on how often another one has decided."""
    return random.Random(f"{seed} {purpose}")  # noqa: S311 no secret: a sequence that can be had again


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield Path(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="how long faults are injected, and longer until each kind was tried (60)",
    )
    parser.add_argument("--seed", type=int, default=1, help="what decides about faults and requests (1)")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"at once ({CLIENTS})")
    parser.add_argument("--write", action="store_true", help=f"put the summary into {RESULTS.name}")
    parser.add_argument("--keep", type=Path, help="folder for the gateway's log and evidence, which stays")
    options = parser.parse_args()
    with _folder(options.keep) as folder:
        try:
            summary = asyncio.run(chaos(options.seed, options.seconds, folder, options.clients))
        except StageFailed as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    print(summary.text())
    for problem in summary.problems:
        print(f"PROBLEM {problem}")
    if options.write:
        document = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
        RESULTS.write_text(with_section(document, HEADING, summary.text()), encoding="utf-8")
    return 1 if summary.problems else 0


if __name__ == "__main__":
    sys.exit(main())
