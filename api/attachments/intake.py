"""The files of requests: received when a request is to be served, kept until it is over."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from api.attachments.collect import Collector
from api.attachments.names import name_of
from api.attachments.rules import AttachmentRules
from api.attachments.sources import Uploads
from api.attachments.workspace import Workspace, sweep
from domain.attachments import Attachment, FileReference
from domain.requests import GenerateRequest, Part, Text, ToolResult, Turn

REQUESTS_AT_ONCE: Final = 8
"""How many requests receive their files at a time; others wait."""


class Intake:
    """Receives files; one serves every request. An async context manager."""

    def __init__(self, rules: AttachmentRules, folder: Path, *, only_current: bool = False) -> None:
        """`folder`: where the files of running requests lie. `only_current`: see `current_only`."""
        self.rules: Final = rules
        self.folder: Final = folder
        self.only_current: Final = only_current
        self.collector: Final = Collector(rules)
        self.turns: Final = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def __aenter__(self) -> Self:
        """Clear away what a crash left behind."""
        await asyncio.to_thread(sweep, self.folder)
        await self.collector.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.collector.__aexit__(*exc)

    def of(self, request_id: str, uploads: Uploads) -> "RequestFiles":
        """`uploads` finds the files that the request's caller uploaded before."""
        return RequestFiles(self, request_id, uploads)


class RequestFiles:
    """The files of one request. To be closed when it is over; there is no folder before there is a file."""

    def __init__(self, intake: Intake, request_id: str, uploads: Uploads) -> None:
        self._intake = intake
        self._workspace = Workspace(intake.folder, request_id, limit=intake.rules.max_total_bytes)
        self._uploads = uploads
        self.handed_over = False
        """Whether an exchange closes them."""

    def new_path(self) -> Path:
        """Where a file may be made.

        Raises:
            GatewayError: nowhere.
        """
        return self._workspace.new_path()

    async def received(self, request: GenerateRequest) -> GenerateRequest:
        """The request with its files in place of the references to them.

        Raises:
            BadRequest, NotFound: see `Collector.collect`.
        """
        if self._intake.only_current:
            request = replace(request, turns=current_only(request.turns))
        references = references_of(request)
        if not references:
            return request
        async with self._intake.turns:
            found = await self._intake.collector.collect(references, self._workspace, self._uploads)
        return replace(request, turns=_with_attachments(request.turns, found))

    async def close(self) -> None:
        await self._workspace.close()


def references_of(request: GenerateRequest) -> list[FileReference]:
    """In the order in which they stand."""
    return [part for turn in request.turns for part in turn.parts if isinstance(part, FileReference)]


def current_only(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """The turns with the files of the last user's turn alone; others become words: `[file: name]`."""
    asked = [index for index, turn in enumerate(turns) if _is_asked(turn)]
    current = asked[-1] if asked else None
    return tuple(turn if index == current else _in_words(turn) for index, turn in enumerate(turns))


def _is_asked(turn: Turn) -> bool:
    """Whether it is a message of a user, not results of functions."""
    return turn.role == "user" and not all(isinstance(part, ToolResult) for part in turn.parts)


def _in_words(turn: Turn) -> Turn:
    parts: tuple[Part, ...] = tuple(
        Text(f"[file: {name_of(part)}]") if isinstance(part, FileReference) else part for part in turn.parts
    )
    return replace(turn, parts=parts)


def _with_attachments(turns: Sequence[Turn], found: Sequence[Attachment]) -> tuple[Turn, ...]:
    left = iter(found)
    return tuple(
        replace(
            turn,
            parts=tuple(next(left) if isinstance(part, FileReference) else part for part in turn.parts),
        )
        for turn in turns
    )
