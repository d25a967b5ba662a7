"""Answers that may call functions: declared on the page, or described in words, or whichever works."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Literal

from api.exchange.emulation import CallProblem, CallReader, described, must_call, unknown_function
from api.exchange.rounds import (
    Answering,
    Heard,
    asked_again,
    hearing,
    instructed,
    model_turn,
    texts,
    with_turns,
)
from api.exchange.workarounds import FUNCTIONS, Workarounds, on_page_or_else
from domain.errors import ControlFailed, InvalidOutput, PageDrift, Unsupported
from domain.events import Event, TextDelta
from domain.requests import FunctionDeclaration, GenerateRequest, Plan, ToolResult, Turn

Mode = Literal["auto", "native", "emulated"]

_IN_WORDS: Final = "the functions were described to the model in words instead"


@dataclass(slots=True)
class _Attempt:
    """One generation of an answer with functions, and what is wrong with it."""

    heard: Heard = field(default_factory=Heard)
    problem: str | None = None
    text: str = ""
    """What was kept back of the text and is let out when the attempt is used."""


_Hearing = Callable[[Plan, _Attempt], AsyncGenerator[Event, None]]
"""One generation, whose events are passed on or kept in the attempt, which it judges at the end."""


class FunctionCalling:
    """The stage of an exchange that knows about functions.

    Calls are passed on when the generation has ended and all of them are known to be usable; an answer that
    is not usable is asked for once more. Text streams, except where a call is demanded.
    """

    def __init__(
        self, generate: Answering, mode: Mode, workarounds: Workarounds, warn: Callable[[str], None]
    ) -> None:
        self._generate = generate
        self._mode = mode
        self._workarounds = workarounds
        self._warn = warn

    def answer(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """One answer; without functions in the plan simply a generation.

        Raises:
            Unsupported: the site refuses functions beside something else in the request.
            InvalidOutput: also the second answer calls what is not there, or does not call at all.
        """
        request = plan.request
        if not request.functions:
            return self._generate(plan)
        conflict = _conflict(request)
        if self._mode == "native" and conflict:
            raise Unsupported(f"AI Studio does not take functions together with {conflict}.", param="tools")
        if self._mode == "native":
            return self._native(plan)
        if self._mode == "emulated":
            return self._emulated(plan)
        if conflict:
            self._warn(f"AI Studio does not take functions together with {conflict}; {_IN_WORDS}.")
            return self._emulated(plan)
        if self._workarounds.needed(FUNCTIONS, request.model):
            self._warn(f"The page's function editor could not be used a while ago; {_IN_WORDS}.")
            return self._emulated(plan)
        return on_page_or_else(self._native(plan), FUNCTIONS, lambda error: self._instead(plan, error))

    def _instead(self, plan: Plan, error: ControlFailed | PageDrift) -> AsyncGenerator[Event, None]:
        self._workarounds.note(FUNCTIONS, plan.request.model)
        self._warn(f"{error.public_message} So {_IN_WORDS}.")
        return self._emulated(plan)

    def _native(self, plan: Plan) -> AsyncGenerator[Event, None]:
        demand = _demand(plan)
        spoken = replace(plan, request=instructed(plan.request, demand)) if demand else plan
        return self._twice(plan, spoken, self._heard_on_page, _corrected)

    def _emulated(self, plan: Plan) -> AsyncGenerator[Event, None]:
        functions = plan.request.functions
        words = filter(None, (described(functions, parallel=plan.parallel_calls), _demand(plan)))
        plain = replace(plan.request, functions=())
        spoken = replace(plan, request=instructed(plain, "\n\n".join(words)))
        return self._twice(plan, spoken, partial(self._heard_in_words, functions), _reworded)

    async def _twice(
        self, plan: Plan, spoken: Plan, hear: _Hearing, corrected: Callable[[Plan, _Attempt], Plan]
    ) -> AsyncGenerator[Event, None]:
        """One answer to `plan` by asking `spoken`, and once more if what is heard is not usable."""
        attempt = _Attempt()
        async with aclosing(hear(spoken, attempt)) as events:
            async for event in events:
                yield event
        if attempt.problem is not None:
            spoken, attempt = corrected(spoken, attempt), _Attempt()
            async with aclosing(hear(spoken, attempt)) as events:
                async for event in events:
                    yield event
        for event in self._usable(plan, attempt):
            yield event

    async def _heard_on_page(self, plan: Plan, attempt: _Attempt) -> AsyncGenerator[Event, None]:
        events = self._generate(plan)
        async with aclosing(hearing(events, attempt.heard, keep_text=plan.must_call)) as passed:
            async for event in passed:
                yield event
        functions, heard = plan.request.functions, attempt.heard
        offered = {function.name: function for function in functions}
        unknown = [call.name for call in heard.calls if call.name not in offered]
        if unknown:
            attempt.problem = unknown_function(unknown[0], offered)
        else:
            attempt.problem = _missing_call(plan, functions, heard)
        attempt.text = heard.text if plan.must_call else ""

    async def _heard_in_words(
        self, functions: tuple[FunctionDeclaration, ...], plan: Plan, attempt: _Attempt
    ) -> AsyncGenerator[Event, None]:
        """One generation whose text is read for calls of `functions`, which the plan does not declare."""
        heard, reader = attempt.heard, CallReader(functions)
        async with aclosing(hearing(self._generate(plan), heard, keep_text=False)) as events:
            async for event in events:
                passed = texts(reader.feed(event.text)) if isinstance(event, TextDelta) else [event]
                for one in passed:
                    if not (plan.must_call and isinstance(one, TextDelta)):
                        yield one
        try:
            heard.calls.extend(reader.calls(whole=not heard.cut_short))
        except CallProblem as problem:
            attempt.problem = None if heard.cut_short else str(problem)
        else:
            attempt.problem = _missing_call(plan, functions, heard)
        if not heard.calls:
            attempt.text = heard.text if plan.must_call else reader.held

    def _usable(self, plan: Plan, attempt: _Attempt) -> list[Event]:
        """What is let out at the end of the last attempt."""
        heard = attempt.heard
        if attempt.problem is not None:
            raise InvalidOutput(
                f"The model did not call the functions as it must, also when asked again. {attempt.problem}",
                param="tools",
            )
        if len(heard.calls) > 1 and not plan.parallel_calls:
            self._warn(f"Of {len(heard.calls)} calls in one answer only the first was passed on.")
            del heard.calls[1:]
        return [*texts(attempt.text), *heard.rest()]


def _conflict(request: GenerateRequest) -> str:
    """What the site refuses beside functions; empty where there is nothing."""
    if request.tools:
        return ", ".join(sorted(tool.value for tool in request.tools))
    return "structured output" if request.output is not None else ""


def _demand(plan: Plan) -> str:
    return must_call(plan.request.functions) if plan.must_call else ""


def _missing_call(plan: Plan, functions: tuple[FunctionDeclaration, ...], heard: Heard) -> str | None:
    return must_call(functions) if plan.must_call and not heard.calls and not heard.cut_short else None


def _corrected(plan: Plan, attempt: _Attempt) -> Plan:
    """The follow-up of a native answer: every call gets the reason as its result."""
    heard, problem = attempt.heard, attempt.problem or ""
    if not heard.calls:
        return asked_again(plan, heard.text, problem)
    reason = f"None of the calls was made. {problem} Call again."
    results = tuple(ToolResult(call.name, call.call_id, reason) for call in heard.calls)
    return with_turns(plan, model_turn(heard.text, tuple(heard.calls)), Turn("user", results))


def _reworded(plain: Plan, attempt: _Attempt) -> Plan:
    """The follow-up of an emulated answer."""
    words = f"No function was called. {attempt.problem} Answer again with nothing but the JSON object."
    return asked_again(plain, attempt.heard.text, words)
