"""Puts a chat request on the page, presses Run once, and reports the answer."""

import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from browser.capture.chain import Chain, Listening
from browser.flows.controls import Controls
from browser.flows.held import AnswerNotes, Held
from browser.flows.prompt import PromptFiller
from browser.flows.stopping import StopWatch, fits_page
from browser.flows.submission import Submission
from browser.flows.transcript import files_of, write_transcript
from browser.foreground import Foreground
from browser.pages.chat import ChatState
from browser.pages.chat_page import ChatPage
from domain.errors import (
    ControlFailed,
    DeadlinePassed,
    ModelRejected,
    PageDrift,
    SessionError,
    SessionLost,
    WireError,
)
from domain.events import Event, Finished, FinishReason, TextDelta, Usage
from domain.models import ModelCard
from domain.ports import Deadlines, ignored
from domain.requests import GenerateRequest
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_STOP_MS = 800
_IDLE_MS = 1500


class ChatFlow:
    """The steps of one request on one tab. `put`, then `events` at most once."""

    def __init__(
        self,
        page: ChatPage,
        captures: Chain,
        settings: BrowserSettings,
        deadlines: Deadlines,
        foreground: Foreground,
    ) -> None:
        self._page = page
        self._captures = captures
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
        self._listening: Listening | None = None
        self.running = False
        """From just before Run until the answer has ended or was given up."""
        self.lost = False
        """The page did not answer when it was asked to stop."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Defaults that could not be set on the page; how the answer was heard where that matters."""
        heard = self._listening.warnings if self._listening else ()
        return (*self._controls.warnings, *heard)

    @property
    def capture(self) -> str:
        """Which capture hears the answer; it may change until the first event."""
        return self._listening.capture if self._listening else self._captures.name

    @property
    def finished(self) -> bool:
        """Whether the site has said all it will, so that nothing has to be stopped."""
        return self._listening is not None and self._listening.over

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

    @property
    def written(self) -> frozenset[str]:
        """The texts by which a call of the page shows that it is about the whole request; once it is put."""
        if self._request is None:
            return frozenset()
        names = (function.name for function in self._request.functions)
        texts = (f"models/{self._request.model}", self._request.system, self._filler.text, *names)
        return frozenset(text for text in texts if text.strip())

    @property
    def written_at(self) -> float:
        """When its prompt was written, by the loop's clock."""
        return self._filler.written_at

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
                await self._set_all(request, card, await self._clean_page(request.model))
                await self._filler.fill(write_transcript(request.turns), files_of(request.turns))
            else:
                await self._set_all(request, card, await self._held_page(held))
                await self._filler.fill(request.turns[-1].text, files_of(request.turns[-1:]))
            self._request = request

    async def _clean_page(self, model: str) -> ChatState:
        state = await self._page.chat.state()
        if state.obstructed:
            await self._uncover(state)
        if state.model != model:
            if self._page.safety.changed:  # afterwards nobody could tell them from the model's own
                await self._controls.set_safety({})
            await self._choose(model)
            state = await self._page.chat.state()
        if not state.clean:
            raise SessionLost(
                f"The page is not clean: {state.turns} turns and {state.chips} files of an earlier request, "
                f"running: {state.running}."
            )
        return state

    async def _require_as_put(self) -> None:
        """A prepared page may have waited for its turn: it shows what it did then, model and prompt.

        Raises:
            SessionLost: something has happened on it since.
            ControlFailed: a file is no longer there.
        """
        state = await self._page.chat.state()
        same_prompt = state.filled and state.prompt_digest == self._filler.digest
        same_model = self._request is None or state.model == self._request.model
        if state.running or state.turns != self._shown or not same_prompt or not same_model:
            raise SessionLost(
                f"The page has changed while it waited: {state.turns} turns instead of {self._shown}, "
                f"running: {state.running}, the prompt's own text: {same_prompt}, model {state.model!r}."
            )
        if state.dialogs:
            await self._uncover(state)
        self._filler.check(state.chips)

    async def _uncover(self, state: ChatState) -> None:
        """Raises `SessionLost` where something stays over the page: loading it anew is what may help."""
        if not await self._page.chat.close_overlays():
            raise SessionLost(state.obstacle)

    async def _held_page(self, held: Held) -> ChatState:
        """Raises `SessionLost` at the least doubt: the request is as well served by a clean page."""
        state = await self._page.chat.state()
        if state.running:  # the wire is ahead of the page
            await self._page.chat.settle(_IDLE_MS)
            state = await self._page.chat.state()
        if state.obstructed:
            await self._uncover(state)
            state = await self._page.chat.state()
        if not held.is_on(state) or (self._temporary and not state.temporary):
            raise SessionLost(
                f"The page no longer shows the conversation that it held: {state.turns} turns instead of "
                f"{held.shown!r}, model {state.model!r}, running: {state.running}, obstructed: "
                f"{state.obstructed}."
            )
        self._shown = state.turns
        return state

    async def _set_all(self, request: GenerateRequest, card: ModelCard, state: ChatState) -> None:
        """Everything but the prompt; once more when something came up over the page meanwhile.

        What came up may take clicks and keys; a second time only what differs is set.
        """
        failure: ControlFailed | PageDrift | None = None
        try:
            await self._set(request, card, state)
        except (ControlFailed, PageDrift) as error:
            failure = error
        if failure is None and not self._controls.warnings:
            return
        state = await self._page.chat.state()
        if not state.obstructed:
            if failure is not None:
                raise failure
            return
        _log.warning("something came up over the page while it was being set: %s", state.dialog or "a notice")
        if not await self._page.chat.close_overlays():
            raise ControlFailed(state.obstacle, area="dialog") from failure
        self._controls.warnings.clear()
        await self._set(request, card, await self._page.chat.state())

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

    async def events(
        self, on_submit: Callable[[], None] = ignored, on_growth: Callable[[], None] = ignored
    ) -> AsyncGenerator[Event]:
        """Press Run and report the answer; see `domain.ports.Generation` and the contract in `domain.events`.

        Closing it early presses Stop before anything else may run.
        """
        listening = self._listening = self._captures.arm(
            self._shown, self._request.model if self._request else "", on_growth
        )
        self.running = True
        try:
            with self._heeding_address():
                with self._foreground.work():
                    submission = Submission(self._page, listening, self._shown)
                    await submission.send(self._deadlines.submit, first=self._require_as_put)
                on_submit()
                async with aclosing(self._answer(listening)) as answer:
                    async for event in answer:
                        self._notes.add(event)
                        yield event
        finally:
            self._captures.disarm()
            if not self.finished:
                await self._stop()
            self.running = False

    async def _stop(self) -> None:
        try:
            await self._page.chat.press_stop(_STOP_MS)
        except SessionError:  # a tab that is lost generates nothing; the session gives it up
            self.lost = True

    @contextmanager
    def _heeding_address(self) -> Iterator[None]:
        """A tab that was sent to the sign-in fails in many ways; its address tells the reason."""
        try:
            yield
        except (WireError, SessionError, DeadlinePassed):
            self._page.refuse_strange_page()
            raise

    async def _answer(self, listening: Listening) -> AsyncGenerator[Event]:
        async with aclosing(listening.events()) as events:
            async for event in events:
                for passed in self._heed_stops(event):
                    yield passed
                if self._watch.stopped:
                    yield Finished(FinishReason.STOP)
                    return

    def _heed_stops(self, event: Event) -> Iterator[Event]:
        if isinstance(event, Usage | Finished) and (rest := self._watch.rest()):
            yield TextDelta(rest)
        if not isinstance(event, TextDelta):
            yield event
        elif passed := self._watch.feed(event.text):
            yield TextDelta(passed)

    async def _choose(self, model: str) -> None:
        """By the picker, which is quick; by the address, which survives a changed picker."""
        try:
            if (await self._page.model_picker.choose(model)).model == model:
                return
        except PageDrift as drift:
            _log.warning("the model picker was not usable (%s); loading the page instead", drift.area)
        self._captures.forget_page()
        shown = (await self._page.load(model=model, seconds=self._deadlines.ready)).model
        await self._captures.reach()
        if shown != model:
            raise ModelRejected(
                f"AI Studio's page does not let model {model!r} be chosen (it shows {shown!r}). "
                "GET /v1/models lists what it offers."
            )
