"""Numbers of one measurement and how they are told."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Median and 95th percentile of a list of seconds."""

    count: int
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figures":
        ordered = sorted(values)
        return cls(
            len(ordered), statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
        )

    def milliseconds(self) -> str:
        return f"{1000 * self.p50:.1f} / {1000 * self.p95:.1f}"


@dataclass(frozen=True, slots=True)
class Served:
    """One generation as the simulator saw it; seconds since the epoch."""

    received: float
    first_byte: float
    last_byte: float
    writes: tuple[float, ...] = ()
    """When each event was written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One generation as its client saw it."""

    started: float
    ended: float
    chunks: tuple[float, ...]
    """When each piece of the answer's text was received."""

    @property
    def first_token(self) -> float:
        return self.chunks[0]


def added_to_first_token(asked: Sequence[Asked], served: Sequence[Served]) -> Figures:
    """Time to first token beyond the model's own, for runs in the same order."""
    return Figures.of(
        [
            (a.first_token - a.started) - (s.first_byte - s.received)
            for a, s in zip(asked, served, strict=True)
        ]
    )


def added_to_chunks(asked: Sequence[Asked], served: Sequence[Served]) -> Figures:
    """From the model's write to the client's read, per chunk; the first one is told apart."""
    delays = []
    for a, s in zip(asked, served, strict=True):
        sent = s.writes[: len(a.chunks)]  # the finishing event carries no text
        delays += [at - wrote for wrote, at in zip(sent, a.chunks, strict=True)][1:]
    return Figures.of(delays)


def busy_share(served: Sequence[Served]) -> float:
    """Which part of the wall time the model was generating."""
    wall = max(s.last_byte for s in served) - min(s.received for s in served)
    return sum(s.last_byte - s.received for s in served) / wall


def per_minute(asked: Sequence[Asked]) -> float:
    wall = max(a.ended for a in asked) - min(a.started for a in asked)
    return 60 * len(asked) / wall
