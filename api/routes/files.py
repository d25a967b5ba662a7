"""Google's Files API: `/upload/v1beta/files` and `/v1beta/files`, and the same below `/v1`.

Below `/v1` only callers that speak Google's protocol get here; see `api.gemini.routing`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from api.body import JsonAnswer, parse_json
from api.files.bodies import chunks_of, small
from api.files.google import file_object, known_type, new_file
from api.files.multipart import MultipartBody
from api.files.records import NewFile, StoredFile
from api.files.service import FileService, file_service_of, file_store_of, owner_of
from api.files.uploads import Upload
from api.gemini.errors import google_error_response
from api.gemini.routing import GoogleRoute, is_google_client
from domain.errors import BadRequest, GatewayError

router = APIRouter(route_class=GoogleRoute)

GRANULARITY: Final = 256 * 1024
"""What clients are told to cut pieces to, in bytes; any other size is taken as well."""
MOST_PER_PAGE: Final = 100
_PROTOCOLS: Final = {"resumable": "resumable", "multipart": "multipart", "raw": "raw", "media": "raw"}


@router.post("/upload/v1/files", include_in_schema=False)
@router.post("/upload/v1beta/files")
async def upload_file(request: Request) -> Response:
    """Starts an upload in pieces, continues one (`upload_id`), or takes a whole file at once."""
    token = request.query_params.get("upload_id")
    if token is not None:
        return await _continue(request, token)
    owner = owner_of(request)
    service = file_service_of(request)
    match _protocol(request):
        case "multipart":
            return _stored(request, await _whole_multipart(request, service, owner))
        case "raw":
            return _stored(request, await _whole_raw(request, service, owner))
    return await _start(request, service, owner)


@router.put("/upload/v1/files", include_in_schema=False)
@router.put("/upload/v1beta/files")
async def continue_upload(request: Request) -> Response:
    """Continues an upload in pieces, as `POST` does."""
    return await _continue(request, request.query_params.get("upload_id", ""))


@router.get("/v1/files", include_in_schema=False)
@router.get("/v1beta/files")
async def list_files(request: Request) -> dict[str, Any]:
    """The caller's files, newest first."""
    owner = owner_of(request)
    size, token = _query(request, "pageSize", "page_size"), _query(request, "pageToken", "page_token")
    page = await file_store_of(request).page(owner, _page_size(size), token)
    answer: dict[str, Any] = {"files": [file_object(file, _base(request)) for file in page.files]}
    return answer if page.next_token is None else {**answer, "nextPageToken": page.next_token}


@router.get("/v1/files/{file_id}:download", include_in_schema=False)
@router.get("/v1beta/files/{file_id}:download")
async def download_file(request: Request, file_id: str) -> Response:
    return content_of(await file_store_of(request).get(owner_of(request), file_id))


@router.get("/v1/files/{file_id}", include_in_schema=False)
@router.get("/v1beta/files/{file_id}")
async def get_file(request: Request, file_id: str) -> Response:
    """The file's metadata or, with `alt=media`, its content."""
    file = await file_store_of(request).get(owner_of(request), file_id)
    if request.query_params.get("alt") == "media":
        return content_of(file)
    return JsonAnswer(file_object(file, _base(request)))


@router.delete("/v1/files/{file_id}", include_in_schema=False)
@router.delete("/v1beta/files/{file_id}")
async def delete_file(request: Request, file_id: str) -> dict[str, Any]:
    """Google's own libraries are answered as by Google, everybody else is told in words."""
    await file_store_of(request).delete(owner_of(request), file_id)
    return {} if is_google_client(request) else {"success": True, "message": "File deleted successfully"}


def content_of(file: StoredFile) -> Response:
    """To be saved, never to be shown by a browser as if it were a page of this gateway."""
    return FileResponse(
        file.path,
        media_type=file.mime_type,
        filename=file.name or file.id,
        headers={"X-Content-Type-Options": "nosniff"},
    )


async def _start(request: Request, service: FileService, owner: str) -> Response:
    if (command := request.headers.get("x-goog-upload-command", "start").strip().lower()) != "start":
        raise BadRequest(
            f"X-Goog-Upload-Command is {command!r}, but this address only starts uploads; send the content "
            "to the address in X-Goog-Upload-URL.",
            param="X-Goog-Upload-Command",
        )
    described = await small(chunks_of(request, service.pace), "The description of the file")
    new = new_file(
        parse_json(described) if described.strip() else {},
        owner,
        name=_header_text(request, "x-goog-upload-file-name"),
        claimed=request.headers.get("x-goog-upload-header-content-type"),
    )
    length = "X-Goog-Upload-Header-Content-Length"
    announced = _number(length, request.headers[length]) if length in request.headers else None
    upload = await service.uploads.start(new, announced)
    address = request.url.replace(query=f"upload_id={upload.token}&upload_protocol=resumable")
    headers = {"X-Goog-Upload-URL": str(address), "X-Goog-Upload-Chunk-Granularity": str(GRANULARITY)}
    return JsonAnswer({}, headers={**headers, **_progress(upload)})


