"""How a caller is told that a request cannot be read: always with the path of what is wrong."""

import difflib
from typing import Any, Final

from pydantic_core import ErrorDetails

from api.complaints import Path, path_of, reason_of, short
from api.openai.parameters import MATRIX
from domain.errors import BadRequest, Unsupported

_LONGEST_PATH: Final = 200

TAGS: Final = frozenset(
    f"<{name}>"
    for name in (
        "text",
        "parts",
        "object",
        "list",
        "refusal",
        "file",
        "system",
        "user",
        "assistant",
        "tool",
        "function",
    )
)
"""Marks of union members, which Pydantic counts as steps of a path."""


def refusal(details: list[ErrorDetails]) -> BadRequest:
    """The first thing that is wrong, what is not supported before what is malformed."""
    first = min(details, key=lambda detail: not _is_unsupported(detail))
    path = path_of(first["loc"], TAGS.__contains__)[:_LONGEST_PATH]
    if first["type"] == "missing":
        return BadRequest(f"{path!r} is required.", param=path)
    if first["type"] == "extra_forbidden":
        return _unknown_field(first["loc"], first["input"])
    if _is_unsupported(first):
        return Unsupported(f"{path} = {short(first['input'])} is not supported.", param=path)
    return BadRequest(f"{path}: {reason_of(first)} (got {short(first['input'])}).", param=path or None)


def _unknown_field(steps: Path, value: Any) -> Unsupported:
    """With the reason, if the field is a known one, or else with the name that may have been meant."""
    holder, name = path_of(steps[:-1], TAGS.__contains__), str(steps[-1])
    path = (f"{holder}.{name}" if holder else name)[:_LONGEST_PATH]
    reasons = {} if holder else {row.name: row.how for row in MATRIX}
    reason = reasons.get(name)
    if reason is None:
        close = difflib.get_close_matches(name, reasons, n=1)
        reason = f"Did you mean {close[0]!r}?" if close else "Leave it out."
    return Unsupported(f"The parameter {path!r} is not supported (got {short(value)}). {reason}", param=path)


def _is_unsupported(detail: ErrorDetails) -> bool:
    """Also a string that is none of the known ones: another role, part or kind of thing."""
    if detail["type"] == "literal_error":
        return isinstance(detail["input"], str)
    return detail["type"] == "extra_forbidden"


def type_name(value: Any) -> str:
    """JSON's name of a value's type."""
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")
