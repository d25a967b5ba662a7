"""Gemini's own JSON as events: what an external helper may answer with, one object after the other."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from browser.wire.status import error_from_status
from domain.errors import BlockReason, Refused, WireError
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.harms import HarmCategory, HarmProbability, Rating


class GeminiDecoder:
    """Reads `GenerateContentResponse` objects; `finish` closes the answer."""

    def __init__(self) -> None:
        self._reason: FinishReason | None = None
        self._message: str | None = None
        self._ratings: tuple[Rating, ...] = ()
        self._response_id: str | None = None
        self._usage: Usage | None = None
        self._calls = 0

    def feed(self, message: dict[str, Any]) -> Iterator[Event]:
        """The events of one object.

        Raises:
            GatewayError: it says that the site refused, or is not understood.
        """
        if error := message.get("error"):
            raise error_from_status([error.get("code"), error.get("message")])
        try:
            yield from self._events(message)
        except (AttributeError, KeyError, TypeError) as error:
            raise WireError(f"The helper's answer is not in Gemini's form ({error!r}).") from error

    def finish(self) -> Iterator[Event]:
        """The closing events.

        Raises:
            WireError: no object said why the answer ended.
        """
        if self._reason is None:
            raise WireError("The helper's answer ended without a finish reason; it may be incomplete.")
        if self._usage is not None:
            yield self._usage
        yield Finished(self._reason, self._message, self._response_id, self._ratings)

    def _events(self, message: dict[str, Any]) -> Iterator[Event]:
        self._response_id = message.get("responseId") or self._response_id
        if usage := message.get("usageMetadata"):
            self._usage = Usage(
                prompt=usage.get("promptTokenCount", 0),
                answer=usage.get("candidatesTokenCount", 0),
                thoughts=usage.get("thoughtsTokenCount", 0),
                cached=usage.get("cachedContentTokenCount", 0),
                total=usage.get("totalTokenCount", 0),
            )
        candidates = message.get("candidates") or []
        if not candidates and (blocked := message.get("promptFeedback", {}).get("blockReason")):
            reason = BlockReason.__members__.get(blocked, BlockReason.OTHER)
            raise Refused(
                f"AI Studio blocked the prompt (block reason {blocked!r}).", reason=reason, usage=self._usage
            )
        for candidate in candidates:
            for part in (candidate.get("content") or {}).get("parts") or []:
                yield from self._part(part)
            self._ratings = tuple(_ratings(candidate)) or self._ratings
            if reason := candidate.get("finishReason"):
                self._reason = _reason(reason)
                self._message = candidate.get("finishMessage")

    def _part(self, part: dict[str, Any]) -> Iterator[Event]:
        if call := part.get("functionCall"):
            self._calls += 1
            told_by = json.dumps([self._response_id, self._calls, call], sort_keys=True)
            own = f"call_{hashlib.sha256(told_by.encode()).hexdigest()[:24]}"
            yield ToolCall(
                call["name"], call.get("args") or {}, call.get("id") or own, part.get("thoughtSignature")
            )
        elif code := part.get("executableCode"):
            yield CodeRun(code=code["code"])
        elif result := part.get("codeExecutionResult"):
            yield CodeRun(output=result.get("output", ""), outcome=_OUTCOMES.get(result.get("outcome")))
        elif blob := part.get("inlineData"):
            yield Media(blob["mimeType"], blob["data"], draft=bool(part.get("thought")))
        elif text := part.get("text"):
            yield ThoughtDelta(text) if part.get("thought") else TextDelta(text)


_OUTCOMES = {"OUTCOME_OK": 1, "OUTCOME_FAILED": 2, "OUTCOME_DEADLINE_EXCEEDED": 3}


def _reason(name: str) -> FinishReason:
    try:
        return FinishReason(name.lower())
    except ValueError:
        return FinishReason.OTHER


def _ratings(candidate: dict[str, Any]) -> Iterator[Rating]:
    """Those whose names are known."""
    for rating in candidate.get("safetyRatings") or []:
        category = HarmCategory.__members__.get(rating["category"].removeprefix("HARM_CATEGORY_"))
        probability = HarmProbability.__members__.get(rating["probability"])
        if category is not None and probability is not None:
            yield Rating(category, probability, bool(rating.get("blocked")))
