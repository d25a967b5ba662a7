"""All captures of one tab, in the order in which they may serve a run.

All of them are armed before Run is pressed; one serves. The next one takes over while nothing has been
emitted, when the one that serves fails, or stays silent although the page shows an answer. Two captures'
bytes are never mixed. Once something was emitted, a capture's failure is the run's; only a reading of the
page may complete the answer, where it begins with exactly what was emitted.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from playwright.async_api import Error

from browser.capture.answer import StreamVoice, Voice
from browser.capture.dom import DomVoice
from browser.capture.hearing import Capture, PageGone, Unheard
from browser.capture.helper import Helper
from browser.capture.sent import Sent
from browser.counting import Count
from browser.pages.answers import AnswerOnPage, Answers
from browser.pages.scripting import first_line
from domain.errors import GatewayError, SessionLost, WireError
from domain.events import Event
from domain.ports import ignored

_log = logging.getLogger(__name__)
PAGE = DomVoice.name
"""Reading the page is always possible; whatever else is in a chain has to be there."""
_GRACE_SECONDS = 1.0
"""So much later than the page at most does a capture hear what the page shows."""


class Deaf(WireError):
    """The page shows an answer of which a capture has heard nothing. To ask again would be to ask twice."""


class Listening:
    """One run, heard by the captures of a chain in turn."""

    def __init__(
        self,
        voices: Sequence[Voice],
        answer: AnswerOnPage,
        seconds: float,
        count: Count,
        on_deaf: Callable[[str], None],
    ) -> None:
        self._voices = voices
        self._answer = answer
        self._seconds = seconds
        self._count = count
        self._on_deaf = on_deaf
        self._serving = voices[0]
        self._helped = ""
        self._sent = Sent()

    @property
    def capture(self) -> str:
        """Which capture serves, and with which other one's help; it may change until the first event."""
        return self._helped + self._serving.name

    @property
    def over(self) -> bool:
        """Whether the site has said all it will."""
        return self._serving.over

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the caller should know of how the answer was heard; complete when the answer is."""
        return self._serving.warnings

    async def requested(self) -> None:
        """Return as soon as the capture that serves has heard the page's request."""
        await self._serving.requested()

    async def submitted(self) -> None:
        """Return as soon as the page's request has demonstrably left, whoever noticed (or the tab is gone).

        A page that only says it runs is believed where no capture would have heard a request.
        """
        sure = any(voice.sure for voice in self._voices)
        noticing = [voice.requested() for voice in self._voices if voice.sure or not sure]
        await _first_of(*noticing, self._answer.answered())

    async def events(self) -> AsyncGenerator[Event]:
        """The answer; see the contract in `domain.events`."""
        problem: WireError | None = None
        for place, voice in enumerate(self._voices):
            self._serve(voice, place)
            try:
                async with aclosing(self._told(voice, last=voice is self._voices[-1])) as told:
                    async for event in told:
                        yield event
            except GatewayError as error:
                problem = self._weighed(error, problem)
                if self._sent:
                    break
            else:
                return
        for event in await self._rest(problem or Unheard("No capture is armed.")):
            yield event

    def _weighed(self, error: GatewayError, earlier: WireError | None) -> WireError:
        """What has gone wrong so far, where it may be mended; else it is raised.

        Where an earlier capture has failed, and was not only deaf, it knew better what went wrong than a page
        that repeats it.
        """
        if isinstance(error, PageGone):
            raise error
        if isinstance(error, WireError):
            _log.warning("capture %s: %s", self._serving.name, error.public_message)
            return earlier or error
        if earlier is None or isinstance(earlier, Deaf):
            raise error
        raise earlier from error

    def _serve(self, voice: Voice, place: int) -> None:
        if place:
            self._count("capture_fallbacks")
            _log.warning("capture %s takes over from %s", voice.name, self._serving.name)
            self._serving.release()
        self._serving = voice

    async def _told(self, voice: Voice, *, last: bool) -> AsyncGenerator[Event]:
        async with aclosing(voice.events()) as events:
            if not last:
                first = asyncio.create_task(anext(events, None), name=f"first-event-{voice.name}")
                try:
                    await self._require_not_deaf(voice, first)
                    event = await first
                finally:
                    if not first.done():
                        first.cancel()
                        await asyncio.wait({first})
                if event is None:
                    return
                yield self._passed(event, voice)
            async for event in events:
                yield self._passed(event, voice)

    def _passed(self, event: Event, voice: Voice) -> Event:
        if not self._sent:
            self._count(f"captures.{voice.name}")
            for other in self._voices:
                if other is not voice:
                    other.release()
        self._sent.add(event)
        return event

    async def _require_not_deaf(self, voice: Voice, first: asyncio.Task[Event | None]) -> None:
        """Return when a capture has heard something; a model that is slow is waited for.

        Raises:
            Deaf: the page shows an answer of which the capture has heard nothing.
        """
        await asyncio.wait({first}, timeout=self._seconds)
        if first.done() or voice.heard:
            return
        shown = asyncio.create_task(self._answer.answered(), name="witness")
        try:
            await asyncio.wait({first, shown}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            shown.cancel()
            await asyncio.wait({shown})
        if first.done() or voice.heard or shown.cancelled() or shown.exception() is not None:
            return
        await asyncio.wait({first}, timeout=_GRACE_SECONDS)
        if not (first.done() or voice.heard):
            self._on_deaf(voice.name)
            raise Deaf(f"The page shows an answer, but the capture {voice.name!r} hears nothing of it.")

    async def _rest(self, problem: WireError) -> list[Event]:
        """The end of an answer that broke off, as the page shows it.

        Raises:
            WireError: `problem`, where the page does not show how exactly this answer goes on.
        """
        page = next((voice for voice in self._voices if isinstance(voice, DomVoice)), None)
        if page is None or page is self._serving or not self._sent:
            raise problem
        try:
            whole = [event async for event in page.events()]
        except GatewayError as error:
            raise problem from error
        rest = self._sent.rest_of(whole) if page.exact else None
        if rest is None:
            raise problem
        self._count("answers_completed")
        _log.warning("the answer broke off (%s); its end was read from the page", problem.public_message)
        self._helped, self._serving = f"{self._serving.name}+", page
        return rest


class Chain:
    """The captures of one tab. `open` before the first navigation.

    `order` names what may serve, first to last: captures of the stream by their names, and `dom`. Captures
    that it does not name only listen for the page's list of models.
    """

    def __init__(
        self,
        captures: Sequence[Capture],
        answers: Answers,
        order: Sequence[str],
        seconds: float,
        count: Count,
        *,
        helper: Helper | None = None,
    ) -> None:
        self._helper = helper
        self._captures = {capture.name: capture for capture in captures}
        self._answers = answers
        self._order = tuple(order)
        self._seconds = seconds
        self._count = count
        self._deaf: set[str] = set()
        """What does not hear the page as it was loaded last, or did not hear an answer of it."""

    @property
    def name(self) -> str:
        """What serves the next run, as far as is known."""
        return next(iter(self._available()), "")

    async def open(self) -> None:
        """Install what the engine can do.

        Raises:
            SessionLost: that is nothing.
        """
        problems = []
        opened = 0
        for name, capture in tuple(self._captures.items()):
            capture.resting = opened > 0
            try:
                await capture.open()
            except Error as error:
                del self._captures[name]
                problems.append(f"{name}: {first_line(error)}")
                _log.info("capture %s", problems[-1])
            else:
                opened += 1
        if not self._captures:
            raise SessionLost(f"No capture can hear the page ({'; '.join(problems)}).")

    def _available(self) -> list[str]:
        """What may serve, in order; of the stream's captures those that hear the page, where one does."""
        names = self._named()
        deaf = {name for name, capture in self._captures.items() if not capture.proven}
        if deaf == set(self._captures):  # nothing is known yet
            deaf = set()
        return [name for name in names if name not in deaf | self._deaf] or names

    def _named(self) -> list[str]:
        """What the order names and the tab has."""
        others = {PAGE, *([self._helper.name] if self._helper else [])}
        return [name for name in self._order if name in self._captures or name in others]

    def forget_page(self) -> None:
        """The tab navigates."""
        self._deaf.clear()
        for capture in self._captures.values():
            capture.forget_page()

    async def model_list(self, overheard: Coroutine[Any, Any, str]) -> str:
        """The page's own ListModels answer since the last navigation, from whoever hears it first.

        `overheard` is the browser's word for it, which counts where all captures are deaf to it.

        Raises:
            SessionLost: they are, and nothing else may serve.
        """
        heard = asyncio.create_task(
            _first_of(*(capture.model_list() for capture in self._captures.values())), name="models-heard"
        )
        told = asyncio.create_task(overheard, name="models-overheard")
        try:
            await asyncio.wait({heard, told}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({heard}, timeout=_GRACE_SECONDS)
            problems = await self.reach()
            if heard.done():
                return str(heard.result())
            self._require_ears(problems)
            return await told
        finally:
            for task in (heard, told):
                task.cancel()
            await asyncio.gather(heard, told, return_exceptions=True)

    async def reach(self) -> dict[str, str]:
        """Do what can be done about captures that have not heard the page as it is loaded now.

        Returns why some cannot hear it, by their names.
        """
        silent = [capture for capture in self._captures.values() if not capture.proven]
        problems = {capture.name: await capture.reach() for capture in silent}
        problems = {name: problem for name, problem in problems.items() if problem}
        self._deaf |= problems.keys()
        return problems

    def _require_ears(self, problems: Mapping[str, str]) -> None:
        """The page has asked for its models, and no capture has heard it.

        Raises:
            SessionLost: nothing that may serve hears the page.
        """
        missed = "it has not heard the page ask for its models"
        silent = {name: problems.get(name, missed) for name, one in self._captures.items() if not one.proven}
        if not silent:
            return
        said = "; ".join(f"{name}: {problem}" for name, problem in silent.items())
        _log.warning("a capture does not hear the page: %s", said)
        self._deaf |= silent.keys()
        if self._deaf.issuperset(self._named()):
            raise SessionLost(f"No capture hears the page ({said}).", stage="capture")

    def arm(self, shown: int, model: str = "", on_growth: Callable[[], None] = ignored) -> Listening:
        """Listen for the next run, before Run is pressed; the page shows so many turns.

        `on_growth` is told of what is written and cannot be told yet, see `domain.ports.Generation`.
        """
        answer, names = self._answers.after(shown), self._available()
        voices = [self._voice(name, answer, model, on_growth) for name in names]
        for name, capture in self._captures.items():
            if name not in names:  # it does not serve, and yet what it hears is nothing that nobody owns
                capture.arm()
                capture.release()
        return Listening(voices, answer, self._seconds, self._count, self._deaf.add)

    def _voice(self, name: str, answer: AnswerOnPage, model: str, on_growth: Callable[[], None]) -> Voice:
        if name == PAGE:
            return DomVoice(answer, on_growth)
        if name in self._captures:
            return StreamVoice(self._captures[name])
        if self._helper is None:
            raise AssertionError(f"nothing is called {name!r}")
        return self._helper.voice(answer, uuid4().hex, model)

    def lost(self, why: str) -> None:
        """The tab is gone: whoever listens is told."""
        for capture in self._captures.values():
            capture.lost(why)

    def disarm(self) -> None:
        """Stop listening; what still arrives is dropped and counted."""
        for capture in self._captures.values():
            capture.disarm()


async def _first_of(*waits: Coroutine[Any, Any, Any]) -> Any:
    """The result of the first one that ends; the others are ended."""
    tasks = [asyncio.create_task(wait, name="first-of") for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
