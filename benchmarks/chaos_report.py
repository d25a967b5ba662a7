"""What a chaos run found, as a verdict and as the text that people read."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.chaos_clients import FAILURES, Outcome, Record
from benchmarks.chaos_stage import Footprint

HEADING = "## Chaos"
KILLED = "browser is killed"
KEPT = "Afterwards the queue is empty, nothing is left over, and the next requests are answered."
BEFORE_SECONDS = 5.0
LONGEST_RECOVERY = 10.0
SIGN_IN_SECONDS = 12.0
"""Within these a gateway has to notice that it is signed in again."""
MORE_MEBIBYTES = 80.0
MORE_FILES = 30
MORE_THREADS = 12


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything that was counted. `problems` is empty exactly when the gateway kept its word."""

    seed: int
    seconds: float
    clients: int
    records: Sequence[Record]
    timeline: Sequence[tuple[float, str]]
    """(seconds since the epoch, fault) in order."""
    signed_out: Sequence[float]
    """When the site refused the sign-in, in seconds since the epoch."""
    recoveries: Sequence[float]
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
            f"slow recovery: {seconds:.1f} s" for seconds in self.recoveries if seconds > LONGEST_RECOVERY
        ]
        retried = sum(count for name, count in self.counters.items() if name.endswith("retries"))
        if len(self.submitted_again) > retried:
            found.append(f"submitted more than once, with {retried} counted retries: {self.submitted_again}")
        return [*found, *_growth(self.before, self.after), *self.afterwards]

    @property
    def injected(self) -> Counter[str]:
        return Counter(name for _, name in self.timeline)

    @property
    def answered_after(self) -> list[float]:
        """Seconds from each kill of the browser to the next answer that was asked for after it."""
        kills = [at for at, name in self.timeline if name == KILLED]
        answers = [record for record in self.records if record.outcome is Outcome.RIGHT]
        return [min(after) - at for at in kills if (after := [r.ended for r in answers if r.started >= at])]

    def _told(self, record: Record) -> str:
        """A failure, with the faults that may have to do with it."""
        near = [name for at, name in self.timeline if record.started - BEFORE_SECONDS <= at <= record.ended]
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
                "",
                f"Kinds: {_listed(Counter(record.ask.kind for record in self.records))}.",
                "",
                f"Errors by code: {_listed(codes)}.",
                "",
                f"Faults: {_listed(self.injected)}.",
                "",
                f"The gateway's counters: {_listed(self.counters)}.",
                "",
                f"From killing the browser to service: {_recovery(self.recoveries)}.",
                f"To the first answer to a request made after it: {_recovery(self.answered_after)}.",
                "",
                f"Gateway process before: {self.before}; after: {self.after}.",
                "",
            ]
        )


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


def _recovery(seconds: Sequence[float]) -> str:
    if not seconds:
        return "never tried"
    return f"{statistics.median(seconds):.1f} s in the median of {len(seconds)}, {max(seconds):.1f} s at most"
