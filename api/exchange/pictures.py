"""Answers that are to be pictures and nothing else."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from api.exchange.rounds import Answering
from domain.events import CodeRun, Event, Finished, FinishReason, Media, TextDelta
from domain.requests import Plan


class OnlyPictures:
    """The stage of an exchange that leaves words out where only pictures are wanted.

    The page lets no one tell an image model to be silent. What it says instead of a picture is told as the
    reason why there is none.
    """

    def __init__(self, generate: Answering) -> None:
        self._generate = generate

    def answer(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """One answer; where words are wanted whatever the stage below gives."""
        return self._without_words(plan) if plan.only_pictures else self._generate(plan)

    async def _without_words(self, plan: Plan) -> AsyncGenerator[Event, None]:
        said: list[str] = []
        pictures = 0
        async with aclosing(self._generate(plan)) as events:
            async for event in events:
                match event:
                    case TextDelta():
                        said.append(event.text)
                        continue
                    case CodeRun():
                        continue
                    case Media() if not event.draft:
                        pictures += 1
                    case Finished(FinishReason.STOP) if not pictures:
                        words = "".join(said).strip() or "The model made no picture."
                        yield replace(event, reason=FinishReason.NO_IMAGE, message=words)
                        continue
                yield event
