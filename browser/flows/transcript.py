"""A conversation as one prompt that no message text can break out of.

The page takes one text at a time. Every line of an earlier message stands behind `| `, whatever counts as
the end of a line; the lines without it are the gateway's own. So nothing inside a message can look like a
header. An empty line parts two messages; a message with words, files and function calls has a header for
each. The message to be answered stands last, as it is, up to the very end. Files are numbered in the order
in which they are attached; equal files are one.

    This is a conversation so far. Every line of it stands behind "| ", …

    user "Ada":
    | …
    user "Ada" attached files:
    | {"file": 1, "name": "photo.png"}

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from domain.attachments import Attachment
from domain.events import ToolCall
from domain.requests import Part, Role, Text, ToolResult, Turn

_PREFIX = "| "
_OPENING = (
    f'This is a conversation so far. Every line of it stands behind "{_PREFIX}", under a line that says '
    "whose it is; function calls and their results are JSON, one a line."
)
_OPENING_WITH_FILES = (
    f"{_OPENING} So are files, whose numbers are the order in which they are attached to this prompt."
)
_REPLY = "Reply to the next message from the user"
_REPLY_WITH_RESULTS = "With these results comes the next message, to be replied to, from the user"
_REPLY_WITH_FILES = "With these files comes the next message, to be replied to, from the user"
_GO_ON = "Go on with these function results."
_SEE_FILES = "Reply to the files that the user has attached last."
_CONTINUE = "Continue the last message of the model from exactly where it stops."
_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
"""Whatever a browser, a model or a tokenizer may take for the end of a line; a prompt box turns some of
them into real ones."""
_PREFIXED_BREAK = re.compile(f"({_BREAK.pattern}){re.escape(_PREFIX)}")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_HEADER = re.compile(
    rf"(?P<role>user|model)(?: (?P<name>{_QUOTED}))?"
    r"(?:(?P<calls> called functions)|(?P<files> attached files))?:"
    rf"|function results(?: from (?P<sender>{_QUOTED}))?:"
)
_LAST = re.compile(
    rf"(?P<how>{'|'.join(map(re.escape, (_REPLY, _REPLY_WITH_RESULTS, _REPLY_WITH_FILES)))})"
    rf"(?: (?P<name>{_QUOTED}))?:"
)


def write_transcript(turns: Sequence[Turn]) -> str:
    """The prompt for a conversation, oldest turn first; a single user's turn of words is written as it is.

    Its files are those of `files_of`, in that order.
    """
    last = turns[-1]
    if len(turns) == 1 and is_plain(last):
        return last.text
    numbers = {file.sha256: number for number, file in enumerate(files_of(turns), 1)}
    told = len(files_of(turns[:-1])) > 0
    opening = _OPENING_WITH_FILES if told else _OPENING
    lines = [] if len(turns) == 1 and _is_plain_but_for_name(last) else [opening, ""]
    for turn in turns[:-1]:
        lines += [*_message(turn, turn.parts, numbers), ""]
    if last.role == "model":
        return "\n".join([*lines, *_message(last, last.parts, numbers), "", _CONTINUE])
    return "\n".join([*lines, *_ending(last, numbers, told=told)])


def _ending(last: Turn, numbers: Mapping[str, int], *, told: bool) -> Iterator[str]:
    """The lines of a user's last turn. `told`: files of earlier turns have numbers, so these need theirs."""
    raw = _raw_at_the_end(last)
    words = [part.text for part in raw if isinstance(part, Text)]
    before = last.parts[: len(last.parts) - len(raw)]
    how, nothing_said = (_REPLY_WITH_RESULTS, _GO_ON) if before else (_REPLY, _SEE_FILES)
    files = tuple(part for part in raw if isinstance(part, Attachment))
    if files and (told or not words):
        how = how if before else _REPLY_WITH_FILES
        before += files
    if before:
        yield from (*_message(last, before, numbers), "")
    if words or not before:
        yield from (f"{how}{_named(last.name)}:", "", "".join(words))
    else:
        yield nothing_said


