"""What an answer is made of, before it is written as JSPB."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class FinishReason(IntEnum):
    """Numbers of the public `Candidate.FinishReason`; on the wire only STOP has been captured."""

    STOP = 1
    MAX_TOKENS = 2
    SAFETY = 3
    RECITATION = 4
    OTHER = 5
    LANGUAGE = 6
    BLOCKLIST = 7
    PROHIBITED_CONTENT = 8
    SPII = 9
    MALFORMED_FUNCTION_CALL = 10
    IMAGE_SAFETY = 11
    UNEXPECTED_TOOL_CALL = 12
    TOO_MANY_TOOL_CALLS = 13
    IMAGE_PROHIBITED_CONTENT = 14
    IMAGE_OTHER = 15
    NO_IMAGE = 16


@dataclass(frozen=True, slots=True)
class Text:
    """Visible text, or a thought. An empty text with a signature is a signature-only part."""

    text: str
    thought: bool = False
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """Inline media; `data` is base64."""

    mime: str
    data: str
    thought: bool = False
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `args` is a JSON object."""

    name: str
    args: dict[str, Any]
    id: str
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """Python that the model ran."""

    code: str


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What the code printed; `outcome` 1 OK, 2 FAILED, 3 DEADLINE_EXCEEDED."""

    output: str
    outcome: int = 1


Part = Text | Blob | Call | Code | CodeResult


@dataclass(frozen=True, slots=True)
class Grounding:
    """Search results behind an answer; `supports` are (start, end, text, chunk indices) in UTF-8 bytes."""

    queries: tuple[str, ...]
    chunks: tuple[tuple[str, str, str], ...]
    """(uri, title, domain)"""
    supports: tuple[tuple[int, int, str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that is repeated from `start` to `end`, in UTF-8 bytes of the answer; public numbering."""

    start: int
    end: int
    uri: str
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Cumulative token counts. `candidates` is None until something visible was said."""

    prompt: int
    candidates: int | None = None
    thoughts: int | None = None
    image: int | None = None
    """Image tokens: a modality entry of the candidates, in the captures not part of the total."""
    cached: int | None = None
    prompt_kinds: tuple[tuple[int, int], ...] = ()
    """(modality, tokens) of the prompt; empty: it is all text."""

    @property
    def total(self) -> int:
        return self.prompt + (self.candidates or 0) + (self.thoughts or 0)


@dataclass(frozen=True, slots=True)
class Finish:
    """How the candidate ends."""

    reason: FinishReason = FinishReason.STOP
    message: str | None = None
    ratings: tuple[int, ...] = ()
    """Harm categories to rate as negligible; only sent when the request had safety settings."""
    grounding: Grounding | None = field(default=None)
    citations: tuple[Citation, ...] = ()
