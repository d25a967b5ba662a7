"""The port between HTTP and the browser. `browser.driver` implements it for real, tests script it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from domain.counts import TokenCount
from domain.events import Event
from domain.models import ModelCard
from domain.profiles import Profiles
from domain.requests import GenerateRequest
from domain.sign_in import RemoteSignIn


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Budgets in seconds, each with its own named error when it passes."""

    queue: float = 600.0
    """Waiting for a turn."""
    ready: float = 60.0
    """Getting a clean page and putting the request on it."""
    submit: float = 15.0
    """From pressing Run to seeing the page's own request leave."""
    first_event: float = 120.0
    """From that request to the first event of the answer, or since the page last went on writing it."""
    idle: float = 120.0
    """Between two events, or since the page last went on writing."""
    total: float = 300.0
    """From pressing Run to the end."""


@dataclass(frozen=True, slots=True)
class Healing:
    """What has been done about a browser side that is broken, or was."""

    last_step: str = ""
    """overlays, reload, page, context or browser: the latest thing that was renewed; empty: nothing yet."""
    failures: int = 0
    """Attempts in a row that brought nothing back."""
    broken_seconds: float = 0.0
    """For how long nothing could be served; 0 when it can."""
    memory_mb: float = 0.0
    """What the browser took when it was last weighed, in MiB; 0: not weighed, or not here."""


@dataclass(frozen=True, slots=True)
class DriverStatus:
    """How the browser side is doing right now; `reason` is empty exactly when it can serve."""

    playwright_ready: bool = False
    browser_connected: bool = False
    page_ready: bool = False
    reason: str = "not started"
    engine: str = ""
    capture: str = ""
    counters: dict[str, int] = field(default_factory=dict)
    """Since start: `captures.<name>`, `drift.<area>`, `late_chunks`, `healing.<step>`, `retries`, …"""
    stage: str = ""
    """What is at fault: browser, context, page, sign_in, capture or site; empty when nothing is."""
    healing: Healing = field(default_factory=Healing)
    sign_in_expires: float | None = None
    """When the sign-in ends at the earliest, in seconds since 1970, where that is known."""


def ignored() -> None:
    """For callers who need not be told."""


class Generation(Protocol):
    """A request that stands on a page, ready to run."""

    @property
    def capture(self) -> str:
        """Which capture hears the answer. It may change until the first event; read it again at the end."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the caller should know of how this was done, in words. More may come until the end."""
        ...

    def events(
        self, on_submit: Callable[[], None] = ignored, on_growth: Callable[[], None] = ignored
    ) -> AsyncIterator[Event]:
        """Press Run and report the answer. May be called once.

        `on_submit` is called when the page's own request has left. A generation whose tab, browser or
        connection is lost before its first event is made once more on another tab; `on_submit` is called
        again then. `on_growth` is called when the page goes on writing an answer of which nothing can be told
        yet: a sign of life for budgets that wait for events, and nothing else.

        Raises:
            GatewayError: the generation failed; see the contract in `domain.events`.
        """
        ...


class Driver(Protocol):
    """Puts requests on pages. One generation runs at a time; further ones may be prepared meanwhile."""

    @property
    def slots(self) -> int:
        """How many requests may stand on pages at once: one running, the rest prepared."""
        ...

    @property
    def profiles(self) -> Profiles | None:
        """The saved sign-ins, where this driver has any to choose from."""
        ...

    async def open(self) -> None:
        """Start the browser and make a page ready. Failing leaves nothing behind.

        Raises:
            SessionError: no browser, not signed in, or a page that is not understood.
        """
        ...

    async def close(self) -> None:
        """Stop everything this driver started. May be called twice."""
        ...

    def prepare(self, request: GenerateRequest) -> AbstractAsyncContextManager[Generation]:
        """Put a request on a clean page, or on one that shows the conversation it goes on with, short of Run.

        Leaving the context presses Stop if the answer still runs and gives the page back, within 1 s, or
        throws it away. A waiter inside may be cancelled at any point.
        """
        ...

    async def count(self, request: GenerateRequest) -> TokenCount:
        """How many tokens the page says a request has, put on a clean page and taken away again, never run.

        It needs a page but no turn; requests that are counted take pages one at a time.

        Raises:
            GatewayError: the page cannot be used, does not take the request, or tells no count within the
                budget for getting a page ready.
        """
        ...

    async def models(self) -> tuple[ModelCard, ...]:
        """The models the page offers, in its order.

        Raises:
            SessionError: the page has not told them.
        """
        ...

    def status(self) -> DriverStatus: ...


@dataclass(frozen=True, slots=True)
class Backstage:
    """What the HTTP side is given of the browser side besides the driver. `None`: there is no such thing."""

    secrets: tuple[Path, ...] = ()
    """Files and folders that no caller may name."""
    sign_in: RemoteSignIn | None = None


NO_BACKSTAGE: Final = Backstage()
