"""From events to OpenAI's chunks, and from completions to OpenAI's object."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from api.openai.objects import (
    Json,
    annotations,
    code_run_object,
    finish_object,
    finish_reason,
    function_object,
    grounding_object,
    is_picture,
    markdown,
    picture_object,
    refusal_of,
    tool_call_object,
    usage_object,
)
from api.version import NAME, VERSION
from domain.completion import Completion
from domain.events import (
    Citations,
    CodeRun,
    Event,
    Finished,
    Grounding,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)

FINGERPRINT: Final = f"{NAME}-{VERSION}"


@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """How a caller wants the answer written."""

    include_usage: bool = False
    """End a stream with the token counts."""
    annotations: bool = False
    """Tell the sources of the answer as `url_citation` annotations too."""
    legacy_functions: bool = False
    """Write `function_call` instead of `tool_calls`, which holds the first call only."""
    include_thoughts: bool = True
    """Show the model's thinking; its tokens are counted in any case."""
    pictures_apart: bool = False
    """Put pictures into a field of their own instead of the content."""

    @property
    def calling(self) -> str:
        """The finish reason of an answer with calls in it."""
        return "function_call" if self.legacy_functions else "tool_calls"


def completion_id(request_id: str) -> str:
    return f"chatcmpl-{request_id}"


def _head(kind: str, request_id: str, model: str, created: int) -> Json:
    return {
        "id": completion_id(request_id),
        "object": kind,
        "created": created,
        "model": model,
        "system_fingerprint": FINGERPRINT,
    }


@dataclass(slots=True)
class Content:
    """Puts words and pictures one behind the other; a picture is a paragraph of its own."""

    begun: bool = False
    _ended_with_picture: bool = False

    def words(self, text: str) -> str:
        """What to add to the content for more of the answer."""
        between = "\n\n" if self._ended_with_picture else ""
        self.begun, self._ended_with_picture = True, False
        return between + text

    def media(self, media: Media) -> str:
        between = "\n\n" if self.begun else ""
        self.begun = self._ended_with_picture = True
        return between + markdown(media)


@dataclass(slots=True)
class _Choice:
    """What has been written of one choice."""

    index: int
    calls: int = 0
    pictures: int = 0
    """In their own field."""
    content: Content = field(default_factory=Content)
    text: list[str] = field(default_factory=list)
    """The content, kept only where citations need it."""
    grounding: Grounding | None = None
    citations: Citations | None = None
    usage: Usage | None = None


class ChunkEncoder:
    """Writes one stream. Every chunk has the same id, time, model and fingerprint."""

    def __init__(self, request_id: str, model: str, created: int, style: AnswerStyle) -> None:
        self._style = style
        self._head: Final = _head("chat.completion.chunk", request_id, model, created)
        self._choices: dict[int, _Choice] = {}

    def opening(self, choices: int) -> list[Json]:
        """Sent before anything is known, so that the caller sees a living stream; one chunk a choice."""
        return [self._chunk(index, {"role": "assistant", "content": ""}) for index in range(choices)]

    def keep_alive(self) -> Json:
        return self._chunk(0, {})

    def event(self, index: int, event: Event, warnings: tuple[str, ...] = ()) -> list[Json]:
        """The chunks of one event of one choice; `warnings` go out with its finish."""
        choice = self._choices.setdefault(index, _Choice(index))
        match event:
            case Usage():
                choice.usage = event
                return []
            case Finished():
                return self._end(choice, event, warnings)
            case CodeRun():
                return [self._extension(index, {"code_runs": [code_run_object(event)]})]
            case Grounding():
                choice.grounding = event
                return [self._extension(index, {"grounding": grounding_object(event)})]
            case Citations():
                choice.citations = event
                return []
            case _:
                delta = self._delta(choice, event)
                return [self._chunk(index, delta)] if delta else []

    def closing(self) -> list[Json]:
        """What follows the last choice's end: the counts of all choices, if they are wanted and known."""
        usages = [choice.usage for choice in self._choices.values() if choice.usage is not None]
        usage = usage_object(usages) if self._style.include_usage else None
        return [] if usage is None else [{**self._head, "choices": [], "usage": usage}]

    def _delta(self, choice: _Choice, event: TextDelta | ThoughtDelta | Media | ToolCall) -> Json:
        match event:
            case TextDelta():
                return self._text(choice, choice.content.words(event.text))
            case ThoughtDelta():
                return self._thought(event.text)
            case Media() if event.draft:
                return self._thought(f"\n\n{markdown(event)}\n\n")
            case Media() if self._style.pictures_apart and is_picture(event):
                return self._picture(choice, event)
            case Media():
                return self._text(choice, choice.content.media(event))
            case ToolCall():
                return self._tool_call(choice, event)

    def _text(self, choice: _Choice, text: str) -> Json:
        if self._style.annotations:
            choice.text.append(text)
        return {"content": text}

    def _picture(self, choice: _Choice, picture: Media) -> Json:
        at, choice.pictures = choice.pictures, choice.pictures + 1
        return {"images": [picture_object(picture, at)]}

    def _thought(self, text: str) -> Json:
        return {"reasoning_content": text} if self._style.include_thoughts else {}

    def _tool_call(self, choice: _Choice, call: ToolCall) -> Json:
        at, choice.calls = choice.calls, choice.calls + 1
        if self._style.legacy_functions:
            return {"function_call": function_object(call)} if at == 0 else {}
        return {"tool_calls": [{"index": at, **tool_call_object(call)}]}

    def _end(self, choice: _Choice, finished: Finished, warnings: tuple[str, ...]) -> list[Json]:
        chunks: list[Json] = []
        if self._style.annotations:
            cited = annotations(choice.grounding, choice.citations, "".join(choice.text))
            chunks += [self._chunk(choice.index, {"annotations": cited})] if cited else []
        silent = not (choice.content.begun or choice.calls or choice.pictures)
        if silent and (words := refusal_of(finished)) is not None:
            chunks.append(self._chunk(choice.index, {"refusal": words}))
        reason = finish_reason(finished.reason, called=self._style.calling if choice.calls else None)
        last = self._chunk(choice.index, {}, reason)
        extension: Json = {}
        if (finish := finish_object(finished, reason)) is not None:
            extension["finish"] = finish
        if warnings:
            extension["warnings"] = list(warnings)
        if extension:
            last["gateway"] = extension
        return [*chunks, last]

    def _extension(self, index: int, content: Json) -> Json:
        return {**self._chunk(index, {}), "gateway": content}

    def _chunk(self, index: int, delta: Json, reason: str | None = None) -> Json:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunk: Json = {**self._head, "choices": [choice]}
        if self._style.include_usage:
            chunk["usage"] = None
        return chunk


