"""The shape of Google's requests. What a field means is in `parameters`, and in the module that reads it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.gemini.names import Flag, Message, Number, Whole, as_list
from api.gemini.numbers import (
    BehaviorName,
    CallingMode,
    HarmCategoryName,
    LanguageName,
    ModalityName,
    OutcomeName,
    ResolutionName,
    TaskTypeName,
    ThresholdName,
)
from domain.attachments import LongText

Object = dict[str, Any]


def _part(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


def _parts(value: Any) -> Any:
    listed = as_list(value)
    return [_part(part) for part in listed] if isinstance(listed, list) else listed


def _content(value: Any) -> Any:
    """Text, or a list of parts, is a content without a role."""
    return {"parts": value} if isinstance(value, str | list) else value


def _contents(value: Any) -> Any:
    listed = as_list(value)
    return [_content(content) for content in listed] if isinstance(listed, list) else listed


def _encoded(value: Any) -> Any:
    """A `LongText` is made by the reader of bodies only, never of an object that a caller sends."""
    if isinstance(value, str | LongText):
        return value
    raise PydanticCustomError("string_type", "must be base64 text")


Encoded = Annotated[str | LongText, PlainValidator(_encoded), WithJsonSchema({"type": "string"})]


class Blob(Message):
    data: Encoded = Field(repr=False)
    mime_type: str | None = None
    display_name: str | None = None


class FileData(Message):
    file_uri: str
    mime_type: str | None = None
    display_name: str | None = None


class FunctionCall(Message):
    name: str = Field(min_length=1)
    args: Object = Field(default_factory=dict)
    id: str | None = None


class FunctionResponsePart(Message):
    inline_data: Blob | None = None
    file_data: FileData | None = None


class FunctionResponse(Message):
    name: str = Field(min_length=1)
    response: Object = Field(default_factory=dict)
    id: str | None = None
    parts: Annotated[list[FunctionResponsePart], BeforeValidator(as_list)] = Field(default_factory=list)
    will_continue: Flag = False
    scheduling: str | None = None


class ExecutableCode(Message):
    code: str
    language: LanguageName = "PYTHON"
    id: str | None = None


class CodeExecutionResult(Message):
    output: str = ""
    outcome: OutcomeName = "OUTCOME_OK"
    id: str | None = None


class Part(Message):
    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    thought: Flag = False
    thought_signature: str | None = None
    video_metadata: Object | None = None
    media_resolution: Object | str | None = None
    media_processing: Object | None = None
    part_metadata: Object | None = None
    tool_call: Any = None
    tool_response: Any = None
    audio_transcription: Any = None
    speech_metadata: Any = None


class Content(Message):
    parts: Annotated[list[Part], BeforeValidator(_parts)] = Field(default_factory=list)
    role: str = "user"


class ThinkingConfig(Message):
    include_thoughts: Flag = False
    thinking_budget: Annotated[Whole, Field(ge=-1)] | None = None
    thinking_level: str | None = None


class ImageConfig(Message):
    aspect_ratio: str | None = None
    image_size: str | None = None
    person_generation: Any = None
    prominent_people: Any = None
    output_mime_type: Any = None
    output_compression_quality: Any = None
    image_output_options: Any = None


class GenerationConfig(Message):
    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = None
    top_k: Annotated[Number, Field(ge=0)] | None = None
    max_output_tokens: Annotated[Whole, Field(ge=1)] | None = None
    stop_sequences: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    candidate_count: Annotated[Whole, Field(ge=1, le=8)] = 1
    seed: Whole | None = None
    presence_penalty: Number | None = None
    frequency_penalty: Number | None = None
    response_mime_type: str | None = None
    response_schema: Object | None = None
    response_json_schema: Any = None
    response_format: Any = None
    response_modalities: Annotated[list[ModalityName], BeforeValidator(as_list)] | None = None
    thinking_config: ThinkingConfig = ThinkingConfig()
    media_resolution: ResolutionName | None = None
    speech_config: Any = None
    image_config: ImageConfig = ImageConfig()
    response_logprobs: Flag | None = None
    logprobs: Whole | None = None
    enable_enhanced_civic_answers: Flag | None = None
    audio_timestamp: Flag | None = None
    audio_transcription_config: Any = None
    translation_config: Any = None
    enable_affective_dialog: Flag | None = None
    routing_config: Any = None
    model_selection_config: Any = None
    continuation_token: Any = None


class Declaration(Message):
    """A function of the caller's."""

    name: str
    description: str = ""
    parameters: Object | None = None
    parameters_json_schema: Any = None
    response: Object | None = None
    response_json_schema: Any = None
    behavior: BehaviorName | None = None


class ToolEntry(Message):
    function_declarations: Annotated[list[Declaration], BeforeValidator(as_list)] = Field(
        default_factory=list
    )
    google_search: Object | None = None
    google_search_retrieval: Object | None = None
    url_context: Object | None = None
    code_execution: Object | None = None
    google_maps: Object | None = None
    computer_use: Any = None
    enterprise_web_search: Any = None
    exa_ai_search: Any = None
    file_search: Any = None
    mcp_servers: Any = None
    parallel_ai_search: Any = None
    retrieval: Any = None


class FunctionCallingConfig(Message):
    mode: CallingMode | None = None
    allowed_function_names: list[str] = Field(default_factory=list)
    stream_function_call_arguments: Flag | None = None


class ToolConfig(Message):
    function_calling_config: FunctionCallingConfig = FunctionCallingConfig()
    retrieval_config: Object | None = None
    include_server_side_tool_invocations: Flag | None = None


class SafetySetting(Message):
    category: HarmCategoryName
    threshold: ThresholdName


class GenerateContentRequest(Message):
    contents: Annotated[list[Content], BeforeValidator(_contents), Field(min_length=1)]
    model: str | None = None
    system_instruction: Annotated[Content, BeforeValidator(_content)] = Content()
    generation_config: GenerationConfig = GenerationConfig()
    safety_settings: Annotated[list[SafetySetting], BeforeValidator(as_list)] = Field(default_factory=list)
    tools: Annotated[list[ToolEntry], BeforeValidator(as_list)] = Field(default_factory=list)
    tool_config: ToolConfig = ToolConfig()
    cached_content: str | None = None
    labels: Mapping[str, str] | None = None
    service_tier: str | None = None
    store: Flag | None = None


class CountTokensRequest(Message):
    """Contents with what goes along with them, or a whole request that is not to be run."""

    generate_content_request: GenerateContentRequest | None = None
    contents: Annotated[list[Content], BeforeValidator(_contents)] = Field(default_factory=list)
    model: str | None = None
    system_instruction: Annotated[Content, BeforeValidator(_content)] = Content()
    generation_config: GenerationConfig = GenerationConfig()
    tools: Annotated[list[ToolEntry], BeforeValidator(as_list)] = Field(default_factory=list)


class EmbedContentRequest(Message):
    content: Annotated[Content, BeforeValidator(_content)]
    model: str | None = None
    task_type: TaskTypeName | None = None
    title: str | None = None
    output_dimensionality: Annotated[Whole, Field(ge=1)] | None = None


class BatchEmbedContentsRequest(Message):
    requests: Annotated[list[EmbedContentRequest], BeforeValidator(as_list), Field(min_length=1)]
