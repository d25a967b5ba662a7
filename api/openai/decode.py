"""From a chat request's JSON to a `Plan`; every refusal names the field."""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from api.openai.encode import AnswerStyle
from api.openai.formats import read_format
from api.openai.messages import read_messages, without_effect
from api.openai.refusals import refusal, type_name
from api.openai.schema import IGNORED, LENGTH_NAMES, ChatRequest
from api.openai.thinking import read_thinking
from api.openai.tools import read_tools
from api.pictures import PictureParams, PictureWish, read_pictures
from api.treatment import check_ignored
from domain.errors import BadRequest
from domain.requests import GenerateRequest, OutputFormat, Plan, Sampling
from domain.thinking import ThinkingAsked

MOST_STOPS: Final = 5

_PICTURES: Final = PictureParams("modalities", "aspect_ratio", "image_size")


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded chat request: what to generate, and how to send it."""

    plan: Plan
    """Its request names the model as it was asked for and has no thinking yet: both need the catalogue."""
    thinking: ThinkingAsked | None
    style: AnswerStyle
    stream: bool
    length_param: str | None
    """The name under which the caller limited the answer, for errors that are found later."""
    pictures: PictureWish
    ignored: tuple[str, ...] = ()
    """Parameters that were accepted and have no effect."""
    notes: tuple[str, ...] = ()
    """What the site is not told although it was asked for."""


def decode(document: Any, default_model: str, *, strict: bool) -> Asked:
    """Read a chat request. `strict` refuses what would be ignored.

    Raises:
        Unsupported: a field, role, part or kind of tool that is not honoured.
        BadRequest: wrong type, out of range, missing or contradictory.
    """
    chat = _validated(document)
    ignored = _ignored(chat)
    check_ignored(ignored, strict=strict)
    conversation = read_messages(chat.messages, chat.attachments)
    thinking, wish, formatted = read_thinking(chat), read_tools(chat), read_format(chat.response_format)
    _check_output(formatted.output, functions=bool(wish.functions), mcp=wish.mcp_endpoint is not None)
    length_param, length = _length(chat)
    request = GenerateRequest(
        model=(chat.model or default_model).removeprefix("models/"),
        turns=conversation.turns,
        system=conversation.system,
        sampling=Sampling(chat.temperature, chat.top_p, length, _stops(chat.stop)),
        tools=wish.tools,
        functions=wish.functions,
        output=formatted.output,
    )
    parallel = chat.parallel_tool_calls and not wish.legacy
    pictures = _pictures(chat)
    plan = Plan(
        request, chat.n, wish.must_call, parallel, wish.mcp_endpoint, only_pictures=pictures.only_pictures
    )
    style = AnswerStyle(
        include_usage=chat.stream_options.include_usage,
        annotations=chat.gateway.annotations or chat.web_search_options is not None,
        legacy_functions=wish.legacy,
        include_thoughts=thinking.show,
        pictures_apart="IMAGE" in pictures.modalities,
    )
    notes = (*wish.notes, *formatted.notes)
    return Asked(plan, thinking.asked, style, chat.stream, length_param, pictures, ignored, notes)


def _validated(document: Any) -> ChatRequest:
    if not isinstance(document, dict):
        raise BadRequest(f"The request body must be a JSON object, not {type_name(document)}.")
    try:
        return ChatRequest.model_validate(document)
    except ValidationError as error:
        raise refusal(error.errors(include_url=False, include_context=False)) from None


def _ignored(chat: ChatRequest) -> tuple[str, ...]:
    names = [name for name in IGNORED if getattr(chat, name) is not None]
    search = chat.web_search_options
    options = ("user_location", "search_context_size") if search is not None else ()
    names += [f"web_search_options.{name}" for name in options if getattr(search, name) is not None]
    return (*names, *without_effect(chat.messages))


def _check_output(output: OutputFormat | None, *, functions: bool, mcp: bool) -> None:
    if output is None or not (functions or mcp):
        return
    other = "functions" if functions else "mcp_endpoint"
    raise BadRequest(
        f"The site cannot combine {other} with a JSON response_format; leave one of the two out.",
        param="response_format",
    )


def _pictures(chat: ChatRequest) -> PictureWish:
    inside = chat.image_config
    given = {
        name: {value for value in (getattr(chat, name), getattr(inside, name)) if value is not None}
        for name in ("aspect_ratio", "image_size")
    }
    for name, values in given.items():
        if len(values) > 1:
            raise BadRequest(f"{name} and image_config.{name} contradict each other.", param=name)
    ratio, size = (next(iter(values), None) for values in given.values())
    return read_pictures(_PICTURES, chat.modalities, ratio, size)


def _length(chat: ChatRequest) -> tuple[str | None, int | None]:
    given = {name: value for name in LENGTH_NAMES if (value := getattr(chat, name)) is not None}
    if len(set(given.values())) > 1:
        raise BadRequest(
            f"These are names of one limit but differ: {given!r}. Send one of them.", param=list(given)[-1]
        )
    return next(iter(given.items()), (None, None))


def _stops(stop: str | list[str] | None) -> tuple[str, ...]:
    sequences = [stop] if isinstance(stop, str) else stop or []
    if "" in sequences:
        raise BadRequest("A stop sequence must not be empty; leave 'stop' out instead.", param="stop")
    distinct = tuple(dict.fromkeys(sequences))
    if len(distinct) > MOST_STOPS:
        raise BadRequest(
            f"At most {MOST_STOPS} stop sequences are possible, not {len(distinct)}.", param="stop"
        )
    return distinct
