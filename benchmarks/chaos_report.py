"""What a chaos run found, as a verdict and as the text that people read."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.chaos_clients import FAILURES, Outcome, Record
from benchmarks.chaos_stage import Footprint

HEADING = "## Chaos"
KEPT = "Afterwards the queue is empty, nothing is left over, and the next requests are answered."
BEFORE_SECONDS = 5.0
LONGEST_RECOVERY = 10.0
SIGN_OUT = "sign-out"
"""Its recovery begins with somebody's signing in, of which the gateway is told by nobody."""
SIGN_IN_SECONDS = 12.0
"""Within these a gateway has to notice that it is signed in again."""
_SPANS = (
    "Seconds, median and longest: to the first right answer to a request that was made after the fault, "
    "among all clients and while more goes wrong; and, where nothing serves any more, to the gateway's word "
    "that it can serve (from signing in again, after a sign-out)."
)
MORE_MEBIBYTES = 80.0
MORE_FILES = 30
MORE_THREADS = 12


@dataclass(frozen=True, slots=True)
class Injected:
    """One fault."""

    at: float
    """Seconds since the epoch."""
    kind: str
    name: str
    """Which one of its kind."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """From a fault that takes all service away to a gateway that says it can serve."""

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that was counted. `problems` is empty exactly when the gateway kept its word."""

    seed: int
    seconds: float
    clients: int
    records: Sequence[Record]
    kinds: Sequence[str]
    """Kinds of faults."""
    timeline: Sequence[Injected]
    """In order."""
    signed_out: Sequence[float]
    """When the site refused the sign-in, in seconds since the epoch."""
    recoveries: Sequence[Recovery]
    counters: Mapping[str, int]
    submitted_again: Sequence[str]
    """Tokens of requests that reached the site more than once."""
    before: Footprint
    after: Footprint
    afterwards: Sequence[str]
    """What was wrong when all was over: queue, tabs, the next requests."""

    @property
    def problems(self) -> list[str]:
        found = [self._told(record) for record in self.records if record.outcome in FAILURES]
        found += [
            f"not explained: {self._told(record)}" for record in self.records if self._unfounded(record)
        ]
        found += [
            f"slow recovery ({each.kind}): {each.seconds:.1f} s"
            for each in self.recoveries
            if each.seconds > (SIGN_IN_SECONDS if each.kind == SIGN_OUT else LONGEST_RECOVERY)
        ]
        if len(self.submitted_again) > self.retries:
            found.append(
                f"submitted more than once, with {self.retries} counted retries: {self.submitted_again}"
            )
        return [*found, *_growth(self.before, self.after), *self.afterwards]

    @property
    def retries(self) -> int:
        """How often the gateway asked once more without its client's knowledge."""
        return sum(count for name, count in self.counters.items() if name.endswith("retries"))

    def answered_after(self, kind: str) -> list[float]:
        """Seconds from each fault of a kind to the next right answer that was asked for after it."""
        times = [fault.at for fault in self.timeline if fault.kind == kind]
        answers = [record for record in self.records if record.outcome is Outcome.RIGHT]
        return [min(after) - at for at in times if (after := [r.ended for r in answers if r.started >= at])]

    def _told(self, record: Record) -> str:
        """A failure, with the faults that may have to do with it."""
        since = record.started - BEFORE_SECONDS
        near = [fault.name for fault in self.timeline if since <= fault.at <= record.ended]
        return f"{record}; faults around it: {', '.join(near) or 'none'}"

    def _unfounded(self, record: Record) -> bool:
        """Whether a request was told that the account is signed out long after that was so."""
        if record.detail != "signed_out":
            return False
        return not any(record.started - SIGN_IN_SECONDS <= at <= record.ended for at in self.signed_out)

    def text(self) -> str:
        outcomes = Counter(record.outcome for record in self.records)
        codes = Counter(record.detail for record in self.records if record.outcome is Outcome.NAMED)
        command = f"python -m benchmarks.chaos --seconds {self.seconds:g} --seed {self.seed} --write"
        verdict = f"{len(self.problems)} problems." if self.problems else KEPT
        return "\n".join(
            [
                f"Written by `{command}`.",
                f"{self.clients} clients, {len(self.timeline)} faults at random moments. {verdict}",
                "",
                "| requests | |",
                "|---|---|",
                *(f"| {outcome} | {outcomes[outcome]} |" for outcome in Outcome),
                f"| all | {len(self.records)} |",
                f"| of them asked again unseen by their clients | {self.retries} |",
                "",
                f"Kinds: {_listed(Counter(record.ask.kind for record in self.records))}.",
                "",
                f"Errors by code: {_listed(codes)}.",
                "",
                f"Faults: {_listed(Counter(fault.name for fault in self.timeline))}.",
                "",
                *self._table(),
                "",
                f"The gateway's counters: {_listed(self.counters)}.",
                "",
                f"Gateway process before: {self.before}; after: {self.after}.",
                "",
            ]
        )

    def _table(self) -> list[str]:
        """What each kind of fault cost."""
        rows = ["| kind of fault | times | to the next answer | to service |", "|---|---|---|---|"]
        for kind in self.kinds:
            times = sum(fault.kind == kind for fault in self.timeline)
            back = [each.seconds for each in self.recoveries if each.kind == kind]
            rows.append(f"| {kind} | {times} | {_spans(self.answered_after(kind))} | {_spans(back)} |")
        return [
            *rows,
            "",
            _SPANS,
            "",
            f"Median recovery time: {_spans([each.seconds for each in self.recoveries]) or 'never tried'}.",
        ]


def with_section(document: str, heading: str, body: str) -> str:
    """A Markdown document with this section in place of the one of the same heading, or at its end."""
    lines = document.splitlines()
    if heading not in lines:
        return f"{document.rstrip()}\n\n{heading}\n\n{body.rstrip()}\n"
    start = lines.index(heading)
    level = heading.split(maxsplit=1)[0]
    rest = (n for n, line in enumerate(lines[start + 1 :], start + 1) if _ends(line, level))
    after = lines[next(rest, len(lines)) :]
    kept = [*lines[:start], heading, "", *body.rstrip().splitlines()]
    return "\n".join([*kept, *(["", *after] if after else [])]) + "\n"


def _ends(line: str, level: str) -> bool:
    """Whether a line is a heading of the same or a higher level."""
    marks = line.split(" ", 1)[0]
    return bool(marks) and set(marks) == {"#"} and len(marks) <= len(level)


def _growth(before: Footprint, after: Footprint) -> Iterable[str]:
    grown = (
        after.mebibytes > before.mebibytes + MORE_MEBIBYTES,
        after.files > before.files + MORE_FILES,
        after.threads > before.threads + MORE_THREADS,
    )
    return [f"the gateway process has grown from {before} to {after}"] if any(grown) else []


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered) or "none"


def _spans(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.1f}, {max(seconds):.1f}" if seconds else ""
