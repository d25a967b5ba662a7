"""What is asked of AI Studio, free of any protocol.

A decoder builds a `GenerateRequest` from a caller's JSON; a flow puts it on the page. Nothing in here
knows about OpenAI, Gemini or the page.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "model"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation. `text` is byte-exact: no stripping, no newline folding."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to sample. `None` means: whatever the model card says, never what the last request left behind."""

    temperature: float | None = None
    """0 to 2."""
    top_p: float | None = None
    """0 to 1."""
    max_output_tokens: int | None = None
    """At least 1; the ceiling is the model's."""
    stop: tuple[str, ...] = ()
    """Sequences that end the answer, in the caller's order, without duplicates."""


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """One generation, complete: a driver needs nothing else to serve it."""

    model: str
    """A model id without the `models/` prefix."""
    turns: tuple[Turn, ...]
    """Oldest first, at least one."""
    system: str = ""
    """The system instruction; empty clears the page's own."""
    sampling: Sampling = field(default_factory=Sampling)
