"""What JSON schema says about values: their types, and how two of them compare."""

import math
from collections.abc import Sequence
from typing import Any, TypeGuard


def type_of(value: Any) -> str:
    """JSON schema's name of a JSON value's type; `number` of a float, also of a whole one."""
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


def is_a(value: Any, name: str) -> bool:
    kind = type_of(value)
    if name == "integer" and kind == "number":
        return bool(value == int(value))
    return kind == name or (name == "number" and kind == "integer")


def is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def next_whole(limit: float, step: int) -> int:
    """The first whole number above (`step` 1) or below (-1) a limit."""
    return math.floor(limit) + 1 if step > 0 else math.ceil(limit) - 1


def is_every_number(values: Sequence[float]) -> bool:
    """Whether bounds say as much as the list."""
    distinct = set(values)
    whole = all(isinstance(value, int) for value in distinct)
    return len(distinct) == 1 or (whole and max(distinct) - min(distinct) + 1 == len(distinct))


def same(value: Any, other: Any) -> bool:
    """Equal and of one type: `true` is not 1."""
    return type(value) is type(other) and bool(value == other)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
