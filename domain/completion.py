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


async def fold(events: AsyncIterator[Event]) -> Completion:
    """Collect a whole event stream; whatever it raises is raised here."""
    done = Completion()
    text: list[str] = []
    thoughts: list[str] = []
    async for event in events:
        match event:
            case TextDelta():
                text.append(event.text)
            case ThoughtDelta():
                thoughts.append(event.text)
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
    done.text, done.thoughts = "".join(text), "".join(thoughts)
    return done
