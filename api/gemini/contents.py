"""From Google's contents to turns and a system instruction."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from api.complaints import short
from api.gemini.parameters import PART_MATRIX
from api.gemini.refusals import invalid
from api.gemini.schema import Blob, Content, FileData, FunctionCall, FunctionResponse, Part
from api.treatment import Treatment
from domain.attachments import FileReference
from domain.errors import BadRequest, Unsupported
from domain.events import ToolCall
from domain.requests import Part as TurnPart
from domain.requests import Role, Text, ToolResult, Turn

_CONTENTS: Final = (
    "text",
    "inline_data",
    "file_data",
    "function_call",
    "function_response",
    "executable_code",
    "code_execution_result",
)
"""A part has one of these; without any it says nothing."""

_ROLES: Final[dict[str, Role]] = {
    "": "user",
    "user": "user",
    "function": "user",
    "tool": "user",
    "model": "model",
}

_UPLOADED: Final = re.compile(
    r"(?:https?://[^/?#]+/(?:[^?#]*/)?v1(?:alpha|beta)?/)?files/[^/?#:]+(?::download)?(?:\?[^#]*)?",
    re.IGNORECASE,
)
_VIDEO_SITES: Final = (".youtube.com", ".youtu.be")


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, oldest first, and under which instruction."""

    turns: tuple[Turn, ...]
    system: str


def read_contents(contents: list[Content], instruction: Content) -> Conversation:
    """Raises BadRequest: an unknown role, a content that says nothing, a result of no call."""
    reading = _Reading()
    turns: list[Turn] = []
    for at, content in enumerate(contents):
        turn = reading.turn(content, f"contents[{at}]")
        if turn is None:
            continue
        if turns and turn.role == turns[-1].role == "model":
            # Chats of Google's clients keep every chunk of a stream as a content of its own.
            turn = Turn("model", tuple(_joined([*turns.pop().parts, *turn.parts])))
        turns.append(turn)
    if not turns:
        raise BadRequest("contents is not specified: there is nothing to answer in it.", param="contents")
    return Conversation(tuple(turns), _instruction(instruction))


def may_be_file(place: tuple[str | int, ...]) -> bool:
    """Whether a long string at this place of a request can be a file."""
    return len(place) > 1 and place[-1] == "data" and place[-2] in ("inlineData", "inline_data")


def ignored_in_parts(contents: list[Content]) -> tuple[str, ...]:
    """Names of what parts carry without any effect."""
    parts = [part.model_dump(by_alias=True) for content in contents for part in content.parts]
    return tuple(
        f"contents.parts.{row.name}"
        for row in PART_MATRIX
        if row.treatment is Treatment.IGNORED
        and any(part[row.name] not in (None, *row.neutral) for part in parts)
    )


def _instruction(content: Content) -> str:
    texts: list[str] = []
    for at, part in enumerate(content.parts):
        path = f"systemInstruction.parts[{at}]"
        _check(part, path)
        if part.text is None and _given(part):
            raise BadRequest(f"{path}: a system instruction is made of text.", param=path)
        texts += [part.text] if part.text and not part.thought else []
    return "\n".join(texts)


