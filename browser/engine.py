"""The browser process or connection: Camoufox, Chromium, Debian's Firefox, or a remote endpoint.

What differs between engines is a property of how the browser was started or connected to (`world_mark`,
`has_windows`), or is found out by trying it on a tab (captures); nothing is concluded from version strings.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, ProxySettings

from browser.camoufox_start import launch_camoufox
from browser.counting import Count
from browser.locate import find_camoufox, find_chromium, find_firefox
from browser.pages.scripting import first_line
from browser.playwright_start import on_driver_end, running_playwright
from browser.processes import Processes
from browser.proxying import firefox_preferences, proxy_option
from browser.stream_proxy.process import StreamProxy, running_stream_proxy
from domain.errors import BrowserDown
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_LAUNCH_SECONDS = 90.0
_CLOSE_SECONDS = 8.0
_NOTICE_SECONDS = 3.0
"""From a browser's death until everything that waited for it has noticed."""
_ANSWER_SECONDS = 10.0
_VIEWPORT = {"width": 1440, "height": 900}
"""Wide enough that the page shows its settings panel beside the chat (it hides below 961)."""
_OPEN_WINDOW = "() => { window.open('about:blank', '_blank', 'popup,noopener,width=1440,height=960'); }"
_PROGRAM = re.compile(r"<launching> (.+?) -")
_SAID = re.compile(r"\[pid=\d+\]\[err\] (.+)")
_LAST_WORDS = 3
_CHROMIUM_ARGS = ("--disable-quic", "--no-first-run", "--disable-search-engine-choice-screen")


