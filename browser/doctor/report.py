"""What the doctor found: one finding an area of the page, as a table, as plain data, as an exit status."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Any

from browser.pages.selectors import Candidate, Selectors

_WIDTH = 100
"""Of the table, where what stands before the notes leaves them as much as `_NARROWEST`."""
_NARROWEST = 24
_NEVER_LOOKED = "not looked at: the examination did not get this far"


class Result(StrEnum):
    OK = "ok"
    """Found by its first candidate."""
    LATER = "later"
    """Found by another one: the page has changed, or is an older build."""
    MISSING = "missing"
    """Not found where it is needed."""
    STUCK = "stuck"
    """Found, and without effect."""
    SKIPPED = "-"
    """Not shown in any state that was looked at; the note says why that is in order."""


_FAILURES = {Result.MISSING, Result.STUCK}


@dataclass(frozen=True, slots=True)
class Finding:
    """One area of the page."""

    area: str
    result: Result
    candidate: str = ""
    """The name of the candidate that found it; empty where none did."""
    position: int = 0
    """Its place among the candidates, from 1."""
    candidates: tuple[str, ...] = ()
    note: str = ""


@dataclass(slots=True)
class Report:
    """All findings of one examination."""

    findings: tuple[Finding, ...] = ()
    """In the order of the selectors."""
    problem: str = ""
    """Why the page could not be examined to the end; empty when it was."""
    models: tuple[str, ...] = ()
    """Models that the page was looked at with."""
    versions: Mapping[str, str] = field(default_factory=dict)
    bundle: Path | None = None
    """The folder with what a bug report needs."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Needed areas that are not there or without effect."""
        return tuple(finding.area for finding in self.findings if finding.result in _FAILURES)

    @property
    def later(self) -> tuple[str, ...]:
        """Areas that were not found by their first candidate."""
        return tuple(finding.area for finding in self.findings if finding.result is Result.LATER)

    @property
    def exit_status(self) -> int:
        """0: every needed area was found, be it by a later candidate. 1: not all, or there is a problem."""
        return 1 if self.problem or self.missing else 0

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            "exit_status": self.exit_status,
            "problem": self.problem,
            "missing": list(self.missing),
            "later": list(self.later),
            "models": list(self.models),
            "versions": dict(self.versions),
            "areas": {
                finding.area: {
                    "result": finding.result.value,
                    "candidate": finding.candidate or None,
                    "position": finding.position or None,
                    "candidates": list(finding.candidates),
                    "note": finding.note,
                }
                for finding in self.findings
            },
        }

    def table(self) -> str:
        """For people: a line an area, then what it comes to."""
        return "\n".join((*_columns(self.findings), "", *self._conclusion()))

    def _conclusion(self) -> Iterator[str]:
        counts = Counter(finding.result for finding in self.findings)
        yield ", ".join(f"{counts[result]} {words}" for result, words in _WORDS.items())
        if self.models:
            yield f"Looked at with: {', '.join(self.models)}."
        if self.versions:
            yield "; ".join(f"{name} {version}" for name, version in self.versions.items())
        if self.problem:
            yield f"PROBLEM: {self.problem}"
        if self.missing:
            yield f"MISSING: {', '.join(self.missing)}. SELECTORS_FILE can give other selectors for them."
        if self.bundle is not None:
            yield f"For a bug report: {self.bundle}"


_WORDS = {
    Result.OK: "found",
    Result.LATER: "found by a later candidate",
    Result.MISSING: "missing",
    Result.STUCK: "without effect",
    Result.SKIPPED: "not shown now",
}


def _columns(findings: tuple[Finding, ...]) -> Iterator[str]:
    rows = [("area", "result", "found by", "note"), *map(_row, findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    indent = sum(widths) + 2 * len(widths)
    for row in rows:
        first, *more = wrap(row[3], max(_WIDTH - indent, _NARROWEST)) or [""]
        cells = (cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True))
        yield "  ".join((*cells, first)).rstrip()
        yield from (" " * indent + line for line in more)


def _row(finding: Finding) -> tuple[str, str, str, str]:
    by = f"{finding.candidate} ({finding.position} of {len(finding.candidates)})" if finding.candidate else ""
    return finding.area, finding.result.value, by, finding.note


class Notebook:
    """Gathers what was seen of each area; seen once counts more than not seen elsewhere."""

    def __init__(
        self, selectors: Selectors, alternatives: frozenset[str], reasons: Mapping[str, str]
    ) -> None:
        """`alternatives`: areas whose candidates are equals; `reasons`: why an area need not be shown."""
        self._selectors = selectors
        self._alternatives = alternatives
        self._reasons = reasons
        self._seen: dict[str, int] = {}
        self._stuck: dict[str, str] = {}
        self._missed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}

    def saw(self, area: str, candidate: str) -> None:
        """Of several sightings the one by the latest candidate is kept."""
        position = 1 + [known.name for known in self._candidates(area)].index(candidate)
        self._seen[area] = max(position, self._seen.get(area, 0))

    def stuck(self, area: str, note: str) -> None:
        self._stuck[area] = note

    def missed(self, area: str, note: str = "") -> None:
        self._missed.setdefault(area, note)

    def skipped(self, area: str, note: str) -> None:
        self._skipped.setdefault(area, note)

    def has(self, area: str) -> bool:
        return area in self._seen

    def findings(self) -> tuple[Finding, ...]:
        """One for each area of the selectors."""
        return tuple(self._finding(area) for area in self._selectors)

    def _candidates(self, area: str) -> tuple[Candidate, ...]:
        return self._selectors[area]

    def _finding(self, area: str) -> Finding:
        names = tuple(candidate.name for candidate in self._candidates(area))
        position = self._seen.get(area, 0)
        if position:
            first = position == 1 or area in self._alternatives
            result = Result.STUCK if area in self._stuck else Result.OK if first else Result.LATER
            return Finding(area, result, names[position - 1], position, names, self._stuck.get(area, ""))
        if area in self._missed or area in self._stuck:
            note = self._missed.get(area) or self._stuck.get(area) or f"tried: {', '.join(names)}"
            return Finding(area, Result.MISSING, candidates=names, note=note)
        note = self._skipped.get(area) or self._reasons.get(area) or _NEVER_LOOKED
        return Finding(area, Result.SKIPPED, candidates=names, note=note)