class _Reading:
    """A conversation as far as it has been read."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        """Names of the calls that wait for an answer, by id, in order."""
        self._made: dict[str, str] = {}
        """Names of all calls, by id."""

    def turn(self, content: Content, path: str) -> Turn | None:
        """`None` of an answer that says nothing any more, such as one of thoughts alone."""
        role = _ROLES.get(content.role.strip().lower())
        if role is None:
            raise BadRequest(
                f"{path}.role = {short(content.role)}: please use a valid role: user, model.",
                param=f"{path}.role",
            )
        parts = [
            read
            for at, part in enumerate(content.parts)
            for read in self._part(part, role, f"{path}.parts[{at}]")
        ]
        if role == "user" and not any(not isinstance(part, Text) or part.text.strip() for part in parts):
            raise BadRequest(f"{path}.parts must not be empty.", param=f"{path}.parts")
        return Turn(role, tuple(_joined(parts))) if parts else None

    def _part(self, part: Part, role: Role, path: str) -> Iterator[TurnPart]:
        _check(part, path)
        if part.thought:
            return
        if part.text:
            yield Text(part.text)
        if part.inline_data is not None:
            yield _inline(part.inline_data, f"{path}.inlineData")
        if part.file_data is not None:
            yield _file(part.file_data, f"{path}.fileData")
        if part.function_call is not None:
            yield self._call(part.function_call, part.thought_signature, role, f"{path}.functionCall")
        if part.function_response is not None:
            yield from self._result(part.function_response, role, f"{path}.functionResponse")
        if part.executable_code is not None:
            language = part.executable_code.language.lower().removeprefix("language_unspecified")
            yield Text(_block(part.executable_code.code, language))
        if part.code_execution_result is not None:
            yield Text(_block(part.code_execution_result.output))

    def _call(self, call: FunctionCall, signature: str | None, role: Role, path: str) -> ToolCall:
        """Without an id the place makes one, which stays when the conversation grows."""
        if role != "model":
            raise BadRequest(f"{path}: only the model calls functions.", param=path)
        call_id = call.id or f"call_{path}"
        self._open[call_id] = self._made[call_id] = call.name
        return ToolCall(call.name, call.args, call_id, signature)

    def _result(self, response: FunctionResponse, role: Role, path: str) -> Iterator[TurnPart]:
        if role != "user":
            raise BadRequest(f"{path}: the model gives no function responses.", param=path)
        if response.will_continue or (response.scheduling or "").upper() not in ("", *_AT_ONCE):
            raise Unsupported(f"{path}: a response comes whole and at once.", param=path)
        yield ToolResult(
            response.name, self._call_id(response, path), json.dumps(response.response, ensure_ascii=False)
        )
        for at, part in enumerate(response.parts):
            if part.inline_data is not None:
                yield _inline(part.inline_data, f"{path}.parts[{at}].inlineData")
            if part.file_data is not None:
                yield _file(part.file_data, f"{path}.parts[{at}].fileData")

    def _call_id(self, response: FunctionResponse, path: str) -> str:
        """Of the call with this id or, without one, of the oldest call by this name that has no answer."""
        if response.id is not None and self._made.get(response.id) == response.name:
            found: str | None = response.id
        else:
            waiting = (call_id for call_id, name in self._open.items() if name == response.name)
            found = next(waiting, None) if response.id is None or response.id not in self._made else None
        if found is None:
            raise BadRequest(
                f"{path}: there is no call of {short(response.name)} before it that waits for a response; "
                "send the model's functionCall along.",
                param=path,
            )
        self._open.pop(found, None)
        return found


_AT_ONCE: Final = ("SCHEDULING_UNSPECIFIED", "WHEN_IDLE")


def _check(part: Part, path: str) -> None:
    """One content a part, and nothing in it that is refused."""
    given = _given(part)
    if len(given) > 1:
        names = ", ".join(given)
        raise BadRequest(f"{path}: one part has one content, not {names}; make them parts.", param=path)
    values = part.model_dump(by_alias=True)
    for row in PART_MATRIX:
        if row.treatment is Treatment.REFUSED and values[row.name] is not None:
            raise Unsupported(f"{path}.{row.name} is not supported. {row.how}", param=f"{path}.{row.name}")


def _given(part: Part) -> list[str]:
    return [name for name in _CONTENTS if getattr(part, name) is not None]


def _joined(parts: list[TurnPart]) -> Iterator[TurnPart]:
    """Texts that stand side by side are one: a text has no beginning or end of its own."""
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Text):
            texts.append(part.text)
            continue
        if texts:
            yield Text("".join(texts))
            texts = []
        yield part
    if texts:
        yield Text("".join(texts))


def _inline(blob: Blob, path: str) -> FileReference:
    return FileReference("data", blob.data, path, blob.display_name, blob.mime_type)


def _file(data: FileData, path: str) -> FileReference:
    """Everything that is no address of another machine is looked for among the uploaded files."""
    uri, where = data.file_uri.strip(), f"{path}.fileUri"
    if not uri:
        raise invalid(where, "it must not be empty", data.file_uri)
    if uri[:5].lower() == "data:":
        raise Unsupported(f"{where} = {short(uri)}: send what is in it as inlineData.", param=where)
    scheme, beyond, _ = uri.partition("://")
    if _UPLOADED.fullmatch(uri) or not beyond:
        return FileReference("file_uri", uri, path, data.display_name, data.mime_type)
    if scheme.lower() not in ("http", "https"):
        raise Unsupported(
            f"{where} = {short(uri)}: {scheme[:20]}:// is not read; upload the file, or send an http(s) URL.",
            param=where,
        )
    try:
        host = urlsplit(uri).hostname or ""
    except ValueError as error:
        raise invalid(where, f"it is no address: {error}", uri) from None
    if f".{host}".endswith(_VIDEO_SITES):
        raise Unsupported(f"{where} = {short(uri)}: videos of {host} are not taken.", param=where)
    return FileReference("url", uri, path, data.display_name, data.mime_type)


def _block(content: str, language: str = "") -> str:
    end = "" if content.endswith("\n") else "\n"
    return f"\n```{language}\n{content}{end}```\n"
