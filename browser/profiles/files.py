"""Files that hold secrets: read with suspicion, written as a whole or not at all."""

import logging
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

_log = logging.getLogger(__name__)
MOST_BYTES = 64 * 1024 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_TEMPORARY = ".part"

Version = tuple[int, int, int]
"""Tells one content of a file from the next: inode, time of change in nanoseconds, size."""


class Untrusted(Exception):
    """A file that must not be used as it lies there; the text says why and what to do."""


def read_private(file: Path) -> tuple[bytes, Version]:
    """The content of a file that only its owner may read, and its version.

    One of our own that others could read is closed to them first.

    Raises:
        OSError: it cannot be read.
        Untrusted: it belongs to somebody else, cannot be closed to others, is no file, or far too large.
    """
    with _opened(file) as opened:
        descriptor = opened.fileno()
        if sys.platform != "win32":
            _require_own(descriptor, os.fstat(descriptor), file)
        return opened.read(), version_of(os.fstat(descriptor))


def read_any(file: Path) -> bytes:
    """The content of a file of whomever, to make a private copy of.

    Raises:
        OSError: it cannot be read.
        Untrusted: it is no file, or far too large.
    """
    with _opened(file) as opened:
        return opened.read()


def open_to_others(file: Path) -> bool:
    """Whether the system lets other users at a file."""
    return sys.platform != "win32" and bool(file.stat().st_mode & _OTHERS)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """An ordinary file; a pipe, or what never ends, is not waited for."""
    if file.is_dir():  # opening one fails without its name
        raise Untrusted("it is a folder")
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as opened:  # noqa: PTH123 a descriptor has no path
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Untrusted("it is no ordinary file")
        if found.st_size > MOST_BYTES:
            raise Untrusted(f"it has {found.st_size} bytes, more than {MOST_BYTES}")
        yield opened


def version(file: Path) -> Version | None:
    """Which version of a file is there; `None` without one."""
    try:
        return version_of(file.stat())
    except OSError:
        return None


def version_of(found: os.stat_result) -> Version:
    return found.st_ino, found.st_mtime_ns, found.st_size


def write_private(file: Path, content: bytes) -> Version:
    """Put `content` in a file's place, readable by its owner alone; whatever fails leaves the old one.

    Raises:
        OSError: no space, no permission; nothing is left behind.
    """
    file = file.resolve()
    private_folder(file.parent)
    descriptor, name = mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=_TEMPORARY)
    try:
        with open(descriptor, "wb") as opened:  # noqa: PTH123 a descriptor has no path
            opened.write(content)
            opened.flush()
            os.fsync(descriptor)
            written = version_of(os.fstat(descriptor))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _settle(file.parent)
    return written


def private_folder(folder: Path) -> None:
    """Make sure of a folder; one that is made here is closed to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def sweep(file: Path) -> None:
    """Remove what writers of this file left behind that were killed; nobody may be writing it now."""
    for left in file.parent.glob(f".{file.name}.*{_TEMPORARY}"):
        with suppress(OSError):
            left.unlink()


def _require_own(descriptor: int, found: os.stat_result, file: Path) -> None:
    if found.st_uid != os.geteuid():
        raise Untrusted(
            f"it belongs to user {found.st_uid} and not to {os.geteuid()}, who runs this; "
            "take it over with chown, or import a copy with 'profiles import'"
        )
    if not found.st_mode & _OTHERS:
        return
    if file.is_symlink():  # what it leads to may be anything, and is not ours to change
        raise Untrusted(
            f"others may read {file.resolve()}, which it is a link to; close that to them, or import a copy "
            "with 'profiles import'"
        )
    try:
        os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise Untrusted(
            f"others may read it, and that cannot be changed ({error.strerror}); "
            "import a copy with 'profiles import'"
        ) from error
    _log.warning("%s could be read by others (mode %03o); closed to them", file, found.st_mode & 0o777)


def _settle(folder: Path) -> None:
    """Have the folder's new entry survive a loss of power, where the system can do that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system can; the content itself is safe
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
