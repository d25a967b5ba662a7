"""Brings the page's controls to what a request asks for, and decides what a control that fails means.

Every control is set for every request, to what is asked or to the model's default, so that nothing of an
earlier request reaches a later one.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from browser.flows.stopping import fits_page
from browser.pages.chat_page import ChatPage
from browser.pages.json_editor import JsonEditor
from browser.pages.run_settings import Choices, ControlReport, ThinkingSetting
from domain.errors import ControlFailed, GatewayError, PageDrift, Unsupported
from domain.harms import HarmCategory, HarmThreshold
from domain.models import ModelCard, Thinking
from domain.requests import (
    FunctionDeclaration,
    GenerateRequest,
    ThinkingChoice,
    Tool,
)

_log = logging.getLogger(__name__)
_TOOL_NAMES: dict[str, str] = {
    Tool.GOOGLE_SEARCH: "Google Search",
    Tool.URL_CONTEXT: "URL context",
    Tool.CODE_EXECUTION: "code execution",
    Tool.GOOGLE_MAPS: "Google Maps",
}
"""As the page calls them; the values of `Tool` are the areas of their switches."""
_FUNCTIONS = "function_calling"
_STRUCTURED = "structured_output"
_RESOLUTION = "media_resolution"
_USUAL_RESOLUTION = ("default",)
_USUAL_RATIO = ("auto", "default")
_USUAL_SIZE = ("1K", "default")
"""Words of the options that a page shows where nothing was asked."""
_HARM_AREAS = {
    HarmCategory.HARASSMENT: "safety_harassment",
    HarmCategory.HATE_SPEECH: "safety_hate",
    HarmCategory.SEXUALLY_EXPLICIT: "safety_sexual",
    HarmCategory.DANGEROUS_CONTENT: "safety_dangerous",
}
_HARM_STEPS = {threshold: step for step, threshold in enumerate(HarmThreshold)}
"""From the left: Off, Block none, Block few, Block some, Block most."""
_THINKING = ("thinking_level", "thinking_mode", "thinking_budget")


class Controls:
    """The run settings of one request. With `strict`, a default that cannot be set fails as well."""

    def __init__(self, page: ChatPage, *, strict: bool) -> None:
        self._page = page
        self._strict = strict
        self.warnings: list[str] = []
        """Defaults that could not be set, in words for the caller."""

    async def set(self, request: GenerateRequest, card: ModelCard) -> None:
        """Bring all run settings to what the request asks for, and leave no dialog open.

        Raises:
            Unsupported: the page does not offer a tool that was asked for.
            ControlFailed: a control did not take what was asked for.
            PageDrift: a control that is needed is not there.
        """
        asked = request.sampling
        defaults = _numbers(card.temperature, card.top_p, card.output_limit)
        explicit = _numbers(asked.temperature, asked.top_p, asked.max_output_tokens)
        switches = _switches(request)
        thinking = _thinking(request.thinking, card.thinking)
        stops = [sequence for sequence in asked.stop if fits_page(sequence)]
        chosen = _chosen(request)
        choices = {**_usual_choices(card), **chosen}
        reports = await self._apply({**defaults, **explicit}, switches, thinking, stops, choices)
        needed = {*explicit, *(_THINKING if request.thinking else ()), *(["stop"] if stops else ())}
        for area, report in reports.items():
            if report.holds:
                continue
            if area in choices:
                self._choice_failed(area, report, request.model, chosen.get(area))
            elif area in switches:
                _switch_failed(area, report, request.model, wanted=switches[area])
            else:
                self._control_failed(area, report, explicit=area in needed)
        await self._edit(request, reports)
        await self.set_safety(request.safety)

    async def set_safety(self, wanted: Mapping[HarmCategory, HarmThreshold]) -> None:
        """Bring the safety settings to what is asked for, and others to the page's own.

        Raises:
            ControlFailed: a slider did not take its value; the page may hold that of an earlier request.
            PageDrift: there are none, or no dialog for them.
        """
        steps = {_HARM_AREAS[category]: _HARM_STEPS[threshold] for category, threshold in wanted.items()}
        try:
            reports = await self._page.safety.apply(steps)
        except (ControlFailed, PageDrift):
            await self._page.chat.close_overlays()
            raise
        for area, report in reports.items():
            if not report.holds:
                raise ControlFailed(_words(area, report), area=area)

    async def _apply(
        self,
        numbers: Mapping[str, float],
        switches: Mapping[str, bool],
        thinking: ThinkingSetting | None,
        sequences: list[str],
        choices: Choices,
    ) -> dict[str, ControlReport]:
        """What became of each control, the stop sequences as `stop`."""
        panel = self._page.run_settings
        reports, stops = await asyncio.gather(
            panel.apply(numbers, switches, thinking, choices),
            panel.apply_stops(sequences),
            return_exceptions=True,
        )  # neither is left at work when the other fails
        if isinstance(reports, BaseException):
            raise reports
        if isinstance(stops, BaseException):
            raise stops
        if stops.state == "missing":  # its section may have been closed, and is open by now
            stops = await panel.apply_stops(sequences)
        level = {"thinking_level": (thinking.level,)} if thinking and thinking.level else {}
        for area, words in {**choices, **level}.items():
            if reports[area].state == "different":
                reports[area] = await panel.choose(area, words)
        return {**reports, "stop": stops}

    async def _edit(self, request: GenerateRequest, reports: Mapping[str, ControlReport]) -> None:
        """Bring the texts behind the switches up to date, where their switches are on."""
        functions = declarations_text(request.functions) if request.functions else None
        schema = None if request.output is None else _json(request.output.site_schema)
        texts = (
            (self._page.declarations, functions, _FUNCTIONS),
            (self._page.answer_schema, schema, _STRUCTURED),
        )
        for editor, text, switch in texts:
            if text is None:
                editor.forget()
            else:
                await self._put(editor, text, undisturbed=reports[switch].state == "same")

    async def _put(self, editor: JsonEditor, text: str, *, undisturbed: bool) -> None:
        try:
            await editor.apply(text, undisturbed=undisturbed)
        except (ControlFailed, PageDrift):
            await self._page.chat.close_overlays()
            raise

    def _choice_failed(
        self, area: str, report: ControlReport, model: str, words: tuple[str, ...] | None
    ) -> None:
        """`words`: of what was asked for. A model that has no choice of resolution is as usual."""
        if words is None and report.state == "missing" and area == _RESOLUTION:
            return
        if words is not None and report.state == "unoffered":
            raise Unsupported(
                f"AI Studio's page offers no {words[0]!r} as {area!r} for model {model!r}, only "
                f"{report.shown}.",
                param=area,
            )
        self._control_failed(area, report, explicit=words is not None)

    def _control_failed(self, area: str, report: ControlReport, *, explicit: bool) -> None:
        said = _words(area, report)
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


def declarations_text(functions: tuple[FunctionDeclaration, ...]) -> str:
    """What the page's declaration editor is given: the same text for the same functions, always."""
    return _json([_declaration(function) for function in functions])


