"""Answers that must be JSON: through the page's editor or in words, checked either way."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from api.exchange.output import ANY_OBJECT, described, document_of, without_opening_fence
from api.exchange.rounds import Answering, Heard, asked_again, hearing, instructed, texts
from api.exchange.workarounds import STRUCTURED, Workarounds, on_page_or_else
from domain.errors import ControlFailed, InvalidOutput, PageDrift
from domain.events import Event
from domain.requests import OutputFormat, Plan

_IN_WORDS: Final = "the form of the answer was described to the model in words instead"


class StructuredOutput:
    """The stage of an exchange that knows about the form of the answer.

    The text is held back until it is whole and valid; an answer that is not valid is asked for once more.
    Answers that call functions, and those the site cut short, are passed on as they are.
    """

    def __init__(self, generate: Answering, workarounds: Workarounds, warn: Callable[[str], None]) -> None:
        self._generate = generate
        self._workarounds = workarounds
        self._warn = warn

    def answer(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """One answer; without a form in the plan whatever the stage below gives.

        Raises:
            InvalidOutput: also the second answer does not fit.
        """
        request, output = plan.request, plan.request.output
        if output is None:
            return self._generate(plan)
        if request.functions:
            self._warn(f"AI Studio does not take structured output together with functions; {_IN_WORDS}.")
            return self._checked(_in_words(plan, output), output)
        if self._workarounds.needed(STRUCTURED, request.model):
            self._warn(f"The page's editor for structured output could not be used a while ago; {_IN_WORDS}.")
            return self._checked(_in_words(plan, output), output)
        on_page = plan
        if output.schema is None:
            on_page = replace(plan, request=instructed(request, ANY_OBJECT))
        return on_page_or_else(
            self._checked(on_page, output), STRUCTURED, lambda error: self._instead(plan, output, error)
        )

    def _instead(
        self, plan: Plan, output: OutputFormat, error: ControlFailed | PageDrift
    ) -> AsyncGenerator[Event, None]:
        self._workarounds.note(STRUCTURED, plan.request.model)
        self._warn(f"{error.public_message} So {_IN_WORDS}.")
        return self._checked(_in_words(plan, output), output)

    async def _checked(self, plan: Plan, output: OutputFormat) -> AsyncGenerator[Event, None]:
        heard = Heard()
        async with aclosing(self._heard(plan, heard)) as events:
            async for event in events:
                yield event
        let_out, wrong = _let_out(heard, output)
        if wrong is not None:
            words = (
                f"This answer is not valid: {wrong}. "
                "Give the whole answer again as one valid JSON document, without any other words."
            )
            answer, heard = heard.text, Heard()
            async with aclosing(self._heard(asked_again(plan, answer, words), heard)) as events:
                async for event in events:
                    yield event
            let_out, wrong = _let_out(heard, output)
        if wrong is not None:
            raise InvalidOutput(
                f"The model's answer is not the JSON that was asked for, also when asked again: {wrong}.",
                param="response_format",
            )
        for event in (*texts(let_out), *heard.rest()):
            yield event

    async def _heard(self, plan: Plan, heard: Heard) -> AsyncGenerator[Event, None]:
        async with aclosing(hearing(self._generate(plan), heard, keep_text=True)) as events:
            async for event in events:
                yield event


def _let_out(heard: Heard, output: OutputFormat) -> tuple[str, str | None]:
    """The text to pass on, and what is wrong with it."""
    if heard.cut_short:
        return without_opening_fence(heard.text), None
    if heard.calls:
        return heard.text, None
    return document_of(heard.text, output.schema)


def _in_words(plan: Plan, output: OutputFormat) -> Plan:
    request = replace(plan.request, output=None)
    return replace(plan, request=instructed(request, described(output.schema)))
