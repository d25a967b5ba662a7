"""Puts a chat request on the page, presses Run once, and reports the answer."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress

from browser.capture.hearing import Capture, Hearing
from browser.flows.controls import Controls
from browser.flows.held import AnswerNotes, Held
from browser.flows.prompt import PromptFiller
from browser.flows.stopping import StopWatch, fits_page
from browser.flows.transcript import files_of, write_transcript
from browser.foreground import Foreground
from browser.pages.chat import ChatState
from browser.pages.chat_page import ChatPage
from browser.wire.decode import AnswerDecoder
from browser.wire.frames import FrameSplitter, StatusFrame
from browser.wire.status import error_from_http, error_from_status
from domain.errors import (
    DeadlinePassed,
    GatewayError,
    ModelRejected,
    PageDrift,
    SessionError,
    SessionLost,
    WireError,
)
from domain.events import Event, Finished, FinishReason, TextDelta
from domain.models import ModelCard
from domain.ports import Deadlines
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_LOST_CLICK_SECONDS = 2.0
"""Without any sign of a request after this long, it is worth looking whether the click arrived at all."""
_REFUSAL_BYTES = 65_536
_STOP_MS = 800
_IDLE_MS = 1500


class ChatFlow:
    """The steps of one request on one tab. `put`, then `events` at most once."""

    def __init__(
        self,
        page: ChatPage,
        capture: Capture,
        settings: BrowserSettings,
        deadlines: Deadlines,
        foreground: Foreground,
    ) -> None:
        self._page = page
        self._capture = capture
        self._deadlines = deadlines
        self._foreground = foreground
        self._temporary = settings.temporary_chat
        self._controls = Controls(page, strict=settings.strict_controls)
        self._filler = PromptFiller(page, settings, deadlines.ready)
        self._watch = StopWatch(())
        self._request: GenerateRequest | None = None
        self._shown = 0
        """How many turns the page showed before Run."""
        self._notes = AnswerNotes()
        self.finished = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """Defaults that could not be set on the page."""
        return tuple(self._controls.warnings)

    @property
    def held(self) -> Held | None:
        """The conversation that the page shows after an answer that ended well, if it can be gone on with."""
        if self._request is None or not self.finished or self._watch.stopped:
            return None
        return self._notes.held(self._request, self._shown, self._filler.files)

    @property
    def doubtful(self) -> bool:
        """Whether something of this request may yet come up on the page, whatever it shows now."""
        return self._filler.doubtful

    async def put(self, request: GenerateRequest, card: ModelCard, held: Held | None = None) -> None:
        """Bring a page to the point where Run may be pressed.

        The page is clean, or `held` a conversation that the request extends by one turn.

        Raises:
            SessionLost: the page does not show what it held.
            ModelRejected: the page does not let the model be chosen.
            ControlFailed: a control did not take what the caller explicitly asked for, or the page a file.
            PageDrift: a control that is needed is not there.
        """
        with self._heeding_address():
            if held is None:
                await self._set(request, card, await self._clean_page(request.model))
                await self._filler.fill(write_transcript(request.turns), files_of(request.turns))
            else:
                await self._set(request, card, await self._held_page(held))
                await self._filler.fill(request.turns[-1].text, files_of(request.turns[-1:]))
            self._request = request

    async def _clean_page(self, model: str) -> ChatState:
        state = await self._page.chat.state()
        if state.obstructed:
            await self._page.chat.close_overlays()
        if state.model != model:
            await self._choose(model)
            state = await self._page.chat.state()
        if state.chips:
            raise SessionLost(f"The page shows {state.chips} files of an earlier request.")
        return state

    async def _held_page(self, held: Held) -> ChatState:
        """Raises `SessionLost` at the least doubt: the request is as well served by a clean page."""
        state = await self._page.chat.state()
        if state.running:  # the wire is ahead of the page
            await self._page.chat.settle(_IDLE_MS)
            state = await self._page.chat.state()
        if state.obstructed:
            await self._page.chat.close_overlays()
            state = await self._page.chat.state()
        if not held.is_on(state) or (self._temporary and not state.temporary):
            raise SessionLost(
                f"The page no longer shows the conversation that it held: {state.turns} turns instead of "
                f"{held.shown!r}, model {state.model!r}, running: {state.running}, obstructed: "
                f"{state.obstructed}."
            )
        self._shown = state.turns
        return state

    async def _set(self, request: GenerateRequest, card: ModelCard, state: ChatState) -> None:
        """Everything but the prompt."""
        stops = request.sampling.stop
        self._watch = StopWatch([sequence for sequence in stops if not fits_page(sequence)])
        await self._controls.set(request, card)
        await self._controls.set_system(request.system, state.system_preview)
        if self._temporary and not state.temporary:
            await self._controls.make_temporary()
        if not state.run_hovered:
            await self._page.chat.point_at_run()

    async def events(self) -> AsyncGenerator[Event]:
        """Press Run and report the answer; see the contract in `domain.events`.

        Closing it early presses Stop before anything else may run.
        """
        hearing = self._capture.arm()
        try:
            with self._heeding_address():
                with self._foreground.work():
                    await self._filler.check()
                    await self._submit(hearing)
                status = await hearing.status()
                if status not in {0, 200}:
                    raise await self._refusal(status, hearing)
                async with aclosing(self._answer(hearing)) as answer:
                    async for event in answer:
                        self._notes.add(event)
                        yield event
        finally:
            self._capture.disarm()
            if not self.finished:
                with suppress(SessionError):  # a tab that is lost generates nothing; the session finds out
                    await self._page.chat.press_stop(_STOP_MS)

    @contextmanager
    def _heeding_address(self) -> Iterator[None]:
        """A tab that was sent to the sign-in fails in many ways; its address tells the reason."""
        try:
            yield
        except (WireError, SessionError, DeadlinePassed):
            self._page.refuse_strange_page()
            raise

    async def _answer(self, hearing: Hearing) -> AsyncGenerator[Event]:
        splitter, decoder = FrameSplitter(), AnswerDecoder()
        async with aclosing(self._capture.body(hearing)) as body:
            async for piece in body:
                for frame in splitter.feed(piece):
                    for event in self._heed_stops(decoder.feed(frame)):
                        yield event
                if self._watch.stopped:
                    yield Finished(FinishReason.STOP)
                    return
        if not splitter.ended:
            raise WireError("The answer broke off before its end.")
        self.finished = True
        if rest := self._watch.rest():
            yield TextDelta(rest)
        for event in decoder.finish():
            yield event

    def _heed_stops(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, TextDelta):
                passed = self._watch.feed(event.text)
                if passed:
                    yield TextDelta(passed)
            elif not self._watch.stopped:
                yield event

    async def _choose(self, model: str) -> None:
        """By the picker, which is quick; by the address, which survives a changed picker."""
        try:
            if (await self._page.model_picker.choose(model)).model == model:
                return
        except PageDrift as drift:
            _log.warning("the model picker was not usable (%s); loading the page instead", drift.area)
        self._capture.forget_page()
        shown = (await self._page.load(model=model, seconds=self._deadlines.ready)).model
        if shown != model:
            raise ModelRejected(
                f"AI Studio's page does not let model {model!r} be chosen (it shows {shown!r}). "
                "GET /v1/models lists what it offers."
            )

    async def _submit(self, hearing: Hearing) -> None:
        """Press Run once. A second click follows only where the page shows that the first had no effect."""
        budget = self._deadlines.submit
        try:
            async with asyncio.timeout(budget):
                await self._page.chat.press_run()
                if not await _within(_LOST_CLICK_SECONDS, hearing):
                    state = await self._page.chat.state()
                    if state.filled and not state.running and state.turns <= self._shown:
                        _log.warning("the click on Run had no effect; pressing it again")
                        await self._page.chat.press_run()
                    await hearing.submitted()
        except TimeoutError as error:
            toast = (await self._page.chat.state()).toast
            hint = f"The page says {toast!r}." if toast else "Run was pressed but the page sent no request."
            raise DeadlinePassed("submit", budget, hint) from error

    async def _refusal(self, status: int, hearing: Hearing) -> GatewayError:
        """What a response other than 200 says; the body is in stream form, or bare, or not the site's."""
        body = bytearray()
        with suppress(
            WireError
        ):  # a page that leaves for the sign-in takes its answer along: the status is left
            async with aclosing(self._capture.body(hearing)) as pieces:
                async for piece in pieces:
                    body += piece
                    if len(body) > _REFUSAL_BYTES:
                        break
        self.finished = True
        try:
            for frame in FrameSplitter().feed(bytes(body)):
                if isinstance(frame, StatusFrame):
                    return error_from_status(frame.value)
        except WireError as error:
            _log.debug("the refusal is not in stream form: %s", error)
        return error_from_http(status, bytes(body))


async def _within(seconds: float, hearing: Hearing) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await hearing.submitted()
    except TimeoutError:
        return False
    return True
