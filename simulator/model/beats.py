"""What an answer does, step by step. Whoever plays the beats adds time, token counts and bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from simulator.parts import Citation, FinishReason, Grounding, Part
from simulator.rejection import Rejection


@dataclass(frozen=True, slots=True)
class Emit:
    """One event with these parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The finishing event."""

    reason: FinishReason = FinishReason.STOP
    message: str | None = None
    grounding: Grounding | None = None
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """An HTTP error instead of a stream. Only possible as the first beat."""

    rejection: Rejection
    ends_sessions: bool = False
    """Also sign every account out."""


@dataclass(frozen=True, slots=True)
class Block:
    """The prompt is refused by promptFeedback; `reason` is the public BlockReason number."""

    reason: int


@dataclass(frozen=True, slots=True)
class Break:
    """An error status in the second slot, after some events."""

    code: int
    message: str
    details: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends in the middle of an event."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more comes, and the connection stays open."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no JSON, under the right content type."""


Beat = Emit | End | Refuse | Block | Break | Cut | Stall | Garbage


@dataclass(frozen=True, slots=True)
class Answer:
    """Beats in order, with the pace that the prompt asked for (seconds; None: the scenario's)."""

    beats: Iterable[Beat]
    ttft: float | None = None
    pace: float | None = None
