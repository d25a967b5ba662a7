"""OpenAI's `/v1/files`. Google's clients use the same paths; `api.gemini.routing` tells them apart."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.files.bodies import chunks_of, small
from api.files.incoming import Incoming
from api.files.multipart import MultipartBody, Part
from api.files.openai import file_object, lifetime_of, openai_id, purpose_of
from api.files.records import LIFETIME, PURPOSE, NewFile, StoredFile
from api.files.references import OPENAI_PREFIX
from api.files.service import file_service_of, file_store_of, owner_of
from api.routes.files import content_of
from domain.errors import BadRequest

router = APIRouter()

MOST_PER_PAGE: Final = 10_000


@router.post("/v1/files")
async def create_file(request: Request) -> dict[str, Any]:
    """Takes `multipart/form-data` with `file`, `purpose` and `expires_after`."""
    owner = owner_of(request)
    service = file_service_of(request)
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise BadRequest(f"The Content-Type must be 'multipart/form-data', not {kind!r}.")
    incoming = service.store.incoming()
    try:
        body = MultipartBody(kind, chunks_of(request, service.pace))
        part, fields = await _read_form(body, incoming)
        return file_object(await service.store.keep(incoming, _new_file(owner, part, fields)))
    finally:
        incoming.discard()


@router.get("/v1/files")
async def list_files(request: Request) -> dict[str, Any]:
    owner = owner_of(request)
    query = request.query_params
    after, order, purpose = query.get("after"), query.get("order", "desc"), query.get("purpose")
    if order not in {"asc", "desc"}:
        raise BadRequest(f"order must be 'asc' or 'desc', not {order!r}.", param="order")
    files, has_more = await file_store_of(request).after(
        owner,
        _limit(query.get("limit", str(MOST_PER_PAGE))),
        None if after is None else _id(after),
        newest_first=order == "desc",
        purpose=purpose,
    )
    return {
        "object": "list",
        "data": [file_object(file) for file in files],
        "first_id": openai_id(files[0]) if files else None,
        "last_id": openai_id(files[-1]) if files else None,
        "has_more": has_more,
    }


@router.get("/v1/files/{file_id}")
async def get_file(request: Request, file_id: str) -> dict[str, Any]:
    return file_object(await _find(request, file_id))


@router.get("/v1/files/{file_id}/content")
async def get_content(request: Request, file_id: str) -> Response:
    return content_of(await _find(request, file_id))


@router.delete("/v1/files/{file_id}")
async def delete_file(request: Request, file_id: str) -> dict[str, Any]:
    await file_store_of(request).delete(owner_of(request), _id(file_id))
    return {"id": file_id, "object": "file", "deleted": True}


async def _find(request: Request, file_id: str) -> StoredFile:
    return await file_store_of(request).get(owner_of(request), _id(file_id))


def _id(given: str) -> str:
    return given.removeprefix(OPENAI_PREFIX)


async def _read_form(body: MultipartBody, incoming: Incoming) -> tuple[Part, dict[str, str]]:
    """The part that is the file, whose content goes to `incoming`, and the other fields as text."""
    file: Part | None = None
    fields: dict[str, str] = {}
    async for part in body.parts():
        if part.name == "file":
            if file is not None:
                raise BadRequest("The form has more than one 'file'; send one file a request.", param="file")
            file = part
            await incoming.append(part.content)
        elif part.name is not None:
            fields[part.name] = await _text(part, part.name)
    if file is None:
        raise BadRequest("The form has no 'file'.", param="file")
    return file, fields


async def _text(part: Part, name: str) -> str:
    try:
        return (await small(part.content, f"The field {name!r}")).decode().strip()
    except UnicodeDecodeError:
        raise BadRequest(f"The field {name!r} is not valid UTF-8.", param=name) from None


def _new_file(owner: str, part: Part, fields: dict[str, str]) -> NewFile:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    return NewFile(
        owner=owner,
        name=part.filename or "",
        claimed=part.content_type,
        purpose=purpose_of(fields.get("purpose", PURPOSE)),
        lifetime=lifetime_of(anchor, seconds, LIFETIME),
    )


def _limit(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= MOST_PER_PAGE:
        return int(text)
    raise BadRequest(f"limit must be 1 to {MOST_PER_PAGE}, not {text!r}.", param="limit")
