"""A conversation as one prompt that no message text can break out of.

The page takes one text at a time. Every line of an earlier message stands behind `| `, whatever counts as
the end of a line; the lines without it are the gateway's own. So nothing inside a message can look like a
header. An empty line parts two messages; a message with words and function calls has a header for each.
The message to be answered stands last, as it is, up to the very end.

    This is a conversation so far. Every line of it stands behind "| ", …

    user "Ada":
    | …

    model:
    | …
    model called functions:
    | {"id": "call_1", "name": "look_up", "arguments": {"word": "x"}}

    function results:
    | {"id": "call_1", "name": "look_up", "content": "…"}

    Reply to the next message from the user:

    …
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from domain.events import ToolCall
from domain.requests import Part, Role, Text, ToolResult, Turn

_PREFIX = "| "
_OPENING = (
    f'This is a conversation so far. Every line of it stands behind "{_PREFIX}", under a line that says '
    "whose it is; function calls and their results are JSON, one a line."
)
_REPLY = "Reply to the next message from the user"
_REPLY_WITH_RESULTS = "With these results comes the next message, to be replied to, from the user"
_GO_ON = "Go on with these function results."
_CONTINUE = "Continue the last message of the model from exactly where it stops."
_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Whatever a browser, a model or a tokenizer may take for the end of a line; a prompt box turns some of
them into real ones."""
_PREFIXED_BREAK = re.compile(f"({_BREAK.pattern}){re.escape(_PREFIX)}")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_HEADER = re.compile(
    rf"(?P<role>user|model)(?: (?P<name>{_QUOTED}))?(?P<calls> called functions)?:"
    rf"|function results(?: from (?P<sender>{_QUOTED}))?:"
)
_LAST = re.compile(
    rf"(?P<how>{re.escape(_REPLY)}|{re.escape(_REPLY_WITH_RESULTS)})(?: (?P<name>{_QUOTED}))?:"
)


def write_transcript(turns: Sequence[Turn]) -> str:
    """The prompt for a conversation, oldest turn first; a single user's turn of words is written as it is."""
    last = turns[-1]
    if len(turns) == 1 and is_plain(last):
        return last.text
    lines = [] if len(turns) == 1 and _is_words(last) else [_OPENING, ""]
    for turn in turns[:-1]:
        lines += [*_message(turn, turn.parts), ""]
    if last.role == "model":
        return "\n".join([*lines, *_message(last, last.parts), "", _CONTINUE])
    raw = _words_at_the_end(last)
    results = last.parts[: len(last.parts) - len(raw)]
    if results:
        lines += [*_message(last, results), ""]
    if results and not raw:
        return "\n".join([*lines, _GO_ON])
    asked = _REPLY_WITH_RESULTS if results else _REPLY
    return "\n".join([*lines, f"{asked}{_named(last.name)}:", "", "".join(part.text for part in raw)])


def is_plain(turn: Turn) -> bool:
    """Whether a turn is a user's and nothing but words: what the page's own prompt box can say."""
    return _is_words(turn) and turn.name is None


def read_transcript(prompt: str) -> list[Turn]:
    """The turns of a prompt that `write_transcript` wrote for more than a single user's words.

    Texts that follow each other in a turn come back as one, calls without their signatures.

    Raises:
        ValueError: it is no transcript.
    """
    rest = prompt.removeprefix(f"{_OPENING}\n\n")
    turns: list[Turn] = []
    while rest not in {_CONTINUE, _GO_ON}:
        block, _, rest = rest.partition("\n\n")
        if last := _LAST.fullmatch(block):
            results = turns.pop().parts if last["how"] == _REPLY_WITH_RESULTS else ()
            return [*turns, Turn("user", (*results, Text(rest)), _unquoted(last["name"]))]
        turns.append(_read_message(block))
    return turns


def _is_words(turn: Turn) -> bool:
    return turn.role == "user" and all(isinstance(part, Text) for part in turn.parts)


def _words_at_the_end(turn: Turn) -> tuple[Text, ...]:
    """The texts behind the last function result; all of them where there is no result."""
    raw: list[Text] = []
    for part in reversed(turn.parts):
        if not isinstance(part, Text):
            break
        raw.append(part)
    return tuple(reversed(raw))


def _message(turn: Turn, parts: Iterable[Part]) -> Iterator[str]:
    """The lines of one message."""
    sections = [(kind, list(group)) for kind, group in groupby(parts, type)]
    for kind, section in sections or [(Text, [])]:
        yield _header(turn, kind)
        if kind is Text:
            yield _prefixed("".join(part.text for part in section if isinstance(part, Text)))
        for part in section:
            match part:
                case ToolCall(name, args, call_id):
                    yield _PREFIX + _json({"id": call_id, "name": name, "arguments": dict(args)})
                case ToolResult(name, call_id, content):
                    yield _PREFIX + _json({"id": call_id, "name": name, "content": content})


def _header(turn: Turn, kind: type[Part]) -> str:
    name = _named(turn.name)
    if kind is ToolResult:
        return f"function results{' from' if name else ''}{name}:"
    return f"{turn.role}{name}{' called functions' if kind is ToolCall else ''}:"


def _prefixed(text: str) -> str:
    return _PREFIX + _BREAK.sub(lambda found: found[0] + _PREFIX, text)


def _named(name: str | None) -> str:
    return "" if name is None else f" {_json(name)}"


def _json(value: Any) -> str:
    """On one line, whatever counts as one."""
    return _BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _unquoted(name: str | None) -> str | None:
    return None if name is None else str(json.loads(name))


def _read_message(block: str) -> Turn:
    parts: list[Part] = []
    role: Role = "user"
    name: str | None = None
    for section in re.split(rf"\n(?!{re.escape(_PREFIX)})", block):
        head, _, body = section.partition("\n")
        found = _HEADER.fullmatch(head)
        if found is None:
            raise ValueError(f"a message of a transcript begins with its author, not with {head!r:.80}")
        role = "model" if found["role"] == "model" else "user"
        name = _unquoted(found["name"] or found["sender"])
        parts += _read_parts(found, body)
    return Turn(role, tuple(parts), name)


def _read_parts(header: re.Match[str], body: str) -> Iterator[Part]:
    lines = [line.removeprefix(_PREFIX) for line in body.split("\n")]
    if header["calls"]:
        for call in map(json.loads, lines):
            yield ToolCall(call["name"], call["arguments"], call["id"])
    elif header["role"] is None:
        for result in map(json.loads, lines):
            yield ToolResult(result["name"], result["id"], result["content"])
    else:
        yield Text(_PREFIXED_BREAK.sub(lambda found: found[1], body.removeprefix(_PREFIX)))
