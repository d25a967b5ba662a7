"""Where files come from: each of a reference's sources, written to a spool."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from api.attachments.data_url import is_data_url, read_data_url
from api.attachments.decode64 import BadEncoding, from_base64, from_percent
from api.attachments.fetch import Fetcher
from api.attachments.local import LocalFiles, path_of
from api.attachments.workspace import Spool
from domain.attachments import FileReference, LongText
from domain.errors import BadRequest, NotFound

_BLOCK: Final = 512 * 1024


class UploadedFile(Protocol):
    """A file that was uploaded before."""

    @property
    def path(self) -> Path:
        """Its content; the name of the path means nothing."""

    @property
    def name(self) -> str: ...

    @property
    def mime_type(self) -> str: ...


Uploads = Callable[[FileReference], Awaitable[UploadedFile]]
"""Finds the caller's own file of a `file_id` or `file_uri`; raises `NotFound` where there is none."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a file besides its content."""

    name: str | None
    mime_type: str | None


class Sources:
    """Gets the content of references."""

    def __init__(self, fetcher: Fetcher, local: LocalFiles) -> None:
        self._fetcher = fetcher
        self._local = local

    async def write(self, reference: FileReference, spool: Spool, uploads: Uploads) -> Said:
        """Write the file of a reference to `spool`.

        Raises:
            BadRequest: there is no such file, or it may not be had; see the sources' own modules.
            NotFound: it was not uploaded, or is there no longer.
        """
        match reference.source:
            case "data":
                await _decode(reference, spool)
                found = Said(None, None)
            case "url":
                fetched = await self._fetcher.fetch(_short(reference), spool)
                found = Said(fetched.name, fetched.mime_type)
            case "path":
                found = await self._copy_local(reference, spool)
            case "file_id" | "file_uri":
                found = await _copy_uploaded(reference, spool, uploads)
        claimed = reference.mime_type
        if claimed is None or claimed.endswith("/*"):
            claimed = found.mime_type or claimed
        return Said(reference.name or found.name, claimed)

    async def _copy_local(self, reference: FileReference, spool: Spool) -> Said:
        path = path_of(_short(reference), reference.param)
        with os.fdopen(self._local.open(path, reference.param), "rb") as file:
            await _copy(file, spool)
        return Said(path.name, None)


def _short(reference: FileReference) -> str:
    """The name of a file: longer than any that there could be, it is not looked for."""
    if isinstance(reference.value, LongText):
        raise BadRequest(f"{reference.param} is longer than any name of a file.", param=reference.param)
    return reference.value


async def _copy_uploaded(reference: FileReference, spool: Spool, uploads: Uploads) -> Said:
    stored = await uploads(reference)
    try:
        file = stored.path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"The file {reference.value!r} is there no longer.", param=reference.param) from None
    with file:
        await _copy(file, spool)
    return Said(stored.name, stored.mime_type)


async def _decode(reference: FileReference, spool: Spool) -> None:
    value, start, is_base64 = reference.value, 0, True
    head = value.head if isinstance(value, LongText) else value
    if is_data_url(head):
        header = read_data_url(head, reference.param)
        start, is_base64 = header.start, header.base64
    try:
        for piece in from_base64(value, start) if is_base64 else from_percent(value, start):
            await spool.write(piece)
    except BadEncoding as error:
        raise BadRequest(f"{reference.param} cannot be decoded: {error}.", param=reference.param) from None
    if isinstance(value, LongText):
        value.path.unlink()


async def _copy(file: BinaryIO, spool: Spool) -> None:
    while data := await asyncio.to_thread(file.read, _BLOCK):
        await spool.write(data)
