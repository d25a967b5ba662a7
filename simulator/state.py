"""Everything that a running simulator remembers, in one object that every handler is given."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from simulator.catalogue import Model, read_catalogue
from simulator.prompts import PromptStore
from simulator.request_log import RequestLog
from simulator.scenario import Scenario
from simulator.sessions import Sessions
from simulator.sign_in_flows import SignInFlows
from simulator.site import Site, site_of
from simulator.uploads import UploadStore

KEPT_JSERRORS = 100


@dataclass(slots=True)
class State:
    """`initial` is the scenario of the start, to which a reset returns."""

    scenario: Scenario
    initial: Scenario
    catalogue: dict[str, Model] = field(default_factory=read_catalogue)
    sessions: Sessions = field(default_factory=Sessions)
    flows: SignInFlows = field(default_factory=SignInFlows)
    prompts: PromptStore = field(default_factory=PromptStore)
    uploads: UploadStore = field(default_factory=UploadStore)
    log: RequestLog = field(default_factory=RequestLog)
    calls: Counter[str] = field(default_factory=Counter)
    """RPC calls by method, refused ones included."""
    jserrors: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_JSERRORS))
    """Queries of the newest client error reports."""
    streams: set[asyncio.Task[None]] = field(default_factory=set)
    """Answers that are being sent right now."""
    responses: int = 0
    """How many response ids were given out."""

    def reset(self) -> None:
        """Back to the start; sessions live on, so that open browsers stay signed in."""
        self.scenario = self.initial.model_copy(deep=True)
        self.prompts = PromptStore()
        self.uploads = UploadStore()
        self.log.clear()
        self.calls.clear()
        self.jserrors.clear()

    def next_fault(self) -> str | None:
        """The scenario's fault for the call at hand; uses up one of `next_faults`."""
        if self.scenario.next_faults:
            return self.scenario.next_faults.pop(0)
        return self.scenario.every_fault

    def next_answer(self) -> str | None:
        """What the scenario has the model say to the call at hand; uses up one of `next_answers`."""
        return self.scenario.next_answers.pop(0) if self.scenario.next_answers else None

    def visible_models(self) -> dict[str, Model]:
        """What this account's ListModels shows, in its order."""
        chosen = self.scenario.models
        if chosen is None:
            return self.catalogue
        names = [f"models/{model}" for model in chosen]
        return {name: self.catalogue[name] for name in names if name in self.catalogue}


def state_of(request: Request) -> State:
    return cast("State", request.app.state.simulator)


def request_site(request: Request) -> Site:
    """The site a request was made to. The host middleware has let only known hosts through."""
    site = site_of(request.url.scheme, request.headers.get("host", ""))
    if site is None:
        raise ValueError(f"host {request.headers.get('host')!r} is not served; use 127.0.0.1 or localhost")
    return site
