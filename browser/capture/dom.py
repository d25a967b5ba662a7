"""The answer as the page shows it, for when nothing else hears it.

It is told as a whole once it is over: a page shows marks and tables differently while they grow, so that no
part of it is certain before. The words come from the page's own edit box where it gives them, and are
written anew from what is rendered where it does not. What a page does not show is not there: usage, the
reason of the end, signatures and ids of calls.
"""

import hashlib
import json
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

from browser.pages.answers import AnswerOnPage, ShownAnswer
from browser.pages.markdown import markdown_of, renders
from browser.wire.refusals import error_from_words
from domain.errors import GatewayError, UpstreamError, WireError
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
)

READ = "The answer was read from the page: no token counts, and the reason of its end is not known."
RENDERED = "The page did not give the source of its text; the Markdown was written anew from what it shows."

_VAGUE = re.compile(r"internal error|try again", re.IGNORECASE)
"""A turn that says no more than this is explained by a toast, if by anything."""


def events_of(answer: ShownAnswer, sources: Mapping[int, str]) -> list[Event]:
    """A snapshot as events; `sources` are exact texts by the index of their turn.

    Raises:
        GatewayError: the page shows an error.
        WireError: a part of the answer is not readable.
    """
    pieces = [piece for turn in answer.turns for piece in turn["pieces"]]
    errors = [piece["text"] for piece in pieces if piece["kind"] == "error"]
    if errors or not answer.turns:
        raise _error(errors, answer.toast)
    events: list[Event] = []
    for turn in answer.turns:
        events += _turn(turn["pieces"], sources.get(turn["index"]))
    return [*events, Finished(FinishReason.STOP)]


def _error(errors: list[str], toast: str) -> GatewayError:
    """A turn's own words come before a toast, which may be an old one."""
    telling = [words for words in errors if not _VAGUE.search(words)]
    said = [*telling, *([toast] if toast else []), *errors]
    known = (error for words in said if (error := error_from_words(words)))
    return next(known, None) or UpstreamError(f"AI Studio's page says: {said[0]}")


def _turn(pieces: list[dict[str, Any]], source: str | None) -> Iterator[Event]:
    """The exact text takes the place of the first of the texts that it is made of."""
    kind = _told_by_source(pieces)
    for number, piece in enumerate(pieces):
        if piece["kind"] == kind and source is not None:
            text, source = source, ""
            yield from _words(kind, text)
            yield from _drafts(piece)
        else:
            yield from _piece(piece, number)


def _told_by_source(pieces: list[dict[str, Any]]) -> str:
    """What the edit box of a turn holds: its text, or its thoughts where it is nothing but thoughts."""
    return "text" if any(piece["kind"] != "thought" for piece in pieces) else "thought"


def _words(kind: str, text: str) -> Iterator[Event]:
    if text:
        yield ThoughtDelta(text) if kind == "thought" else TextDelta(text)


def _drafts(piece: dict[str, Any]) -> Iterator[Event]:
    for media in piece.get("media", ()):
        yield _media(media, draft=True)


def _piece(piece: dict[str, Any], number: int) -> Iterator[Event]:
    match piece["kind"]:
        case "text" | "thought" as kind:
            yield from _words(kind, markdown_of(piece["tree"]))
            yield from _drafts(piece)
        case "media":
            yield _media(piece, draft=False)
        case "call":
            yield _call(piece["title"], piece["text"], number)
        case "code":
            shown = piece["text"]
            is_result = piece["title"].lower() in {"result", "output"}
            yield CodeRun(output=shown) if is_result else CodeRun(code=shown)


def _media(piece: dict[str, Any], *, draft: bool) -> Media:
    if problem := piece.get("problem"):
        raise WireError(f"The page shows media that cannot be read: {problem}")
    return Media(piece["mime"], piece["data"], draft=draft)


def _call(name: str, written: str, number: int) -> ToolCall:
    try:
        args = json.loads(written or "{}")
    except ValueError as error:
        raise WireError(
            f"The page shows a call of {name!r} with {written!r:.80}, which is no JSON."
        ) from error
    told_by = json.dumps([name, written, number])
    return ToolCall(name, args, f"call_{hashlib.sha256(told_by.encode()).hexdigest()[:24]}")


class DomVoice:
    """Reads the page."""

    name = "dom"
    sure = False

    def __init__(self, answer: AnswerOnPage, on_growth: Callable[[], None]) -> None:
        """`on_growth` is called while the page writes what is only told at its end."""
        self.heard = False
        self.over = False
        self.exact = False
        self.warnings: tuple[str, ...] = ()
        self._answer = answer
        self._on_growth = on_growth

    async def requested(self) -> None:
        await self._answer.begun()

    def release(self) -> None:
        """Nothing is kept."""

    async def events(self) -> AsyncGenerator[Event]:
        await self._answer.answered()
        self.heard = True
        shown = await self._answer.read(self._on_growth)
        self.over = True
        for event in events_of(shown, await self._sources(shown)):
            yield event

    async def _sources(self, shown: ShownAnswer) -> dict[int, str]:
        """Exact texts; only those of which the page shows the rendering."""
        self.exact, sources = True, {}
        for turn in shown.turns:
            kind = _told_by_source(turn["pieces"])
            trees = [piece["tree"] for piece in turn["pieces"] if piece["kind"] == kind]
            source = await self._answer.source(turn["index"]) if trees else None
            if source is not None and renders(source, ["div", {}, *trees]):
                sources[turn["index"]] = source
            elif trees and kind == "text":
                self.exact = False
        self.warnings = (READ,) if self.exact else (READ, RENDERED)
        return sources
