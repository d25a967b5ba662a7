"""A driver that does what a test tells it: the one test double, at the port `domain.ports.Driver`."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from domain.attachments import Attachment
from domain.counts import TokenCount
from domain.errors import BadRequest, BrowserDown, NotFound, ProfileInUse, ProfileRefused, SessionLost
from domain.events import Event, Finished, FinishReason, TextDelta, Usage
from domain.models import ModelCard
from domain.ports import DriverStatus, ignored
from domain.profiles import CoolDown, Profile, Profiles, ProfileState
from domain.requests import GenerateRequest

MODELS = (
    ModelCard(
        id="gemini-2.5-flash",
        display_name="Gemini 2.5 Flash",
        description="Quick",
        input_limit=1_048_576,
        output_limit=65_536,
        methods=("generateContent", "countTokens"),
        aliases=("gemini-2.5-flash-preview",),
    ),
    ModelCard(
        id="gemini-2.5-pro", display_name="Gemini 2.5 Pro", output_limit=8192, methods=("generateContent",)
    ),
    ModelCard(id="imagen-4", display_name="Imagen", methods=("predict",)),
)

STOP = Finished(FinishReason.STOP)

HELLO: tuple[Event, ...] = (
    TextDelta("Hel"),
    TextDelta("lo"),
    Usage(prompt=3, answer=2, total=5),
    STOP,
)


class Growth:
    """A step: the page goes on writing what cannot be told yet."""


Step = Event | asyncio.Event | Exception | float | Growth
"""An event to emit, a gate to wait for, an exception to raise, the model's own pace in seconds, or growth."""


@dataclass
class Script:
    """One generation; `steps` are taken in order."""

    steps: Sequence[Step] = HELLO
    prepare: Sequence[asyncio.Event | Exception] = ()
    cleanup: asyncio.Event | Exception | None = None
    capture: str = "scripted"
    warnings: tuple[str, ...] = ()
    unsubmitted: bool = False
    """The page sends no request."""
    submit_after: float = 0.0
    """Seconds that the page takes for it."""


@dataclass
class Record:
    """What became of one request."""

    request: GenerateRequest
    files: list[tuple[Attachment, bytes]]
    """Every attachment of the turns, in order, with what lay at its path."""
    prepared: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Event = field(default_factory=asyncio.Event)
    finished: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """The prepare context has been left and cleaned up."""


def saying(text: str, *others: Event, usage: Usage | None = None) -> Script:
    """An answer in one piece, with other events before its end."""
    counts = (usage,) if usage is not None else ()
    return Script((*([TextDelta(text)] if text else []), *others, *counts, STOP))


class ScriptedGeneration:
    def __init__(self, driver: "ScriptedDriver", script: Script, record: Record) -> None:
        self._driver, self._script, self._record = driver, script, record
        self.capture = script.capture
        self.warnings = script.warnings

    async def events(
        self, on_submit: Callable[[], None] = ignored, on_growth: Callable[[], None] = ignored
    ) -> AsyncIterator[Event]:
        self._driver.running += 1
        self._driver.most_running = max(self._driver.most_running, self._driver.running)
        self._record.running.set()
        if self._script.submit_after:
            await asyncio.sleep(self._script.submit_after)
        if not self._script.unsubmitted:
            on_submit()
        try:
            for step in self._script.steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, Exception):
                    raise step
                elif isinstance(step, Growth):
                    on_growth()
                else:
                    yield step
            self._record.finished = True
        finally:
            self._driver.running -= 1


