"""The unary RPCs: one table from method name to handler, JSPB in and out."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from simulator import writer
from simulator.admission import GENERATE, RPC_HEADERS, admit, preflight, rpc_headers
from simulator.generate import Refusal, generate, parsed
from simulator.model.wording import first_words
from simulator.rejection import CODE_OF_STATUS, Rejection, wrong_shape
from simulator.request_reader import read_count
from simulator.sessions import Account
from simulator.state import State, state_of

LOGGING_CONTEXT = "CAASAUIwATgEQABQBFgDYgJVUw=="
"""The value that the page sends back as `X-Goog-Ext-519733851-bin`."""
GZIP_FROM = 200
"""Answers shorter than so many bytes are not worth compressing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted unary call."""

    state: State
    account: Account
    body: Any


async def rpc(request: Request) -> Response:
    """The endpoint of every method: preflight, the streaming one, and the unary ones."""
    method = request.path_params["method"]
    if request.method == "OPTIONS":
        return preflight(request, RPC_HEADERS)
    state = state_of(request)
    state.calls[method] += 1
    await asyncio.sleep(state.scenario.rpc_delays.get(method, 0))
    if method == GENERATE:
        return await _generate(request, state)
    try:
        body = await request.body()
        answer = _unary(request, state, body)
    except ClientDisconnect:
        return Response(status_code=499)
    except Rejection as rejection:
        return _respond(request, writer.rejected_unary(rejection), rejection.status)
    return _respond(request, writer.dumps(answer))


async def _generate(request: Request, state: State) -> Response:
    status = state.scenario.rpc_faults.get(GENERATE)
    if status is None:
        return await generate(request)
    await request.body()
    return Refusal(_fault(status), rpc_headers(request), state.log.begin())


def _unary(request: Request, state: State, body: bytes) -> Any:
    method = request.path_params["method"]
    account = admit(request, method)
    status = state.scenario.rpc_faults.get(method)
    if status is not None:
        raise _fault(status)
    if method not in METHODS:
        raise Rejection(404, f"Method {method!r} not found.")
    return METHODS[method](Call(state, account, parsed(body)))


def _fault(status: int) -> Rejection:
    return Rejection(status if status in CODE_OF_STATUS else 500)


def _respond(request: Request, body: bytes, status: int = 200) -> Response:
    headers = rpc_headers(request) | {"server-timing": "gfet4t7; dur=1"}
    if len(body) >= GZIP_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, headers)


def _list_models(call: Call) -> Any:
    return [[list(model.row) for model in call.state.visible_models().values()]]


def _count_tokens(call: Call) -> Any:
    ask = read_count(call.body, call.state.uploads.find)
    if ask.model not in call.state.catalogue:
        raise Rejection(404, f"{ask.model} is not found for API version v1main.")
    count, kinds = ask.prompt_tokens, [list(kind) for kind in ask.prompt_kinds.items()]
    return [count, [], [[[max(0, count - 1)], 1]], None, None, kinds]


def _access_token(call: Call) -> Any:
    if call.body != ["users/me"]:
        raise wrong_shape("name", "TYPE_STRING", call.body)
    live = call.state.sessions.live.values()
    return [next(session.access_token for session in live if session.account == call.account)]


def _title(call: Call) -> Any:
    body = call.body if isinstance(call.body, list) else []
    text = next((value for value in body if isinstance(value, str)), "")
    return [first_words(text) or "Untitled prompt"]


METHODS: dict[str, Callable[[Call], Any]] = {
    "CheckImage": lambda _: [],
    "CountTokens": _count_tokens,
    "CreatePrompt": lambda call: [call.state.prompts.create(call.body, call.account)],
    "GenerateAccessToken": _access_token,
    "GenerateTitle": _title,
    "GetAiStudioBenefitTier": lambda _: [],
    "GetAppFolder": lambda _: ["simulated-app-folder"],
    "GetLoggingContext": lambda _: [LOGGING_CONTEXT],
    "GetUserPreferences": lambda _: [],
    "ListCloudApiKeys": lambda _: [],
    "ListModels": _list_models,
    "ListPromos": lambda _: [],
    "ListPrompts": lambda call: [call.state.prompts.listed(call.body, call.account)],
    "ListRecentApplets": lambda _: [],
    "ResolveDriveResource": lambda call: [call.state.prompts.resolve(call.body, call.account)],
    "UpdatePrompt": lambda call: [call.state.prompts.update(call.body, call.account)],
}
