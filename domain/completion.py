"""The fold of a finished event stream: the only way to an answer that is not streamed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from domain.events import (
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


@dataclass(slots=True)
class Completion:
    """One whole answer. `finished` is set by `fold`, which does not return without it."""

    text: str = ""
    thoughts: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    code_runs: list[CodeRun] = field(default_factory=list)
    grounding: Grounding | None = None
    usage: Usage | None = None
    finished: Finished | None = None


class Folding:
    """A completion in the making."""

    def __init__(self) -> None:
        self._done = Completion()
        self._text: list[str] = []
        self._thoughts: list[str] = []

    def add(self, event: Event) -> None:
        done = self._done
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
            case Usage():
                done.usage = event
            case Finished():
                done.finished = event

    def result(self) -> Completion:
        done = self._done
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