class ScriptedDriver:
    """Serves one `Script` per request, in order; `HELLO` when there are no more."""

    def __init__(
        self, *scripts: Script, slots: int = 1, openings: Sequence[Exception | asyncio.Event] = ()
    ) -> None:
        self.scripts = deque(scripts)
        self.slots = slots
        self.openings = deque(openings)
        self.records: list[Record] = []
        self.running = 0
        self.most_running = 0
        self.on_pages = 0
        self.most_on_pages = 0
        self.opened = 0
        self.closed = 0
        self.model_reads = 0
        self.counts: deque[TokenCount | Exception | asyncio.Event] = deque()
        """What counts come to, in order; an event is waited for, and the next one follows it."""
        self.counted: list[Record] = []
        self.cards: tuple[ModelCard, ...] | Exception = MODELS
        self.reason = ""
        self.is_open = asyncio.Event()
        self.profiles: Profiles | None = None
        self._arrival = asyncio.Condition()

    async def open(self) -> None:
        if self.openings:
            step = self.openings.popleft()
            if isinstance(step, Exception):
                raise step
            await step.wait()
        self.opened += 1
        self.is_open.set()

    async def close(self) -> None:
        self.closed += 1

    @asynccontextmanager
    async def prepare(self, request: GenerateRequest) -> AsyncIterator[ScriptedGeneration]:
        script = self.scripts.popleft() if self.scripts else Script()
        record = Record(request, _files_of(request))
        self.on_pages += 1
        self.most_on_pages = max(self.most_on_pages, self.on_pages)
        async with self._arrival:
            self.records.append(record)
            self._arrival.notify_all()
        try:
            for step in script.prepare:
                if isinstance(step, Exception):
                    raise step
                await step.wait()
            record.prepared.set()
            yield ScriptedGeneration(self, script, record)
        finally:
            if isinstance(script.cleanup, asyncio.Event):
                await script.cleanup.wait()
            self.on_pages -= 1
            record.left.set()
        if isinstance(script.cleanup, Exception):
            raise script.cleanup

    @property
    def requests(self) -> list[GenerateRequest]:
        """What was asked for so far, in order."""
        return [record.request for record in self.records]

    async def record(self, index: int) -> Record:
        """The record of the n-th request, as soon as it is being prepared."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.records) > index)
        return self.records[index]

    async def count(self, request: GenerateRequest) -> TokenCount:
        """The next of `counts`; a page that tells none when there are no more."""
        record = Record(request, _files_of(request))
        self.counted.append(record)
        try:
            while self.counts:
                step = self.counts.popleft()
                if isinstance(step, TokenCount):
                    return step
                if isinstance(step, Exception):
                    raise step
                await step.wait()
        finally:
            record.left.set()
        raise SessionLost("The page tells no counts.")

    async def models(self) -> tuple[ModelCard, ...]:
        self.model_reads += 1
        if isinstance(self.cards, Exception):
            raise self.cards
        return self.cards

    def status(self) -> DriverStatus:
        ready = self.opened > 0 and not self.reason
        reason = self.reason or ("" if ready else "not started")
        return DriverStatus(ready, ready, ready, reason, engine="scripted", capture="scripted")


class ScriptedProfiles:
    """Profiles without files: `contents` by name, the first of which is in use."""

    def __init__(self, **contents: bytes) -> None:
        self.contents = contents
        self.active = next(iter(contents), "")
        self.automatic = False
        self.cooling: dict[str, tuple[CoolDown, ...]] = {}
        self.refused = frozenset[str]()
        """Which of them the site does not accept."""

    def all(self) -> tuple[Profile, ...]:
        return tuple(
            Profile(
                name,
                ProfileState.COOLING_DOWN if name in self.cooling else ProfileState.OK,
                expires=1_900_000_000.0,
                last_used=1_700_000_000.0,
                active=name == self.active,
                cooling=self.cooling.get(name, ()),
            )
            for name in sorted(self.contents)
        )

    def rename(self, name: str, new: str) -> None:
        self._require_unused(name)
        if not new.isidentifier() or new in self.contents:
            raise BadRequest(f"{new!r} cannot be a profile's name.", param="name")
        self.contents[new] = self.contents.pop(name)

    def retire(self, name: str) -> None:
        self._require_unused(name)
        del self.contents[name]

    def export(self, name: str) -> bytes:
        return self._existing(name)

    def add(self, name: str, content: bytes, *, replace: bool = False) -> None:
        if b"cookies" not in content or not name.isidentifier() or (name in self.contents and not replace):
            raise BadRequest("This is no profile.")
        self.contents[name] = content

    async def activate(self, name: str) -> None:
        self._existing(name)
        if name in self.refused:
            raise ProfileRefused(f"The profile {name!r} is not used, {self.active!r} goes on.")
        self.active = name

    def _existing(self, name: str) -> bytes:
        if name not in self.contents:
            raise NotFound(f"There is no profile {name!r}.", param="name")
        return self.contents[name]

    def _require_unused(self, name: str) -> None:
        self._existing(name)
        if name == self.active:
            raise ProfileInUse(f"The profile {name!r} is in use.")


def _files_of(request: GenerateRequest) -> list[tuple[Attachment, bytes]]:
    parts = [part for turn in request.turns for part in turn.parts]
    return [(part, part.path.read_bytes()) for part in parts if isinstance(part, Attachment)]


def browser_down() -> BrowserDown:
    return BrowserDown("There is no browser at all.")
