"""The pieces that OpenAI's answers are made of, streamed or not."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from domain.events import (
    Citations,
    CodeRun,
    Finished,
    FinishReason,
    Grounding,
    Media,
    ToolCall,
    Usage,
)

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

Json = dict[str, Any]


def finish_reason(reason: FinishReason, *, called: str | None) -> str:
    """OpenAI's word; `stop` for the ends that it has no word for (`gateway.finish` then tells).

    `called` is the word for an answer with calls in it, which wins: the calls are whole and wait for answers.
    """
    if called is not None:
        return called
    if reason is FinishReason.MAX_TOKENS:
        return "length"
    return "content_filter" if reason in _FILTERED else "stop"


def finish_object(finished: Finished, word: str) -> Json | None:
    """The site's own word for the end, where OpenAI's `word` says less."""
    ordinary = {
        FinishReason.STOP: ("stop", "tool_calls", "function_call"),
        FinishReason.MAX_TOKENS: ("length",),
    }
    if word in ordinary.get(finished.reason, ()) and finished.message is None:
        return None
    return {"reason": finished.reason.value, "message": finished.message}


def refusal_of(finished: Finished) -> str | None:
    """What to say in place of an answer that was filtered away whole."""
    if finished.reason not in _FILTERED:
        return None
    return finished.message or f"AI Studio withheld the answer ({finished.reason.value})."


def usage_object(usages: Iterable[Usage]) -> Json | None:
    """Counts of all choices together, the prompt counted once; `None` if the site told none.

    Thinking is part of what was generated; the site's total also counts its own tool use.
    """
    told = list(usages)
    if not told:
        return None
    prompt = max(usage.prompt for usage in told)
    thoughts = sum(usage.thoughts for usage in told)
    beyond_prompt = (
        usage.total - usage.prompt if usage.total else usage.answer + usage.thoughts for usage in told
    )
    return {
        "prompt_tokens": prompt,
        "completion_tokens": sum(usage.answer for usage in told) + thoughts,
        "total_tokens": prompt + sum(beyond_prompt),
        "completion_tokens_details": {"reasoning_tokens": thoughts},
        "prompt_tokens_details": {"cached_tokens": max(usage.cached for usage in told)},
    }


def is_picture(media: Media) -> bool:
    return media.mime_type.startswith("image/")


def data_url(media: Media) -> str:
    return f"data:{media.mime_type};base64,{media.data}"


def markdown(media: Media) -> str:
    """A picture as Markdown image, anything else as link, both with the data inside."""
    kind = media.mime_type.split("/")[0]
    return f"{'!' if is_picture(media) else ''}[{kind}]({data_url(media)})"


def picture_object(picture: Media, at: int) -> Json:
    """An entry of `images`, as routers between several makers of models write it."""
    return {"type": "image_url", "image_url": {"url": data_url(picture)}, "index": at}


def function_object(call: ToolCall) -> Json:
    """The call alone, which is also the legacy `function_call`."""
    return {"name": call.name, "arguments": json.dumps(dict(call.args), ensure_ascii=False)}


def tool_call_object(call: ToolCall) -> Json:
    """With the call's signature where Google's own OpenAI endpoint puts it."""
    call_object: Json = {"id": call.call_id, "type": "function", "function": function_object(call)}
    if call.signature is not None:
        call_object["extra_content"] = {"google": {"thought_signature": call.signature}}
    return call_object


def code_run_object(run: CodeRun) -> Json:
    return {name: value for name, value in asdict(run).items() if name != "kind" and value is not None}


def grounding_object(grounding: Grounding) -> Json:
    sources = [{"uri": uri, "title": title} for uri, title in grounding.sources]
    return {"sources": sources, "queries": list(grounding.queries)}


def annotations(grounding: Grounding | None, citations: Citations | None, content: str) -> list[Json]:
    """One `url_citation` for each source of each quotation; what `content` does not hold is left out.

    `start_index` and `end_index` count characters of `content`; the end is the first one after the quotation.
    """
    based = [] if grounding is None else _based(grounding, content)
    return based + ([] if citations is None else _cited(citations, content))


def _cited(citations: Citations, content: str) -> list[Json]:
    encoded = content.encode(errors="surrogatepass")
    found: list[Json] = []
    for source in citations.sources:
        start, end = source.start or 0, source.end
        if source.uri and end is not None and 0 <= start < end <= len(encoded):
            first, behind = (len(encoded[:at].decode(errors="ignore")) for at in (start, end))
            found.append(_annotation(first, behind, source.uri, source.title))
    return found


def _annotation(start: int, end: int, url: str, title: str) -> Json:
    place = {"start_index": start, "end_index": end}
    return {"type": "url_citation", "url_citation": {**place, "url": url, "title": title}}


def _based(grounding: Grounding, content: str) -> list[Json]:
    found: list[Json] = []
    for support in grounding.supports:
        start = _position(support.text, support.end, content)
        if start is None:
            continue
        for url, title in (grounding.sources[at] for at in support.sources if at < len(grounding.sources)):
            found.append(_annotation(start, start + len(support.text), url, title))
    return found


def _position(quotation: str, end: int | None, content: str) -> int | None:
    """Where a quotation starts: before the byte offset that the site tells, else at its first occurrence."""
    if not quotation:
        return None
    if end is not None:
        start = len(content.encode(errors="surrogatepass")[:end].decode(errors="ignore")) - len(quotation)
        if start >= 0 and content.startswith(quotation, start):
            return start
    return at if (at := content.find(quotation)) >= 0 else None
