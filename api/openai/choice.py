"""`tool_choice` and `function_call` in their forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from api.complaints import short
from api.openai.refusals import type_name
from api.openai.schema import ChatRequest
from domain.errors import BadRequest, Unsupported

_MODES: Final = ("none", "auto", "required")


@dataclass(frozen=True, slots=True)
class Choice:
    mode: Literal["none", "auto", "required"] = "auto"
    names: tuple[str, ...] | None = None
    """The functions to choose from; `None`: all."""
    param: str = "tool_choice"


def read_choice(chat: ChatRequest) -> Choice:
    """Raises BadRequest: neither a mode nor functions."""
    if chat.tool_choice is not None:
        return _read(chat.tool_choice, "tool_choice")
    return Choice() if chat.function_call is None else _read(chat.function_call, "function_call")


def _read(value: Any, param: str) -> Choice:
    if isinstance(value, str):
        for mode in _MODES:
            if value == mode and not (mode == "required" and param == "function_call"):
                return Choice(mode, param=param)
        raise Unsupported(f"{param} = {short(value)} is not supported.", param=param)
    if not isinstance(value, dict):
        raise BadRequest(f"{param} must be a string or an object, not {type_name(value)}.", param=param)
    match value.get("type"):
        case "allowed_tools":
            return _allowed(value.get("allowed_tools", value), param)
        case "function" | None:
            return Choice("required", (_name(value, param),), param)
        case other:
            words = (
                f"{param}.type = {short(other)} is not supported; there are 'function' and 'allowed_tools'."
            )
            raise Unsupported(words, param=f"{param}.type")


def _allowed(value: Any, param: str) -> Choice:
    path = f"{param}.allowed_tools"
    mode = value.get("mode") if isinstance(value, dict) else None
    tools = value.get("tools") if isinstance(value, dict) else None
    if mode not in ("auto", "required") or not isinstance(tools, list):
        raise BadRequest(f"{path} needs a mode, 'auto' or 'required', and a list of tools.", param=path)
    return Choice(mode, tuple(_name(tool, f"{path}.tools[{at}]") for at, tool in enumerate(tools)), param)


def _name(value: Any, path: str) -> str:
    """`{"function": {"name": …}}`, or the shorter `{"name": …}`."""
    holder = value.get("function", value) if isinstance(value, Mapping) else None
    name = holder.get("name") if isinstance(holder, Mapping) else None
    if not isinstance(name, str) or not name:
        raise BadRequest(f"{path} must name a function.", param=path)
    return name
