"""What a chat request may contain. A field that is not here is refused, never dropped.

`null` is the same as a field that is not there, at every place that is not itself JSON of the caller's.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from api.attachments.forms import PARTS
from api.openai.parameters import MATRIX
from api.treatment import Treatment

MOST_CHOICES: Final = 8

LENGTH_NAMES: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")

NEUTRAL: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {row.name: row.neutral for row in MATRIX if row.neutral}
)
"""Values of ignored and refused fields that ask for what happens anyway."""

FILE_LISTS: Final = ("attachments", "images", "files", "media")
"""Fields of a message, or of content that is an object, that hold files."""

NEUTRAL_IN_MESSAGE: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {name: ([],) for name in ("tool_calls", *FILE_LISTS)}
)
"""The same within a message; clients send the whole answer back, empty fields included."""


def same(item: Any, nothing: Any) -> bool:
    """Equal and of one type: `true` is not 1. Whole floats are as good as integers."""
    alike = type(item) is type(nothing) or {type(item), type(nothing)} == {int, float}
    return alike and bool(item == nothing)


class Strict(BaseModel):
    """Booleans are not numbers, numbers are not strings, and nothing is left over."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    neutral: ClassVar[Mapping[str, tuple[Any, ...]]] = MappingProxyType({})

    @model_validator(mode="before")
    @classmethod
    def _without_neutral_values(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: item
            for name, item in value.items()
            if item is not None and not any(same(item, nothing) for nothing in cls.neutral.get(name, ()))
        }


def tagged(name: str) -> Tag:
    """The tag of a union member; one of `refusals.TAGS`, so that paths leave it out."""
    return Tag(f"<{name}>")


class TextPart(Strict):
    type: Literal["text"]
    text: str
    cache_control: Any = None
    """Accepted without effect, as is `prompt_cache_breakpoint`."""
    prompt_cache_breakpoint: Any = None


class RefusalPart(Strict):
    """What an assistant said instead of an answer."""

    type: Literal["refusal"]
    refusal: str


class ObjectContent(Strict):
    """Text in an object."""

    neutral = NEUTRAL_IN_MESSAGE

    text: str


class WithFiles(Strict):
    """Read by `files.py`, as are content parts that are files."""

    attachments: Any = None
    images: Any = None
    files: Any = None
    media: Any = None


class FilesObject(WithFiles):
    """Text and files in an object."""

    neutral = NEUTRAL_IN_MESSAGE

    text: str | None = None


def _content_kind(value: Any) -> str:
    if isinstance(value, list):
        return "<parts>"
    return "<object>" if isinstance(value, dict) else "<text>"


def _part_kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "refusal":
        return "<refusal>"
    return "<file>" if isinstance(kind, str) and kind in PARTS else "<text>"


def _user_part_kind(value: Any) -> str:
    return "<file>" if _part_kind(value) == "<file>" else "<text>"


FilePart = Annotated[dict[str, Any], tagged("file")]
UserPart = Annotated[Annotated[TextPart, tagged("text")] | FilePart, Discriminator(_user_part_kind)]
AssistantPart = Annotated[
    Annotated[TextPart, tagged("text")] | Annotated[RefusalPart, tagged("refusal")] | FilePart,
    Discriminator(_part_kind),
]
Content = Annotated[
    Annotated[str, tagged("text")]
    | Annotated[list[TextPart], tagged("parts")]
    | Annotated[ObjectContent, tagged("object")],
    Discriminator(_content_kind),
]
UserContent = Annotated[
    Annotated[str, tagged("text")]
    | Annotated[list[UserPart], tagged("parts")]
    | Annotated[FilesObject, tagged("object")],
    Discriminator(_content_kind),
]
AssistantContent = Annotated[
    Annotated[str, tagged("text")]
    | Annotated[list[AssistantPart], tagged("parts")]
    | Annotated[FilesObject, tagged("object")],
    Discriminator(_content_kind),
]


class _Message(Strict):
    neutral = NEUTRAL_IN_MESSAGE


class SystemMessage(_Message):
    role: Literal["system", "developer"]
    content: Content
    name: str | None = None


class UserMessage(_Message, WithFiles):
    role: Literal["user"]
    content: UserContent | None = None
    name: str | None = None


class CalledFunction(Strict):
    name: Annotated[str, Field(min_length=1)]
    arguments: str
    """Text of a JSON object; empty text is an empty one."""


class CallMade(Strict):
    """A call that an earlier answer made."""

    id: Annotated[str, Field(min_length=1)]
    type: Literal["function"] = "function"
    function: CalledFunction
    index: int | None = None
    """As streamed; the order of the list counts."""
    extra_content: Any = None
    """`{"google": {"thought_signature": …}}` goes back to the model with the call."""
    provider_specific_fields: Any = None


class AssistantMessage(_Message, WithFiles):
    """An earlier answer. What describes the answer, beside its words and calls, is accepted and left out."""

    role: Literal["assistant"]
    content: AssistantContent | None = None
    name: str | None = None
    tool_calls: list[CallMade] = []
    function_call: CalledFunction | None = None
    refusal: Any = None
    annotations: Any = None
    gateway: Any = None
    parsed: Any = None
    provider_specific_fields: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    reasoning_details: Any = None
    thinking_blocks: Any = None


