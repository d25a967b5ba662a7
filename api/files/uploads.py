"""Uploads in pieces: started once, continued by whoever holds the token, finished or forgotten.

start -> active --append*--> active --finish--> final
                +--- cancel, or an error that nothing can mend --> cancelled, final
"""

import secrets
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal

from api.files.incoming import Incoming
from api.files.records import NewFile, StoredFile
from api.files.store import STALE_SECONDS, FileStore
from domain.errors import BadRequest, Cancelled, NotFound, QueueFull, TooLarge

MOST_UPLOADS: Final = 1000
"""Uploads that may be open at a time, unless said otherwise."""

Status = Literal["active", "final", "cancelled"]
"""As Google's `X-Goog-Upload-Status` says it; `final` is also an upload that has failed for good."""


class Upload:
    """One upload. Not for two requests at a time."""

    def __init__(self, new: NewFile, announced: int | None, incoming: Incoming, now: float) -> None:
        self.token: Final = secrets.token_urlsafe(32)
        """Whoever knows it may continue the upload, without a key."""
        self.new = new
        self.announced: Final = announced
        """Bytes the file will have, where the caller said so."""
        self.incoming: Final = incoming
        self.status: Status = "active"
        self.file: StoredFile | None = None
        """Once it is finished."""
        self.touched = now
        self.busy = False

    @property
    def received(self) -> int:
        """Bytes so far; where the next piece must start."""
        return self.incoming.size

    def end(self, status: Status) -> None:
        """Take nothing more; what has arrived is gone, unless the store took it."""
        self.status = status
        self.incoming.discard()


class Uploads:
    """The open uploads of one gateway. They end with it: a client then starts anew."""

    def __init__(self, store: FileStore, most: int = MOST_UPLOADS) -> None:
        self._store: Final = store
        self._most: Final = most
        self._clock: Final[Callable[[], float]] = store.clock
        self._open: Final[dict[str, Upload]] = {}

    async def start(self, new: NewFile, announced: int | None) -> Upload:
        """Open an upload.

        Raises:
            TooLarge: more bytes are announced than the store takes.
            BadRequest: none are, or the wanted id is taken.
            QueueFull: too many uploads are open.
        """
        if announced is not None and announced > self._store.most_bytes:
            raise TooLarge(
                f"The file has {announced} bytes; {self._store.most_bytes} are allowed.", param="file"
            )
        if announced == 0:
            raise BadRequest("The file is empty.", param="file")
        if new.id is not None:
            await self._store.require_free(new.owner, new.id)
        self.sweep()
        if len(self._open) >= self._most:
            raise QueueFull(f"{self._most} uploads are open; finish or cancel some.", retry_after=60)
        upload = Upload(new, announced, self._store.incoming(), self._clock())
        self._open[upload.token] = upload
        return upload

    def find(self, token: str) -> Upload:
        """
        Raises:
            NotFound: there is no such upload (any more).
        """  # noqa: D205, D212 - the raised error is all there is to say
        self.sweep()
        upload = self._open.get(token)
        if upload is None:
            raise NotFound(
                "There is no such upload; it may have been cancelled, or have expired. Start anew."
            )
        return upload

    async def append(self, upload: Upload, offset: int, chunks: AsyncIterator[bytes]) -> None:
        """Take the next piece. What came before the caller broke off stays.

        Raises:
            BadRequest: `offset` is not where the upload stands, another request is at it, or there is more
                than was announced.
            TooLarge: there is more than the store takes.
            Cancelled: the caller has gone.
        """
        _require_turn(upload)
        if offset != upload.received:
            raise BadRequest(
                f"X-Goog-Upload-Offset is {offset}, but {upload.received} bytes have been received.",
                param="X-Goog-Upload-Offset",
            )
        upload.busy, can_go_on = True, False
        try:
            await upload.incoming.append(_as_announced(upload, chunks))
            can_go_on = True
        except Cancelled:
            can_go_on = not upload.incoming.is_broken
            raise
        finally:
            upload.busy, upload.touched = False, self._clock()
            if not can_go_on:
                self._fail(upload)

    async def finish(self, upload: Upload) -> StoredFile:
        """Make a file of what has arrived. The upload is over, whatever comes of it.

        Raises:
            BadRequest: it is empty, shorter than announced, or its id has been taken meanwhile; or another
                request is at it.
        """
        _require_turn(upload)
        upload.busy = True
        try:
            _require_all(upload)
            upload.file = await self._store.keep(upload.incoming, upload.new)
        finally:
            upload.busy, upload.touched = False, self._clock()
            if upload.file is None:
                self._fail(upload)
        upload.status = "final"
        return upload.file

    def cancel(self, upload: Upload) -> None:
        """Forget it. A file that has become of it stays."""
        self._open.pop(upload.token, None)
        upload.end("cancelled")

    def sweep(self) -> None:
        """Forget uploads that nobody has touched for an hour."""
        before = self._clock() - STALE_SECONDS
        for upload in [each for each in self._open.values() if each.touched <= before and not each.busy]:
            self.cancel(upload)

    def close(self) -> None:
        """Forget all of them."""
        for upload in list(self._open.values()):
            self.cancel(upload)

    def _fail(self, upload: Upload) -> None:
        self._open.pop(upload.token, None)
        upload.end("final")


def _require_turn(upload: Upload) -> None:
    if upload.status != "active":
        raise BadRequest("This upload is over; start another one.")
    if upload.busy:
        raise BadRequest("Another request is at work on this upload.")


def _require_all(upload: Upload) -> None:
    if upload.announced not in {None, upload.received}:
        raise BadRequest(
            f"{upload.announced} bytes were announced, but {upload.received} have been received.",
            param="X-Goog-Upload-Header-Content-Length",
        )


async def _as_announced(upload: Upload, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    coming = upload.received
    async for chunk in chunks:
        coming += len(chunk)
        if upload.announced is not None and coming > upload.announced:
            raise BadRequest(
                f"{upload.announced} bytes were announced, but more are being sent.",
                param="X-Goog-Upload-Header-Content-Length",
            )
        yield chunk
