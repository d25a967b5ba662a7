"""How a caller is told that a request cannot be read: in Google's words, always with the path."""

from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api.complaints import path_of, reason_of, short
from api.gemini.names import Message
from domain.errors import BadRequest, Unsupported

_LONGEST_PATH: Final = 200
_LONGEST_NAME: Final = 100

M = TypeVar("M", bound=Message)


def read(kind: type[M], document: Any) -> M:
    """A request of a kind.

    Raises:
        Unsupported: a name that the kind does not have.
        BadRequest: a value of another type or out of range, or one that is missing.
    """
    if not isinstance(document, dict):
        raise BadRequest(f"Invalid JSON payload received. It must be an object, not {short(document)}.")
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)) from None


def _refusal(details: list[ErrorDetails]) -> BadRequest:
    """The first unknown name, or else the first thing that is wrong."""
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    path = path_of(first["loc"], _is_mark)[:_LONGEST_PATH]
    match first["type"]:
        case "extra_forbidden":
            return unknown_name(path_of(first["loc"][:-1], _is_mark), str(first["loc"][-1]))
        case "missing" | "too_short":
            return BadRequest(f"{path} is not specified.", param=path)
        case "given_twice":
            return BadRequest(f"Invalid JSON payload received. {first['msg']}.", param=path or None)
    return invalid(path, reason_of(first), first["input"])


def unknown_name(holder: str, name: str) -> Unsupported:
    name = name[:_LONGEST_NAME]
    where = f" at '{holder[:_LONGEST_PATH]}'" if holder else ""
    path = f"{holder}.{name}" if holder else name
    return Unsupported(
        f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.', param=path
    )


def invalid(path: str, reason: str, value: Any) -> BadRequest:
    return BadRequest(f"Invalid value at '{path}': {reason.rstrip('.')} (got {short(value)}).", param=path)


def _is_mark(step: str) -> bool:
    return step == "str" or "[" in step
