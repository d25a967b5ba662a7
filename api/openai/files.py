"""Where files stand in a chat request, and how they are read there; `attachments.forms` knows their forms."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from api.attachments.forms import read_item, read_part
from api.openai.schema import FILE_LISTS, AssistantMessage, FilesObject, RefusalPart, TextPart, UserMessage
from domain.attachments import FileReference, LongText
from domain.errors import BadRequest
from domain.requests import Part, Text

_WORDS: Final = frozenset({"content", "text", "refusal"})
_OWN_MEDIA: Final = re.compile(r"!?\[[^\]\n]*\]\((data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/]+={0,2})\)")
"""A picture as an answer of this gateway has it, which clients send back with the conversation."""


def may_be_file(place: tuple[str | int, ...]) -> bool:
    """Whether a long string at this place of the request can be a file."""
    if place[0] == "attachments":
        return True
    in_message = place[0] == "messages" and len(place) > 2 and place[2] in ("content", *FILE_LISTS)
    return in_message and place[-1] not in _WORDS


def content_parts(message: UserMessage | AssistantMessage, path: str) -> tuple[Part, ...]:
    """What a message says, its files in their places, and behind them those of its own fields.

    Texts that follow one another are one, joined with a line feed, which also stands behind a file.
    """
    said = [*_content(message.content, f"{path}.content"), *listed_files(message, path)]
    if isinstance(message, AssistantMessage):
        said = [one for each in said for one in _with_own_media(each, f"{path}.content")]
    parts: list[Part] = []
    begun = False
    for one in said:
        if isinstance(one, FileReference):
            parts.append(one)
            continue
        text, begun = (f"\n{one}" if begun else one), True
        if parts and isinstance(last := parts[-1], Text):
            parts[-1] = Text(last.text + text)
        else:
            parts.append(Text(text))
    return tuple(part for part in parts if part != Text(""))


def listed_files(holder: UserMessage | AssistantMessage | FilesObject, path: str) -> Iterator[FileReference]:
    """The files of the fields that hold nothing else."""
    for name in FILE_LISTS:
        yield from files_in(getattr(holder, name), f"{path}.{name}")


def files_in(value: Any, path: str) -> Iterator[FileReference]:
    """The files of one such field: a list, or a single file.

    Raises:
        BadRequest: it is neither, or an entry names no file.
    """
    match value:
        case None:
            return
        case list():
            for index, item in enumerate(value):
                yield read_item(item, f"{path}[{index}]")
        case str() | dict() | LongText():
            yield read_item(value, path)
        case _:
            raise BadRequest(f"{path} must be a list of files, not {type(value).__name__}.", param=path)


def _content(content: Any, path: str) -> Iterable[str | FileReference]:
    match content:
        case None:
            return []
        case str():
            return [content]
        case FilesObject():
            text = [] if content.text is None else [content.text]
            return [*text, *listed_files(content, path)]
        case _:
            return [_part(part, f"{path}[{index}]") for index, part in enumerate(content)]


def _with_own_media(said: str | FileReference, path: str) -> Iterator[str | FileReference]:
    if not isinstance(said, str):
        yield said
        return
    words, *rest = _OWN_MEDIA.split(said)
    yield words
    for url, behind in zip(rest[::2], rest[1::2], strict=True):
        yield read_item(url, path)
        yield from [behind] if behind else []


def _part(part: TextPart | RefusalPart | dict[str, Any], path: str) -> str | FileReference:
    match part:
        case TextPart():
            return part.text
        case RefusalPart():
            return part.refusal
        case _:
            return read_part(part, path)
