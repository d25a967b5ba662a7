"""The files of the next turn: given to the page, each of them seen there before anything is run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from playwright.async_api import ElementHandle, Error

from browser.pages.scripting import PageScripts, first_line
from domain.attachments import Attachment
from domain.errors import ControlFailed, SessionLost

AREA = "attachment"
_MENU_MS = 3000
_CHOOSER_MS = 5000
_SAID = {
    "refused": "refused it",
    "gone": "took it away again",
    "absent": "did not show it in time",
    "busy": "did not finish processing it in time",
}
_LATE = {"absent", "busy"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where files are given to the page; see `scripts/attach_place.js`."""

    kind: str
    multiple: bool
    chips: int
    toasts: list[str] = field(default_factory=list)


class Attachments:
    """The attachments of one tab's prompt box."""

    def __init__(self, scripts: PageScripts) -> None:
        self._scripts = scripts

    async def add(self, files: Sequence[Attachment], seconds: float) -> None:
        """Attach files in this order, as many at once as the page takes, each within `seconds`.

        A file is attached when the page shows it and is done with it. How many the prompt has then, and
        whether Run takes them, is for whoever writes the prompt to see.

        Raises:
            ControlFailed: the page refused a file, or was not done with it in time; which, and what it says.
            PageDrift: there is no way to give files to the page.
            SessionLost: the tab went away meanwhile.
        """
        waiting = list(files)
        while waiting:
            place, element = await self._place(waiting[0])
            given = await self._give(place, element, waiting, seconds)
            await self._confirm(place, given, seconds)
            del waiting[: len(given)]

    async def _place(self, file: Attachment) -> tuple[_Place, ElementHandle]:
        found, element = await self._scripts.find("attach_place", milliseconds=_MENU_MS)
        place = _Place(**found)
        if element is None:
            raise ControlFailed(
                f"The page does not let files be attached right now; {file.name!r} was not sent.", area=AREA
            )
        return place, element

    async def _give(
        self, place: _Place, element: ElementHandle, files: Sequence[Attachment], seconds: float
    ) -> Sequence[Attachment]:
        """Those of the files that the page took at once; to wait for them is another matter."""
        milliseconds = 1000 * seconds
        try:
            if place.kind == "input":
                given = files if place.multiple else files[:1]
                await element.set_input_files([file.path for file in given], timeout=milliseconds)
                return given
            async with self._scripts.page.expect_file_chooser(timeout=_CHOOSER_MS) as asked:
                await element.click(timeout=_CHOOSER_MS)
            chooser = await asked.value
            given = files if chooser.is_multiple() else files[:1]
            await chooser.set_files([file.path for file in given], timeout=milliseconds)
        except (Error, OSError) as error:
            if isinstance(error, Error) and self._scripts.page.is_closed():
                raise SessionLost(
                    f"The tab was lost while files were attached: {first_line(error)}"
                ) from error
            raise ControlFailed(
                f"The file {files[0].name!r} could not be given to the page.", area=AREA
            ) from error
        return given

    async def _confirm(self, place: _Place, given: Sequence[Attachment], seconds: float) -> None:
        found = await self._scripts.run(
            "attach", chips=place.chips + len(given), toasts=place.toasts, milliseconds=1000 * seconds
        )
        state, said = found["state"], found["said"]
        if state == "attached":
            return
        named = _named([file for file in given if file.name in said] or given)
        reason = f"; it says {said!r}" if said else ""
        hint = " PAGE_READY_TIMEOUT_SECONDS gives large files more time." if state in _LATE else ""
        raise ControlFailed(
            f"The page was given {named} and {_SAID[state]}{reason}. Nothing was generated.{hint}", area=AREA
        )


def _named(files: Sequence[Attachment]) -> str:
    names = ", ".join(repr(file.name) for file in files)
    return f"the file {names}" if len(files) == 1 else f"the files {names}"
