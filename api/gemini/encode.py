"""From events to Google's chunks, and from completions to Google's object."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from api.gemini.objects import (
    Json,
    blocked_object,
    citations_object,
    finish_fields,
    grounding_object,
    part_objects,
    usage_object,
)
from domain.completion import Completion
from domain.errors import Refused
from domain.events import Citations, Event, Finished, Grounding, TextDelta, Usage


@dataclass(frozen=True, slots=True)
class AnswerStyle:
    """How a caller wants the answer written."""

    include_thoughts: bool = False
    """Show the model's thinking; its tokens are counted in any case."""
    unquoted: bool = False
    """The answer is a JSON string, which is sent as the text it stands for."""
    only_text: bool = True
    """Whether the prompt is text and nothing else."""


@dataclass(slots=True)
class _Candidate:
    """What has been written of one candidate."""

    text: list[str] = field(default_factory=list)
    """The answer so far, in which sources are placed."""
    spoke: bool = False
    grounding: Grounding | None = None
    citations: Citations | None = None


class ChunkEncoder:
    """Writes one stream. Every chunk has the same model and id, and the counts as far as they are known."""

    def __init__(self, request_id: str, model: str, style: AnswerStyle) -> None:
        self._style = style
        self._foot: Json = {"modelVersion": model, "responseId": request_id}
        self._candidates: dict[int, _Candidate] = {}
        self._usages: dict[int, Usage] = {}

    def event(self, index: int, event: Event) -> list[Json]:
        """The chunks of one event of one candidate."""
        candidate = self._candidates.setdefault(index, _Candidate())
        match event:
            case Usage():
                self._usages[index] = event
                return []
            case Grounding():
                candidate.grounding = event
                return []
            case Citations():
                candidate.citations = event
                return []
            case Finished():
                return [self._end(index, candidate, event)]
        if isinstance(event, TextDelta):
            event = _unquoted(event) if self._style.unquoted else event
            candidate.text.append(event.text)
        parts = part_objects(event, thoughts=self._style.include_thoughts)
        candidate.spoke = candidate.spoke or bool(parts)
        return [self._chunk(index, parts)] if parts else []

    def blocked(self, refused: Refused) -> Json:
        """In place of candidates, where the site did not take the prompt."""
        if refused.usage is not None:
            self._usages[0] = refused.usage
        return self._footed({"promptFeedback": blocked_object(refused)})

    def _end(self, index: int, candidate: _Candidate, finished: Finished) -> Json:
        """An answer that said nothing has no content; of any other the last chunk has an empty text."""
        ending: Json = finish_fields(finished)
        if candidate.citations is not None:
            ending["citationMetadata"] = citations_object(candidate.citations)
        if candidate.grounding is not None:
            ending["groundingMetadata"] = grounding_object(candidate.grounding, "".join(candidate.text))
        return self._chunk(index, [{"text": ""}] if candidate.spoke else [], ending)

    def _chunk(self, index: int, parts: list[Json], ending: Json | None = None) -> Json:
        content: Json = {"content": {"role": "model", "parts": parts}} if parts else {}
        return self._footed({"candidates": [{**content, **(ending or {}), "index": index}]})

    def _footed(self, chunk: Json) -> Json:
        usage = usage_object(self._usages.values(), only_text=self._style.only_text)
        return {**chunk, **({} if usage is None else {"usageMetadata": usage}), **self._foot}


def response_object(request_id: str, model: str, answers: Sequence[Completion], style: AnswerStyle) -> Json:
    """The answer that is not streamed, one candidate for each completion."""
    candidates = [_candidate(index, done, style, request_id) for index, done in enumerate(answers)]
    usages = (done.usage for done in answers if done.usage is not None)
    usage = usage_object(usages, only_text=style.only_text)
    response: Json = {"candidates": candidates}
    if usage is not None:
        response["usageMetadata"] = usage
    return {**response, "modelVersion": model, "responseId": request_id}


def _candidate(index: int, done: Completion, style: AnswerStyle, request_id: str) -> Json:
    if done.finished is None:
        raise ValueError(f"The completion of {request_id!r} has no end; it is not a fold.")
    parts: list[Json] = []
    for piece in done.pieces:
        shown = _unquoted(piece) if style.unquoted and isinstance(piece, TextDelta) else piece
        parts += part_objects(shown, thoughts=style.include_thoughts)
    candidate: Json = {"content": {"role": "model", "parts": parts}} if parts else {}
    candidate |= finish_fields(done.finished)
    if done.citations is not None:
        candidate["citationMetadata"] = citations_object(done.citations)
    if done.grounding is not None:
        candidate["groundingMetadata"] = grounding_object(done.grounding, done.text)
    return {**candidate, "index": index}


def _unquoted(delta: TextDelta) -> TextDelta:
    """A checked JSON answer comes in one piece; one that the site cut short stays as it is."""
    try:
        value = json.loads(delta.text)
    except ValueError:
        return delta
    return TextDelta(value) if isinstance(value, str) else delta
