"""The log of GenerateContent calls that tests and benchmarks read. Times are `time.time()` seconds."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

KEPT_ENTRIES = 2000
KEPT_REPORTS = 200
KEPT_WRITES = 1000

Outcome = Literal["running", "finished", "cut", "client_gone", "failed"]


@dataclass(slots=True)
class LogEntry:
    """One call. `ended` is when its outcome was known; `last_byte` when the last byte was handed over."""

    id: int
    received: float
    model: str | None = None
    status: int | None = None
    first_byte: float | None = None
    last_byte: float | None = None
    writes: list[float] = field(default_factory=list)
    """When each piece of the body was handed over; the first thousand or so."""
    ended: float | None = None
    outcome: Outcome = "running"
    events: int = 0
    error: str | None = None
    account: str | None = None
    body_bytes: int = 0
    report: dict[str, Any] | None = None

    def sent(self) -> None:
        """Bytes were handed to the socket just now."""
        self.last_byte = time.time()
        if len(self.writes) < KEPT_WRITES:
            self.writes.append(self.last_byte)
        if self.first_byte is None:
            self.first_byte = self.last_byte

    def end(self, outcome: Outcome, error: str | None = None) -> None:
        """Settle the entry; only the first outcome counts."""
        if self.outcome == "running":
            self.outcome, self.error, self.ended = outcome, error, time.time()


@dataclass(slots=True)
class RequestLog:
    """The newest entries, and full reports of the very newest only (prompts may have megabytes)."""

    entries: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=KEPT_ENTRIES))
    total: int = 0

    def begin(self) -> LogEntry:
        self.total += 1
        entry = LogEntry(self.total, time.time())
        self.entries.append(entry)
        if len(self.entries) > KEPT_REPORTS:
            self.entries[-KEPT_REPORTS - 1].report = None
        return entry

    def as_json(self, *, after: int = 0, reports: bool = True) -> list[dict[str, Any]]:
        """Entries with an id above `after`, oldest first."""
        chosen = [asdict(entry) for entry in self.entries if entry.id > after]
        if not reports:
            for entry in chosen:
                del entry["report"]
        return chosen

    def clear(self) -> None:
        self.entries.clear()