def _declaration(function: FunctionDeclaration) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": function.name, "description": function.description}
    if function.site_schema is not None:
        declared["parameters"] = function.site_schema
    return declared


def _json(value: Any) -> str:
    """Compact, in the value's own order, which is the order the model answers in; empty for nothing."""
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)


def _switches(request: GenerateRequest) -> dict[str, bool]:
    """Every switch of the page's tools, by area."""
    tools = {tool.value: tool in request.tools for tool in Tool}
    return {**tools, _FUNCTIONS: bool(request.functions), _STRUCTURED: request.output is not None}


def _switch_failed(area: str, report: ControlReport, model: str, *, wanted: bool) -> None:
    """A switch that is not there is off; one that is wanted and cannot be had fails the request.

    Raises:
        Unsupported: the page does not offer the tool for this model.
        ControlFailed: the switch is there and does not move, or one of the gateway's own needs is not met.
    """
    if report.state == "missing" and not wanted:
        return
    if wanted and report.state in {"missing", "disabled"} and area in _TOOL_NAMES:
        lacks = "no" if report.state == "missing" else "only a disabled"
        raise Unsupported(
            f"AI Studio's page has {lacks} {_TOOL_NAMES[area]} switch for model {model!r}; the model "
            "may not have this tool.",
            param="tools",
        )
    raise ControlFailed(_words(area, report), area=area)


def _chosen(request: GenerateRequest) -> dict[str, tuple[str, ...]]:
    """What was asked for, by the area of its select."""
    given = {
        _RESOLUTION: request.media_resolution,
        "aspect_ratio": request.pictures.aspect_ratio,
        "image_size": request.pictures.size,
    }
    return {area: (str(value),) for area, value in given.items() if value is not None}


def _usual_choices(card: ModelCard) -> dict[str, tuple[str, ...]]:
    """What the model's selects show by themselves."""
    usual: dict[str, tuple[str, ...]] = {_RESOLUTION: _USUAL_RESOLUTION}
    if card.makes_pictures:
        usual["aspect_ratio"] = _USUAL_RATIO
    if card.picture_sizes:
        usual["image_size"] = _USUAL_SIZE
    return usual


def _words(area: str, report: ControlReport) -> str:
    verb = "offers only" if report.state == "unoffered" else "shows"
    shown = f"; it {verb} {report.shown!r}" if report.shown else ""
    return f"The page's {area!r} control is {report.state}{shown}."


def _thinking(choice: ThinkingChoice | None, has: Thinking | None) -> ThinkingSetting | None:
    """What the thinking controls are to show; `None` where there is nothing to set."""
    if choice is not None and choice.level is not None:
        return ThinkingSetting(level=choice.level)
    budget = choice.budget if choice else None
    if has is None:  # a model that does not think is as it was asked to be
        return None if budget is None or budget <= 0 else ThinkingSetting(budget=budget)
    if budget is not None:
        return ThinkingSetting(mode=budget != 0, budget=budget if budget > 0 else None)
    if has.levels:
        return ThinkingSetting(level=has.default_level or has.levels[-1])
    return ThinkingSetting(mode=not has.off_by_default)


def _numbers(temperature: float | None, top_p: float | None, limit: int | None) -> dict[str, float]:
    """By area of the page; what is not given is left out."""
    given = {"temperature": temperature, "top_p": top_p, "max_output_tokens": limit}
    return {area: value for area, value in given.items() if value is not None}
