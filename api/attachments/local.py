"""Files that callers name by their path: only below certain folders, and only plain files.

Whether a path lies below a folder is decided after all symbolic links are followed. The file is then opened
step by step from that folder without following any, so that nothing can be exchanged in between.
"""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from api.attachments.workspace import is_workspace
from domain.errors import BadRequest, PathRefused

_LONGEST: Final = 3 * 4096
"""Characters of a path, all of them percent-encoded."""
_LOCAL_HOSTS: Final = ("", "localhost")
# Without O_NONBLOCK, opening a FIFO would wait for a writer.
_OPEN_FILE: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_OPEN_FOLDER: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0)


def path_of(value: str, param: str) -> Path:
    """The path that a `file://` URL or an absolute path names.

    Raises:
        BadRequest: a URL of another machine, a relative path, or one that no file can have.
    """
    text = value
    if len(value) > _LONGEST:
        raise BadRequest(f"{param}={value[:80]!r}… is longer than any path.", param=param)
    if value[:5].lower() == "file:":
        try:
            url = urlsplit(value)
        except ValueError as error:
            raise BadRequest(f"{param}={value!r:.200} is no address: {error}.", param=param) from None
        if (url.netloc or "").lower() not in _LOCAL_HOSTS or not value[5:].startswith("//"):
            raise BadRequest(f"{param}={value!r:.200} must be file:// and an absolute path.", param=param)
        if url.query or url.fragment:
            raise BadRequest(
                f"{param}={value!r:.200}: '?' and '#' of a path are written %3F and %23.", param=param
            )
        text = unquote(url.path, errors="surrogateescape")
    if not text.startswith("/") or "\0" in text or not _encodable(text):
        raise BadRequest(f"{param}={value!r:.200} is no absolute path.", param=param)
    return Path(text)


class LocalFiles:
    """The files below `roots`, without those below `hidden` and those of other requests."""

    def __init__(self, roots: Iterable[Path], hidden: Iterable[Path] = ()) -> None:
        self._roots = tuple(roots)
        self._hidden = tuple(hidden)

    def open(self, path: Path, param: str) -> int:
        """A file descriptor for reading, which the caller closes.

        Raises:
            PathRefused: not below a root; the text is the same whether the file exists or not.
            BadRequest: below a root, but missing, unreadable or no plain file.
        """
        resolved = Path(os.path.realpath(path))
        root = self._root_of(resolved)
        if root is None:
            raise PathRefused(
                f"The file {str(path)!r} may not be read: callers may name files below LOCAL_FILE_ROOTS "
                "only. Send the file as a data: URL.",
                param=param,
            )
        try:
            return _opened(root, resolved.relative_to(root).parts)
        except (FileNotFoundError, NotADirectoryError):
            raise BadRequest(f"文件不存在: {path}", param=param) from None
        except OSError as error:
            raise BadRequest(
                f"The file {str(path)!r} cannot be read: {error.strerror}.", param=param
            ) from None

    def _root_of(self, path: Path) -> Path | None:
        """The root above a resolved path."""
        if any(path.is_relative_to(os.path.realpath(folder)) for folder in self._hidden):
            return None
        for root in (Path(os.path.realpath(root)) for root in self._roots):
            if path.is_relative_to(root) and not any(is_workspace(folder) for folder in _between(root, path)):
                return root
        return None


def _between(root: Path, path: Path) -> Iterable[Path]:
    """The folders above a path, up to its root."""
    return (folder for folder in path.parents if folder.is_relative_to(root))


def _opened(root: Path, steps: tuple[str, ...]) -> int:
    # Looked at before it is opened: opening is enough to disturb a device or who waits at a FIFO.
    _refuse_special(root.joinpath(*steps).lstat())
    if os.open not in os.supports_dir_fd:
        return _plain(os.open(root.joinpath(*steps), _OPEN_FILE))
    folder = os.open(root, _OPEN_FOLDER)
    try:
        for step in steps[:-1]:
            inner = os.open(step, _OPEN_FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _plain(os.open(steps[-1] if steps else ".", _OPEN_FILE, dir_fd=folder))
    finally:
        os.close(folder)


def _plain(file: int) -> int:
    try:
        _refuse_special(os.fstat(file))
    except OSError:
        os.close(file)
        raise
    return file


def _refuse_special(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no plain file")


def _encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