def files_of(turns: Sequence[Turn]) -> tuple[Attachment, ...]:
    """The files of a conversation in their order; of those that are equal, the first alone."""
    files = (part for turn in turns for part in turn.parts if isinstance(part, Attachment))
    kept: dict[str, Attachment] = {}
    for file in files:
        kept.setdefault(file.sha256, file)
    return tuple(kept.values())


def is_plain(turn: Turn) -> bool:
    """Whether a turn is a user's words and files and nothing else: what the page's own prompt box can say."""
    return _is_plain_but_for_name(turn) and turn.name is None


def read_transcript(prompt: str, files: Sequence[Attachment] = ()) -> list[Turn]:
    """The turns of a prompt that `write_transcript` wrote for more than a single user's words.

    `files` are those of `files_of`. Texts that follow each other in a turn come back as one, calls without
    their signatures, and the files of the message to be answered before its words.

    Raises:
        ValueError: it is no transcript.
    """
    rest = prompt.removeprefix(_OPENING_WITH_FILES).removeprefix(_OPENING).removeprefix("\n\n")
    turns: list[Turn] = []
    while rest not in {_CONTINUE, _GO_ON, _SEE_FILES}:
        block, _, rest = rest.partition("\n\n")
        if last := _LAST.fullmatch(block):
            before = () if last["how"] == _REPLY else turns.pop().parts
            told = [part for turn in (*turns, Turn("user", before)) for part in turn.parts]
            own = () if any(isinstance(part, Attachment) for part in told) else files
            return [*turns, Turn("user", (*before, *own, Text(rest)), _unquoted(last["name"]))]
        turns.append(_read_message(block, files))
    return turns


def _is_plain_but_for_name(turn: Turn) -> bool:
    return turn.role == "user" and all(isinstance(part, Text | Attachment) for part in turn.parts)


def _raw_at_the_end(turn: Turn) -> tuple[Part, ...]:
    """The words and files behind the last function result; all of them where there is no result."""
    raw: list[Part] = []
    for part in reversed(turn.parts):
        if not isinstance(part, Text | Attachment):
            break
        raw.append(part)
    return tuple(reversed(raw))


def _message(turn: Turn, parts: Iterable[Part], numbers: Mapping[str, int]) -> Iterator[str]:
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
                case Attachment():
                    yield _PREFIX + _json({"file": numbers[part.sha256], "name": part.name})


def _header(turn: Turn, kind: type[Part]) -> str:
    name = _named(turn.name)
    if kind is ToolResult:
        return f"function results{' from' if name else ''}{name}:"
    did = {ToolCall: " called functions", Attachment: " attached files"}.get(kind, "")
    return f"{turn.role}{name}{did}:"


def _prefixed(text: str) -> str:
    return _PREFIX + _BREAK.sub(lambda found: found[0] + _PREFIX, text)


def _named(name: str | None) -> str:
    return "" if name is None else f" {_json(name)}"


def _json(value: Any) -> str:
    """On one line, whatever counts as one."""
    return _BREAK.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _unquoted(name: str | None) -> str | None:
    return None if name is None else str(json.loads(name))


def _read_message(block: str, files: Sequence[Attachment]) -> Turn:
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
        parts += _read_parts(found, body, files)
    return Turn(role, tuple(parts), name)


def _read_parts(header: re.Match[str], body: str, files: Sequence[Attachment]) -> Iterator[Part]:
    lines = [line.removeprefix(_PREFIX) for line in body.split("\n")]
    if header["calls"]:
        for call in map(json.loads, lines):
            yield ToolCall(call["name"], call["arguments"], call["id"])
    elif header["files"]:
        for mention in map(json.loads, lines):
            yield files[mention["file"] - 1]
    elif header["role"] is None:
        for result in map(json.loads, lines):
            yield ToolResult(result["name"], result["id"], result["content"])
    else:
        yield Text(_PREFIXED_BREAK.sub(lambda found: found[1], body.removeprefix(_PREFIX)))
