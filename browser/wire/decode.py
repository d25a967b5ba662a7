"""Frames -> events. Holds what an answer says only once over many frames: usage, end, response id."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from browser.wire import fields
from browser.wire.fields import at, count_at, kinds_at, list_at, number_at, ratings_at, text_at
from browser.wire.frames import EventFrame, Frame, StatusFrame
from browser.wire.status import error_from_status
from browser.wire.struct import decode_struct
from domain.errors import BlockReason, Refused, WireError
from domain.events import (
    Citation,
    Citations,
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    Support,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.harms import Rating  # noqa: TC001  an annotation of an attribute, beside imports of values

_REASONS = dict(
    enumerate(
        (
            FinishReason.STOP,
            FinishReason.MAX_TOKENS,
            FinishReason.SAFETY,
            FinishReason.RECITATION,
            FinishReason.OTHER,
            FinishReason.LANGUAGE,
            FinishReason.BLOCKLIST,
            FinishReason.PROHIBITED_CONTENT,
            FinishReason.SPII,
            FinishReason.MALFORMED_FUNCTION_CALL,
            FinishReason.IMAGE_SAFETY,
            FinishReason.UNEXPECTED_TOOL_CALL,
            FinishReason.TOO_MANY_TOOL_CALLS,
            FinishReason.IMAGE_PROHIBITED,
            FinishReason.IMAGE_OTHER,
            FinishReason.NO_IMAGE,
        ),
        start=1,
    )
)


_BLOCK_REASONS = dict(
    enumerate(
        (
            BlockReason.SAFETY,
            BlockReason.OTHER,
            BlockReason.BLOCKLIST,
            BlockReason.PROHIBITED_CONTENT,
            BlockReason.IMAGE_SAFETY,
        ),
        start=1,
    )
)
"""Public numbering; no capture shows a blocked prompt."""


class AnswerDecoder:
    """Turns the frames of one answer into events; `finish` closes it when the stream has ended."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._message: str | None = None
        self._ratings: tuple[Rating, ...] = ()
        self._response_id: str | None = None
        self._usage: Usage | None = None
        self._citations: dict[Citation, None] = {}
        self._calls = 0

    def feed(self, frame: Frame) -> Iterator[Event]:
        """The events of one frame, in order.

        Raises:
            GatewayError: the frame is the site's refusal, or is not understood.
        """
        if isinstance(frame, StatusFrame):
            raise error_from_status(frame.value)
        yield from self._event(frame)

    def finish(self) -> Iterator[Event]:
        """The closing events: all citations, the last usage and `Finished`.

        Raises:
            WireError: the site never said why it ended, so that the answer may be cut short.
        """
        if self._reason is None:
            raise WireError("The answer ended without a finish reason; it may be incomplete.")
        if self._citations:
            yield Citations(tuple(self._citations))
        if self._usage is not None:
            yield self._usage
        yield Finished(self._reason, self._message, self._response_id, self._ratings)

    def _event(self, frame: EventFrame) -> Iterator[Event]:
        message = frame.value
        self._response_id = text_at(message, fields.RESPONSE_ID) or self._response_id
        self._note_usage(list_at(message, fields.USAGE))
        blocked = list_at(message, fields.PROMPT_FEEDBACK)
        candidates = list_at(message, fields.CANDIDATES)
        if at(blocked, 0) and not candidates:
            reason = _BLOCK_REASONS.get(count_at(blocked, 0), BlockReason.OTHER)
            raise Refused(f"AI Studio blocked the prompt ({reason.value}).", reason=reason, usage=self._usage)
        for candidate in candidates:
            for part in list_at(at(candidate, fields.CONTENT), 0):
                yield from self._part(part)
            yield from _grounding(candidate)
            self._ratings = ratings_at(candidate, fields.RATINGS) or self._ratings
            self._citations.update(dict.fromkeys(_citations(list_at(candidate, fields.CITATIONS))))
            if at(candidate, fields.FINISH_REASON) is not None:
                number = count_at(candidate, fields.FINISH_REASON)
                self._reason = _REASONS.get(number, FinishReason.OTHER)
                self._message = text_at(candidate, fields.FINISH_MESSAGE)

    def _note_usage(self, usage: list[Any]) -> None:
        """Cumulative and sometimes corrected downwards at the end: the last report counts."""
        if usage:
            self._usage = Usage(
                prompt=count_at(usage, fields.USAGE_PROMPT),
                answer=count_at(usage, fields.USAGE_ANSWER),
                thoughts=count_at(usage, fields.USAGE_THOUGHTS),
                cached=count_at(usage, fields.USAGE_CACHED),
                total=count_at(usage, fields.USAGE_TOTAL),
                tools=count_at(usage, fields.USAGE_TOOLS),
                prompt_kinds=kinds_at(usage, fields.USAGE_PROMPT_KINDS),
                answer_kinds=kinds_at(usage, fields.USAGE_ANSWER_KINDS),
            )

    def _part(self, part: Any) -> Iterator[Event]:
        """Classified by slot, never by length: a signature makes any part long."""
        is_thought = bool(at(part, fields.THOUGHT))
        if call := list_at(part, fields.FUNCTION_CALL):
            yield self._call(call, text_at(part, fields.SIGNATURE))
        elif code := list_at(part, fields.CODE):
            yield CodeRun(code=text_at(code, 1) or "")
        elif result := list_at(part, fields.CODE_RESULT):
            yield CodeRun(output=text_at(result, 1) or "", outcome=count_at(result, 0))
        elif data := list_at(part, fields.INLINE_DATA):
            mime_type, payload = text_at(data, 0), text_at(data, 1)
            if mime_type is None or payload is None:
                raise WireError("The answer carries inline data without a type or content.")
            yield Media(mime_type, payload, draft=is_thought)
        elif text := text_at(part, fields.TEXT):
            yield ThoughtDelta(text) if is_thought else TextDelta(text)

    def _call(self, call: list[Any], signature: str | None) -> ToolCall:
        name = text_at(call, 0)
        if not name:
            raise WireError(f"The answer calls a function without a name: {call!r:.80}.")
        self._calls += 1
        try:
            call_id = text_at(call, 2) or self._own_call_id(call)
            arguments = decode_struct(at(call, 1) or [])
        except RecursionError as error:
            raise WireError(f"The arguments of the function {name!r} are nested too deep.") from error
        return ToolCall(name, arguments, call_id, signature)

    def _own_call_id(self, call: list[Any]) -> str:
        """For a call that came without one: the same whenever this answer is read, and no other call's."""
        told_by = json.dumps([self._response_id, self._calls, call])
        return f"call_{hashlib.sha256(told_by.encode()).hexdigest()[:24]}"


