"""A JSON text behind an Edit button of the run settings: function declarations, or the answer's schema."""

from browser.pages.scripting import PageScripts
from domain.errors import ControlFailed

_DIALOG_MS = 4000


class JsonEditor:
    """One such text of one tab, remembered so that its dialog is opened only when it has to be.

    The page shows nothing of the text outside the dialog. What was verified last counts for as long as the
    page was not loaded, its model not changed and the switch beside it never off: all that is known to make
    the page forget the text puts the switch back as well.

    `prefix` is what the areas of the selectors begin with. The labels of the schema's dialog are not
    established by any public source; its candidates are guesses of several shapes.
    """

    def __init__(self, scripts: PageScripts, prefix: str) -> None:
        self._scripts = scripts
        self._prefix = prefix
        self._known: str | None = None
        self.visits = 0
        """How often the dialog had to be visited."""

    def forget(self) -> None:
        """The page may hold something else by now."""
        self._known = None

    async def apply(self, text: str, *, undisturbed: bool) -> None:
        """Make it a text of the same meaning. `undisturbed`: its switch was found on, as it was left.

        Raises:
            ControlFailed: the page did not take the text; with the page's words where it says why.
            PageDrift: a part of the dialog is nowhere.
        """
        if undisturbed and self._known == text:
            return
        self._known = None
        self.visits += 1
        found = await self._run(text, typed=False)
        if found["state"] == "keys":
            keyboard = self._scripts.page.keyboard
            await keyboard.press("ControlOrMeta+A")
            await keyboard.press("Delete")
            await keyboard.insert_text(text)
            found = await self._run(text, typed=True)
        area = found["area"]
        match found["state"]:
            case "refused":
                raise ControlFailed(f"The page refused the text of its {area!r}: {found['said']}", area=area)
            case "wrong":
                raise ControlFailed(f"The page's {area!r} did not take the text as it was.", area=area)
            case "stuck":
                raise ControlFailed(f"The page's {area!r} control has no effect or is disabled.", area=area)
        self._known = text

    async def _run(self, text: str, *, typed: bool) -> dict[str, str]:
        return await self._scripts.run(
            "editor", prefix=self._prefix, text=text, typed=typed, milliseconds=_DIALOG_MS
        )
