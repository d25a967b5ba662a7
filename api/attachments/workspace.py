"""The folder of one request: files are written into it, named, and gone when the request is over.

Folders of requests carry a marker, which their process keeps locked. So what a crash left behind can be told
from what another process is using, and from what a user put there.
"""

import asyncio
import hashlib
import os
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from api.attachments.names import numbered
from api.files.kinds import HEAD_BYTES
from domain.errors import GatewayError, TooLarge

if sys.platform != "win32":
    import fcntl

MARKER: Final = ".request"
"""Name of the file that makes a folder one of a request."""

_PRIVATE_FOLDER: Final = 0o700


class Spool:
    """A file that is being written; used as a context manager, it is closed afterwards, whole or not."""

    def __init__(self, path: Path, workspace: "Workspace", limit: int, param: str) -> None:
        self.path = path
        self.param = param
        """Where the file stands in the caller's request, for errors."""
        self.size = 0
        """Bytes so far."""
        self.head = b""
        """The first bytes, as many as are needed to tell what the file is."""
        self._workspace = workspace
        self._limit = limit
        self._digest = hashlib.sha256()
        # Made at once and not in a thread, so that no file appears after the folder has been removed.
        self._file = path.open("xb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except OSError as error:
            if kind is None:
                raise self._unstored(error) from error

    @property
    def sha256(self) -> str:
        """Of what was written so far, in lower-case hex."""
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        """Append.

        Raises:
            TooLarge: the file is above its limit, or all of the request's files above theirs.
            GatewayError: the disk does not take it.
        """
        self.size += len(data)
        if self.size > self._limit:
            raise self.too_large()
        self._workspace.count(len(data), self.param)
        if len(self.head) < HEAD_BYTES:
            self.head += data[: HEAD_BYTES - len(self.head)]
        self._digest.update(data)
        try:
            await asyncio.to_thread(self._file.write, data)
        except OSError as error:
            raise self._unstored(error) from error

    def refuse_above(self, size: int) -> None:
        """Check a size that is known beforehand.

        Raises:
            TooLarge: a file of that size is above the limit.
        """
        if size > self._limit:
            raise self.too_large()

    def too_large(self) -> TooLarge:
        return TooLarge(
            f"The file of {self.param} is larger than {self._limit} bytes (MAX_FILE_BYTES).", param=self.param
        )

    def _unstored(self, error: OSError) -> GatewayError:
        return GatewayError(
            f"The file of {self.param} could not be stored: {error.strerror}.", param=self.param
        )


class Workspace:
    """`folder`/`request_id`: made for the first file, removed by `close` or at the end of `async with`."""

    def __init__(self, folder: Path, request_id: str, *, limit: int) -> None:
        """`limit`: bytes of all files together."""
        self.path = folder / request_id
        self._limit = limit
        self._size = 0
        self._spools = 0
        self._names: set[str] = set()
        self._lock: int | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Remove the folder and everything in it; nothing can be put there any more."""
        self._closed = True
        if self._lock is None:
            return
        removal = asyncio.create_task(asyncio.to_thread(self._remove), name=f"remove-{self.path.name}")
        # Shielded: a second cancellation must not leave half of the folder behind.
        await asyncio.shield(removal)

    def spool(self, limit: int, param: str) -> Spool:
        """A new file of at most `limit` bytes, without a name yet."""
        return Spool(self.new_path(), self, limit, param)

    def new_path(self) -> Path:
        """Where a file without a name may be made.

        Raises:
            GatewayError: the folder is there already, or cannot be made; or the workspace is closed.
        """
        if self._closed:
            raise GatewayError("The request is over; its files are gone.")
        if self._lock is None:
            self._make()
        self._spools += 1
        return self.path / f".part-{self._spools}"

    def count(self, size: int, param: str) -> None:
        """Note that `size` more bytes are kept.

        Raises:
            TooLarge: that is more than all files of a request may have.
        """
        self._size += size
        if self._size > self._limit:
            raise TooLarge(
                f"With that of {param}, the request's files are larger than {self._limit} bytes together "
                "(MAX_FILES_BYTES).",
                param=param,
            )

    def place(self, path: Path, name: str) -> Path:
        """Give one of the workspace's files its name or, where that is taken, the next like it."""
        number, free = 1, name
        while free.casefold() in self._names:
            number += 1
            free = numbered(name, number)
        self._names.add(free.casefold())
        return path.rename(self.path / free)

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=_PRIVATE_FOLDER)
            self._lock = self._marked()
        except OSError as error:
            raise GatewayError(
                f"UPLOAD_FILES_DIR cannot hold the files of a request: {error.strerror}."
            ) from error
        _locked(self._lock)

    def _marked(self) -> int:
        try:
            return os.open(self.path / MARKER, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError:
            self.path.rmdir()
            raise

    def _remove(self) -> None:
        if self._lock is not None and sys.platform == "win32":
            os.close(self._lock)  # an open file cannot be removed there
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None and sys.platform != "win32":
            os.close(self._lock)
        self._lock = None


def is_workspace(folder: Path) -> bool:
    return (folder / MARKER).is_file()


def sweep(folder: Path) -> int:
    """Remove folders of requests that no process is using; everything else in `folder` is left alone.

    Returns:
        How many were removed.
    """
    if not folder.is_dir():
        return 0
    left = [path for path in folder.iterdir() if not path.is_symlink() and is_workspace(path)]
    return sum(_swept(path) for path in left)


def _swept(path: Path) -> bool:
    try:
        lock = os.open(path / MARKER, os.O_RDWR)
    except OSError:
        return False
    try:
        free = _locked(lock)
    finally:
        if sys.platform == "win32":
            os.close(lock)
    if free:
        shutil.rmtree(path, ignore_errors=True)
    if sys.platform != "win32":
        os.close(lock)
    return free and not path.exists()


def _locked(file: int) -> bool:
    """Take a file for this process; on Windows holding it open is enough to keep others from removing it."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
