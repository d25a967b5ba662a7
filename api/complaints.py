"""Pieces of what a caller is told of a request that cannot be read, in every protocol."""

import reprlib
from collections.abc import Callable
from typing import Any, Final

from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_OBJECTS: Final = frozenset({"dict_type", "mapping_type", "model_type"})


def path_of(steps: Path, is_mark: Callable[[str], bool]) -> str:
    """`messages[2].content[1].type`; without the marks of union members, which Pydantic counts as steps."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not is_mark(step):
            path += f".{step}" if path else step
    return path


def reason_of(detail: ErrorDetails) -> str:
    """What is wrong, in the words of JSON and not of Python's classes."""
    return "it must be an object" if detail["type"] in _OBJECTS else detail["msg"].rstrip(".")


def short(value: Any) -> str:
    return reprlib.repr(value)
