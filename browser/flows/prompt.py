"""Fills the prompt box: files first, then the text, which may itself be sent as a file."""

import asyncio
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from browser.pages.attachments import AREA
from browser.pages.chat_page import ChatPage
from domain.attachments import Attachment
from domain.errors import ControlFailed
from settings import BrowserSettings

_log = logging.getLogger(__name__)
_RUN_ENABLED_MS = 30_000
_FILE_SECONDS = 15.0
"""For any file: menus, dialogs, and what the page does with it once it has arrived."""
_BYTES_A_SECOND = 500_000
"""Of a slow line; files have so much more time for their size."""
_SHARE = 0.75
"""Of the budget for making the page ready: the most that files may take, so that its failure has a name."""
_TEXT_NAMES = ("prompt.txt", "prompt-text.txt", "the-prompt.txt")


class PromptFiller:
    """Fills the prompt box of one tab, once."""

    def __init__(self, page: ChatPage, settings: BrowserSettings, ready_seconds: float) -> None:
        self._page = page
        self._mode = settings.large_prompt
        self._limit = settings.large_prompt_chars
        self._ready_seconds = ready_seconds
        self.files = 0
        """How many files the prompt has."""
        self.text = ""
        """What was written into the box."""
        self.digest: int | None = None
        """By which the box shows that it still holds that; see `ChatState`."""
        self.written_at = 0.0
        """When that was begun, by the loop's clock."""
        self.doubtful = False
        """Whether the page may still be at work on a file, and show it later."""

    async def fill(self, text: str, files: Sequence[Attachment]) -> None:
        """Attach the files in their order and write the text, until Run takes them.

        Raises:
            ControlFailed: the page did not take a file (area `attachment`) or the text (area `prompt`).
            PageDrift: a control that is needed is not there.
        """
        await self._attach(files)
        if self._mode != "inline" and len(text) > self._limit:
            await self._attach_text(text, files)
            return
        if not (failure := await self._not_taken(text)) or not (failure := await self._not_taken(text)):
            return
        if self._mode != "auto":
            raise failure
        _log.warning("the page did not take a prompt of %d characters; attaching it instead", len(text))
        await self._attach_text(text, files)

    async def _not_taken(self, text: str) -> ControlFailed | None:
        """Write the text; why the box does not hold it. A page may have put a text of its own there."""
        try:
            await self._write(text)
        except ControlFailed as error:
            if error.area != "prompt":
                raise
            return error
        return None

    def check(self, left: int) -> None:
        """Count the page's files once more before Run: a prompt may have waited for its turn.

        Raises:
            ControlFailed: a file is no longer there.
        """
        if left != self.files:
            raise ControlFailed(f"The page's prompt has {left} files instead of {self.files}.", area=AREA)

    async def _attach(self, files: Sequence[Attachment]) -> None:
        if not files:
            return
        size = sum(file.size for file in files)
        seconds = min(_FILE_SECONDS + size / _BYTES_A_SECOND, _SHARE * self._ready_seconds)
        self.doubtful = True
        await self._page.attachments.add(files, seconds)
        self.doubtful = False
        self.files += len(files)

    async def _attach_text(self, text: str, files: Sequence[Attachment]) -> None:
        taken = {file.name for file in files}
        name = next((name for name in _TEXT_NAMES if name not in taken), _TEXT_NAMES[0])
        with _text_file(text, name) as file:
            await self._attach([file])
        pointer = f"The prompt is the text of the last attached file, {name}. Answer it as if it stood here."
        await self._write(pointer)

    async def _write(self, text: str) -> None:
        self.text, self.written_at = text, asyncio.get_running_loop().time()
        self.digest = await self._page.chat.write(text, _RUN_ENABLED_MS, files=self.files)


@contextmanager
def _text_file(text: str, name: str) -> Iterator[Attachment]:
    """A text as a file that its owner alone can read, for as long as the context is open."""
    content = text.encode("utf-8", errors="replace")
    with TemporaryDirectory(prefix="prompt-") as folder:
        path = Path(folder, name)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        yield Attachment(path, name, "text/plain", len(content), hashlib.sha256(content).hexdigest())
