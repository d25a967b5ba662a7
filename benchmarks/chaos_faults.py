"""Everything that goes wrong during a chaos run, one thing after the other, when a seed decides.

The kinds of faults are cards of a deck, and so are the faults of a kind: what comes when is chance, that each
comes is not.
"""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import psutil

from benchmarks.chaos_clients import pause
from benchmarks.chaos_deck import Deck
from benchmarks.chaos_report import SIGN_OUT, Injected, Recovery
from benchmarks.chaos_stage import TABS, Stage, StageFailed, is_healthy, until

RECOVERY_SECONDS = 60.0
ANSWERING_SECONDS = 15.0
"""Within these an answer is under way somewhere, or something of a gateway is there to be broken."""
LONG_ANSWERS = 0.2
"""Seconds between two events of an answer in whose middle something is to break."""
PAUSES = (0.1, 1.2)
OFTEN: Final[Mapping[str, int]] = {
    "failed answer": 8,
    "page that interferes": 2,
    "tab crashes": 2,
    "cancel": 2,
}
"""Kinds that come more than once a round."""
ANSWER_FAULTS: Final = (
    *("400", "401", "403", "404", "409", "429", "429 Quota exceeded", "500", "501", "503", "504"),
    *("stream after=0 code=8", "stream after=3 code=8", "stream after=2 code=13", "stream after=1 code=14"),
    *("cut after=0", "cut after=1", "cut after=4", "stall after=0", "stall after=2"),
    *("empty", "blocked", "garbage"),
)
"""Written as behind `/fail`; `signed-out` is a fault of its own, because it has to be mended."""
QUIRKS: Final[tuple[Mapping[str, Any], ...]] = (
    {"preference_vote": True},
    {"announcement": True},
    {"tooltip_over_run": True},
    {"survey_iframe": True, "cookie_bar": True},
    {"lingering_backdrop": True},
    {"welcome_dialog": True},
    {"terms_dialog": True},
    {"slow_ms": 150, "tick_ms": 30},
    {"token_count_delay_ms": 1200, "hold_run_while_counting": True},
    {"thought_layout": "separate-turn", "footer_before_text": True},
    {"swallow_dialog_clicks": 1},
    {"drop_settings_on_new_chat": True},
    {"duplicate_prompt_tree": True},
    {"structured_editor": "keyboard", "stop_commit": "blur"},
    {"era": "E3"},
    {"era": "E4"},
    {"era": "E5"},
)
"""Behaviour of the page under which every request can still be served."""
DEFECTS: Final[tuple[Mapping[str, Any], ...]] = (
    {"run_sends_nothing": True},
    {"missing": ["run_button"]},
    {"missing": ["temperature"]},
    {"missing": ["model_card"]},
    {"missing": ["new_chat"]},
    {"dialog_stays_open": True},
)
"""Behaviour of the page that fails requests, or some of them, for as long as it lasts."""
FRAMINGS: Final[tuple[Mapping[str, Any], ...]] = (
    {"split": "byte"},
    {"split": 7, "gzip": False},
    {"gzip": False, "trailer": False},
    {"whitespace": True, "events_per_write": 3},
)
METHODS: Final = ("CountTokens", "ListModels", "GenerateAccessToken", "GetUserPreferences", "CreatePrompt")


Fault = Callable[[], Awaitable[None]]


