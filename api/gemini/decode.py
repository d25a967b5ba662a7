"""From a native request's JSON to a `Plan`; every refusal names the field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from api.complaints import short
from api.gemini.contents import ignored_in_parts, read_contents
from api.gemini.encode import AnswerStyle
from api.gemini.formats import read_format
from api.gemini.parameters import MATRIX
from api.gemini.refusals import invalid, read
from api.gemini.safety import read_resolution, read_safety
from api.gemini.schema import (
    CountTokensRequest,
    GenerateContentRequest,
    GenerationConfig,
    ThinkingConfig,
)
from api.gemini.tools import read_tools
from api.pictures import PictureParams, PictureWish, read_pictures
from api.treatment import Parameter, Treatment, check_ignored
from domain.attachments import FileReference
from domain.errors import BadRequest, Unsupported
from domain.requests import GenerateRequest, Plan, Sampling
from domain.thinking import EFFORTS, ThinkingAsked

MOST_STOPS: Final = 5

_PREFIX: Final = "models/"
_THINKING: Final = "generationConfig.thinkingConfig"
_PICTURES: Final = PictureParams(
    "generationConfig.responseModalities",
    "generationConfig.imageConfig.aspectRatio",
    "generationConfig.imageConfig.imageSize",
)
LENGTH_PARAM: Final = "generationConfig.maxOutputTokens"


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded native request: what to generate, and how to send it."""

    plan: Plan
    """Its request names the model as it was asked for and has no thinking yet: both need the catalogue."""
    thinking: ThinkingAsked | None
    style: AnswerStyle
    pictures: PictureWish
    ignored: tuple[str, ...] = ()
    """Parameters that were accepted and have no effect."""
    notes: tuple[str, ...] = ()
    """What the site is not told although it was asked for."""
    length_param: str = LENGTH_PARAM


def decode(document: Any, model: str, *, strict: bool, ignored: tuple[str, ...] = ()) -> Asked:
    """Read a request for `model`, the one of the address. `strict` refuses what would be ignored.

    `ignored`: what has no effect outside of the body.

    Raises:
        Unsupported: a field, part or kind of tool that is not honoured.
        BadRequest: wrong type, out of range, missing or contradictory.
    """
    return _asked(read(GenerateContentRequest, document), model, strict=strict, ignored=ignored)


def decode_count(document: Any, model: str) -> GenerateRequest:
    """Read what is to be counted, which is never run: all that is kept is what the page counts.

    Raises:
        BadRequest: as for `decode`, or both or neither of the two forms.
    """
    count = read(CountTokensRequest, document)
    inner = count.generate_content_request
    if (inner is None) == (not count.contents):
        raise BadRequest(
            "Send either contents or generateContentRequest to be counted.", param="generateContentRequest"
        )
    if inner is None:
        inner = GenerateContentRequest.model_construct(
            contents=count.contents,
            model=count.model,
            system_instruction=count.system_instruction,
            generation_config=count.generation_config,
            tools=count.tools,
        )
    asked = _asked(inner, model, strict=False).plan.request
    return GenerateRequest(
        asked.model, asked.turns, asked.system, tools=asked.tools, functions=asked.functions
    )


