"""Who may call: CORS, the headers the page always sends, and the live session behind a proof."""

from starlette.requests import Request
from starlette.responses import Response

from simulator.rejection import DEAD_CREDENTIAL, NO_CREDENTIAL, Rejection
from simulator.sessions import Account, Session
from simulator.state import request_site, state_of

API_KEY = "AIzaSySimulatorSimulatorSimulatorSimula"
"""The static public key of the page."""
RPC_TYPE = "application/json+protobuf"
RPC_HEADERS = frozenset(
    {
        "authorization",
        "content-type",
        "x-goog-api-key",
        "x-goog-authuser",
        "x-goog-ext-519733851-bin",
        "x-user-agent",
        "x-aistudio-visit-id",
        "x-aistudio-g1-tier",
    }
)
UPLOAD_HEADERS = frozenset(
    {
        "authorization",
        "content-type",
        "x-goog-api-key",
        "x-goog-authuser",
        "x-goog-encode-response-if-executable",
        "x-javascript-user-agent",
        "x-requested-with",
    }
)
GENERATE = "GenerateContent"
LOGGING_HEADER = "x-goog-ext-519733851-bin"


def preflight(request: Request, allowed: frozenset[str]) -> Response:
    """Answer of an OPTIONS request: exact origin, POST only, no header that is not listed."""
    origin = request.headers.get("origin")
    method = request.headers.get("access-control-request-method", "")
    asked = request.headers.get("access-control-request-headers", "")
    headers = {name.strip().lower() for name in asked.split(",") if name.strip()}
    if origin != request_site(request).page or method != "POST" or not headers <= allowed:
        return Response(status_code=403)
    return Response(
        status_code=200,
        headers={
            **cors_headers(origin),
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": ",".join(sorted(allowed)),
            "access-control-max-age": "3600",
        },
    )


def cors_headers(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "vary,vary,vary,content-encoding,date,server,content-length",
        "vary": "Origin, X-Origin, Referer",
    }


def rpc_headers(request: Request) -> dict[str, str]:
    """Headers of every RPC answer; a foreign origin gets none that would let its page read it."""
    headers = {
        "content-type": f"{RPC_TYPE}; charset=UTF-8",
        "x-content-type-options": "nosniff",
        "cache-control": "private",
        "server": "ESF",
    }
    site = request_site(request)
    if request.headers.get("origin") == site.page:
        headers |= cors_headers(site.page)
    return headers


def admit(request: Request, method: str) -> Account:
    """The account that makes this RPC. Raises Rejection: 401 without a live session, else 400 or 403."""
    headers = request.headers
    if headers.get("origin") != request_site(request).page:
        raise Rejection(403, f"Requests from origin {headers.get('origin')!r} are blocked.")
    if headers.get("content-type", "").split(";", 1)[0].strip() != RPC_TYPE:
        raise Rejection(400, f"Unsupported content type {headers.get('content-type')!r}.")
    authorization = headers.get("authorization")
    if authorization is None:
        raise Rejection(401, NO_CREDENTIAL)
    session = state_of(request).sessions.of_proof(authorization, request_site(request).page)
    if session is None:
        raise Rejection(401, DEAD_CREDENTIAL)
    _check_page_headers(request, method)
    return session.account


def _check_page_headers(request: Request, method: str) -> None:
    headers = request.headers
    if headers.get("x-goog-api-key") is None:
        raise Rejection(
            403, "Method doesn't allow unregistered callers. Please use API Key to call this API."
        )
    if headers["x-goog-api-key"] != API_KEY:
        raise Rejection(400, "API key not valid. Please pass a valid API key.")
    if headers.get("x-goog-authuser") != "0":
        raise Rejection(403)
    if not headers.get("x-user-agent", "").startswith("grpc-web-javascript/"):
        raise Rejection(403)
    if method == GENERATE and not headers.get(LOGGING_HEADER):
        raise Rejection(403)


def upload_session(request: Request) -> Session:
    """The session whose access token an upload carries. Raises Rejection (401, 403)."""
    if request.headers.get("origin") != request_site(request).page:
        raise Rejection(403, f"Requests from origin {request.headers.get('origin')!r} are blocked.")
    session = state_of(request).sessions.of_token(request.headers.get("authorization", ""))
    if session is None:
        raise Rejection(401, DEAD_CREDENTIAL)
    return session
