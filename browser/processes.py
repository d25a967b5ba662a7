"""The processes behind a browser that was started here: what they take, their end, and what they leave."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from browser.leftovers import Leftovers

_END_SECONDS = 3.0
"""A killed process is gone within milliseconds, or waits for a disk."""


class Processes:
    """The children of this process that came up while a browser was started, with all of theirs."""

    def __init__(self) -> None:
        self._roots: tuple[psutil.Process, ...] = ()
        """What this process started itself: Playwright's driver, mostly."""
        self._browsers: tuple[psutil.Process, ...] = ()
        """What those had started by then; whoever loses its parent is nobody's child any more."""
        self._leftovers = Leftovers()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is started inside is the browser's."""
        before = set(psutil.Process().children())
        try:
            yield
        finally:
            self._roots = tuple(set(psutil.Process().children()) - before)
            self._browsers = tuple(child for root in self._roots for child in _below(root, all_of_them=False))
            self._note_folders()

    @property
    def running(self) -> bool:
        """Whether none of those that were started has ended."""
        return all(root.is_running() and root.status() != psutil.STATUS_ZOMBIE for root in self._roots)

    def mebibytes(self) -> float:
        """The sum of their memory, shared pages counted once where the system tells. Takes milliseconds."""
        return sum(_bytes(process) for process in self._all()) / 2**20

    def end_browser(self) -> None:
        """Kill the browser alone, which tells whoever started it, and lets him tidy up."""
        for process in self._started_by_others():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def end(self) -> None:
        """Kill what is left of them. A browser that was stopped in the middle ends in no other way."""
        for process in self._all():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def clear(self) -> None:
        """Kill what is left of them, and remove what was made on disk for them. Takes seconds at most.

        Whoever started a browser does that himself, unless he was killed before he came to it.
        """
        others = self._started_by_others()  # for its own children this process waits elsewhere
        self.end()
        psutil.wait_procs(others, timeout=_END_SECONDS)
        self._leftovers.remove()

    def _note_folders(self) -> None:
        for process in self._all():
            with contextlib.suppress(psutil.Error):
                self._leftovers.note(process.cmdline())

    def _all(self) -> list[psutil.Process]:
        return [*self._started_by_others(), *self._roots]

    def _started_by_others(self) -> list[psutil.Process]:
        found = {child for root in self._roots for child in _below(root)}
        for browser in set(self._browsers) - found:
            found |= {browser, *_below(browser)}
        return list(found)


def _below(process: psutil.Process, *, all_of_them: bool = True) -> list[psutil.Process]:
    """Its children, and with all of them the children of those. Looks through the system's whole list."""
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=all_of_them)
    return []


def _bytes(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        memory = process.memory_full_info()
        return int(getattr(memory, "pss", 0) or getattr(memory, "uss", 0) or memory.rss)
    return 0