async def _continue(request: Request, token: str) -> Response:
    """Whoever knows the token is let in. Every answer, also a failure, says how the upload stands."""
    service = file_service_of(request)
    chunks = chunks_of(request, service.pace)
    upload = None
    try:
        upload = service.uploads.find(token)
        file = await _obey(request, service, upload, chunks)
        response = JsonAnswer({} if file is None else {"file": file_object(file, _base(request))})
    except GatewayError as error:
        response = google_error_response(error)
    response.headers.update(_progress(upload))
    return response


async def _obey(
    request: Request, service: FileService, upload: Upload, chunks: AsyncIterator[bytes]
) -> StoredFile | None:
    """Do what X-Goog-Upload-Command says; without it, this is the whole content."""
    header = request.headers.get("x-goog-upload-command", "")
    commands = {word.strip().lower() for word in header.split(",")} - {""} or {"upload", "finalize"}
    if commands == {"query"}:
        return upload.file
    if commands == {"cancel"}:
        service.uploads.cancel(upload)
        return None
    if not commands <= {"upload", "finalize"}:
        raise BadRequest(
            f"X-Goog-Upload-Command {header!r} is not known here; send 'upload', 'upload, finalize', "
            "'finalize', 'query' or 'cancel'.",
            param="X-Goog-Upload-Command",
        )
    if upload.file is not None and "finalize" in commands:
        return upload.file  # a client that never saw the answer asks again
    if "upload" in commands:
        if upload.new.claimed is None:
            upload.new = replace(upload.new, claimed=known_type(request.headers.get("content-type")))
        offset = _number("X-Goog-Upload-Offset", request.headers.get("x-goog-upload-offset", "0"))
        await service.uploads.append(upload, offset, chunks)
    return await service.uploads.finish(upload) if "finalize" in commands else None


async def _whole_multipart(request: Request, service: FileService, owner: str) -> StoredFile:
    """A part of JSON, then a part of content."""
    body = MultipartBody(request.headers.get("content-type", ""), chunks_of(request, service.pace))
    parts = body.parts()
    described = await anext(parts, None)
    if described is None:
        raise BadRequest("The multipart body has no parts; send a JSON part and then the content.")
    document = parse_json(await small(described.content, "The description of the file"))
    media = await anext(parts, None)
    if media is None:
        raise BadRequest("The multipart body has one part only; send a JSON part and then the content.")
    new = new_file(document, owner, name=media.filename or "", claimed=media.content_type)
    return await service.store.create(new, media.content)


async def _whole_raw(request: Request, service: FileService, owner: str) -> StoredFile:
    headers = request.headers
    claimed = headers.get("x-goog-upload-header-content-type", headers.get("content-type"))
    new = NewFile(owner, _header_text(request, "x-goog-upload-file-name"), known_type(claimed))
    return await service.store.create(new, chunks_of(request, service.pace))


def _stored(request: Request, file: StoredFile) -> Response:
    return JsonAnswer({"file": file_object(file, _base(request))}, headers={"X-Goog-Upload-Status": "final"})


def _protocol(request: Request) -> str:
    """The header or the query says it; a body in two parts says it by itself."""
    query = request.query_params
    asked = request.headers.get("x-goog-upload-protocol") or query.get("uploadType") or ""
    if not asked and request.headers.get("content-type", "").lower().startswith("multipart/"):
        return "multipart"
    protocol = _PROTOCOLS.get(asked.strip().lower() or "resumable")
    if protocol is None:
        raise BadRequest(f"The upload protocol {asked!r} is not one of {', '.join(_PROTOCOLS)}.")
    return protocol


def _progress(upload: Upload | None) -> dict[str, str]:
    if upload is None:
        return {"X-Goog-Upload-Status": "final"}
    return {
        "X-Goog-Upload-Status": upload.status,
        "X-Goog-Upload-Size-Received": str(upload.received),
    }


def _base(request: Request) -> str:
    return f"{request.base_url}v1beta"


def _query(request: Request, *names: str) -> str | None:
    return next((value for name in names if (value := request.query_params.get(name))), None)


def _page_size(asked: str | None) -> int:
    size = 10 if asked is None else _number("pageSize", asked)
    if not 1 <= size <= MOST_PER_PAGE:
        raise BadRequest(f"pageSize must be 1 to {MOST_PER_PAGE}, not {asked!r}.", param="pageSize")
    return size


def _number(name: str, text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise BadRequest(f"{name} must be a whole number, not {text!r}.", param=name)
    return int(text)


def _header_text(request: Request, name: str) -> str:
    """A header that clients write in UTF-8, which HTTP libraries read as Latin-1."""
    value = request.headers.get(name, "")
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
