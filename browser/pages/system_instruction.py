"""The system instruction: a text in a side sheet that the page saves on its own time."""

from browser.pages.scripting import PageScripts
from domain.errors import ControlFailed

_SHEET_MS = 5000


class SystemInstruction:
    """The instruction of one tab, remembered so that the sheet is opened only when it has to be.

    The page keeps instructions as named presets and may bring an old one back, so after a page load the
    value counts as unknown; afterwards the card's own preview tells whether it has changed.
    """

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts
        self._known: tuple[str, str] | None = None
        """The text as last verified, and the card's words at that time."""

    def forget(self) -> None:
        """The page was loaded anew."""
        self._known = None

    async def apply(self, text: str, preview: str | None) -> None:
        """Make it exactly this text; the empty text clears it. `preview` is what the card says now.

        Raises:
            ControlFailed: the page did not take it, or did not close the sheet.
        """
        if self._known == (text, preview):
            return
        self._known = None
        found = await self._scripts.run("system", text=text, milliseconds=_SHEET_MS)
        if not found["saved"]:  # no state to go by: what counts is what the sheet holds when opened again
            found = await self._scripts.run("system", text=text, milliseconds=_SHEET_MS)
        if found["text"].rstrip("\n") != text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n"):
            raise ControlFailed("The page's system instruction did not take the text as it was.")
        if not found["closed"]:
            raise ControlFailed("The page's system instruction sheet does not close.")
        self._known = (text, found["preview"])
