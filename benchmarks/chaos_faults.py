"""Everything that goes wrong during a chaos run, one thing after the other, when a seed decides."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import psutil

from benchmarks.chaos_clients import pause
from benchmarks.chaos_report import KILLED
from benchmarks.chaos_stage import Stage, is_healthy, until

RECOVERY_SECONDS = 60.0
PAUSES = (0.1, 1.2)
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


class Faults:
    """Injects faults until `over` is set, and leaves a site in good health behind.

    `recoveries` are the seconds from each kill of the browser to a gateway that says it can serve.
    """

    def __init__(self, stage: Stage, chance: random.Random, over: asyncio.Event) -> None:
        self._stage = stage
        self._chance = chance
        self._over = over
        self._restarts = 0
        self.recoveries: list[float] = []
        self.timeline: list[tuple[float, str]] = []
        """(seconds since the epoch, fault) in order."""
        self._weights: Mapping[Callable[[], Awaitable[None]], int] = {
            self.answer: 30,
            self.method: 4,
            self.slow_method: 3,
            self.slow_model: 3,
            self.framing: 4,
            self.quirk: 6,
            self.defect: 2,
            self.killed_tab: 3,
            self.closed_tab: 2,
            self.frozen_tab: 2,
            self.killed_browser: 3,
            self.sign_out: 1,
            self.cancel: 8,
        }

    async def run(self) -> None:
        faults, weights = list(self._weights), list(self._weights.values())
        while not self._over.is_set():
            (fault,) = self._chance.choices(faults, weights)
            await fault()
            await self._stage.read_log()
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
        words = self._chance.choices(ANSWER_FAULTS, k=self._chance.choice((1, 1, 2)))
        for each in words:
            self._note(f"/fail {each}")
        await self._stage.change(next_faults=words)

    async def method(self) -> None:
        method, status = self._chance.choice(METHODS), self._chance.choice((403, 429, 500))
        await self._for_a_while(f"{method} fails", rpc_faults={method: status})

    async def slow_method(self) -> None:
        method = self._chance.choice(METHODS)
        await self._for_a_while(f"{method} is slow", rpc_delays={method: self._chance.uniform(0.5, 3)})

    async def slow_model(self) -> None:
        first, pace = self._chance.uniform(0, 2), self._chance.uniform(0, 0.5)
        await self._for_a_while("slow model", ttft=first, pace=pace)

    async def framing(self) -> None:
        await self._for_a_while("odd framing", framing=dict(self._chance.choice(FRAMINGS)))

    async def quirk(self) -> None:
        """Takes effect as soon as a tab is loaded, and stays until the next one."""
        quirk = self._chance.choice(QUIRKS)
        await self._stage.restore("page")
        await self._stage.change(page=dict(quirk))
        self._note(f"page: {'+'.join(quirk)}")
        if self._chance.random() < 0.5:
            await self.closed_tab()

    async def defect(self) -> None:
        defect = self._chance.choice(DEFECTS)
        (name, value), *_ = defect.items()
        self._note(f"page: {name} {value[0]}" if isinstance(value, list) else f"page: {name}")
        await self._stage.change(page=dict(defect))
        await self._reload()
        await self._pause(1, 4)
        await self._stage.restore("page")
        await self._reload()

    async def killed_tab(self) -> None:
        self._signal_renderer("tab crashes", signal.SIGKILL)

    async def closed_tab(self) -> None:
        if tabs := await self._stage.tabs():
            self._note("tab is closed")
            await self._stage.close_tab(self._chance.choice(tabs))

    async def frozen_tab(self) -> None:
        """For a while, or for good: then the gateway has to find out by itself."""
        if self._chance.random() < 0.4:
            self._signal_renderer("tab freezes for good", signal.SIGSTOP)
            return
        renderer = self._signal_renderer("tab freezes", signal.SIGSTOP)
        try:
            await self._pause(0.3, 6)
        finally:
            if renderer is not None:
                with contextlib.suppress(psutil.Error):
                    renderer.send_signal(signal.SIGCONT)

    async def killed_browser(self) -> None:
        if not await is_healthy(self._stage):
            return
        self._note(KILLED)
        await self._kill_browser()
        self.recoveries.append(await self._until_restarted())

    async def sign_out(self) -> None:
        """All sessions end; somebody signs in again, and the gateway finds that by itself."""
        if not await is_healthy(self._stage):
            return
        self._note("sign-out")
        await self._stage.sign_out()
        await self._pause(0.5, 2)
        await self._stage.sign_in()
        await until(lambda: is_healthy(self._stage), "service after a new sign-in", RECOVERY_SECONDS)

    async def cancel(self) -> None:
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

    async def _kill_browser(self) -> None:
        self._restarts = await self._restarted()
        for process in self._stage.browsers():
            with contextlib.suppress(psutil.Error):
                process.kill()

    async def _until_restarted(self) -> float:
        async def back() -> bool:
            return await is_healthy(self._stage) and await self._restarted() > self._restarts

        return await until(back, "service after a killed browser", RECOVERY_SECONDS)

    async def _restarted(self) -> int:
        return (await self._stage.counters()).get("healing.browser", 0)

    def _signal_renderer(self, name: str, number: signal.Signals) -> psutil.Process | None:
        renderers = self._stage.renderers()
        if not renderers:
            return None
        self._note(name)
        chosen = self._chance.choice(renderers)
        with contextlib.suppress(psutil.Error):
            chosen.send_signal(number)
        return chosen

    def _note(self, name: str) -> None:
        self.timeline.append((time.time(), name))

    async def _pause(self, least: float, most: float) -> None:
        """Until the moment that the seed decides, or the end of the run."""
        await pause(self._over, self._chance.uniform(least, most))
