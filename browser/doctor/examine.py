"""Examines the live page: is every control that the gateway uses where it expects it?

The page is looked at in a browser context of its own with the saved sign-in, so that whatever the page keeps
of an examination in its storage ends with it.
"""

import asyncio
import platform
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Error, Page, Request, Response

from browser.capture.hearing import rpc_method
from browser.doctor.areas import EQUALS, REASONS
from browser.doctor.bundle import Bundle, private_places
from browser.doctor.probe import Probe
from browser.doctor.report import Notebook, Report
from browser.doctor.walk import Walk
from browser.engine import Engine
from browser.pages.chat import ChatState
from browser.pages.chat_page import ChatPage
from browser.pages.scripting import ScriptLibrary
from browser.pages.selectors import Selectors, load_selectors
from browser.profiles.store import ProfileStore
from browser.wire.models import decode_models
from domain.errors import ControlFailed, GatewayError, PageDrift, WireError
from domain.models import ModelCard, Thinking
from domain.ports import Deadlines
from settings import BrowserSettings

_PATIENCE = 2.5
_LATER_LOADS = 20.0
"""Seconds for a page that has come once already."""
_LIST_SECONDS = 10.0


async def examine(settings: BrowserSettings, deadlines: Deadlines, *, generate: bool = False) -> Report:
    """Open a browser, look at every control of the chat page, and keep a bundle in `EVIDENCE_DIR`.

    Nothing is generated unless `generate`, which sends one tiny prompt. A page that cannot be used is the
    report's `problem`.

    Raises:
        BrowserDown: there is no browser.
        ProfileUnusable: the saved sign-in cannot be used.
        SettingsError: the user's selectors cannot be used.
    """
    load_selectors(settings.selectors_file)  # before a browser is started in vain
    alone = settings.model_copy(update={"stream_port": 0})  # a gateway may run beside
    async with Engine(alone) as engine:
        return await examine_with(engine, settings, deadlines, generate=generate)


async def examine_with(
    engine: Engine,
    settings: BrowserSettings,
    deadlines: Deadlines,
    *,
    generate: bool = False,
    patience: float = _PATIENCE,
) -> Report:
    """The same in a browser that runs already. What is not shown after `patience` seconds is missing."""
    async with consulting(engine, settings, deadlines, patience=patience) as doctor:
        return await doctor.examine(generate=generate, versions=_versions(engine, settings))


@asynccontextmanager
async def consulting(
    engine: Engine, settings: BrowserSettings, deadlines: Deadlines, *, patience: float = _PATIENCE
) -> AsyncIterator["Doctor"]:
    """A doctor with a tab of its own, which is closed afterwards with all that the page has stored."""
    selectors = load_selectors(settings.selectors_file)
    store = ProfileStore(settings.auth_profiles_dir, settings.ai_studio_url)
    state = store.load(settings.auth_profile)[0].whole if settings.auth_profile else None
    context = await engine.new_context(state)
    try:
        base = urlsplit(settings.ai_studio_url)
        wishes = files("browser").joinpath("preferences.js").read_text("utf-8")
        await context.add_init_script(script=wishes.replace("__ORIGIN__", f"{base.scheme}://{base.netloc}"))
        page = await engine.new_page(context)
        yield Doctor(page, selectors, settings, deadlines, patience)
    finally:
        with suppress(Error):  # gone is gone
            await context.close()


