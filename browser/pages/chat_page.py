"""The chat page of one tab as a whole: its areas, and the ways to reach it."""

import asyncio
import logging
import re
from contextlib import suppress
from urllib.parse import quote, urlsplit

from playwright.async_api import Error, Page, Response

from browser.pages.answers import Answers
from browser.pages.attachments import Attachments
from browser.pages.chat import Chat, ChatState
from browser.pages.json_editor import JsonEditor
from browser.pages.model_names import ModelNames
from browser.pages.model_picker import ModelPicker
from browser.pages.notices import Notices
from browser.pages.run_settings import RunSettings
from browser.pages.safety import SafetySettings
from browser.pages.scripting import PageScripts, ScriptLibrary, first_line
from browser.pages.system_instruction import SystemInstruction
from browser.wire.refusals import denied, rate_limited, region_blocked, unavailable
from domain.errors import GatewayError, SessionLost, SignedOut

_log = logging.getLogger(__name__)
_SIGN_IN_MARKS = ("accounts.google.com", "/servicelogin", "/signin")
_CRASH_MARK = "crashed"
"""In what Playwright says of a tab whose process is gone; it is not closed, and nothing will load in it."""
REGION_MARK = "available-regions"
_REMEDY = (
    "Sign in again (on the admin page, /admin/#sign-in, or with launch_camoufox.py --debug --save-profile-as "
    "NAME), or bring in a fresh profile with "
    "'launch_camoufox.py profiles import --replace FILE NAME'; the gateway notices."
)
_FORBIDDEN = re.compile(r"\b403\b|forbidden", re.IGNORECASE)
_NOT_OFFERED = re.compile(r"available regions|not available", re.IGNORECASE)
_INTERRUPTED_MARKS = ("interrupted by another navigation", "net::ERR_ABORTED", "NS_BINDING_ABORTED")
_INTERRUPTIONS = 2
_OWN_WAY_MS = 3000
_LOOK_SECONDS = 2.0
_ALL_ABSENT = 3
"""A page without any of its areas is not the chat page, whatever it is."""


class ChatPage:
    """Rooted at one tab; areas are attributes."""

    def __init__(self, page: Page, library: ScriptLibrary, base_url: str) -> None:
        self._page = page
        self._base_url = base_url
        self._scripts = PageScripts(page, library)
        self.model_names = ModelNames()
        self.safety = SafetySettings(self._scripts)
        self.chat = Chat(self._scripts, self.model_names, self.safety.forget_chat)
        self.answers = Answers(self._scripts)
        self.notices = Notices(self._scripts)
        self.attachments = Attachments(self._scripts)
        self.run_settings = RunSettings(self._scripts)
        self.model_picker = ModelPicker(self._scripts, self.model_names, self._forget_settings)
        self.system_instruction = SystemInstruction(self._scripts)
        self.declarations = JsonEditor(self._scripts, "function")
        self.answer_schema = JsonEditor(self._scripts, "structured")

    async def load(self, *, model: str | None, seconds: float) -> ChatState:
        """Load an empty chat, optionally asking for a model, and wait until it can be used.

        Raises:
            SignedOut: the site asks to sign in.
            RegionBlocked: the site is not offered here.
            PermissionDenied: the site refuses this browser.
            RateLimited, UpstreamUnavailable: the site does not give its page right now.
            SessionLost: the page did not load, or did not become usable in time; or selectors are none.
        """
        await self._scripts.require_selectors()
        self.system_instruction.forget()
        self._forget_settings()
        url = f"{self._base_url}/prompts/new_chat" + (f"?model={quote(model)}" if model else "")
        try:
            async with asyncio.timeout(seconds):
                response = await self._goto(url, seconds)
                self.refuse_strange_page()
                _refuse_status(response.status if response else 200)
                return await self._ready()
        except TimeoutError as error:
            raise await self._why_not_ready(seconds) from error
        except Error as error:
            raise SessionLost(f"{self._base_url} did not load: {first_line(error)}", stage="site") from error

    async def _goto(self, url: str, seconds: float) -> Response | None:
        """The page may be about to load something itself, which takes the place of what it is sent to."""
        for _ in range(_INTERRUPTIONS):
            try:
                return await self._page.goto(url, wait_until="domcontentloaded", timeout=1000 * seconds)
            except Error as error:
                if not any(mark in error.message for mark in _INTERRUPTED_MARKS):
                    raise
                _log.info("the page went somewhere by itself while it was sent to %s", url)
                with suppress(Error):
                    await self._page.wait_for_event("domcontentloaded", timeout=_OWN_WAY_MS)
        return await self._page.goto(url, wait_until="domcontentloaded", timeout=1000 * seconds)

    def _forget_settings(self) -> None:
        """What a load or another model may have changed."""
        self.safety.forget_model()
        self.declarations.forget()
        self.answer_schema.forget()

    async def until_ready(self) -> None:
        """Wait until the chat can be used, for as long as that takes. Raises as `load`."""
        await self._ready()

    async def account(self) -> str:
        """The address of the account that is signed in; empty where the page does not show it."""
        return str((await self._scripts.run("account"))["address"])

    async def _ready(self) -> ChatState:
        """Redirects may take the page away while it is being looked at: look again at what comes next."""
        while True:
            self.refuse_strange_page()
            try:
                state = await self.chat.state(wait=5000)
            except SessionLost as lost:
                if self._page.is_closed() or _CRASH_MARK in lost.public_message.lower():
                    raise
                await self._page.wait_for_load_state("domcontentloaded")
                continue
            if state.signed_out:
                self.refuse_strange_page()
                raise SignedOut(f"AI Studio asks to sign in: the saved sign-in has ended. {_REMEDY}")
            if state.ready:
                return state

    async def _why_not_ready(self, seconds: float) -> GatewayError:
        """A page that came without a control has changed; one that did not come at all is slow or gone."""
        late = SessionLost(
            f"{self._base_url} did not become ready within {seconds:g} s (it shows {self._page.url!r}).",
            stage="site",
        )
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                state = await self.chat.state()
                title = await self._page.title()
        except (SessionLost, Error, TimeoutError):
            return late
        if _FORBIDDEN.search(title):
            return denied(f"its page is titled {title!r}")
        if _NOT_OFFERED.search(title):
            return region_blocked(f"its page is titled {title!r}")
        if not state.absent and not state.model:
            return SessionLost(
                "AI Studio's page shows no model: its list of models is empty, or the site did not give it. "
                "Open the page by hand with the same profile to see which models the account has.",
                stage="site",
            )
        return self._scripts.absent(state.absent[0]) if 0 < len(state.absent) < _ALL_ABSENT else late

    def refuse_strange_page(self) -> None:
        """Raise what the address alone tells: the site has sent the tab away from the chat.

        Raises:
            SignedOut: to the sign-in.
            RegionBlocked: to the list of regions.
        """
        url = self._page.url.lower()
        if any(mark in url for mark in _SIGN_IN_MARKS):
            raise SignedOut(
                f"AI Studio sent the browser to the sign-in page ({urlsplit(url).hostname}): the saved "
                f"sign-in has ended. {_REMEDY}"
            )
        if REGION_MARK in url:
            raise region_blocked(f"it sent the browser to {url!r}")


def _refuse_status(status: int) -> None:
    """Raise what the HTTP status of the page itself means, where it is not the page."""
    said = f"its page was answered with HTTP {status}"
    if status in {401, 403}:
        raise denied(said)
    if status == 429:
        raise rate_limited(said)
    if status >= 500:
        raise unavailable(said)
