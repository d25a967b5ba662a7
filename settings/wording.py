"""Settings in words: what one takes, and its value with secrets masked."""

import re
import shlex
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

SECRET_QUERY = re.compile(r"(?i)([?&;](?:[\w-]*(?:token|key|pass|password|secret|auth|sid))=)[^&\s]+")


def allowed(info: FieldInfo) -> str:
    """What a setting takes, in words."""
    kind = info.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        *most, last = get_args(kind)
        return f"{', '.join(most)} or {last}"
    if get_origin(kind) is tuple:
        return _several(get_args(kind)[0])
    if kind in (int, float):
        return _number(info, "a whole number" if kind is int else "a number")
    words = {bool: "true or false", Path: "a path"}
    text = f"text like {info.examples[0]}" if info.examples else "text"
    return words.get(kind, text) if isinstance(kind, type) else "arguments"


def _several(kind: Any) -> str:
    inner = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if get_origin(inner) is Literal:
        *most, last = get_args(inner)
        return f"{', '.join(most)} or {last}, separated by blanks"
    return "paths, separated by blanks" if inner is Path else "arguments"


def shown(name: str, value: object) -> str:
    """A value as text that may be printed: passwords and tokens are masked."""
    if isinstance(value, tuple):
        value = shlex.join(map(str, value))
    if isinstance(value, bool):
        value = str(value).lower()
    text = "" if value is None else str(value)
    if name.endswith("_API_KEY"):
        return "****" if text else ""
    text = re.sub(r"//\S*@", "//****@", text)  # up to the last one: a password may hold any character
    text = SECRET_QUERY.sub(r"\1****", text)
    if name == "BROWSER_WS_ENDPOINT":  # its path is what lets somebody in
        text = re.sub(r"^(\w+://[^/?]+|[^/?:]+(?::\d+)?)[/?]+[^/?].*", r"\1/****", text)
    return text


def _number(info: FieldInfo, words: str) -> str:
    for limit in info.metadata:
        match limit:
            case Ge(ge=low):
                words += f" from {low}"
            case Gt(gt=low):
                words += f" above {low}"
            case Le(le=high):
                words += f" up to {high}"
    return words
