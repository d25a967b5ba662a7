"""The fold of a finished event stream: the only way to an answer that is not streamed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

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

Piece = TextDelta | ThoughtDelta | ToolCall | Media | CodeRun


@dataclass(slots=True)
class Completion:
    """One whole answer. `finished` is set by `fold`, which does not return without it."""

    text: str = ""
    thoughts: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    code_runs: list[CodeRun] = field(default_factory=list)
    grounding: Grounding | None = None
    citations: Citations | None = None
    usage: Usage | None = None
    finished: Finished | None = None
    pieces: list[Piece] = field(default_factory=list, compare=False)
    """The same answer in the order in which it was given; deltas of one kind in a row are one."""


class Folding:
    """A completion in the making."""

    def __init__(self) -> None:
        self._done = Completion()
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._run: list[str] = []
        """Of the text, or of the thought, that is being given."""
        self._run_of: type[TextDelta | ThoughtDelta] | None = None

    def add(self, event: Event) -> None:
        done = self._done
        self._put(event)
        match event:
            case TextDelta():
                self._text.append(event.text)
            case ThoughtDelta():
                self._thoughts.append(event.text)
            case ToolCall():
                done.tool_calls.append(event)
            case Media():
                done.media.append(event)
            case CodeRun():
                done.code_runs.append(event)
            case Grounding():
                done.grounding = event
            case Citations():
                done.citations = event
            case Usage():
                done.usage = event
            case Finished():
                done.finished = event

    def _put(self, event: Event) -> None:
        if isinstance(event, TextDelta | ThoughtDelta):
            if self._run_of is not type(event):
                self._end_run()
            self._run_of = type(event)
            self._run.append(event.text)
        elif isinstance(event, ToolCall | Media | CodeRun):
            self._end_run()
            self._done.pieces.append(event)

    def _end_run(self) -> None:
        if self._run_of is not None:
            self._done.pieces.append(self._run_of("".join(self._run)))
        self._run, self._run_of = [], None

    def result(self) -> Completion:
        done = self._done
        self._end_run()
        done.text, done.thoughts = "".join(self._text), "".join(self._thoughts)
        return done


async def fold(events: AsyncIterator[Event]) -> Completion:
    """Collect a whole event stream; whatever it raises is raised here."""
    folding = Folding()
    async for event in events:
        folding.add(event)
    return folding.result()


async def fold_choices(events: AsyncIterator[tuple[int, Event]]) -> list[Completion]:
    """Collect several answers, told apart by their index, in the order of the indexes."""
    foldings: dict[int, Folding] = {}
    async for index, event in events:
        foldings.setdefault(index, Folding()).add(event)
    return [foldings[index].result() for index in sorted(foldings)]
