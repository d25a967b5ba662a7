"""From events to OpenAI's chunks, and from a completion to OpenAI's object."""

import json
from dataclasses import asdict
from typing import Any, Final

from api.version import NAME, VERSION
from domain.completion import Completion
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)

FINGERPRINT: Final = f"{NAME}-{VERSION}"

_FILTERED: Final = frozenset(
    {
        FinishReason.SAFETY,
        FinishReason.RECITATION,
        FinishReason.LANGUAGE,
        FinishReason.BLOCKLIST,
        FinishReason.PROHIBITED_CONTENT,
        FinishReason.SPII,
        FinishReason.IMAGE_SAFETY,
        FinishReason.IMAGE_PROHIBITED,
    }
)
_ORDINARY: Final = frozenset({FinishReason.STOP, FinishReason.MAX_TOKENS})

Json = dict[str, Any]


def completion_id(request_id: str) -> str:
    return f"chatcmpl-{request_id}"


def finish_reason(reason: FinishReason, *, called_tools: bool) -> str:
    """OpenAI's word; `stop` for the ends that it has no word for (`gateway.finish` then tells)."""
    if reason is FinishReason.MAX_TOKENS:
        return "length"
    if reason in _FILTERED:
        return "content_filter"
    return "tool_calls" if called_tools else "stop"


def usage_object(usage: Usage) -> Json:
    """Thinking is part of what was generated; the site's total also counts its own tool use."""
    generated = usage.answer + usage.thoughts
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": generated,
        "total_tokens": usage.total or usage.prompt + generated,
        "completion_tokens_details": {"reasoning_tokens": usage.thoughts},
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }


def markdown(media: Media) -> str:
    """A picture as Markdown image, anything else as link, both with the data inside."""
    kind = media.mime_type.split("/")[0]
    mark = "!" if kind == "image" else ""
    return f"{mark}[{kind}](data:{media.mime_type};base64,{media.data})"


def tool_call_object(call: ToolCall) -> Json:
    """With the call's signature where Google's own OpenAI endpoint puts it."""
    call_object: Json = {
        "id": call.call_id,
        "type": "function",
        "function": {"name": call.name, "arguments": json.dumps(dict(call.args), ensure_ascii=False)},
    }
    if call.signature is not None:
        call_object["extra_content"] = {"google": {"thought_signature": call.signature}}
    return call_object


def code_run_object(run: CodeRun) -> Json:
    return {name: value for name, value in asdict(run).items() if name != "kind" and value is not None}


def grounding_object(grounding: Grounding) -> Json:
    sources = [{"uri": uri, "title": title} for uri, title in grounding.sources]
    return {"sources": sources, "queries": list(grounding.queries)}


def finish_object(finished: Finished) -> Json | None:
    """The site's own word for the end, where OpenAI's says less."""
    if finished.reason in _ORDINARY and finished.message is None:
        return None
    return {"reason": finished.reason.value, "message": finished.message}


class ChunkEncoder:
    """Writes one stream. Every chunk has the same id, time, model and fingerprint."""

    def __init__(self, request_id: str, model: str, created: int, *, include_usage: bool) -> None:
        self._head: Final[Json] = {
            "id": completion_id(request_id),
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
            "system_fingerprint": FINGERPRINT,
        }
        self._include_usage = include_usage
        self._usage: Usage | None = None
        self._calls = 0
        self._wrote_text = False

    def opening(self) -> Json:
        """Sent before anything is known, so that the caller sees a living stream."""
        return self._chunk({"role": "assistant", "content": ""})

    def keep_alive(self) -> Json:
        return self._chunk({})

    def event(self, event: Event, warnings: tuple[str, ...] = ()) -> list[Json]:
        """The chunks of one event; `warnings` go out with the finish."""
        match event:
            case Usage():
                self._usage = event
                return []
            case Finished():
                return self._end(event, warnings)
            case CodeRun():
                return [self._extension({"code_runs": [code_run_object(event)]})]
            case Grounding():
                return [self._extension({"grounding": grounding_object(event)})]
            case _:
                return [self._chunk(self._delta(event))]

    def _delta(self, event: TextDelta | ThoughtDelta | Media | ToolCall) -> Json:
        match event:
            case TextDelta():
                return self._text(event.text)
            case ThoughtDelta():
                return {"reasoning_content": event.text}
            case Media() if event.draft:
                return {"reasoning_content": f"\n\n{markdown(event)}\n\n"}
            case Media():
                return self._text(("\n\n" if self._wrote_text else "") + markdown(event))
            case ToolCall():
                return self._tool_call(event)

    def _text(self, text: str) -> Json:
        self._wrote_text = True
        return {"content": text}

    def _tool_call(self, call: ToolCall) -> Json:
        index, self._calls = self._calls, self._calls + 1
        return {"tool_calls": [{"index": index, **tool_call_object(call)}]}

    def _end(self, finished: Finished, warnings: tuple[str, ...]) -> list[Json]:
        chunk = self._chunk({}, finish_reason(finished.reason, called_tools=self._calls > 0))
        extension: Json = {}
        if (finish := finish_object(finished)) is not None:
            extension["finish"] = finish
        if warnings:
            extension["warnings"] = list(warnings)
        if extension:
            chunk["gateway"] = extension
        if not self._include_usage or self._usage is None:
            return [chunk]
        return [chunk, {**self._head, "choices": [], "usage": usage_object(self._usage)}]

    def _extension(self, content: Json) -> Json:
        return {**self._chunk({}), "gateway": content}

    def _chunk(self, delta: Json, reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head, "choices": [choice]}


def completion_object(request_id: str, model: str, created: int, done: Completion) -> Json:
    """The answer that is not streamed."""
    if done.finished is None:
        raise ValueError(f"The completion of {request_id!r} has no end; it is not a fold.")
    reason = finish_reason(done.finished.reason, called_tools=bool(done.tool_calls))
    choice = {"index": 0, "message": _message(done, done.finished), "logprobs": None, "finish_reason": reason}
    return {
        "id": completion_id(request_id),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "system_fingerprint": FINGERPRINT,
        "choices": [choice],
        "usage": usage_object(done.usage) if done.usage is not None else None,
    }


def _message(done: Completion, finished: Finished) -> Json:
    pictures = [markdown(media) for media in done.media if not media.draft]
    drafts = [markdown(media) for media in done.media if media.draft]
    content = "\n\n".join(part for part in (done.text, *pictures) if part)
    thoughts = "\n\n".join(part for part in (done.thoughts, *drafts) if part)
    message: Json = {"role": "assistant", "content": content, "refusal": None}
    if done.tool_calls:
        message["content"] = content or None
        message["tool_calls"] = [tool_call_object(call) for call in done.tool_calls]
    if thoughts:
        message["reasoning_content"] = thoughts
    extension: Json = {}
    if done.code_runs:
        extension["code_runs"] = [code_run_object(run) for run in done.code_runs]
    if done.grounding is not None:
        extension["grounding"] = grounding_object(done.grounding)
    if (finish := finish_object(finished)) is not None:
        extension["finish"] = finish
    if extension:
        message["gateway"] = extension
    return message
