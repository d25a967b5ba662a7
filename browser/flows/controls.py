"""Brings the page's controls to what a request asks for, and decides what a control that fails means."""

import asyncio
import logging

from browser.flows.stopping import fits_page
from browser.pages.chat_page import ChatPage
from browser.pages.run_settings import ControlReport
from domain.errors import ControlFailed, GatewayError, PageDrift
from domain.models import ModelCard
from domain.requests import GenerateRequest

_log = logging.getLogger(__name__)
_OFF = (
    "google_search",
    "url_context",
    "code_execution",
    "google_maps",
    "function_calling",
    "structured_output",
)
"""The page's tools. A request that does not ask for them must not get what an earlier one left on."""


class Controls:
    """The run settings of one request. With `strict`, a default that cannot be set fails as well."""

    def __init__(self, page: ChatPage, *, strict: bool) -> None:
        self._page = page
        self._strict = strict
        self.warnings: list[str] = []
        """Defaults that could not be set, in words for the caller."""

    async def set(self, request: GenerateRequest, card: ModelCard) -> None:
        asked = request.sampling
        defaults = _numbers(card.temperature, card.top_p, card.output_limit)
        explicit = _numbers(asked.temperature, asked.top_p, asked.max_output_tokens)
        numbers = {**defaults, **explicit}
        on_page = [sequence for sequence in asked.stop if fits_page(sequence)]
        panel = self._page.run_settings
        reports, stops = await asyncio.gather(
            panel.apply(numbers, dict.fromkeys(_OFF, False)), panel.apply_stops(on_page)
        )
        if stops.state == "missing":  # its section may have been closed, and is open by now
            stops = await panel.apply_stops(on_page)
        for area, report in reports.items():
            # A tool that a model does not have is off.
            if not report.holds and not (area in _OFF and report.state == "missing"):
                self._control_failed(area, report, explicit=area in explicit or area in _OFF)
        if not stops.holds:
            self._control_failed("stop", stops, explicit=bool(on_page))

    def _control_failed(self, area: str, report: ControlReport, *, explicit: bool) -> None:
        shown = f"; it shows {report.shown!r}" if report.shown else ""
        said = f"The page's {area!r} control is {report.state}{shown}."
        if explicit or self._strict:
            raise ControlFailed(said, area=area)
        _log.warning("%s The page's own value applies.", said)
        self.warnings.append(said)

    async def set_system(self, text: str, preview: str | None) -> None:
        try:
            await self._page.system_instruction.apply(text, preview)
        except GatewayError as error:
            if text or self._strict or not isinstance(error, ControlFailed | PageDrift):
                raise
            self.warnings.append(error.public_message)
            _log.warning("the system instruction could not be cleared: %s", error)

    async def make_temporary(self) -> None:
        try:
            if await self._page.chat.make_temporary():
                return
            said = "The chat could not be made temporary; it may appear in the account's history."
        except PageDrift as drift:
            said = f"The chat could not be made temporary: {drift.public_message}"
        if self._strict:
            raise ControlFailed(said)
        _log.warning(said)
        self.warnings.append(said)


def _numbers(temperature: float | None, top_p: float | None, limit: int | None) -> dict[str, float]:
    """By area of the page; what is not given is left out."""
    given = {"temperature": temperature, "top_p": top_p, "max_output_tokens": limit}
    return {area: value for area, value in given.items() if value is not None}
