"""The processes behind a browser that was started here: what they take, and their end."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


class Processes:
    """The children of this process that came up while a browser was started, with all of theirs."""

    def __init__(self) -> None:
        self._roots: tuple[psutil.Process, ...] = ()

    @contextmanager
    def noted(self) -> Iterator[None]:
        """What is started inside is the browser's."""
        before = set(psutil.Process().children())
        try:
            yield
        finally:
            self._roots = tuple(set(psutil.Process().children()) - before)

    @property
    def running(self) -> bool:
        """Whether none of those that were started has ended."""
        return all(root.is_running() and root.status() != psutil.STATUS_ZOMBIE for root in self._roots)

    def mebibytes(self) -> float:
        """The sum of their memory, shared pages counted once where the system tells. Takes milliseconds."""
        return sum(_bytes(process) for process in self._all()) / 2**20

    def end(self) -> None:
        """Kill what is left of them. A browser that was stopped in the middle ends in no other way."""
        for process in self._all():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _all(self) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for root in self._roots:
            with contextlib.suppress(psutil.Error):
                found += [*root.children(recursive=True), root]
        return found


def _bytes(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        memory = process.memory_full_info()
        return int(getattr(memory, "pss", 0) or getattr(memory, "uss", 0) or memory.rss)
    return 0
