"""What is measured, each on both subjects in the same run."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.figures import (
    Asked,
    Figures,
    Served,
    added_to_chunks,
    added_to_first_token,
    busy_share,
    per_minute,
)
from benchmarks.subjects import Subject, served
from simulator.demo import Site

PROMPT_BYTES = (1_000, 100_000, 1_000_000, 2_000_000)
MIXED = tuple(
    {
        "temperature": 0.1 + 0.1 * n,
        "top_p": 0.5 + 0.05 * n,
        "max_tokens": 1000 + n,
        "stop": [f"STOP{n}", f"END{n}"],
    }
    for n in range(5)
)
"""Settings of consecutive requests of which none equals its neighbour."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One subject under one load."""

    asked: Sequence[Asked]
    served: Sequence[Served]

    @property
    def first_token(self) -> Figures:
        return added_to_first_token(self.asked, self.served)

    @property
    def chunks(self) -> Figures:
        return added_to_chunks(self.asked, self.served)

    @property
    def busy(self) -> float:
        return busy_share(self.served)

    @property
    def rate(self) -> float:
        return per_minute(self.asked)


async def alone(site: Site, subject: Subject, times: int, prompt: str) -> Measured:
    """Requests with a rest in between, so that nothing of the one before is in the way."""
    await served(site)
    asked = []
    for _ in range(times):
        await subject.rest()
        asked.append(await subject.ask(prompt, {}))
    return Measured(asked, await served(site))


async def back_to_back(
    site: Site, subject: Subject, times: int, prompt: str, settings: Sequence[Mapping[str, Any]] = ({},)
) -> Measured:
    """One client that asks again as soon as it is answered."""
    await subject.rest()
    await served(site)
    asked = [await subject.ask(prompt, settings[n % len(settings)]) for n in range(times)]
    return Measured(asked, await served(site))


async def crowd(
    site: Site, subject: Subject, times: int, prompt: str, settings: Sequence[Mapping[str, Any]] = ({},)
) -> Measured:
    """All requests at once: the next one always waits already."""
    await subject.rest()
    await served(site)
    asked = await asyncio.gather(*(subject.ask(prompt, settings[n % len(settings)]) for n in range(times)))
    return Measured(asked, await served(site))


async def submission(site: Site, subject: Subject, size: int, times: int = 3) -> Figures:
    """From asking with a prompt of `size` bytes to its arrival at the site, in seconds."""
    line = "The quick brown fox jumps over the lazy dog, and then it does it again.\n"
    prompt = (line * (size // len(line) + 1))[:size] + "\n/chunks n=10 every=0.02"
    delays = []
    for _ in range(times):
        await subject.rest()
        await served(site)
        asked = await subject.ask(prompt, {})
        delays.append((await served(site))[0].received - asked.started)
    return Figures.of(delays)