class Faults:
    """Injects faults until `over` is set, and leaves a site in good health behind.

    `recoveries` are the seconds from what takes all service away to a gateway that says it can serve.
    """

    def __init__(self, stage: Stage, chance: random.Random, over: asyncio.Event) -> None:
        self._stage = stage
        self._chance = chance
        self._over = over
        self._kind = ""
        self.recoveries: list[Recovery] = []
        self.timeline: list[Injected] = []
        """In order."""
        self.all_tried = asyncio.Event()
        """Set when each kind has been tried."""
        self.kinds: Mapping[str, Fault] = {
            "failed answer": self.answer,
            "failed method": self.method,
            "slow method": self.slow_method,
            "slow model": self.slow_model,
            "odd framing": self.framing,
            "page that interferes": self.quirk,
            "page that is broken": self.defect,
            "tab crashes": self.killed_tab,
            "tab is closed": self.closed_tab,
            "tab freezes": self.frozen_tab,
            "tab freezes for good": self.frozen_tab_for_good,
            "context is closed": self.closed_context,
            "browser is killed": self.killed_browser,
            SIGN_OUT: self.sign_out,
            "cancel": self.cancel,
        }
        self._deck = Deck([kind for kind in self.kinds for _ in range(OFTEN.get(kind, 1))], chance)
        self._answers = Deck(ANSWER_FAULTS, chance)
        self._quirks = Deck(QUIRKS, chance)
        self._defects = Deck(DEFECTS, chance)
        self._framings = Deck(FRAMINGS, chance)
        self._methods = Deck(METHODS, chance)

    async def run(self) -> None:
        while not self._over.is_set():
            self._kind = self._deck.deal()
            await self.kinds[self._kind]()
            await self._stage.read_log()
            if self._deck.all_dealt:
                self.all_tried.set()
            await self._pause(*PAUSES)
        await self.mend()

    async def mend(self) -> None:
        """The site as it was. Tabs are loaded anew: a page keeps the behaviour it was loaded with."""
        await self._stage.restore(
            "framing", "page", "ttft", "pace", "rpc_faults", "rpc_delays", "next_faults"
        )
        await self._reload()

    async def answer(self) -> None:
        """A fault of the next generation, or of the next two."""
        words = [self._answers.deal() for _ in range(self._chance.choice((1, 1, 2)))]
        for each in words:
            self._note(f"/fail {each}")
        await self._stage.change(next_faults=words)

    async def method(self) -> None:
        method, status = self._methods.deal(), self._chance.choice((403, 429, 500))
        await self._for_a_while(f"{method} fails", rpc_faults={method: status})

    async def slow_method(self) -> None:
        method = self._methods.deal()
        await self._for_a_while(f"{method} is slow", rpc_delays={method: self._chance.uniform(0.5, 3)})

    async def slow_model(self) -> None:
        first, pace = self._chance.uniform(0, 2), self._chance.uniform(0, 0.5)
        await self._for_a_while("slow model", ttft=first, pace=pace)

    async def framing(self) -> None:
        await self._for_a_while("odd framing", framing=dict(self._framings.deal()))

    async def quirk(self) -> None:
        """Takes effect as soon as a tab is loaded, and stays until the next one."""
        quirk = self._quirks.deal()
        await self._stage.restore("page")
        await self._stage.change(page=dict(quirk))
        self._note(f"page: {'+'.join(quirk)}")
        if self._chance.random() < 0.5:
            await self._close_one()

    async def defect(self) -> None:
        defect = self._defects.deal()
        (name, value), *_ = defect.items()
        self._note(f"page: {name} {value[0]}" if isinstance(value, list) else f"page: {name}")
        await self._stage.change(page=dict(defect))
        await self._reload()
        await self._pause(1, 4)
        await self._stage.restore("page")
        await self._reload()

    async def killed_tab(self) -> None:
        await self._signal_renderer(signal.SIGKILL)

    async def closed_tab(self) -> None:
        await until(self._has_tabs, "a tab that can be closed", RECOVERY_SECONDS)
        self._note(self._kind)
        await self._close_one()

    async def frozen_tab(self) -> None:
        """For a while: shorter or longer than the gateway has patience."""
        renderer = await self._signal_renderer(signal.SIGSTOP)
        try:
            await self._pause(0.3, 6)
        finally:
            with contextlib.suppress(psutil.Error):
                renderer.send_signal(signal.SIGCONT)

    async def frozen_tab_for_good(self) -> None:
        """The gateway has to find out by itself."""
        await self._signal_renderer(signal.SIGSTOP)

    async def closed_context(self) -> None:
        """With all its tabs, behind the back of whoever opened it."""
        await self._while_answering()
        steps = await self._steps()
        self._note(self._kind)
        await self._stage.close_contexts()
        await self._measure(steps)

    async def killed_browser(self) -> None:
        await self._while_answering()
        steps = await self._steps()
        self._note(self._kind)
        self._stage.kill_browsers()
        await self._measure(steps)

    async def sign_out(self) -> None:
        """All sessions end; somebody signs in again, and the gateway finds that by itself."""
        await self._until_healthy()
        self._note(self._kind)
        await self._stage.sign_out()
        await self._pause(0.5, 2)
        noticed = not await is_healthy(self._stage)
        await self._stage.sign_in()
        seconds = await self._until_healthy()
        if noticed:
            self.recoveries.append(Recovery(self._kind, seconds))

    async def cancel(self) -> None:
        await until(self._has_jobs, "a request that can be cancelled", RECOVERY_SECONDS)
        if items := (await self._stage.queue())["items"]:
            self._note("/v1/cancel")
            await self._stage.cancel(self._chance.choice(items)["req_id"])

    async def _for_a_while(self, name: str, **knobs: Any) -> None:
        self._note(name)
        await self._stage.change(**knobs)
        await self._pause(0.5, 3)
        await self._stage.restore(*knobs)

    async def _reload(self) -> None:
        for tab in await self._stage.tabs():
            await self._stage.close_tab(tab)

    async def _close_one(self) -> None:
        if tabs := await self._stage.tabs():
            await self._stage.close_tab(self._chance.choice(tabs))

    async def _while_answering(self) -> None:
        """Return in the middle of an answer; without one where nothing comes of any for too long."""
        await self._until_healthy()
        await self._stage.change(pace=LONG_ANSWERS)
        with contextlib.suppress(StageFailed):
            await until(self._answers_now, "an answer under way", ANSWERING_SECONDS)
        await self._stage.restore("pace")

    async def _until_healthy(self) -> float:
        return await until(lambda: is_healthy(self._stage), "a gateway that can serve", RECOVERY_SECONDS)

    async def _answers_now(self) -> bool:
        return await self._stage.open_streams() > 0

    async def _has_tabs(self) -> bool:
        return bool(await self._stage.tabs())

    async def _has_jobs(self) -> bool:
        return self._over.is_set() or bool((await self._stage.queue())["items"])

    async def _has_renderers(self) -> bool:
        return bool(self._stage.renderers())

    async def _steps(self) -> int:
        """How often the gateway has renewed a context or a browser."""
        counters = await self._stage.counters()
        return counters.get("healing.context", 0) + counters.get("healing.browser", 0)

    async def _measure(self, steps: int) -> None:
        """How long it takes from right now until what is gone was renewed, and serves."""

        async def back() -> bool:
            return await is_healthy(self._stage) and await self._steps() > steps

        seconds = await until(back, f"service after: {self._kind}", RECOVERY_SECONDS)
        self.recoveries.append(Recovery(self._kind, seconds))

    async def _signal_renderer(self, number: signal.Signals) -> psutil.Process:
        await until(self._has_renderers, "a tab with a process", RECOVERY_SECONDS)
        chosen = self._chance.choice(self._stage.renderers()[:TABS])
        self._note(self._kind)
        with contextlib.suppress(psutil.Error):
            chosen.send_signal(number)
        return chosen

    def _note(self, name: str) -> None:
        self.timeline.append(Injected(time.time(), self._kind, name))

    async def _pause(self, least: float, most: float) -> None:
        """Until the moment that the seed decides, or the end of the run."""
        await pause(self._over, self._chance.uniform(least, most))
