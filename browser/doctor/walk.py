"""The doctor's way through the page: each control in the state that shows it, everything closed and put back.

Nothing is saved and nothing is generated, except by `generate`. What a step needs and does not find is noted
once, under its own name; what could only be seen behind it is skipped, so that a miss names its cause alone.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from browser.doctor.areas import (
    BY_CHANCE,
    FRAME,
    IN_SECTION,
    INSIDE_SELECT,
    OPTIONS,
    PANEL,
    PICTURES,
    REASONS,
    SWITCHES,
    THINKING,
)
from browser.doctor.probe import Probe
from browser.doctor.report import Notebook
from browser.pages.chat_page import ChatPage
from browser.pages.safety import AREAS as SLIDERS
from domain.errors import ControlFailed, PageDrift
from domain.models import ModelCard, Thinking
from domain.ports import Deadlines

_TINY_PROMPT = "Answer with the word OK."
Photograph = Callable[[str], Awaitable[None]]
"""Keeps what the page shows right now, under a name."""


class Walk:
    """One examination of one tab. Methods are stages; each leaves the page as it found it."""

    def __init__(self, probe: Probe, page: ChatPage, notes: Notebook, photograph: Photograph) -> None:
        self._probe = probe
        self._page = page
        self._notes = notes
        self._photograph = photograph

    async def frame(self) -> None:
        """What is always there, and what the page shows of itself."""
        await self._glance(BY_CHANCE)
        await self._page.chat.close_overlays()
        await self._need(FRAME)
        await self._glance(["account"], else_note=REASONS["account"])
        await self._glance(["settings_opener"], else_note="only needed while the run settings are closed")
        await self._glance(
            ["token_count"], else_note="only needed where a browser does not tell what is counted"
        )

    async def panel(self, model: str) -> None:
        """The run settings of this model, except for its thinking."""
        await self._probe.open_panel()
        areas = [area for area in (*PANEL, *SWITCHES) if not self._notes.has(area)]
        found = await self._probe.look([*areas, "model_name"])
        for area, candidate in found.items():
            if candidate is not None:
                self._notes.saw(area, candidate)
        if found["model_name"] is None:
            self._without_name(model)
        closed = self._closed_sections()
        lacking = [area for area in areas if found[area] is None]
        for area in lacking:
            section = IN_SECTION.get(area, "")
            if section in closed:
                self._notes.skipped(area, f"cannot be shown without {section!r}")
            else:
                self._notes.missed(area)
        if lacking:
            await self._photograph(lacking[0])

    def _closed_sections(self) -> set[str]:
        """Sections of which nothing was seen, not even the button that unfolds them."""
        seen = {section for area, section in IN_SECTION.items() if self._notes.has(area)}
        return {section for section in IN_SECTION.values() if not self._notes.has(section)} - seen

    def _without_name(self, model: str) -> None:
        if not self._notes.has("model_card"):
            self._notes.skipped("model_name", "stands on the model card, which was not found")
        elif model:
            self._notes.skipped("model_name", f"not needed: the card's own words name {model}")
        else:
            self._notes.missed("model_name")

    async def thinking(self, model: str, has: Thinking | None) -> None:
        """The thinking controls of this model."""
        if has is not None and has.levels:
            await self._choice("thinking_level", "thinking_levels", model)
        else:
            behind = (*INSIDE_SELECT, "thinking_level", "thinking_levels", *OPTIONS)
            self._not_by(behind, f"{model} has no choice of levels")
        if has is not None and not has.levels:
            await self._budget(model, has)
        else:
            self._not_by(THINKING, f"{model} has no thinking budget")

    def _not_by(self, areas: Sequence[str], note: str) -> None:
        for area in areas:
            self._notes.skipped(area, note)

    async def pictures(self, card: ModelCard | None) -> None:
        """The controls of pictures' form, on the page of a model that makes some."""
        if card is None:
            return self._not_by(PICTURES, "the page named no model that makes pictures and can be tried")
        await self._probe.open_panel()
        await self._choice("aspect_ratio", "aspect_ratios", card.id)
        if card.picture_sizes:
            return await self._choice("image_size", "image_sizes", card.id)
        return self._not_by(("image_size", "image_sizes"), f"{card.id} makes pictures of one size")

    async def _choice(self, control: str, options: str, model: str) -> None:
        """A control with a list of options, of which none is chosen."""
        if not await self._need([control]):
            return self._not_by((*INSIDE_SELECT, options, *OPTIONS), f"cannot be opened without {control!r}")
        await self._glance(INSIDE_SELECT, root=control, else_note="not needed: the control itself is clicked")
        before = (await self._probe.settings())["choices"][control]
        if not await self._probe.press("select_trigger", root=control):
            await self._probe.press(control)
        await self._need([options, "select_option"])
        await self._glance(["select_option_text"], else_note="not needed: the option's own words are read")
        await self._leave(options)
        if (await self._probe.settings())["choices"][control] != before:
            self._notes.stuck(control, f"its list changed {model}'s setting when it was closed")
        return None

    async def _budget(self, model: str, has: Thinking) -> None:
        before = (await self._probe.settings())["switches"]
        if has.can_disable:
            await self._need(["thinking_mode"])
        else:
            self._notes.skipped("thinking_mode", f"{model} cannot do without thinking")
        async with self._switched({"thinking_mode": True}, before):
            if not await self._need(["thinking_manual"]):
                self._notes.skipped("thinking_budget", "not shown without 'thinking_manual'")
                return
            shown = (await self._probe.settings())["switches"]
            async with self._switched({"thinking_manual": True}, shown):
                await self._need(["thinking_budget"])

    @asynccontextmanager
    async def _switched(
        self, wanted: Mapping[str, bool], before: Mapping[str, bool | None]
    ) -> AsyncIterator[None]:
        """With these switches moved, as far as they are there; back to what they were afterwards."""
        there = {area: on for area, on in wanted.items() if before.get(area) is not None}
        reports = await self._page.run_settings.apply({}, there)
        for area, report in reports.items():
            if not report.holds:
                self._notes.stuck(area, f"does not let itself be switched ({report.state})")
        try:
            yield
        finally:
            back = {area: bool(before[area]) for area in there}
            reports = await self._page.run_settings.apply({}, back)
            for area, report in reports.items():
                if not report.holds:
                    self._notes.stuck(area, f"could not be put back ({report.state})")

    async def resolutions(self) -> None:
        """The choices of media resolution, with nothing chosen."""
        if not self._notes.has("media_resolution"):
            return self._not_by(["media_resolutions"], "cannot be opened without 'media_resolution'")
        before = (await self._probe.settings())["choices"]["media_resolution"]
        if not await self._probe.press("select_trigger", root="media_resolution"):
            await self._probe.press("media_resolution")
        await self._need(["media_resolutions"])
        await self._leave("media_resolutions")
        if (await self._probe.settings())["choices"]["media_resolution"] != before:
            self._notes.stuck("media_resolution", "its list changed the choice when it was closed")
        return None

    async def safety(self) -> None:
        """The safety settings' dialog, with nothing moved."""
        if not await self._open("safety_edit", "safety_dialog"):
            return self._not_by(("safety_dialog", *SLIDERS), "cannot be opened without 'safety_edit'")
        if not self._notes.has("safety_dialog"):
            return self._not_by(SLIDERS, "cannot be looked at without 'safety_dialog'")
        await self._need(SLIDERS, root="safety_dialog")
        await self._glance(["dialog_close"], root="safety_dialog", else_note="not needed: Escape closes it")
        return await self._leave("safety_dialog")

    async def model_sheet(self) -> None:
        """The model picker, with nothing chosen."""
        behind = ("model_sheet", "model_category_all", "model_row")
        if not await self._open("model_card", "model_sheet"):
            return self._not_by(behind, "cannot be opened without 'model_card'")
        await self._in_dialog()
        rows = await self._probe.look(["model_row"])
        if rows["model_row"] is None:
            await self._probe.press("model_category_all")
        await self._need(["model_row"])
        await self._glance(
            ["model_category_all"], else_note="not needed: rows are shown without choosing a category"
        )
        await self._glance(["sheet_close"], else_note="not needed: Escape closes the sheet")
        return await self._leave("model_sheet")

    async def system_sheet(self) -> None:
        """The system instruction's sheet, with nothing written."""
        if not await self._open("system_card", "system_text"):
            return self._not_by(("system_text", "system_status"), "cannot be opened without 'system_card'")
        await self._in_dialog()
        await self._glance(["system_status"], else_note="may be shown only after a change")
        await self._glance(["sheet_close"], else_note="not needed: Escape closes the sheet")
        return await self._leave("system_text")

    async def editors(self) -> None:
        """Both dialogs behind an Edit button, opened and closed without saving."""
        for prefix, switch in (("function", "function_calling"), ("structured", "structured_output")):
            if self._notes.has(f"{prefix}_dialog"):
                continue
            before = (await self._probe.settings())["switches"]
            if before[switch] is None:
                self._not_by(_parts(prefix), f"cannot be opened without {switch!r}")
                continue
            wanted = {area: area == switch for area in SWITCHES}
            async with self._switched(wanted, before):
                await self._editor(prefix)

    async def _editor(self, prefix: str) -> None:
        edit, dialog, *_ = parts = _parts(prefix)
        if not await self._need([edit]):
            return self._not_by(parts, f"cannot be opened without {edit!r}")
        if not await self._open(edit, dialog):
            return self._not_by(parts, f"cannot be opened: {edit!r} is disabled")
        if not self._notes.has(dialog):
            return self._not_by(parts, f"cannot be looked at without {dialog!r}")
        await self._in_dialog()
        await self._text_of(prefix)
        await self._need([f"{prefix}_save"], root=dialog)
        await self._glance(["code_lines", "dialog_error"], root=dialog)
        await self._glance(["dialog_close"], root=dialog, else_note="not needed: Escape closes the dialog")
        return await self._leave(dialog)

    async def _text_of(self, prefix: str) -> None:
        """A tab is needed only where the text is not shown without one."""
        text, tab, dialog = f"{prefix}_text", f"{prefix}_tab", f"{prefix}_dialog"
        found = await self._probe.look([text, tab], root=dialog, enough="any")
        has_tab = await self._probe.press(tab, root=dialog)
        if has_tab:
            await self._need([tab, text], root=dialog)
        elif found[text] is None:
            self._notes.missed(tab)
            self._notes.skipped(text, f"not shown without {tab!r}")
            await self._photograph(tab)
        else:
            self._notes.saw(text, found[text] or "")
            self._notes.skipped(tab, f"not needed: {text!r} is shown without it")

    async def files(self) -> None:
        """The menu for files; whether there is an input for them, or only an item that asks the browser."""
        standing = (await self._probe.look(["file_input"], enough="none"))["file_input"]
        found = await self._probe.look(["media_menu"])
        if not self._note("media_menu", found["media_menu"], "not needed" if standing else None):
            self._not_by(("upload_item", "file_input"), "cannot be opened without 'media_menu'")
        elif await self._probe.press("media_menu"):
            places = await self._probe.look(["upload_item", "file_input"], enough="any")
            if not any(places.values()):
                await self._photograph("upload_item")
            self._note("upload_item", places["upload_item"], "not needed" if places["file_input"] else None)
            self._note("file_input", places["file_input"], "not needed: the menu's item asks for a file")
            await self._leave("upload_item")
        if standing:
            self._notes.saw("file_input", standing)

    async def temporary(self) -> None:
        """Temporary chat, switched on and off again."""
        await self._glance(["temporary_toggle"])
        await self._glance(["more_actions"])
        in_menu = not self._notes.has("temporary_toggle")
        if in_menu and not self._notes.has("more_actions"):
            self._notes.missed("temporary_toggle")
            await self._photograph("temporary_toggle")
            return self._not_by(("more_actions", "temporary_item"), "this page has no such menu")
        if in_menu:
            self._notes.skipped("temporary_toggle", "not needed: it is in a menu")
            await self._open("more_actions", "temporary_item")
            await self._leave("temporary_item")
        else:
            self._not_by(("more_actions", "temporary_item"), "not needed: it has a button of its own")
        if in_menu and not self._notes.has("temporary_item"):
            return self._not_by(["temporary_indicator"], "not shown without 'temporary_item'")
        return await self._indicator(in_menu=in_menu)

    async def _indicator(self, *, in_menu: bool) -> None:
        was_on = (await self._probe.settings())["temporary"]
        on = False
        with contextlib.suppress(PageDrift):  # what is missing is noted by then
            on = await self._page.chat.make_temporary()
        found = await self._probe.look(["temporary_indicator"], enough="none" if on else "all")
        shown = self._note(
            "temporary_indicator", found["temporary_indicator"], "not needed: the menu tells" if on else None
        )
        if not shown and not on:
            await self._photograph("temporary_indicator")
        if was_on or not on:
            return
        if in_menu:
            await self._probe.press("more_actions")
            await self._probe.look(["temporary_item"])
            await self._glance(["temporary_mark"])
        await self._probe.press("temporary_item" if in_menu else "temporary_toggle")
        if not await self._probe.gone("temporary_indicator"):
            self._notes.stuck("temporary_indicator", "temporary chat could not be switched off again")
        await self._probe.close()

    async def generate(self, deadlines: Deadlines, sent: Callable[[], bool]) -> None:
        """One tiny prompt, for what is shown only then; the conversation is left for an empty one.

        `sent` tells whether the page's own request has left.
        """
        try:
            await self._page.chat.make_temporary()
            await self._page.chat.write(_TINY_PROMPT, round(1000 * deadlines.submit))
            await self._page.chat.point_at_run()
            await self._page.chat.press_run()
        except (PageDrift, ControlFailed) as error:
            self._notes.stuck("run", error.public_message)
            return
        running, _ = await self._probe.running(deadlines.submit)
        await self._glance(["separate_stop"])
        await self._page.chat.settle(round(1000 * deadlines.first_event))
        if not sent():
            self._notes.stuck("run", "was pressed, and the page sent nothing")
        elif not running and (await self._probe.settings())["turns"] == 0:
            self._notes.stuck("run", "was pressed, and nothing was seen to run")
        await self._need(["turn"])
        await self._glance(BY_CHANCE)
        await self._photograph("answered")
        if await self._probe.press("new_chat"):
            asked = (await self._probe.look(["discard"], enough="any"))["discard"]
            self._note("discard", asked, "not needed: the page asked nothing")
        if not await self._page.chat.empty():
            self._notes.stuck("new_chat", "does not lead to an empty conversation")

    async def _open(self, opener: str, target: str) -> bool:
        """Open what lies behind a control, and note whether it came; `False` without a control to press."""
        for attempt in (1, 2):
            if not await self._probe.press(opener):
                return False
            found = (await self._probe.look([target]))[target]
            if found is not None or attempt == 2:  # the first click may have met a notice that just came up
                self._note(target, found)
                if found is None:
                    await self._photograph(target)
                    await self._probe.close()
                return True
            await self._page.chat.close_overlays()
        return True

    async def _leave(self, area: str) -> None:
        if not await self._probe.close() and self._notes.has(area):
            self._notes.stuck(area, "does not close")
            await self._photograph(area)

    async def _in_dialog(self) -> None:
        await self._need(["dialog", "backdrop"])

    async def _need(self, areas: Sequence[str], *, root: str | None = None) -> bool:
        """Note where each area was found; whether all were."""
        found = await self._probe.look(areas, root=root)
        seen = [self._note(area, candidate) for area, candidate in found.items()]
        if not all(seen):
            await self._photograph(areas[seen.index(False)])
        return all(seen)

    async def _glance(self, areas: Sequence[str], *, root: str | None = None, else_note: str = "") -> None:
        """Note what is there right now, and nothing against what is not."""
        found = await self._probe.look(areas, root=root, enough="none")
        for area, candidate in found.items():
            if candidate is not None:
                self._notes.saw(area, candidate)
            elif else_note:
                self._notes.skipped(area, else_note)

    def _note(self, area: str, candidate: str | None, else_note: str | None = None) -> bool:
        if candidate is not None:
            self._notes.saw(area, candidate)
        elif else_note is None:
            self._notes.missed(area)
        else:
            self._notes.skipped(area, else_note)
        return candidate is not None


def _parts(prefix: str) -> tuple[str, ...]:
    """The areas of an editor, in the order in which they are reached."""
    return tuple(f"{prefix}_{part}" for part in ("edit", "dialog", "tab", "text", "save"))
