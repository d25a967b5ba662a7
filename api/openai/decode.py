"""From a chat request's JSON to a `GenerateRequest`; every refusal names the field."""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api.openai.schema import (
    LENGTH_NAMES,
    NEUTRAL,
    NEUTRAL_IN_MESSAGE,
    NEUTRAL_IN_STREAM_OPTIONS,
    ChatRequest,
    Message,
)
from domain.errors import BadRequest, Unsupported
from domain.requests import GenerateRequest, Sampling, Turn

MOST_STOPS: Final = 5

_LONGEST_PATH: Final = 200

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A decoded chat request: what to generate, and how to send it."""

    request: GenerateRequest
    stream: bool
    include_usage: bool
    length_param: str | None
    """The name under which the caller limited the answer, for errors that are found later."""


def decode(document: Any, default_model: str) -> Asked:
    """Read a chat request.

    Raises:
        Unsupported: a field, role or part that is not honoured.
        BadRequest: wrong type, out of range, missing or contradictory.
    """
    if not isinstance(document, dict):
        raise BadRequest(f"The request body must be a JSON object, not {_type_name(document)}.")
    try:
        chat = ChatRequest.model_validate(_without_neutral_values(document))
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)) from None
    length_param, length = _length(chat)
    request = GenerateRequest(
        model=(chat.model or default_model).removeprefix("models/"),
        turns=_turns(chat.messages),
        system=_system(chat.messages),
        sampling=Sampling(chat.temperature, chat.top_p, length, _stops(chat.stop)),
    )
    return Asked(request, chat.stream, chat.stream_options.include_usage, length_param)


def _without_neutral_values(document: dict[str, Any]) -> dict[str, Any]:
    pruned: dict[str, Any] = _pruned(document, NEUTRAL)
    if isinstance(messages := pruned.get("messages"), list):
        pruned["messages"] = [_pruned(message, NEUTRAL_IN_MESSAGE) for message in messages]
    if "stream_options" in pruned:
        pruned["stream_options"] = _pruned(pruned["stream_options"], NEUTRAL_IN_STREAM_OPTIONS)
    return pruned


def _pruned(value: Any, neutral: Mapping[str, tuple[Any, ...]]) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        name: item
        for name, item in value.items()
        if item is not None and not any(_same(item, nothing) for nothing in neutral.get(name, ()))
    }


def _same(item: Any, nothing: Any) -> bool:
    """Equal and of one type: `true` is not 1."""
    return type(item) is type(nothing) and bool(item == nothing)


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


def _turns(messages: list[Message]) -> tuple[Turn, ...]:
    """The conversation without system messages. An empty assistant message says nothing and is left out."""
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        text = _text(message, index)
        if message.role == "user":
            if not text.strip():
                raise BadRequest("A user's message must contain text.", param=f"messages[{index}].content")
            turns.append(Turn.of("user", text))
        elif message.role == "assistant" and text:
            turns.append(Turn.of("model", text))
    if not turns:
        raise BadRequest("There is no message of role 'user' or 'assistant' to answer.", param="messages")
    return tuple(turns)


def _system(messages: list[Message]) -> str:
    texts = (_text(message, at) for at, message in enumerate(messages) if message.role in _INSTRUCTING)
    return "\n\n".join(text for text in texts if text)


_INSTRUCTING: Final = ("system", "developer")


def _text(message: Message, index: int) -> str:
    """The text of a message, byte-exact; several parts are joined with a line feed."""
    match message.content:
        case None if message.role != "assistant":
            raise BadRequest(
                f"A message of role {message.role!r} needs content.", param=f"messages[{index}].content"
            )
        case None:
            return ""
        case str() as text:
            return text
        case parts:
            return "\n".join(part.text for part in parts)


def _refusal(details: list[ErrorDetails]) -> BadRequest:
    """The first thing that is wrong, what is not supported before what is malformed."""
    first = min(details, key=lambda detail: not _is_unsupported(detail))
    path = _path(first["loc"])[:_LONGEST_PATH]
    if first["type"] == "missing":
        return BadRequest(f"{path!r} is required.", param=path)
    if not _is_unsupported(first):
        return BadRequest(f"{path}: {first['msg']} (got {_short(first['input'])}).", param=path or None)
    if first["type"] == "literal_error":
        return Unsupported(f"{path} = {_short(first['input'])} is not supported.", param=path)
    return Unsupported(
        f"The parameter {path!r} is not supported (got {_short(first['input'])}); leave it out.", param=path
    )


def _is_unsupported(detail: ErrorDetails) -> bool:
    if detail["type"] == "literal_error":
        return isinstance(detail["input"], str)
    return detail["type"] == "extra_forbidden"


def _path(steps: _Path) -> str:
    """`messages[2].content[1].type`; the names of union members are left out."""
    path = ""
    for at, step in enumerate(steps):
        if isinstance(step, int):
            path += f"[{step}]"
        elif not _is_union_member(steps[:at], step):
            path += f".{step}" if path else step
    return path


def _is_union_member(before: _Path, step: str) -> bool:
    return before[-1:] in (("content",), ("stop",)) and step in {"text", "parts", "str", "list[str]"}


def _short(value: Any) -> str:
    return reprlib.repr(value)


def _type_name(value: Any) -> str:
    names = {list: "an array", str: "a string", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")
