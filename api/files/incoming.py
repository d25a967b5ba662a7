"""A file that is still arriving. Nothing of it can be seen before the store takes it."""

import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiofiles

from api.files.kinds import HEAD_BYTES
from domain.errors import BadRequest, GatewayError, TooLarge

log = logging.getLogger(__name__)


class Incoming:
    """Content on its way to the disk, in one piece or several; size and hash are kept while it passes."""

    def __init__(self, path: Path, most: int) -> None:
        self.path: Final = path
        self.size = 0
        """Bytes so far."""
        self.head = b""
        """The first bytes, as many as it takes to tell what the file is."""
        self._most: Final = most
        self._digest: Final = hashlib.sha256()
        self._broken = False

    @property
    def sha256(self) -> str:
        """Of the bytes so far, in lower-case hex."""
        return self._digest.hexdigest()

    @property
    def is_broken(self) -> bool:
        """Whether a write failed or was broken off, so that what lies on the disk is not what came."""
        return self._broken

    async def append(self, chunks: AsyncIterator[bytes]) -> None:
        """Write what comes. What came before an error of `chunks` stays and counts.

        Raises:
            TooLarge: there is more than the store takes.
            GatewayError: the disk does not take it; the file can then only be discarded.
        """
        try:
            async with aiofiles.open(self.path, "ab") as file:
                async for chunk in chunks:
                    self._require_room(chunk)
                    # Cancelled while it runs, a write may or may not take place.
                    self._broken = True
                    await file.write(chunk)
                    self._broken = False
                    self._count(chunk)
        except OSError as error:
            self._broken = True
            log.exception("an upload could not be stored")
            raise GatewayError(f"The file could not be stored: {error.strerror}.") from error

    def _require_room(self, chunk: bytes) -> None:
        if self.size + len(chunk) > self._most:
            raise TooLarge(f"The file is larger than {self._most} bytes.", param="file")

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)
        if len(self.head) < HEAD_BYTES:
            self.head += chunk[: HEAD_BYTES - len(self.head)]

    def require_whole(self) -> None:
        """Check that this can become a file.

        Raises:
            BadRequest: there is not a single byte.
        """
        if self.size == 0:
            raise BadRequest("The file is empty.", param="file")

    def discard(self) -> None:
        """Leave nothing behind. May be called at any time, also after the store took the file."""
        self.path.unlink(missing_ok=True)
