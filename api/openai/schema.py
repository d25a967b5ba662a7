"""What a chat request may contain, as data: the fields that are honoured, and the values that mean nothing.

A field that is not honoured is refused, never dropped. Only values that ask for what happens anyway pass.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag


class Strict(BaseModel):
    """Booleans are not numbers, numbers are not strings, and nothing is left over."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class TextPart(Strict):
    type: Literal["text"]
    text: str


def _content_kind(value: Any) -> str:
    return "parts" if isinstance(value, list) else "text"


Content = Annotated[
    Annotated[str, Tag("text")] | Annotated[list[TextPart], Tag("parts")],
    Discriminator(_content_kind),
]


class Message(Strict):
    role: Literal["system", "developer", "user", "assistant"]
    content: Content | None = None
    """Text or text parts; only an assistant's message may leave it out."""


class StreamOptions(Strict):
    include_usage: bool = False
    """Send the token counts in a last chunk whose `choices` are empty."""


class ChatRequest(Strict):
    """`POST /v1/chat/completions`, without the fields of `NEUTRAL`."""

    messages: Annotated[list[Message], Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)] | None = None
    """With or without `models/`; left out: the configured default."""
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    """Another name of `max_tokens`."""
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    """Another name of `max_tokens`."""
    stop: str | list[str] | None = None
    """At most five sequences that end the answer."""


LENGTH_NAMES: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")

NEUTRAL: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "n": (1,),
        "response_format": ({"type": "text"}, "text"),
        "tools": ([],),
        # Without tools there is nothing to choose, whatever the choice may be but "required".
        "tool_choice": ("none", "auto"),
        "functions": ([],),
        "function_call": ("none", "auto"),
        "logprobs": (False,),
        "presence_penalty": (0, 0.0),
        "frequency_penalty": (0, 0.0),
        "logit_bias": ({},),
        "modalities": (["text"],),
        "store": (False,),
        "service_tier": ("auto",),
        "attachments": ([],),
    }
)
"""Values of fields not honoured that ask for what happens anyway; `null` is one of every field."""

NEUTRAL_IN_MESSAGE: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "tool_calls": ([],),
        "annotations": ([],),
        "attachments": ([],),
        "images": ([],),
        "files": ([],),
        "media": ([],),
    }
)
"""The same within a message; clients send the whole answer back, empty fields included."""

NEUTRAL_IN_STREAM_OPTIONS: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {"include_obfuscation": (False,)}
)
