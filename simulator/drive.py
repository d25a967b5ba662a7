"""The upload endpoint of Drive: takes a file with its metadata, answers with a `drive#file`."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.admission import API_KEY, UPLOAD_HEADERS, cors_headers, preflight, upload_session
from simulator.rejection import Rejection
from simulator.state import request_site, state_of
from simulator.uploads import BadUploadError, read_related


async def upload(request: Request) -> Response:
    if request.method == "OPTIONS":
        return preflight(request, UPLOAD_HEADERS)
    try:
        answer, status = await _store(request), 200
    except Rejection as rejection:
        answer = {"error": {"code": rejection.status, "message": rejection.message}}
        status = rejection.status
    site = request_site(request)
    headers = cors_headers(site.page) if request.headers.get("origin") == site.page else None
    return JSONResponse(answer, status, headers)


async def _store(request: Request) -> dict[str, object]:
    body = await request.body()
    upload_session(request)
    query = request.query_params
    if query.get("uploadType") != "multipart":
        raise Rejection(400, f"uploadType {query.get('uploadType')!r} is not served; use multipart")
    if query.get("key") != API_KEY:
        raise Rejection(400, "API key not valid. Please pass a valid API key.")
    try:
        name, mime, data = read_related(request.headers.get("content-type", ""), body)
    except BadUploadError as error:
        raise Rejection(400, str(error)) from error
    file_id = state_of(request).uploads.add(name, mime, data)
    return {"kind": "drive#file", "id": file_id, "name": name, "mimeType": mime}
