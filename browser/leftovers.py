"""What a browser that was killed leaves on disk: folders that were made for it alone, and their removal."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MADE_BY_PLAYWRIGHT: Final = ("playwright_", "dev_profile-")
"""How the names of Playwright's temporary profiles begin, and what is in them."""
_SOCKET: Final = "SingletonSocket"
_BESIDE_SOCKET: Final = (_SOCKET, "SingletonCookie")


class Leftovers:
    """The folders of the browsers whose command lines were noted."""

    def __init__(self) -> None:
        self.profiles: set[Path] = set()
        """Temporary ones; never one that somebody keeps."""
        self.sockets: set[Path] = set()
        """Where Chromium has a profile's socket: a folder of its own, because sockets need short paths."""

    def note(self, words: Iterable[str]) -> None:
        """Look in a command line for a profile that was made for one run."""
        start, middle = _MADE_BY_PLAYWRIGHT
        for path in {Path(word.removeprefix("--user-data-dir=")) for word in words}:
            if path.is_absolute() and path.name.startswith(start) and middle in path.name:
                self.profiles.add(path)
                with contextlib.suppress(OSError):
                    self.sockets.add((path / _SOCKET).readlink().parent)

    def remove(self) -> None:
        """Take away what is left. Of a folder with a socket nothing goes but what Chromium puts there."""
        for folder in self.sockets:
            with contextlib.suppress(OSError):
                for name in _BESIDE_SOCKET:
                    (folder / name).unlink(missing_ok=True)
                folder.rmdir()
        for profile in self.profiles:
            shutil.rmtree(profile, ignore_errors=True)