class ToolMessage(_Message):
    """What a called tool returned."""

    role: Literal["tool"]
    tool_call_id: str
    content: Content
    name: str | None = None


class FunctionMessage(_Message):
    """The legacy form of a tool's message."""

    role: Literal["function"]
    name: str
    content: Content | None = None


def _message_kind(value: Any) -> str:
    """Unknown roles go to the user's form, which refuses them by name."""
    role = value.get("role") if isinstance(value, dict) else None
    kinds = {
        "system": "<system>",
        "developer": "<system>",
        "assistant": "<assistant>",
        "tool": "<tool>",
        "function": "<function>",
    }
    return kinds.get(role, "<user>") if isinstance(role, str) else "<user>"


Message = Annotated[
    Annotated[SystemMessage, tagged("system")]
    | Annotated[UserMessage, tagged("user")]
    | Annotated[AssistantMessage, tagged("assistant")]
    | Annotated[ToolMessage, tagged("tool")]
    | Annotated[FunctionMessage, tagged("function")],
    Discriminator(_message_kind),
]


class StreamOptions(Strict):
    neutral = MappingProxyType({"include_obfuscation": (False,)})

    include_usage: bool = False
    """Send the token counts in a last chunk whose `choices` are empty."""


class ThinkingConfig(Strict):
    """Gemini's own form."""

    thinking_budget: int | None = Field(
        None, validation_alias=AliasChoices("thinking_budget", "thinkingBudget")
    )
    thinking_level: str | None = Field(None, validation_alias=AliasChoices("thinking_level", "thinkingLevel"))
    include_thoughts: bool | None = Field(
        None, validation_alias=AliasChoices("include_thoughts", "includeThoughts")
    )


class WithThinkingConfig(Strict):
    thinking_config: ThinkingConfig | None = Field(
        None, validation_alias=AliasChoices("thinking_config", "thinkingConfig")
    )


class ExtraBody(WithThinkingConfig):
    google: WithThinkingConfig | None = None


class Reasoning(Strict):
    """The form of routers before several providers."""

    effort: str | None = None
    max_tokens: int | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class TypedThinking(Strict):
    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class UserLocation(Strict):
    type: Literal["approximate"]
    approximate: dict[str, Any] = {}


class WebSearchOptions(Strict):
    user_location: UserLocation | None = None
    search_context_size: Literal["low", "medium", "high"] | None = None


class ImageConfig(Strict):
    """The two fields about pictures in an object."""

    aspect_ratio: str | None = None
    image_size: str | None = None


class GatewayOptions(Strict):
    """This gateway's own requests."""

    annotations: bool = False
    """Tell the sources of the answer as annotations of its message too."""


def _stop_kind(value: Any) -> str:
    return "<list>" if isinstance(value, list) else "<text>"


Stop = Annotated[
    Annotated[str, tagged("text")] | Annotated[list[str], tagged("list")], Discriminator(_stop_kind)
]
Length = Annotated[int, Field(ge=1, lt=2**63)]
Penalty = Annotated[float, Field(ge=-2, le=2)]
Object = dict[str, Any]


class ChatRequest(ExtraBody):
    """`POST /v1/chat/completions`, without the fields that are refused."""

    neutral = NEUTRAL

    messages: Annotated[list[Message], Field(min_length=1)]
    model: Annotated[str, Field(min_length=1)] | None = None
    """With or without `models/`; left out: the configured default."""
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Length | None = None
    max_completion_tokens: Length | None = None
    max_output_tokens: Length | None = None
    stop: Stop | None = None
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] = 1

    # Read by `thinking.py`, beside the fields of `ExtraBody`
    reasoning_effort: Any = None
    reasoning: Reasoning | None = None
    thinking: TypedThinking | None = None
    enable_thinking: bool | None = None
    include_reasoning: bool | None = None
    extra_body: ExtraBody | None = None

    # Read by `tools.py` and `formats.py`
    tools: list[Object] = []
    tool_choice: Any = None
    parallel_tool_calls: bool = True
    functions: list[Object] = []
    function_call: Any = None
    web_search_options: WebSearchOptions | None = None
    mcp_endpoint: str | None = None
    response_format: Any = None
    modalities: list[str] = []
    aspect_ratio: str | None = None
    image_size: str | None = None
    image_config: ImageConfig = ImageConfig()
    gateway: GatewayOptions = GatewayOptions()
    attachments: Any = None

    # Accepted without effect
    top_k: Annotated[int, Field(ge=1, le=1000)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, Annotated[int, Field(ge=-100, le=100)]] | None = None
    repetition_penalty: float | None = None
    min_p: float | None = None
    top_a: float | None = None
    typical_p: float | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: Object | None = None
    prediction: Object | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    moderation: Object | None = None


IGNORED: Final = tuple(row.name for row in MATRIX if row.treatment is Treatment.IGNORED)
"""Top-level fields that are read and have no effect."""
