"""The pieces that Google's answers are made of, streamed or not."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.completion import Piece
from domain.counts import ByModality, added
from domain.errors import Refused
from domain.events import (
    Citation,
    Citations,
    CodeRun,
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
from domain.harms import Rating

Json = dict[str, Any]

_OTHER_NAMES: Final[Mapping[FinishReason, str]] = MappingProxyType(
    {FinishReason.IMAGE_PROHIBITED: "IMAGE_PROHIBITED_CONTENT"}
)
"""Where Google's name of a finish reason is not the domain's in capitals."""

_OUTCOMES: Final[Mapping[int, str]] = MappingProxyType(
    {1: "OUTCOME_OK", 2: "OUTCOME_FAILED", 3: "OUTCOME_DEADLINE_EXCEEDED"}
)


def finish_name(reason: FinishReason) -> str:
    return _OTHER_NAMES.get(reason, reason.name)


def finish_fields(finished: Finished) -> Json:
    fields: Json = {"finishReason": finish_name(finished.reason)}
    if finished.message is not None:
        fields["finishMessage"] = finished.message
    if finished.ratings:
        fields["safetyRatings"] = [_rating(rating) for rating in finished.ratings]
    return fields


def _rating(rating: Rating) -> Json:
    told = {"category": f"HARM_CATEGORY_{rating.category.name}", "probability": rating.probability.name}
    return {**told, "blocked": True} if rating.blocked else told


def part_objects(piece: Piece, *, thoughts: bool) -> list[Json]:
    """The parts of one piece of an answer; none for a thought that is not to be shown."""
    match piece:
        case TextDelta():
            return [{"text": piece.text}]
        case ThoughtDelta():
            return [{"text": piece.text, "thought": True}] if thoughts else []
        case Media() if piece.draft:
            return [{**_media(piece), "thought": True}] if thoughts else []
        case Media():
            return [_media(piece)]
        case ToolCall():
            return [_call(piece)]
        case CodeRun():
            return list(_code_run(piece))


def _media(media: Media) -> Json:
    return {"inlineData": {"mimeType": media.mime_type, "data": media.data}}


def _call(call: ToolCall) -> Json:
    part: Json = {"functionCall": {"id": call.call_id, "name": call.name, "args": dict(call.args)}}
    return part if call.signature is None else {**part, "thoughtSignature": call.signature}


def _code_run(run: CodeRun) -> Iterable[Json]:
    if run.code is not None:
        yield {"executableCode": {"language": "PYTHON", "code": run.code}}
    if run.output is not None or run.outcome is not None:
        outcome = _OUTCOMES.get(run.outcome or 1, "OUTCOME_UNSPECIFIED")
        yield {"codeExecutionResult": {"outcome": outcome, "output": run.output or ""}}


def grounding_object(grounding: Grounding, text: str) -> Json:
    """`groundingMetadata`; segments count UTF-8 bytes of `text`, the whole answer."""
    metadata: Json = {}
    if grounding.queries:
        metadata["webSearchQueries"] = list(grounding.queries)
    if grounding.sources:
        metadata["groundingChunks"] = [
            {"web": {"uri": uri, "title": title}} for uri, title in grounding.sources
        ]
    content = text.encode(errors="surrogatepass")
    supports = [_support(support, content) for support in grounding.supports]
    return {**metadata, "groundingSupports": supports} if supports else metadata


def _support(support: Support, content: bytes) -> Json:
    words = support.text.encode(errors="surrogatepass")
    segment: Json = {"text": support.text}
    start = content.find(words) if support.end is None else support.end - len(words)
    if words and start >= 0:
        segment = {"startIndex": start, "endIndex": start + len(words), **segment}
    return {"segment": segment, "groundingChunkIndices": list(support.sources)}


def citations_object(citations: Citations) -> Json:
    """`citationMetadata`; the indexes count UTF-8 bytes of the whole answer."""
    return {"citationSources": [_citation(citation) for citation in citations.sources]}


def _citation(citation: Citation) -> Json:
    told = {
        "startIndex": citation.start,
        "endIndex": citation.end,
        "uri": citation.uri or None,
        "title": citation.title or None,
        "license": citation.licence or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def usage_object(usages: Iterable[Usage], *, only_text: bool) -> Json | None:
    """Counts of all candidates together, the prompt counted once; `None` if the site told none.

    Where the site does not tell the kinds of a prompt's tokens, they are known only if all of it is text.
    """
    told = list(usages)
    if not told:
        return None
    prompt = max(usage.prompt for usage in told)
    beyond_prompt = (
        usage.total - usage.prompt if usage.total else usage.answer + usage.thoughts for usage in told
    )
    counts: Json = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": sum(usage.answer for usage in told),
        "totalTokenCount": prompt + sum(beyond_prompt),
    }
    if thoughts := sum(usage.thoughts for usage in told):
        counts["thoughtsTokenCount"] = thoughts
    if cached := max(usage.cached for usage in told):
        counts["cachedContentTokenCount"] = cached
    if tools := sum(usage.tools for usage in told):
        counts["toolUsePromptTokenCount"] = tools
    if kinds := max(told, key=lambda usage: usage.prompt).prompt_kinds:
        counts["promptTokensDetails"] = kinds_object(kinds)
    elif only_text and prompt:
        counts["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": prompt}]
    if kinds := added(usage.answer_kinds for usage in told):
        counts["candidatesTokensDetails"] = kinds_object(kinds)
    return counts


def kinds_object(kinds: ByModality) -> list[Json]:
    return [{"modality": modality.name, "tokenCount": tokens} for modality, tokens in kinds]


def blocked_object(refused: Refused) -> Json:
    """`promptFeedback` of a prompt that the site refused."""
    return {"blockReason": refused.reason.name, "blockReasonMessage": refused.public_message}
