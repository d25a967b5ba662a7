"""What a tab still shows of a conversation, and which request goes on with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from browser.flows.transcript import is_plain
from browser.pages.chat import ChatState
from domain.events import (
    Citations,
    Event,
    Finished,
    FinishReason,
    Grounding,
    TextDelta,
    ThoughtDelta,
    Usage,
)
from domain.requests import GenerateRequest, Turn

_WHOLE = {FinishReason.STOP, FinishReason.MAX_TOKENS}


@dataclass(frozen=True, slots=True)
class Held:
    """A conversation on a page, with the model's last answer at its end."""

    model: str
    turns: tuple[Turn, ...]
    """As the caller knows them; the page itself may have been given several as one transcript."""
    shown: Sequence[int]
    """How many turns the page may show for it: thoughts and files may be shown as turns of their own."""

    def is_extended_by(self, request: GenerateRequest) -> bool:
        """Whether a request asks for nothing but the answer to one more turn of a user's words and files."""
        return (
            request.model == self.model
            and len(request.turns) == len(self.turns) + 1
            and is_plain(request.turns[-1])
            and request.turns[:-1] == self.turns
        )

    def is_on(self, state: ChatState) -> bool:
        """Whether a page shows it, free of anything else."""
        busy = state.running or state.obstructed or state.chips
        return state.ready and not busy and state.model == self.model and state.turns in self.shown


class AnswerNotes:
    """What was reported of an answer so far."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._thoughtful = False
        self._plain = True
        self._whole = False

    def add(self, event: Event) -> None:
        match event:
            case TextDelta():
                self._texts.append(event.text)
            case ThoughtDelta():
                self._thoughtful = True
            case Finished():
                self._whole = event.reason in _WHOLE
            case Usage() | Grounding() | Citations():
                pass
            case _:
                self._plain = False

    def held(self, request: GenerateRequest, shown_before: int, files: int = 0) -> Held | None:
        """The conversation with this answer; `None` unless the answer is whole and nothing but text.

        `files` is how many files the prompt had.
        """
        text = "".join(self._texts)
        if not (self._whole and self._plain and text):
            return None
        shown = shown_before + 2
        counts = tuple(range(shown, shown + 1 + files + self._thoughtful))
        return Held(request.model, (*request.turns, Turn.of("model", text)), counts)
