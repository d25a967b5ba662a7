"""The keys in force: those of both files, read again when a file changes."""

import hmac
import logging
from pathlib import Path
from typing import Final

from api.access.keys import Key, digest_of, read_named, read_plain
from settings import SettingsError

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int] | None
"""What changes when a file does; `None`: there is none."""


class KeyRing:
    """Knows keys.

    A file that breaks while the gateway runs changes nothing: the keys of its last good state stay, and
    `problem` says why. Once there have been keys there is no going back to none: when all are gone, nobody is
    let in until the gateway is started anew, because a file that is just being written may look empty.
    """

    def __init__(self, plain: Path, named: Path) -> None:
        """Raises SettingsError: a file is broken."""
        self._files: Final = (plain, named)
        self._stamps: tuple[Stamp, ...] = self._look()
        self._keys = self._read()
        self._guarded = bool(self._keys)
        self.problem = ""
        """Why the files as they are now are not in force."""

    @property
    def keys(self) -> tuple[Key, ...]:
        return self._keys

    @property
    def guarded(self) -> bool:
        """Whether keys are asked for."""
        return self._guarded

    def refresh(self) -> None:
        """Read the files if they have changed; two calls of `stat` where they have not."""
        if (stamps := self._look()) != self._stamps:
            self._stamps = stamps
            self.reload()

    def reload(self) -> None:
        """Read the files."""
        try:
            self._keys = self._read()
        except SettingsError as error:
            self.problem = str(error)
            log.error("the API keys stay as they were: %s", error)  # noqa: TRY400  the text says it all
            return
        self.problem = ""
        self._guarded = self._guarded or bool(self._keys)
        log.info("%d API keys are in force", len(self._keys))

    def find(self, text: str) -> Key | None:
        """The key with this text."""
        offered, found = digest_of(text), None
        # Every key is compared, whatever was found: the time taken tells nothing.
        for key in self._keys:
            if hmac.compare_digest(offered, key.digest):
                found = key
        return found

    def _read(self) -> tuple[Key, ...]:
        plain, named = self._files
        return (*read_plain(plain), *read_named(named))

    def _look(self) -> tuple[Stamp, ...]:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
