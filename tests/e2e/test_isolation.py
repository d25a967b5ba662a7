"""Whatever went before, a request reaches the site as it does from a fresh start."""

import random
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from browser.driver import PageDriver
from domain.errors import QuotaExhausted, WireError
from domain.events import TextDelta
from domain.harms import HarmCategory, HarmThreshold
from domain.requests import (
    FunctionDeclaration,
    GenerateRequest,
    MediaResolution,
    OutputFormat,
    PictureFormat,
    ThinkingChoice,
    Tool,
    Turn,
)
from simulator.demo import Site
from tests.e2e.driving import opened, request, run, text_of
from tests.site import SiteControl

VOLATILE = {"attestationLength", "previousResponseId"}
OF_THE_WORDS = {"contents", "contents_chars", "promptTokens"}
SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
LOOK_UP = FunctionDeclaration("look_up", "Looks a word up.", SCHEMA, SCHEMA)
NOW = FunctionDeclaration("now", "Tells the time.")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"temperature": 0.2, "top_p": 0.3, "stop": ("END", "###"), "max_output_tokens": 500},
    {"model": "gemini-2.5-pro", "system": "be brief"},
    {"thinking": ThinkingChoice(budget=0), "tools": frozenset({Tool.GOOGLE_SEARCH, Tool.URL_CONTEXT})},
    {"model": "gemini-2.5-pro", "thinking": ThinkingChoice(budget=2048), "functions": (LOOK_UP, NOW)},
    {"functions": (NOW,), "system": "call it", "temperature": 1.7},
    {"output": OutputFormat(SCHEMA, SCHEMA), "thinking": ThinkingChoice(budget=-1)},
    {"output": OutputFormat(), "stop": ("END",)},
    {"model": "gemini-3-pro-preview", "thinking": ThinkingChoice(level="low")},
    {"model": "gemini-3-pro-preview", "tools": frozenset({Tool.CODE_EXECUTION})},
    {"safety": dict.fromkeys(HarmCategory, HarmThreshold.BLOCK_NONE)},
    {"safety": {HarmCategory.HARASSMENT: HarmThreshold.BLOCK_LOW_AND_ABOVE}, "model": "gemini-2.5-pro"},
    {"media_resolution": MediaResolution.LOW, "temperature": 0.2},
    {"model": "gemini-3.1-flash-image-preview", "pictures": PictureFormat("16:9", "2K")},
    {"model": "gemini-3.1-flash-image-preview", "pictures": PictureFormat(size="512")},
    {"model": "gemini-2.5-flash-image", "system": "be brief"},
)
"""Among them neighbours that differ in a single control, and others that differ in all."""

Step = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


class Reports:
    """What arrived at the site, without what differs from one time to the next."""

    def __init__(self, site: Site, control: SiteControl) -> None:
        self._site = site
        self._control = control
        self._fresh: dict[str, dict[str, Any]] = {}

    async def last(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self._control.requests())[-1]["report"]
        return {name: value for name, value in found.items() if name not in VOLATILE}

    async def fresh(self, asked: GenerateRequest) -> dict[str, Any]:
        """Of a request that is the first one of its browser."""
        key = repr(asked)
        if key not in self._fresh:
            async with opened(self._site) as driver:
                await run(driver, asked)
            self._fresh[key] = await self.last()
        return self._fresh[key]


class Client:
    """Requests on a driver that is in use; successful ones are compared with a fresh start."""

    def __init__(self, driver: PageDriver, reports: Reports) -> None:
        self._driver = driver
        self._reports = reports
        self._talk: list[Turn] = []

    @property
    def steps(self) -> Sequence[Step]:
        """The likely ones several times."""
        return (
            [self.compared] * 4
            + [self.went_on] * 2
            + [self.cancelled, self.abandoned, self.refused, self.cut]
        )

    async def compared(self, settings: dict[str, Any]) -> None:
        asked = request("/echo fine", **settings)
        said = text_of(await run(self._driver, asked))
        assert await self._reports.last() == await self._reports.fresh(asked)
        self._talk = [*asked.turns, Turn.of("model", said)]

    async def went_on(self, settings: dict[str, Any]) -> None:
        """Words arrive differently in a conversation that goes on; everything else does not."""
        asked = request("/echo on", history=self._talk, **settings)
        assert text_of(await run(self._driver, asked)) == "on"
        fresh = await self._reports.fresh(request("/echo fine", **settings))
        found = await self._reports.last()
        assert {**found, **dict.fromkeys(OF_THE_WORDS)} == {**fresh, **dict.fromkeys(OF_THE_WORDS)}
        self._talk = [*asked.turns, Turn.of("model", "on")]

    async def cancelled(self, settings: dict[str, Any]) -> None:
        asked = request("/chunks n=500 every=0.02", **settings)
        async with (
            self._driver.prepare(asked) as generation,
            aclosing(generation.events()) as events,
        ):
            async for event in events:
                if isinstance(event, TextDelta):
                    break

    async def abandoned(self, settings: dict[str, Any]) -> None:
        async with self._driver.prepare(request("/echo never run", **settings)):
            pass

    async def refused(self, settings: dict[str, Any]) -> None:
        with pytest.raises(QuotaExhausted):
            await run(self._driver, request("/fail 429", **settings))

    async def cut(self, settings: dict[str, Any]) -> None:
        with pytest.raises(WireError):
            await run(self._driver, request("/fail cut after=1", **settings))


@pytest.fixture(scope="module")
def reports(site: Site, control_of_site: SiteControl) -> Reports:
    return Reports(site, control_of_site)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_of_earlier_requests_reaches_a_later_one(
    site: Site, reports: Reports, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 no secret: a sequence that can be had again
    async with opened(site, tabs=2) as driver:
        client = Client(driver, reports)
        taken = []
        for _ in range(12):
            settings, step = chance.choice(SETTINGS), chance.choice(client.steps)
            taken.append(f"{step.__name__} {settings}")
            try:
                await step(settings)
            except BaseException as error:
                error.add_note("\n".join(["the steps:", *taken]))
                raise
