"""What is asked of AI Studio, free of any protocol.

A decoder builds a `Plan` from a caller's JSON; each generation of it is a `GenerateRequest`, which a flow
puts on the page. Nothing in here knows about OpenAI, Gemini or the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from domain.attachments import Attachment, FileReference
from domain.events import ToolCall
from domain.harms import HarmCategory, HarmThreshold

Role = Literal["user", "model"]


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a turn, byte-exact: no stripping, no newline folding."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a function that the model called has returned, as the caller wrote it."""

    name: str
    call_id: str
    content: str


Part = Text | ToolCall | ToolResult | FileReference | Attachment
"""A `FileReference` becomes an `Attachment` before a driver sees it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation, its parts in order. Function results are a user's turn."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None
    """Who speaks, where the caller told several users or assistants apart."""

    @classmethod
    def of(cls, role: Role, text: str, name: str | None = None) -> "Turn":
        """A turn of nothing but text."""
        return cls(role, (Text(text),), name)

    @property
    def text(self) -> str:
        """The words alone, several texts joined as they are."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


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
class ThinkingChoice:
    """A value of the model's own thinking control; exactly one of the two is set.

    `domain.thinking` derives it from what a caller asked and from the model's card.
    """

    level: str | None = None
    """One of the card's levels."""
    budget: int | None = None
    """Tokens; 0 switches thinking off, -1 leaves the amount to the model."""


class Tool(StrEnum):
    """What the page can switch on for the model to use by itself."""

    GOOGLE_SEARCH = "google_search"
    URL_CONTEXT = "url_context"
    CODE_EXECUTION = "code_execution"
    GOOGLE_MAPS = "google_maps"


@dataclass(frozen=True, slots=True)
class FunctionDeclaration:
    """A function that the model may ask the caller to call."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] | None = None
    """JSON schema of the arguments, as the caller gave it."""
    site_schema: Mapping[str, Any] | None = None
    """The same in the form that the site takes; see `domain.site_schema`. `None`: no arguments."""


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The answer is to be JSON."""

    schema: Mapping[str, Any] | None = None
    """JSON schema that the answer must fit; `None`: any JSON object."""
    site_schema: Mapping[str, Any] | None = None
    """The same in the form that the site takes; `None`: JSON without a schema."""


class MediaResolution(StrEnum):
    """How closely the model looks at media, which decides what they cost."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """How pictures are to be. `None` means: the model's default, never what the last request left behind."""

    aspect_ratio: str | None = None
    """Width to height, as `16:9`."""
    size: str | None = None
    """`512`, `1K`, `2K` or `4K`, about the pixels of the longer edge."""


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
    thinking: ThinkingChoice | None = None
    """`None`: the model's default."""
    tools: frozenset[Tool] = frozenset()
    functions: tuple[FunctionDeclaration, ...] = ()
    """Declared on the page itself. Never together with `tools` or `output`: the site refuses that."""
    output: OutputFormat | None = None
    """`None`: plain text."""
    safety: Mapping[HarmCategory, HarmThreshold] = field(default_factory=dict)
    """What is not in it is as the page has it by itself."""
    media_resolution: MediaResolution | None = None
    """`None`: the page's default."""
    pictures: PictureFormat = field(default_factory=PictureFormat)
    """Without meaning where the model makes none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one caller asked for: what to generate, how often, and what must hold of the answer."""

    request: GenerateRequest
    choices: int = 1
    """How many answers to give, each from a generation of its own."""
    must_call: bool = False
    """The answer must be at least one call of the request's functions."""
    parallel_calls: bool = True
    """Whether one answer may hold several calls."""
    mcp_endpoint: str | None = None
    """Address of an MCP server whose tools the model may use; the gateway calls them itself."""
    only_pictures: bool = False
    """The answer is to be pictures, without words."""