def completion_object(
    request_id: str, model: str, created: int, answers: Sequence[Completion], style: AnswerStyle
) -> Json:
    """The answer that is not streamed, one choice for each completion."""
    choices = [_choice_object(index, done, style, request_id) for index, done in enumerate(answers)]
    usages = [done.usage for done in answers if done.usage is not None]
    head = _head("chat.completion", request_id, model, created)
    return {**head, "choices": choices, "usage": usage_object(usages)}


def _choice_object(index: int, done: Completion, style: AnswerStyle, request_id: str) -> Json:
    if done.finished is None:
        raise ValueError(f"The completion of {request_id!r} has no end; it is not a fold.")
    reason = finish_reason(done.finished.reason, called=style.calling if done.tool_calls else None)
    message = _message(done, style)
    silent = not (message["content"] or done.tool_calls or message.get("images"))
    if silent and (words := refusal_of(done.finished)) is not None:
        message["content"], message["refusal"] = None, words
    if extension := _message_extension(done, done.finished, reason):
        message["gateway"] = extension
    return {"index": index, "message": message, "logprobs": None, "finish_reason": reason}


def _message(done: Completion, style: AnswerStyle) -> Json:
    content, apart = _content(done, style)
    drafts = [markdown(media) for media in done.media if media.draft]
    thoughts = "\n\n".join(part for part in (done.thoughts, *drafts) if part)
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if apart:
        message["images"] = [picture_object(picture, at) for at, picture in enumerate(apart)]
    if done.tool_calls:
        message["content"] = content or None
        if style.legacy_functions:
            message["function_call"] = function_object(done.tool_calls[0])
        else:
            message["tool_calls"] = [tool_call_object(call) for call in done.tool_calls]
    if thoughts and style.include_thoughts:
        message["reasoning_content"] = thoughts
    if style.annotations:
        message["annotations"] = annotations(done.grounding, done.citations, content)
    return message


def _content(done: Completion, style: AnswerStyle) -> tuple[str, list[Media]]:
    """The content, and the pictures that have no place in it."""
    content, said, apart = Content(), list[str](), list[Media]()
    for piece in done.pieces:
        match piece:
            case TextDelta():
                said.append(content.words(piece.text))
            case Media() if piece.draft:
                pass
            case Media() if style.pictures_apart and is_picture(piece):
                apart.append(piece)
            case Media():
                said.append(content.media(piece))
    return "".join(said), apart


def _message_extension(done: Completion, finished: Finished, reason: str) -> Json:
    extension: Json = {}
    if done.code_runs:
        extension["code_runs"] = [code_run_object(run) for run in done.code_runs]
    if done.grounding is not None:
        extension["grounding"] = grounding_object(done.grounding)
    if (finish := finish_object(finished, reason)) is not None:
        extension["finish"] = finish
    return extension