class Doctor:
    """The examination of one tab, which is blank at first."""

    def __init__(
        self,
        page: Page,
        selectors: Selectors,
        settings: BrowserSettings,
        deadlines: Deadlines,
        patience: float,
    ) -> None:
        self._page = page
        self._deadlines = deadlines
        self._chat_page = ChatPage(page, ScriptLibrary(selectors, lambda _: None), settings.ai_studio_url)
        self._probe = Probe(page, selectors, patience)
        self._notes = Notebook(selectors, EQUALS, REASONS)
        self._bundle = Bundle(settings.evidence_dir, page, self._probe, private_places(selectors))
        self._walk = Walk(self._probe, self._chat_page, self._notes, self._bundle.photograph)
        self._traffic = _Traffic(page)
        self._seen: list[str] = []
        """Models that the page was looked at with."""

    async def examine(self, *, generate: bool, versions: dict[str, str]) -> Report:
        """Look at everything; the bundle is kept in any case."""
        problem = ""
        try:
            async with asyncio.timeout(self._deadlines.total):
                await self._look_at_all(generate=generate)
        except TimeoutError:
            problem = f"The examination did not end within {self._deadlines.total:g} s."
        except PageDrift as drift:
            self._notes.missed(drift.area)
        except GatewayError as error:
            problem = error.public_message
        await self._bundle.photograph("page")
        report = Report(self._notes.findings(), problem, tuple(self._seen), versions)
        report.bundle = await self._bundle.write(report)
        return report

    async def _look_at_all(self, *, generate: bool) -> None:
        model = await self.load(None, self._deadlines.ready)
        await self._require_uncovered()
        cards = await self.cards()
        await self.look_at(model, cards)
        await self._bundle.photograph("page")
        for other in further_models(model, cards):
            shown = await self.load(other.id, min(self._deadlines.ready, _LATER_LOADS))
            await self._settings_of(shown, cards)
            await self._walk.editors()
        await self._look_at_pictures(cards)
        if generate:
            await self._walk.generate(self._deadlines, lambda: self._traffic.generated)
        await self._require_uncovered()

    async def _require_uncovered(self) -> None:
        """Raises `ControlFailed`: what is found under a dialog that stays tells little of the page."""
        if not await self._chat_page.chat.close_overlays():
            raise ControlFailed((await self.chat_state()).obstacle, area="dialog")

    async def _look_at_pictures(self, cards: Sequence[ModelCard]) -> None:
        makers = [card for card in cards if card.can_chat and card.makes_pictures and not card.needs_paid_key]
        maker = max(makers, key=lambda card: card.picture_sizes, default=None)
        if maker is not None:
            shown = await self.load(maker.id, min(self._deadlines.ready, _LATER_LOADS))
            self._seen.append(shown)
            maker = maker if shown == maker.id else None  # a page that does not heed its address
        await self._walk.pictures(maker)

    async def look_at(self, model: str, cards: Sequence[ModelCard]) -> None:
        """Everything that this model's page shows without an answer, left as it was."""
        await self._walk.frame()
        await self._settings_of(model, cards)
        await self._walk.resolutions()
        await self._walk.safety()
        await self._walk.model_sheet()
        await self._walk.system_sheet()
        await self._walk.editors()
        await self._walk.files()
        await self._walk.temporary()

    async def settings(self) -> dict[str, Any]:
        """What the page's run settings are right now; see `probe.js`."""
        return await self._probe.settings()

    async def cards(self) -> tuple[ModelCard, ...]:
        """The models that the page offers; empty where the browser does not tell."""
        return await self._traffic.cards()

    async def chat_state(self) -> ChatState:
        return await self._chat_page.chat.state()

    async def _settings_of(self, model: str, cards: Sequence[ModelCard]) -> None:
        self._seen.append(model)
        await self._walk.panel(model)
        card = next((card for card in cards if card.id == model), None)
        await self._walk.thinking(model, card.thinking if card else await self._thinking_shown())

    async def load(self, model: str | None, seconds: float) -> str:
        """Load an empty chat; the model that it is for. A control that is missing is for the walk to name."""
        try:
            shown = (await self._chat_page.load(model=model, seconds=seconds)).model
        except PageDrift:
            shown = str((await self._probe.settings())["model"])
        return shown or model or "the page's model"

    async def _thinking_shown(self) -> Thinking | None:
        """Where the model list does not tell: what the page shows decides what it should show."""
        found = await self._probe.look(["thinking_level", "thinking_mode", "thinking_manual"], enough="none")
        if found["thinking_level"]:
            return Thinking(levels=("any",))
        if found["thinking_mode"] or found["thinking_manual"]:
            return Thinking(can_disable=found["thinking_mode"] is not None)
        return None


class _Traffic:
    """What the page asks its server: its model list, and whether it has asked for an answer."""

    def __init__(self, page: Page) -> None:
        self.generated = False
        self._response: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    async def cards(self) -> tuple[ModelCard, ...]:
        """Empty where the browser does not let it be read."""
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                return decode_models(await (await asyncio.shield(self._response)).text())
        except (TimeoutError, Error, WireError):
            return ()

    def _on_request(self, request: Request) -> None:
        self.generated = self.generated or rpc_method(request.url) == "GenerateContent"

    def _on_response(self, response: Response) -> None:
        if rpc_method(response.url) == "ListModels" and response.ok and not self._response.done():
            self._response.set_result(response)


def further_models(model: str, cards: Sequence[ModelCard]) -> Iterator[ModelCard]:
    """Models that show what `model` does not: a choice of levels, a budget beside a switch."""
    chosen = next((card for card in cards if card.id == model), None)
    for shows in (_has_levels, _has_budget):
        if chosen is not None and shows(chosen):
            continue
        fitting = [card for card in cards if card.can_chat and shows(card) and not card.needs_paid_key]
        fitting.sort(key=lambda card: card.thinking is not None and card.thinking.off_by_default)
        yield from fitting[:1]


def _has_levels(card: ModelCard) -> bool:
    return card.thinking is not None and bool(card.thinking.levels)


def _has_budget(card: ModelCard) -> bool:
    return card.thinking is not None and not card.thinking.levels and card.thinking.can_disable


def _versions(engine: Engine, settings: BrowserSettings) -> dict[str, str]:
    return {
        "browser": f"{engine.name} {engine.browser.version} ({settings.mode})",
        "Playwright": version("playwright"),
        "Python": platform.python_version(),
        "system": platform.platform(),
        "selectors": "own SELECTORS_FILE" if settings.selectors_file else "built in",
    }
