"""What the file routes need, put together once and found through the request."""

import asyncio
import logging
import sqlite3
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from api.files.bodies import Pace
from api.files.store import FileStore
from api.files.uploads import Uploads
from api.security import Access, Gatekeeper

SWEEP_SECONDS: Final = 600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileService:
    """The files of one gateway; lives in `app.state.files`. Open the store before the first request."""

    store: FileStore
    uploads: Uploads
    gatekeeper: Gatekeeper
    pace: Pace = field(default_factory=Pace)

    async def keep_swept(self) -> None:
        """Remove what has expired, again and again, until cancelled."""
        while True:
            self.uploads.sweep()
            try:
                await self.store.sweep()
            except (OSError, sqlite3.Error):
                log.exception("expired files could not be removed; trying again in %g s", SWEEP_SECONDS)
            await asyncio.sleep(SWEEP_SECONDS)


def file_service_of(request: Request) -> FileService:
    service: FileService = request.app.state.files
    return service


def file_store_of(request: Request) -> FileStore:
    return file_service_of(request).store


def owner_of(request: Request) -> str:
    """Let the request pass, and say whose files it means.

    Without keys everybody who is let in shares one set of files, whatever key a client sends.

    Raises:
        NotAllowed: the key is missing or wrong.
    """
    return file_service_of(request).gatekeeper.admit(request, Access.KEY).owner
