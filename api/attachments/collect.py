"""From what a caller named to files that lie ready: all of a request's, or none.

async with Workspace(folder, request_id, limit=rules.max_total_bytes) as workspace:
    attachments = await collector.collect(references, workspace, uploads)
    ...  # until the request is over
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from api.attachments.convert import needs_converting, to_png, type_to_send
from api.attachments.fetch import Fetcher
from api.attachments.local import LocalFiles
from api.attachments.names import shown_name
from api.attachments.rules import AttachmentRules
from api.attachments.sources import Said, Sources, Uploads
from api.attachments.workspace import Workspace
from api.files.kinds import kind_of
from api.network.guarded import Guard
from domain.attachments import Attachment, FileReference
from domain.errors import BadRequest

AT_ONCE: Final = 4
"""How many files of one request are fetched or read at a time."""


@dataclass(frozen=True, slots=True)
class _Received:
    """A file in the workspace, as it came."""

    path: Path
    head: bytes
    size: int
    sha256: str
    said: Said


class Collector:
    """Collects attachments; one serves every request. An async context manager."""

    def __init__(self, rules: AttachmentRules, guard: Guard | None = None) -> None:
        """`guard`: which hosts may be reached; by default as the rules say."""
        self._rules = rules
        self._fetcher = Fetcher(rules, guard)
        self._sources = Sources(self._fetcher, LocalFiles(rules.local_roots, rules.hidden))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._fetcher.aclose()

    async def collect(
        self, references: Sequence[FileReference], workspace: Workspace, uploads: Uploads
    ) -> tuple[Attachment, ...]:
        """One attachment for each reference, in order; the same content is the same attachment.

        Raises:
            BadRequest: a file is missing, empty, damaged, too large (`TooLarge`), outside of the folders that
                may be named (`PathRefused`) or of a type that is not taken (`Unsupported`), or there are too
                many of them.
            NotFound: there is no such uploaded file.
        """
        if len(references) > self._rules.max_files:
            raise BadRequest(
                f"The request has {len(references)} files; at most {self._rules.max_files} are possible "
                "(MAX_FILES).",
                param=references[self._rules.max_files].param,
            )
        received = await self._all_received(references, workspace, uploads)
        known: dict[str, Attachment] = {}
        for position, (reference, file) in enumerate(zip(references, received, strict=True), start=1):
            if file.sha256 in known:
                file.path.unlink()
            else:
                known[file.sha256] = await _ready(reference, file, position, workspace)
        return tuple(known[file.sha256] for file in received)

    async def _all_received(
        self, references: Sequence[FileReference], workspace: Workspace, uploads: Uploads
    ) -> list[_Received]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def receive(reference: FileReference) -> _Received:
            async with turns:
                return await self._received(reference, workspace, uploads)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(receive(reference), name=f"collect-{workspace.path.name}-{position}")
                    for position, reference in enumerate(references)
                ]
        except ExceptionGroup as failures:
            # The others were cancelled for the first that failed.
            raise failures.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _received(self, reference: FileReference, workspace: Workspace, uploads: Uploads) -> _Received:
        with workspace.spool(self._rules.max_file_bytes, reference.param) as spool:
            said = await self._sources.write(reference, spool, uploads)
            if spool.size == 0:
                raise BadRequest(f"The file of {reference.param} is empty.", param=reference.param)
        return _Received(spool.path, spool.head, spool.size, spool.sha256, said)


async def _ready(
    reference: FileReference, file: _Received, position: int, workspace: Workspace
) -> Attachment:
    """The file under its name and in the form in which it is sent."""
    param = reference.param
    kind = kind_of(file.head, file.said.name, file.said.mime_type)
    if kind == "text/html" and reference.source == "url" and (reference.mime_type or "").endswith("/*"):
        raise BadRequest(
            f"The address of {param} answered with a web page, not with {reference.mime_type}.", param=param
        )
    send_as = type_to_send(kind, file.said.mime_type, param)
    path, size, sha256 = file.path, file.size, file.sha256
    if needs_converting(kind):
        path = workspace.new_path()
        await to_png(file.path, kind, path, param)
        file.path.unlink()
        size, sha256 = await asyncio.to_thread(_measured, path)
    placed = workspace.place(path, shown_name(file.said.name, send_as, position))
    return Attachment(placed, placed.name, send_as, size, sha256)


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
