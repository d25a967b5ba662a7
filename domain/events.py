"""The facts of a running generation, in the order in which they become known.

Contract of every event stream: exactly one `Finished`, last, or a `GatewayError` is raised; never both,
never neither. Deltas are never empty and never sent twice. A `ToolCall` arrives whole, once. `Usage` is
cumulative: a later one replaces an earlier one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from domain.counts import ByModality
from domain.harms import Rating


class FinishReason(StrEnum):
    """Why a generation ended, in the site's own terms (public Gemini numbering)."""

    STOP = "stop"
    MAX_TOKENS = "max_tokens"
    SAFETY = "safety"
    RECITATION = "recitation"
    LANGUAGE = "language"
    BLOCKLIST = "blocklist"
    PROHIBITED_CONTENT = "prohibited_content"
    SPII = "spii"
    MALFORMED_FUNCTION_CALL = "malformed_function_call"
    IMAGE_SAFETY = "image_safety"
    UNEXPECTED_TOOL_CALL = "unexpected_tool_call"
    TOO_MANY_TOOL_CALLS = "too_many_tool_calls"
    IMAGE_PROHIBITED = "image_prohibited"
    IMAGE_OTHER = "image_other"
    NO_IMAGE = "no_image"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """More of the model's thinking; never part of the answer."""

    text: str
    kind: Literal["thought"] = "thought"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants called. `signature` belongs to the call and returns with its answer."""

    name: str
    args: Mapping[str, Any]
    call_id: str
    signature: str | None = None
    kind: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a sound the model made: `data` is base64 as it came, `draft` a part of the thinking."""

    mime_type: str
    data: str
    draft: bool = False
    kind: Literal["media"] = "media"


@dataclass(frozen=True, slots=True)
class CodeRun:
    """Code the model ran on the site, or what came of it. `outcome`: 1 ok, 2 failed, 3 out of time."""

    code: str | None = None
    output: str | None = None
    outcome: int | None = None
    kind: Literal["code_run"] = "code_run"


@dataclass(frozen=True, slots=True)
class Support:
    """Which words of an answer rest on which sources."""

    text: str
    """As the site quotes it from the answer."""
    sources: tuple[int, ...]
    """Indexes into the grounding's `sources`."""
    end: int | None = None
    """Where the words end in the answer, in UTF-8 bytes, where the site tells."""


@dataclass(frozen=True, slots=True)
class Grounding:
    """What an answer is based on: `sources` are (uri, title) pairs."""

    sources: tuple[tuple[str, str], ...] = ()
    queries: tuple[str, ...] = ()
    supports: tuple[Support, ...] = ()
    kind: Literal["grounding"] = "grounding"


@dataclass(frozen=True, slots=True)
class Citation:
    """A source that a part of the answer repeats, as far as the site tells it."""

    uri: str = ""
    title: str = ""
    licence: str = ""
    start: int | None = None
    """Where the repeated part begins in the answer, in UTF-8 bytes."""
    end: int | None = None
    """The first byte behind it."""


@dataclass(frozen=True, slots=True)
class Citations:
    """What an answer repeats of known sources; cumulative, a later one replaces an earlier one."""

    sources: tuple[Citation, ...]
    kind: Literal["citations"] = "citations"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the site reports them; `answer` leaves the thinking out."""

    prompt: int = 0
    answer: int = 0
    thoughts: int = 0
    cached: int = 0
    total: int = 0
    tools: int = 0
    """What the site's own tools brought in for the model to read."""
    prompt_kinds: ByModality = ()
    answer_kinds: ByModality = ()
    kind: Literal["usage"] = "usage"


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event."""

    reason: FinishReason
    message: str | None = None
    """The site's own words about an unusual end."""
    response_id: str | None = None
    ratings: tuple[Rating, ...] = ()
    """What the site holds the answer to be, where it tells."""
    kind: Literal["finished"] = "finished"


Event = ThoughtDelta | TextDelta | ToolCall | Media | CodeRun | Grounding | Citations | Usage | Finished