def _asked(
    asked: GenerateContentRequest, model: str, *, strict: bool, ignored: tuple[str, ...] = ()
) -> Asked:
    _check_model(asked.model, model)
    config = asked.generation_config
    wish = read_tools(asked.tools, asked.tool_config.function_calling_config)
    safety = read_safety(asked.safety_settings)
    ignored = (*ignored, *_ignored(asked), *wish.ignored, *safety.ignored)
    check_ignored(ignored, strict=strict)
    conversation = read_contents(asked.contents, asked.system_instruction)
    formatted = read_format(config)
    if formatted.output is not None and wish.functions:
        raise BadRequest(
            f"Function calling with a response mime type: {short(config.response_mime_type)} is unsupported; "
            "leave one of the two out.",
            param="generationConfig.responseMimeType",
        )
    request = GenerateRequest(
        model=model.removeprefix(_PREFIX),
        turns=conversation.turns,
        system=conversation.system,
        sampling=Sampling(
            config.temperature, config.top_p, config.max_output_tokens, _stops(config.stop_sequences)
        ),
        tools=wish.tools,
        functions=wish.functions,
        output=formatted.output,
        safety=safety.thresholds,
        media_resolution=read_resolution(config.media_resolution),
    )
    style = AnswerStyle(
        include_thoughts=config.thinking_config.include_thoughts,
        unquoted=formatted.unquoted,
        only_text=_is_only_text(request),
    )
    pictures = _pictures(config)
    plan = Plan(request, config.candidate_count, wish.must_call, only_pictures=pictures.only_pictures)
    notes = (*wish.notes, *formatted.notes)
    return Asked(plan, _thinking(config.thinking_config), style, pictures, ignored, notes)


def _check_model(named: str | None, model: str) -> None:
    if named is not None and named.removeprefix(_PREFIX) != model.removeprefix(_PREFIX):
        raise invalid("model", f"the address names {short(model)}", named)


def _ignored(asked: GenerateContentRequest) -> tuple[str, ...]:
    """Raises Unsupported: something is given that the matrix refuses."""
    ignored: list[str] = []
    for row, value in _asking(asked):
        if row.treatment is Treatment.REFUSED:
            raise Unsupported(f"{row.name} = {short(value)} is not supported. {row.how}", param=row.name)
        ignored.append(row.name)
    return (*ignored, *ignored_in_parts(asked.contents))


def _asking(asked: GenerateContentRequest) -> Iterator[tuple[Parameter, Any]]:
    """What the matrix does not take, where it asks for something."""
    given = asked.model_dump(by_alias=True)
    for row in MATRIX:
        if row.treatment not in (Treatment.IGNORED, Treatment.REFUSED):
            continue
        value: Any = given
        for step in row.name.split("."):
            value = value[step]
        if not _is_neutral(value, row):
            yield row, value


def _is_neutral(value: Any, row: Parameter) -> bool:
    """Names of enumerations are taken in any case; to protocol buffers an empty text is none at all."""
    if isinstance(value, str):
        return not value or value.lower() in [same.lower() for same in row.neutral if isinstance(same, str)]
    if isinstance(value, list):
        value = [one.upper() if isinstance(one, str) else one for one in value]
    return value is None or value in row.neutral


def _stops(sequences: list[str]) -> tuple[str, ...]:
    path = "generationConfig.stopSequences"
    if "" in sequences:
        raise invalid(path, "a stop sequence must not be empty", sequences)
    distinct = tuple(dict.fromkeys(sequences))
    if len(distinct) > MOST_STOPS:
        raise BadRequest(f"{path}: at most {MOST_STOPS} are possible, not {len(distinct)}.", param=path)
    return distinct


def _thinking(config: ThinkingConfig) -> ThinkingAsked | None:
    level = (config.thinking_level or "").strip().lower().removeprefix("thinking_level_")
    level = "" if level == "unspecified" else level
    if level and config.thinking_budget is not None:
        raise BadRequest(
            "You can only set one of thinkingBudget and thinkingLevel.", param=f"{_THINKING}.thinkingLevel"
        )
    if config.thinking_budget is not None:
        return ThinkingAsked(budget=config.thinking_budget, param=f"{_THINKING}.thinkingBudget")
    if not level:
        return None
    if level not in EFFORTS:
        path = f"{_THINKING}.thinkingLevel"
        raise invalid(path, "it is none of MINIMAL, LOW, MEDIUM and HIGH", config.thinking_level)
    return ThinkingAsked(level, param=f"{_THINKING}.thinkingLevel")


def _pictures(config: GenerationConfig) -> PictureWish:
    image = config.image_config
    return read_pictures(_PICTURES, config.response_modalities or [], image.aspect_ratio, image.image_size)


def _is_only_text(request: GenerateRequest) -> bool:
    return not any(isinstance(part, FileReference) for turn in request.turns for part in turn.parts)
