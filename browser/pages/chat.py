"""The chat area: what it shows, its prompt box, its Run button, and the way to an empty conversation."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from browser.pages.model_names import ModelNames
from browser.pages.scripting import PageScripts
from browser.wire.refusals import needs_paid_key
from domain.errors import ControlFailed, SessionLost

_STEP_MS = 3000
_MENU_MS = 1000
_ANSWER_SECONDS = 0.5
_AIM_SECONDS = 0.05
"""For so long what was just seen of Run is taken to be still so."""


@dataclass(frozen=True, slots=True)
class ChatState:
    """A snapshot of the page; see `scripts/state.js`."""

    url: str
    ready: bool
    signed_out: bool
    model: str
    running: bool
    run_hovered: bool
    """Whether Run feels the mouse."""
    turns: int
    prompt_length: int
    prompt_digest: int
    """What `Chat.write` returned, if the prompt box holds that text."""
    chips: int
    dialogs: int
    dialog: str
    """The first words of a dialog; empty without one."""
    notices: int
    absent: list[str]
    """Areas without which there is no chat and that are not there."""
    temporary: bool
    system_preview: str | None
    """The words of the system instruction's card; `None` without a card."""
    notice: str
    """The last thing that the page says of its own accord; empty for nothing. See `Notices`."""

    @property
    def obstructed(self) -> bool:
        """Whether something may lie over the controls."""
        return bool(self.dialogs or self.notices)

    @property
    def filled(self) -> bool:
        """Whether there is something in the prompt box."""
        return bool(self.prompt_length or self.chips)

    @property
    def clean(self) -> bool:
        """Whether nothing of an earlier request is left."""
        return self.ready and not (self.running or self.turns or self.chips)

    @property
    def obstacle(self) -> str:
        """What to say of a dialog that no script closes."""
        return (
            f"A dialog lies over the page and does not close: {self.dialog!r}. If it asks for what only you "
            "can answer, open the page in a window (launch_camoufox.py --debug) and answer it there."
        )


@dataclass(frozen=True, slots=True)
class Aim:
    """Whether a click where the mouse is would reach Run; see `scripts/aim.js`."""

    hovered: bool
    running: bool
    enabled: bool
    point: dict[str, float] | None
    covered: str | None
    told: list[str]
    """What the page says of its own accord; see `Notices`."""