def _grounding(candidate: Any) -> Iterator[Grounding]:
    """Found by shape: slot 1 holds `[[uri, title, …]]` chunks, slot 2 the supports, slot 4 the queries."""
    for slot in fields.GROUNDING_SLOTS:
        metadata = list_at(candidate, slot)
        chunks = [(text_at(at(chunk, 0), 0), text_at(at(chunk, 0), 1)) for chunk in list_at(metadata, 1)]
        sources = tuple((uri, title or "") for uri, title in chunks if uri)
        queries = tuple(query for query in list_at(metadata, 4) if isinstance(query, str))
        if sources or queries:
            # A chunk without an address is no source: the indexes of those behind it move up.
            known = (number for number, (uri, _) in enumerate(chunks) if uri)
            place = {number: index for index, number in enumerate(known)}
            yield Grounding(sources, queries, tuple(_supports(list_at(metadata, 2), place)))
            return


def _citations(metadata: list[Any]) -> Iterator[Citation]:
    """From `[[[start, end, uri, licence], …]]`, the public numbering, which no capture confirms.

    With one more text the fourth is a title and the fifth the licence, as in a sibling of that message. What
    names no source is left out.
    """
    for source in list_at(metadata, 0):
        uri, fourth, fifth = (text_at(source, slot) or "" for slot in (2, 3, 4))
        title, licence = (fourth, fifth) if fifth else ("", fourth)
        if uri or title or licence:
            start, end = (number_at(source, slot) for slot in (0, 1))
            yield Citation(
                uri, title, licence, None if start is None else int(start), None if end is None else int(end)
            )


def _supports(supports: list[Any], place: dict[int, int]) -> Iterator[Support]:
    """From `[[part, start, end, text], [chunk…], …]`; `place` tells a chunk's index among the sources.

    Offsets are bytes of one part. Only of the first part, which the deltas of an answer add up to, is it
    known where it stands in the answer.
    """
    for support in supports:
        segment = list_at(support, 0)
        text = text_at(segment, 3)
        rests_on = tuple(place[chunk] for chunk in list_at(support, 1) if chunk in place)
        if text and rests_on:
            end = number_at(segment, 2)
            yield Support(text, rests_on, None if end is None or at(segment, 0) else int(end))
