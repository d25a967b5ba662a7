"""The list of stored files, in SQLite. Everything here blocks and belongs to one thread."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.files.records import StoredFile

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL,
    size INTEGER NOT NULL, sha256 TEXT NOT NULL, purpose TEXT NOT NULL,
    created REAL NOT NULL, expires REAL NOT NULL, content TEXT NOT NULL UNIQUE,
    UNIQUE (owner, id)
);
CREATE INDEX IF NOT EXISTS files_by_expiry ON files (expires);
"""
_FIELDS: Final = ("owner", "id", "name", "mime_type", "size", "sha256", "purpose", "created", "expires")
_COLUMNS: Final = ", ".join((*_FIELDS, "content"))
_LOCK_SECONDS: Final = 10.0
"""How long to wait for another process that writes to the same list."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which files of an owner, in which order, from where on."""

    owner: str
    limit: int
    beyond: int | None = None
    """Number of the last file of the page before."""
    newest_first: bool = True
    purpose: str | None = None


class Ledger:
    """One open list. Numbers grow with every file and are never used again, so they order the files."""

    def __init__(self, database: Path, contents: Path) -> None:
        self._contents: Final = contents
        # Opened and used in the store's own thread, closed in whatever thread ends the store.
        self._db: Final = sqlite3.connect(
            database, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def add(self, file: StoredFile) -> bool:
        """Whether the owner had no other live file of this id; only then it is added."""
        self._db.execute(
            "DELETE FROM files WHERE owner = ? AND id = ? AND expires <= ?",
            (file.owner, file.id, file.created),
        )
        cursor = self._db.execute(
            f"INSERT OR IGNORE INTO files ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - no value is part of the text
            (*(getattr(file, field) for field in _FIELDS), file.path.name),
        )
        return cursor.rowcount == 1

    def find(self, owner: str, file_id: str, now: float) -> tuple[int, StoredFile] | None:
        """The file and its number, if it is there and alive."""
        row = self._db.execute(
            f"SELECT number, {_COLUMNS} FROM files WHERE owner = ? AND id = ? AND expires > ?",  # noqa: S608 - no value is part of the text
            (owner, file_id, now),
        ).fetchone()
        return None if row is None else (row[0], self._file(row[1:]))

    def page(self, query: Query, now: float) -> list[tuple[int, StoredFile]]:
        """Numbers and files, at most `query.limit`."""
        conditions, values = ["owner = ?", "expires > ?"], [query.owner, now]
        if query.beyond is not None:
            conditions.append(f"number {'<' if query.newest_first else '>'} ?")
            values.append(query.beyond)
        if query.purpose is not None:
            conditions.append("purpose = ?")
            values.append(query.purpose)
        order = "DESC" if query.newest_first else "ASC"
        rows = self._db.execute(
            f"SELECT number, {_COLUMNS} FROM files WHERE {' AND '.join(conditions)} "  # noqa: S608 - no value is part of the text
            f"ORDER BY number {order} LIMIT ?",
            (*values, query.limit),
        ).fetchall()
        return [(row[0], self._file(row[1:])) for row in rows]

    def remove(self, file: StoredFile) -> bool:
        """Whether it was still there."""
        return self._db.execute("DELETE FROM files WHERE content = ?", (file.path.name,)).rowcount == 1

    def remove_expired(self, now: float) -> int:
        """How many files have ended."""
        return self._db.execute("DELETE FROM files WHERE expires <= ?", (now,)).rowcount

    def contents(self) -> set[str]:
        """The names of all contents that belong to a file."""
        return {name for (name,) in self._db.execute("SELECT content FROM files")}

    def remove_contents(self, names: set[str]) -> None:
        """Forget the files whose content is gone."""
        self._db.executemany("DELETE FROM files WHERE content = ?", [(name,) for name in names])

    def _file(self, row: tuple[Any, ...]) -> StoredFile:
        *described, content = row
        return StoredFile(**dict(zip(_FIELDS, described, strict=True)), path=self._contents / content)
