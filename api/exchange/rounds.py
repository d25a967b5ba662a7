"""The generations of one choice, one after the other, and what is carried from one to the next."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final

from api.exchange.jobs import Jobs
from domain.counts import added
from domain.errors import Cancelled
from domain.events import Event, Finished, FinishReason, TextDelta, ToolCall, Usage
from domain.requests import GenerateRequest, Part, Plan, Text, Turn

Answering = Callable[[Plan], AsyncGenerator[Event, None]]
"""Gives one answer to a plan's request: events as in `domain.events`, `Finished` once and last."""

_CUT_SHORT: Final = frozenset(
    {
        FinishReason.MAX_TOKENS,
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


class Rounds:
    """Runs the generations of one choice and adds up what they cost."""

    def __init__(self, jobs: Jobs, choice: int) -> None:
        self._jobs = jobs
        self._choice = choice
        self._spent: list[Usage] = []

    @property
    def usage(self) -> Usage | None:
        """The sum over all generations so far, thrown-away ones too; `None` if the site told nothing."""
        if not self._spent:
            return None
        return Usage(
            prompt=sum(one.prompt for one in self._spent),
            answer=sum(one.answer for one in self._spent),
            thoughts=sum(one.thoughts for one in self._spent),
            cached=sum(one.cached for one in self._spent),
            total=sum(one.total for one in self._spent),
            tools=sum(one.tools for one in self._spent),
            prompt_kinds=added(one.prompt_kinds for one in self._spent),
            answer_kinds=added(one.answer_kinds for one in self._spent),
        )

    async def generate(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """One generation. Its counts are kept for `usage` instead of being passed on."""
        job = self._jobs.submit(plan.request, self._choice)
        cost: Usage | None = None
        try:
            while (event := await job.events.get()) is not None:
                if isinstance(event, Usage):
                    cost = event
                    continue
                if isinstance(event, Finished) and cost is not None:
                    self._spent.append(cost)
                yield event
        finally:
            job.cancel(Cancelled("Nobody reads its answer any more."))


@dataclass(slots=True)
class Heard:
    """What was kept of one generation, to be let out later or to go on from."""

    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def cut_short(self) -> bool:
        """Whether the site ended the answer before the model was done: asking again cannot mend that."""
        return self.finished is not None and self.finished.reason in _CUT_SHORT

    def rest(self) -> list[Event]:
        """The calls and the end."""
        return [*self.calls, *([self.finished] if self.finished is not None else [])]


async def hearing(
    events: AsyncGenerator[Event, None], heard: Heard, *, keep_text: bool
) -> AsyncGenerator[Event, None]:
    """Pass events on, but keep the calls and the end back; the text too with `keep_text`."""
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta():
                    heard.texts.append(event.text)
                    if not keep_text:
                        yield event
                case ToolCall():
                    heard.calls.append(event)
                case Finished():
                    heard.finished = event
                case _:
                    yield event


def texts(text: str) -> list[Event]:
    """A text as events; deltas are never empty."""
    return [TextDelta(text)] if text else []


def with_turns(plan: Plan, *turns: Turn) -> Plan:
    """The same plan with a longer conversation; a turn without parts is left out."""
    added = tuple(turn for turn in turns if turn.parts)
    return replace(plan, request=replace(plan.request, turns=plan.request.turns + added))


def asked_again(plan: Plan, answer: str, words: str) -> Plan:
    """The plan of a follow-up that shows the model its answer and says what is wrong with it."""
    return with_turns(plan, model_turn(answer), Turn.of("user", words))


def model_turn(text: str, calls: tuple[ToolCall, ...] = ()) -> Turn:
    """What the model said, as a turn."""
    said: tuple[Part, ...] = (Text(text),) if text else ()
    return Turn("model", said + calls)


def instructed(request: GenerateRequest, words: str) -> GenerateRequest:
    """The request with more words in its system instruction."""
    return replace(request, system=f"{request.system}\n\n{words}" if request.system else words)