class Engine:
    """One browser. An async context manager: entering starts or connects, leaving ends what was started."""

    def __init__(
        self, settings: BrowserSettings, count: Count = lambda _: None, starting: asyncio.Lock | None = None
    ) -> None:
        """`starting` is held meanwhile: what is started at the same time could be taken for this one's."""
        self._settings = settings
        self._starting = starting or asyncio.Lock()
        self._count = count
        self.stream_proxy: StreamProxy | None = None
        """What the browser's way to the site leads through, if anything of the gateway's own."""
        self._stack = AsyncExitStack()
        self._browser: Browser | None = None
        self.name: str = settings.engine
        self.world_mark = ""
        """What puts a script into the page's own world where others run apart; elsewhere a mere label."""
        self._fixed_viewport = True
        self._processes = Processes()
        self.killed = False
        """Whether it was ended by `kill`."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._clear)
            try:
                async with asyncio.timeout(_LAUNCH_SECONDS):
                    await self._start_stream_proxy(stack)
                    async with self._starting:
                        with self._processes.noted():
                            self._browser = await self._start(stack)
            except TimeoutError as error:
                raise BrowserDown(f"The browser did not start within {_LAUNCH_SECONDS:g} s.") from error
            except Error as error:
                raise BrowserDown(f"The browser did not start: {why_not_started(error)}") from error
            self._stack = stack.pop_all()
        _log.info("browser %s %s started", self.name, self.browser.version)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends it within a few seconds: a browser that does not close is killed, which ends the closing.

        So is whoever started it and does not notice.
        """
        self._browser = None
        loop = asyncio.get_running_loop()
        killings = (
            loop.call_later(_CLOSE_SECONDS, self._processes.end_browser),
            loop.call_later(_CLOSE_SECONDS + _NOTICE_SECONDS, self._processes.end),
        )
        try:
            await self._stack.aclose()
        finally:
            for killing in killings:
                killing.cancel()

    def kill(self) -> None:
        """End the browser at once: it is broken, and whatever waits for it is told so.

        Whoever started it has a moment to notice, and is ended then.
        """
        self._browser, self.killed = None, True
        self._processes.end_browser()
        asyncio.get_running_loop().call_later(_NOTICE_SECONDS, self._processes.end)

    async def _clear(self) -> None:
        await asyncio.to_thread(self._processes.clear)

    @property
    def browser(self) -> Browser:
        if self._browser is None:
            raise BrowserDown("The browser is not running.")
        return self._browser

    @property
    def connected(self) -> bool:
        return self._browser is not None and self._browser.is_connected() and self._processes.running

    def on_gone(self, told: Callable[[], None]) -> None:
        """Have it told when the browser, or what connects to it, has gone; possibly more than once."""
        self.browser.on("disconnected", lambda _: told())
        on_driver_end(self.browser, told)

    async def weigh(self) -> float:
        """MiB that the browser takes, its helpers included; 0 where it was not started here."""
        return await asyncio.to_thread(self._processes.mebibytes)

    async def new_context(self, storage_state: Mapping[str, Any] | Path | None) -> BrowserContext:
        """A context of its own, signed in with a storage state, or a file of one, where that is given."""
        # Chromium trusts the stream proxy's key alone. Gecko has no such choice; the proxy checks the site's.
        trusting = self.stream_proxy is not None and self.name != "chromium"
        options: dict[str, Any] = {"ignore_https_errors": self._settings.ignore_https_errors or trusting}
        if storage_state is not None:
            options["storage_state"] = storage_state
        if self._fixed_viewport:
            options["viewport"] = _VIEWPORT
        else:
            options["no_viewport"] = True  # the engine fakes a window of its own
        async with self._answering("made no new context"):
            return await self.browser.new_context(**options)

    async def new_page(self, context: BrowserContext) -> Page:
        """A blank page in a window of its own where the engine has windows.

        Chromium draws one frame a second for a tab that stands behind another in the same window, and holds
        mouse events back until the frame.
        """
        async with self._answering("opened no new tab"):
            if not self.has_windows:
                return await context.new_page()
            opener = await context.new_page()
            async with context.expect_page() as opened:
                await opener.evaluate(_OPEN_WINDOW)
            page = await opened.value
            await opener.close()
            return page

    @asynccontextmanager
    async def _answering(self, problem: str) -> AsyncIterator[None]:
        """A browser that is there and does nothing is as good as gone."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                yield
        except TimeoutError as error:
            raise BrowserDown(f"The browser {problem} within {_ANSWER_SECONDS:g} s.") from error

    @property
    def has_windows(self) -> bool:
        return self.name == "chromium"

    async def _start(self, stack: AsyncExitStack) -> Browser:
        kind = self._choose()
        playwright = await stack.enter_async_context(running_playwright())
        if self._settings.ws_endpoint is not None:
            browser = await self._connect(playwright, kind, self._settings.ws_endpoint)
        elif kind == "camoufox":
            browser = await self._launch_camoufox(playwright)
        elif kind == "chromium":
            browser = await self._launch_chromium(playwright)
        else:
            browser = await self._launch_firefox(playwright)
        stack.push_async_callback(self._close, browser)
        return browser

    async def _close(self, browser: Browser) -> None:
        """A browser that is gone already needs no closing."""
        if not self._processes.running:
            return
        try:
            await browser.close()
        except Error as error:
            _log.debug("closing the browser: %s", first_line(error))

    async def _start_stream_proxy(self, stack: AsyncExitStack) -> None:
        """Before the browser, whose processes are counted; it ends and comes back by itself.

        Whose answer it hears shows in what the page sent.
        """
        if not self._settings.stream_port:
            return
        if self._choose() == "firefox":
            raise BrowserDown(
                "BROWSER=firefox does not tell what the page sends, so that STREAM_PORT cannot be used; "
                "set it to 0, or choose BROWSER=chromium or BROWSER=camoufox."
            )
        proxy = running_stream_proxy(self._settings, self._count)
        self.stream_proxy = await stack.enter_async_context(proxy)

    @property
    def _proxy(self) -> ProxySettings | None:
        return self.stream_proxy.option if self.stream_proxy else proxy_option(self._settings.proxy)

    def _choose(self) -> str:
        """The engine that was asked for; `auto` takes the best one that is there."""
        if self._settings.engine != "auto":
            return self._settings.engine
        if self._settings.ws_endpoint is not None or self._settings.executable is not None:
            return "chromium"
        if find_camoufox().ready:
            return "camoufox"
        return "chromium" if find_chromium() is not None or find_firefox() is None else "firefox"

    async def _launch_chromium(self, playwright: Playwright) -> Browser:
        self.name = "chromium"
        executable = find_chromium(self._settings.executable, own=lambda: playwright.chromium.executable_path)
        if executable is None:
            raise BrowserDown(
                "No Chrome, Chromium or Edge was found. Run 'make install' (or 'playwright install "
                "chromium'), or set BROWSER_EXECUTABLE to one."
            )
        return await playwright.chromium.launch(
            executable_path=executable,
            headless=self._settings.mode == "headless",
            args=[*_CHROMIUM_ARGS, *self._settings.args, *self._trust],
            proxy=self._proxy,
            chromium_sandbox=_wants_sandbox(self._settings.args),
            # The gateway closes its browser itself, after the last page was given back.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )

    @property
    def _trust(self) -> tuple[str, ...]:
        hashed = self.stream_proxy.key_hash if self.stream_proxy else ""
        return (f"--ignore-certificate-errors-spki-list={hashed}",) if hashed else ()

    async def _launch_firefox(self, playwright: Playwright) -> Browser:
        """A stock Firefox speaks WebDriver BiDi; the channel's name tells Playwright so."""
        self.name = "firefox"
        executable = self._settings.executable or find_firefox()
        if executable is None:
            raise BrowserDown(
                "No Firefox was found. Install Debian's firefox-esr or set BROWSER_EXECUTABLE to one."
            )
        return await playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=executable,
            headless=self._settings.mode == "headless",
            args=list(self._settings.args),
            firefox_user_prefs=firefox_preferences(self._settings.proxy),
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )

    async def _launch_camoufox(self, playwright: Playwright) -> Browser:
        self.name = "camoufox"
        self.world_mark = "mw:"
        self._fixed_viewport = False
        return await launch_camoufox(playwright, self._settings, self._proxy)

    async def _connect(self, playwright: Playwright, kind: str, endpoint: str) -> Browser:
        """A DevTools endpoint (http, or a ws path under /devtools/) or a Playwright server."""
        if endpoint.startswith("http") or "/devtools/" in endpoint:
            self.name = "chromium"
            return await playwright.chromium.connect_over_cdp(endpoint)
        self.name = "chromium" if kind == "chromium" else kind
        browser_type = playwright.chromium if kind == "chromium" else playwright.firefox
        if kind == "camoufox":
            self.world_mark, self._fixed_viewport = "mw:", False
        return await browser_type.connect(endpoint)


def why_not_started(error: Error) -> str:
    """What Playwright says and, where the program was started, which one and what it said last."""
    program = _PROGRAM.search(error.message)
    said = dict.fromkeys(_SAID.findall(error.message))
    words = "; ".join([*said][-_LAST_WORDS:])
    return (
        first_line(error)
        + (f" ({program[1]} ended at once)" if program else "")
        + (f", it said: {words:.500}" if words else "")
    )


def _wants_sandbox(args: tuple[str, ...]) -> bool:
    """Chromium refuses to start as root with its sandbox; Playwright's own default is off as well."""
    return "--enable-sandbox" in args
