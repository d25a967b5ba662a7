"""Functions without the page's help: how they are described to a model, and how its calls are read.

A call is the whole answer or nothing: `{"tool_calls": [{"name": …, "arguments": {…}}]}`, a code fence around
it allowed. The first characters of an answer decide whether it can still become one.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import json_repair

from api.exchange.validation import misfit, parsed
from domain.events import ToolCall
from domain.requests import FunctionDeclaration

_KEY: Final = "tool_calls"
_FENCE: Final = "```"
_FENCE_LINE: Final = re.compile(r"```[A-Za-z]*[ \t]*\r?\n?")
_LONGEST_START: Final = 1000
"""Characters after which an answer that is still undecided, for all its blanks, is text."""

_FORM: Final = '{"tool_calls": [{"name": "<function name>", "arguments": {"<parameter>": "<value>"}}]}'


class CallProblem(ValueError):
    """An answer is an attempt to call functions that cannot be carried out; says why, to the model."""


def described(functions: Sequence[FunctionDeclaration], *, parallel: bool) -> str:
    """The part of the system instruction that offers the functions; one line of JSON for each."""
    lines = "\n".join(json.dumps(_description(function), ensure_ascii=False) for function in functions)
    amount = "one entry for each call" if parallel else "exactly one entry, never more"
    return (
        f"You can call these functions, each given with the JSON schema of its arguments:\n{lines}\n\n"
        "To call functions, make this JSON object your whole answer, with no words before or after it:\n"
        f"{_FORM}\n"
        f'"tool_calls" has {amount}; "arguments" fit the schema of the function. You will be told the '
        "results in the next message. When no call is needed, answer in plain words."
    )


def must_call(functions: Sequence[FunctionDeclaration]) -> str:
    """The sentence that demands a call."""
    names = [json.dumps(function.name, ensure_ascii=False) for function in functions]
    if len(names) == 1:
        return f"You must call the function {names[0]}; do not answer in words."
    return f"You must call at least one of the functions {', '.join(names)}; do not answer in words."


class CallReader:
    """Reads one answer as it comes: passes text on from the moment at which it cannot be a call."""

    def __init__(self, functions: Sequence[FunctionDeclaration]) -> None:
        self._functions = {function.name: function for function in functions}
        self._held: list[str] = []
        self._start = ""
        """What is held without the blanks before it, as long as it is undecided."""
        self._is_text = False
        self._is_call = False

    @property
    def held(self) -> str:
        """What has been held back so far."""
        return "".join(self._held)

    def feed(self, text: str) -> str:
        """More of the answer in, and what of it is text for sure out."""
        if self._is_text:
            return text
        self._held.append(text)
        if self._is_call:
            return ""
        self._start = (self._start + text).lstrip()
        verdict = _begins_call(self._start)
        self._is_call = verdict is True
        self._is_text = verdict is False or (verdict is None and len(self._start) > _LONGEST_START)
        if not self._is_text:
            return ""
        text, self._held = self.held, []
        return text

    def calls(self, *, whole: bool) -> list[ToolCall]:
        """The calls of an answer that has ended; none where it is text.

        Only an answer that is `whole` may be repaired: of one that was cut off, half a call would be made.

        Raises:
            CallProblem: an attempt to call that cannot be used.
        """
        if not self._is_call:
            return []
        return [self._call(entry) for entry in _entries(self.held, repair=whole)]

    def _call(self, entry: Any) -> ToolCall:
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            raise CallProblem(f'An entry of "tool_calls" must have a "name", not be {entry!r:.200}.')
        name = entry["name"]
        function = self._functions.get(name)
        if function is None:
            raise CallProblem(unknown_function(name, self._functions))
        arguments = _arguments(name, entry.get("arguments"))
        if (wrong := misfit(arguments, function.schema or {})) is not None:
            raise CallProblem(f"The arguments of {name!r} do not fit its schema: {wrong}.")
        return ToolCall(name, arguments, fresh_call_id())


def unknown_function(name: str, known: Mapping[str, Any]) -> str:
    return f"There is no function {name!r}; there are: {', '.join(repr(one) for one in known)}."


def fresh_call_id() -> str:
    return f"call_{secrets.token_hex(12)}"


def _description(function: FunctionDeclaration) -> dict[str, Any]:
    return {
        "name": function.name,
        "description": function.description,
        "parameters": function.schema or {"type": "object", "properties": {}},
    }


def _begins_call(start: str) -> bool | None:
    """Whether an answer that begins with `start` is a call; `None` while both are possible."""
    if start.startswith(_FENCE):
        line = _FENCE_LINE.match(start)
        start = start[line.end() :].lstrip() if line is not None else ""
    elif _FENCE.startswith(start):
        return None
    if not start.startswith("{"):
        return False if start else None
    # Quotes that are wrong or missing are left to the repair.
    key = start[1:].lstrip().lstrip("\"'")
    if key.startswith(_KEY):
        return True
    return None if _KEY.startswith(key) else False


def _entries(raw: str, *, repair: bool) -> list[Any]:
    text = raw.strip()
    if (fence := _FENCE_LINE.match(text)) is not None:
        text = text[fence.end() :].removesuffix(_FENCE)
    try:
        document = parsed(text)
    except ValueError:
        document = _repaired(text) if repair else None
    entries = document.get(_KEY) if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise CallProblem(f"It is not a JSON object of the form {_FORM}.")
    return entries


def _repaired(text: str) -> Any:
    try:
        return json_repair.loads(text)
    except (ValueError, RecursionError):
        return None


def _arguments(name: str, arguments: Any) -> dict[str, Any]:
    """The arguments; models also write them as a string of JSON, or leave them out."""
    if isinstance(arguments, str):
        try:
            arguments = parsed(arguments)
        except ValueError as error:
            raise CallProblem(f"The arguments of {name!r} are not JSON: {error}.") from None
    if arguments is None:
        return {}
    if not isinstance(arguments, dict):
        raise CallProblem(f"The arguments of {name!r} must be a JSON object.")
    return arguments
