"""Where uploaded files live: contents in a folder, everything else in SQLite, so that both outlast a restart.

FOLDER/files.sqlite3     the list
FOLDER/files/NAME        contents; NAME is random and says nothing about owner or file
FOLDER/incoming/NAME     what is still arriving
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar

from api.files.incoming import Incoming
from api.files.kinds import kind_of
from api.files.ledger import Ledger, Query
from api.files.records import NewFile, StoredFile
from domain.errors import BadRequest, NotFound

MOST_BYTES: Final = 2 * 1024**3
"""Largest file by default; the limit of Google's Files API."""
STALE_SECONDS: Final = 3600.0
"""When nothing was written to an incoming file for so long, nothing will be."""
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Some files of an owner, and where the next page starts."""

    files: tuple[StoredFile, ...]
    next_token: str | None


class FileStore:
    """One folder of files. Open it before use; every owner sees its own files only.

    Several processes may share a folder. `clock` tells seconds since 1970.
    """

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, most_bytes: int = MOST_BYTES
    ) -> None:
        self.most_bytes: Final = most_bytes
        self.clock: Final = clock
        self._folder: Final = folder
        self._contents: Final = folder / "files"
        self._arriving: Final = folder / "incoming"
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="file-store")
        self._ledger: Ledger | None = None

    async def open(self) -> None:
        """Take the folder into use, and clear away what an earlier run left half done.

        Raises:
            OSError, sqlite3.Error: the folder cannot be used.
        """
        self._ledger = await self._run(self._open)
        await self.sweep()

    async def close(self) -> None:
        """May be called twice, and without `open`."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            await self._run(ledger.close)
        self._thread.shutdown()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    def incoming(self) -> Incoming:
        """A place for content that is about to arrive; `keep` makes a file of it."""
        return Incoming(self._arriving / secrets.token_hex(16), self.most_bytes)

    async def create(self, new: NewFile, content: AsyncIterator[bytes]) -> StoredFile:
        """Store a whole file. Whatever goes wrong, nothing of it stays.

        Raises:
            BadRequest: it is empty, or its id is taken.
            TooLarge: there is more than `most_bytes`.
        """
        incoming = self.incoming()
        try:
            await incoming.append(content)
            return await self.keep(incoming, new)
        finally:
            incoming.discard()

    async def keep(self, incoming: Incoming, new: NewFile) -> StoredFile:
        """Make a file of what has arrived; it becomes visible at once and whole.

        Raises:
            BadRequest: it is empty, or its id is taken; then `incoming` is still there to be discarded.
        """
        incoming.require_whole()
        now = self.clock()
        file = StoredFile(
            owner=new.owner,
            id=new.id or "".join(secrets.choice(_ALPHABET) for _ in range(24)),
            name=new.name,
            mime_type=kind_of(incoming.head, new.name, new.claimed),
            size=incoming.size,
            sha256=incoming.sha256,
            purpose=new.purpose,
            created=now,
            expires=now + new.lifetime,
            path=self._contents / incoming.path.name,
        )
        await asyncio.to_thread(_to_disk, incoming.path)
        if not await self._run(self._publish, incoming.path, file):
            raise _taken(file.id)
        return file

    async def require_free(self, owner: str, file_id: str) -> None:
        """Check an id that a caller chose.

        Raises:
            BadRequest: the owner has a file of this id.
        """
        if await self._run(self._list.find, owner, file_id, self.clock()) is not None:
            raise _taken(file_id)

    async def get(self, owner: str, file_id: str) -> StoredFile:
        """
        Raises:
            NotFound: the owner has no such file (any more).
        """  # noqa: D205, D212 - the raised error is all there is to say
        return (await self._find(owner, file_id))[1]

    async def page(self, owner: str, page_size: int, page_token: str | None = None) -> Page:
        """The owner's files, newest first.

        Raises:
            BadRequest: `page_token` is not one that an earlier page gave.
        """
        # One more than asked for: that tells whether there is a next page.
        beyond = None if page_token is None else _position(page_token)
        query = Query(owner, page_size + 1, beyond)
        found = await self._run(self._list.page, query, self.clock())
        token = str(found[page_size - 1][0]) if len(found) > page_size else None
        return Page(tuple(file for _, file in found[:page_size]), token)

    async def after(
        self, owner: str, limit: int, after: str | None, *, newest_first: bool, purpose: str | None
    ) -> tuple[tuple[StoredFile, ...], bool]:
        """The owner's files that follow the file `after`, and whether there are more.

        Raises:
            NotFound: the owner has no file `after` (any more).
        """
        beyond = None if after is None else (await self._find(owner, after))[0]
        query = Query(owner, limit + 1, beyond, newest_first, purpose)
        found = await self._run(self._list.page, query, self.clock())
        return tuple(file for _, file in found[:limit]), len(found) > limit

    async def delete(self, owner: str, file_id: str) -> None:
        """
        Raises:
            NotFound: the owner has no such file (any more).
        """  # noqa: D205, D212 - the raised error is all there is to say
        file = await self.get(owner, file_id)
        if not await self._run(self._remove, file):
            raise _missing(file_id)

    async def sweep(self) -> int:
        """Remove expired files and the remains of dead uploads; says how many files have expired."""
        return await self._run(self._sweep)

    @property
    def _list(self) -> Ledger:
        if self._ledger is None:
            raise RuntimeError(f"the file store {str(self._folder)!r} is not open")
        return self._ledger

    async def _find(self, owner: str, file_id: str) -> tuple[int, StoredFile]:
        found = await self._run(self._look, owner, file_id)
        if found is None:
            raise _missing(file_id)
        return found

    async def _run(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _open(self) -> Ledger:
        for folder in (self._folder, self._contents, self._arriving):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Ledger(self._folder / "files.sqlite3", self._contents)

    def _look(self, owner: str, file_id: str) -> tuple[int, StoredFile] | None:
        """Without its content, which somebody may have removed by hand, a file is not there."""
        found = self._list.find(owner, file_id, self.clock())
        return found if found is not None and found[1].path.is_file() else None

    def _publish(self, arrived: Path, file: StoredFile) -> bool:
        """Content first, list second: what the list names is whole at any moment."""
        arrived.rename(file.path)
        added = False
        try:
            added = self._list.add(file)
        finally:
            if not added:
                file.path.unlink()
        return added

    def _remove(self, file: StoredFile) -> bool:
        removed = self._list.remove(file)
        file.path.unlink(missing_ok=True)
        return removed

    def _sweep(self) -> int:
        now = self.clock()
        expired = self._list.remove_expired(now)
        # In this order: a file that another process adds meanwhile is present before it is listed.
        listed = self._list.contents()
        present = {path.name for path in self._contents.iterdir()}
        self._list.remove_contents(listed - present)
        for path in (*self._arriving.iterdir(), *(self._contents / name for name in present - listed)):
            _remove_stale(path, now)
        return expired


def _remove_stale(path: Path, now: float) -> None:
    """A younger one may belong to an upload that still runs, here or in another process."""
    try:
        if path.stat().st_mtime + STALE_SECONDS <= now:
            path.unlink()
    except FileNotFoundError:
        return


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _position(page_token: str) -> int:
    # SQLite's numbers end at 2**63, which has 19 digits.
    if not (page_token.isascii() and page_token.isdecimal() and len(page_token) <= 18):
        raise BadRequest(f"The page token {page_token!r} is none of this gateway's.", param="pageToken")
    return int(page_token)


def _taken(file_id: str) -> BadRequest:
    return BadRequest(
        f"There is already a file {'files/' + file_id!r}; delete it first, or choose another name.",
        param="file.name",
    )


def _missing(file_id: str) -> NotFound:
    return NotFound(f"There is no file {file_id!r}; it may have been deleted, or have expired.", param="file")
