"""Which captures a tab gets, by the settings and what its engine can do."""

from playwright.async_api import Page

from browser.capture.cdp import CdpCapture
from browser.capture.chain import Chain
from browser.capture.hearing import Capture
from browser.capture.helper import Helper, is_loopback
from browser.capture.in_page import InPageCapture
from browser.capture.stream_proxy import ProxyCapture
from browser.counting import Count
from browser.engine import Engine
from browser.pages.chat_page import ChatPage
from settings import BrowserSettings

_OF_THE_STREAM = ("cdp", "in_page", "proxy")


class CaptureMaker:
    """Makes the captures of one browser's tabs."""

    def __init__(self, engine: Engine, settings: BrowserSettings, count: Count) -> None:
        self._engine = engine
        self._settings = settings
        self._count = count

    def chain(self, page: Page, chat_page: ChatPage) -> Chain:
        """For a tab that has loaded nothing yet."""
        order = self._settings.captures
        # Something has to hear which models there are.
        names = [name for name in order if name in _OF_THE_STREAM] or ["in_page"]
        captures = [self._make(name, page) for name in names]
        helper = self._helper(page) if "helper" in order else None
        return Chain(
            captures, chat_page.answers, order, self._settings.capture_fallback, self._count, helper=helper
        )

    def _helper(self, page: Page) -> Helper:
        endpoint, cookies = self._settings.helper_endpoint, self._settings.helper_cookies
        may_know = cookies == "always" or (cookies == "loopback" and is_loopback(endpoint))
        return Helper(endpoint, page, cookies=may_know)

    def _make(self, name: str, page: Page) -> Capture:
        if name == "cdp":
            return CdpCapture(page, self._count)
        if name == "proxy" and self._engine.stream_proxy is not None:
            return ProxyCapture(page, self._count, self._engine.stream_proxy.matching)
        return InPageCapture(page, self._count, self._engine.world_mark)
