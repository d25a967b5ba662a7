"""From OpenAI's messages to turns and a system instruction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from api.attachments.forms import asks_for_detail
from api.complaints import short
from api.openai.files import content_parts, files_in
from api.openai.schema import (
    AssistantMessage,
    CalledFunction,
    CallMade,
    Content,
    FunctionMessage,
    Message,
    ObjectContent,
    SystemMessage,
    TextPart,
    ToolMessage,
    UserMessage,
)
from api.strict_json import NotStrict, strict_json
from domain.errors import BadRequest
from domain.events import ToolCall
from domain.requests import Part, Text, ToolResult, Turn


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, oldest first, and under which instruction."""

    turns: tuple[Turn, ...]
    system: str


def read_messages(messages: list[Message], attachments: Any = None) -> Conversation:
    """`attachments`: files of the last user message that stand outside of it.

    Raises:
        BadRequest: an empty message or conversation, broken arguments, an answer to no call, a file in no
            known form, or attachments without a message of a user.
    """
    last = _last_user(messages)
    if last is None and attachments:
        raise BadRequest("There is no message of role 'user' for the attachments.", param="attachments")
    reading = _Reading()
    for index, message in enumerate(messages):
        more = files_in(attachments, "attachments") if index == last else ()
        reading.add(message, f"messages[{index}]", tuple(more))
    if not reading.turns:
        raise BadRequest("There is no message of role 'user' or 'assistant' to answer.", param="messages")
    return Conversation(tuple(reading.turns), "\n\n".join(reading.instructions))


def without_effect(messages: list[Message]) -> tuple[str, ...]:
    """Names of what stands on parts and has no effect: cache marks, and how closely to look at a picture."""
    parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
    plain = [vars(part) if isinstance(part, TextPart) else part for part in parts]
    marked = [part for part in plain if isinstance(part, dict)]
    names = ("cache_control", "prompt_cache_breakpoint")
    marks = tuple(name for name in names if any(part.get(name) is not None for part in marked))
    return (*marks, *(["image_url.detail"] if any(asks_for_detail(part) for part in marked) else []))


def _last_user(messages: list[Message]) -> int | None:
    users = [index for index, message in enumerate(messages) if isinstance(message, UserMessage)]
    return users[-1] if users else None


class _Reading:
    """A conversation as far as it has been read."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.instructions: list[str] = []
        self._names: dict[str, str] = {}
        """Of the calls made so far, by id."""
        self._legacy_ids: dict[str, str] = {}
        """Of the latest call of each function, by name."""
        self._results: list[ToolResult] = []
        """Of the tool answers that stand last; they are one turn."""

    def add(self, message: Message, path: str, attachments: tuple[Part, ...] = ()) -> None:
        if not isinstance(message, ToolMessage | FunctionMessage):
            self._results = []
        match message:
            case SystemMessage():
                self._add_instruction(message)
            case UserMessage():
                self._add_words(message, path, attachments)
            case AssistantMessage():
                self._add_answer(message, path)
            case ToolMessage():
                self._add_result(self._result(message, path))
            case FunctionMessage():
                self._add_result(self._legacy_result(message, path))

    def _add_instruction(self, message: SystemMessage) -> None:
        if text := _text(message.content):
            self.instructions.append(f"{message.name}: {text}" if message.name else text)

    def _add_words(self, message: UserMessage, path: str, attachments: tuple[Part, ...]) -> None:
        turn = Turn("user", content_parts(message, path) + attachments, message.name)
        if not turn.text.strip() and all(isinstance(part, Text) for part in turn.parts):
            raise BadRequest("A user's message must contain text or a file.", param=f"{path}.content")
        self.turns.append(turn)

    def _add_answer(self, message: AssistantMessage, path: str) -> None:
        """An answer without words, files and calls says nothing and is left out."""
        calls = list(_calls(message, path))
        for call in calls:
            self._names[call.call_id] = call.name
            self._legacy_ids[call.name] = call.call_id
        parts = (*content_parts(message, path), *calls)
        if parts:
            self.turns.append(Turn("model", parts, message.name))

    def _result(self, message: ToolMessage, path: str) -> ToolResult:
        name = self._names.get(message.tool_call_id)
        if name is None:
            _answers_nothing(message.tool_call_id, f"{path}.tool_call_id")
        return ToolResult(name, message.tool_call_id, _text(message.content))

    def _legacy_result(self, message: FunctionMessage, path: str) -> ToolResult:
        call_id = self._legacy_ids.get(message.name)
        if call_id is None:
            _answers_nothing(message.name, f"{path}.name")
        return ToolResult(message.name, call_id, "" if message.content is None else _text(message.content))

    def _add_result(self, result: ToolResult) -> None:
        if self._results:
            self.turns.pop()
        self._results.append(result)
        self.turns.append(Turn("user", tuple(self._results)))


def _answers_nothing(name: str, path: str) -> NoReturn:
    raise BadRequest(
        f"{path} = {short(name)} is of no call in the assistant's messages before it; send those along.",
        param=path,
    )


def _calls(message: AssistantMessage, path: str) -> Iterator[ToolCall]:
    """The legacy form has no id: the message's place makes one that stays when the conversation grows."""
    if message.function_call is not None:
        called, at = message.function_call, f"{path}.function_call"
        yield ToolCall(called.name, _arguments(called, at), f"call_{path}")
    for index, call in enumerate(message.tool_calls):
        args = _arguments(call.function, f"{path}.tool_calls[{index}].function")
        yield ToolCall(call.function.name, args, call.id, _signature(call))


def _arguments(called: CalledFunction, path: str) -> dict[str, Any]:
    if not called.arguments.strip():
        return {}
    try:
        arguments = strict_json(called.arguments)
    except NotStrict as error:
        raise BadRequest(f"{path}.arguments holds {error}.", param=f"{path}.arguments") from None
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{path}.arguments is not JSON: {error}.", param=f"{path}.arguments") from None
    if not isinstance(arguments, dict):
        got = short(called.arguments)
        raise BadRequest(
            f"{path}.arguments must be the text of a JSON object, not {got}.", param=f"{path}.arguments"
        )
    return arguments


def _signature(call: CallMade) -> str | None:
    extra = call.extra_content
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) else None


def _text(content: Content) -> str:
    """The text of a message without files, byte-exact; several parts are joined with a line feed."""
    match content:
        case str():
            return content
        case ObjectContent():
            return content.text
        case parts:
            return "\n".join(part.text for part in parts)