class Chat:
    """The chat area of one tab."""

    def __init__(self, scripts: PageScripts, names: ModelNames, on_new_chat: Callable[[], None]) -> None:
        """`on_new_chat` is called before a new chat is begun: the page may change its settings with it."""
        self._scripts = scripts
        self._names = names
        self._on_new_chat = on_new_chat
        self._mouse = scripts.page.mouse
        self._mouse_at = (0.0, 0.0)
        self._aimed = 0.0
        """When Run was last seen to feel the mouse, ready to be pressed."""
        self._told: tuple[str, ...] = ()
        """What the page said at that time."""

    async def state(self, *, wait: int = 0) -> ChatState:
        """What the page shows now, or as soon as it can be used, within `wait` milliseconds."""
        found = await self._scripts.run("state", wait=wait)
        return ChatState(**{**found, "model": self._names.id_of(found["model"])})

    async def write(self, text: str, milliseconds: int, *, files: int = 0) -> int:
        """Put the whole text into the prompt box, beside so many `files`, and wait until Run takes it.

        Returns what `ChatState.prompt_digest` is for as long as the box holds this text.

        Raises:
            ControlFailed: the box does not hold exactly this text (area `prompt`) and these files (area
                `attachment`), or Run stays disabled.
            PaidKeyNeeded: Run stays disabled because the model needs a paid key.
        """
        found = await self._scripts.run("prompt", text=text, milliseconds=milliseconds)
        if found["chips"] != files:
            raise ControlFailed(
                f"The page's prompt has {found['chips']} files instead of {files}.", area="attachment"
            )
        if not found["exact"]:
            raise ControlFailed("The page's prompt box did not take the text as it was.", area="prompt")
        if found["needs_key"]:
            raise needs_paid_key(f"its Run button says {found['label']!r}")
        if not found["enabled"]:
            reason = found["notice"] or "it shows no reason"
            raise ControlFailed(f"The page's Run button stays disabled ({reason}).", area="run")
        self._told = tuple(found["told"])
        self._aimed = time.monotonic() if found["hovered"] else 0.0
        return int(found["digest"])

    async def shows_count(self, total: int, milliseconds: int) -> bool:
        """Whether the page's token counter comes to show this number."""
        return bool((await self._scripts.run("count", total=total, milliseconds=milliseconds))["shown"])

    async def point_at_run(self) -> None:
        """Move the mouse onto Run, so that what appears under a mouse has appeared by then.

        Best done before a long text is written: to find a place the page must be laid out.
        """
        await self._hover(await self._aim(point=True))

    async def press_run(self) -> tuple[str, ...]:
        """One real click on Run, where the mouse is already; what covers Run is cleared first.

        Returns what the page said of its own accord just before.

        Raises:
            ControlFailed: a click would not reach Run, or would mean something else.
        """
        if time.monotonic() - self._aimed > _AIM_SECONDS:
            await self._aim_again()
        self._aimed = 0.0
        await self._mouse.click(*self._mouse_at)
        return self._told

    async def settle(self, milliseconds: int) -> None:
        """Let the page finish showing an answer that has ended on the wire."""
        await self._scripts.run("settle", milliseconds=milliseconds)

    async def press_stop(self, milliseconds: int) -> bool:
        """End a running generation; whether none runs now.

        Raises:
            SessionLost: the page does not answer, at the latest half a second after the time it was given.
        """
        seconds = milliseconds / 1000 + _ANSWER_SECONDS
        try:
            async with asyncio.timeout(seconds):
                return bool((await self._scripts.run("stop", milliseconds=milliseconds))["stopped"])
        except TimeoutError as error:
            raise SessionLost(f"The page did not answer within {seconds:g} s when asked to stop.") from error

    async def empty(self, *, answered: bool = False) -> bool:
        """Go to an empty conversation without loading the page; whether that worked.

        `answered`: an answer has come, so that a page without turns is one whose turns are not known.
        """
        self._on_new_chat()
        found = await self._scripts.run("new_chat", answered=answered, milliseconds=_STEP_MS)
        return bool(found["empty"])

    async def make_temporary(self) -> bool:
        """Keep this conversation out of the account's history; whether the page says it does."""
        return bool((await self._scripts.run("temporary", milliseconds=_MENU_MS))["on"])

    async def close_overlays(self) -> bool:
        """Close dialogs, menus and surveys; whether none is left over the prompt and Run."""
        found = await self._scripts.run("overlays")
        if found["left"]:
            await self._scripts.page.keyboard.press("Escape")
            found = await self._scripts.run("overlays")
        return not found["covering"]

    async def _aim_again(self) -> None:
        aim = await self._aim()
        if not aim.hovered:
            aim = await self._hover(await self._aim(point=True, clear=True))
        if not aim.hovered:
            aim = await self._aim(point=True)
            said = f"The page's Run button cannot be reached; over it lies {aim.covered}."
            raise ControlFailed(said, area="run")
        if aim.running or not aim.enabled:
            raise ControlFailed("The page's Run button is not ready to run.", area="run")

    async def _hover(self, aim: Aim) -> Aim:
        """Move only where Run does not feel the mouse yet: the page feels a move with its next frame."""
        if aim.hovered or aim.point is None:
            return aim
        x, y = aim.point["x"], aim.point["y"]
        if (x, y) == self._mouse_at:  # a mouse that does not move is not felt
            x += 1
        await self._mouse.move(x, y)
        self._mouse_at = (x, y)
        return await self._aim()

    async def _aim(self, *, point: bool = False, clear: bool = False) -> Aim:
        aim = Aim(**await self._scripts.run("aim", point=point, clear=clear))
        self._told = tuple(aim.told)
        return aim
