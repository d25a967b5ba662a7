"""MCP endpoints: which may be used, and what becomes of their tools. Against a real server of the SDK."""

import asyncio
from typing import Any, Literal

import pytest
from mcp.types import Tool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from api.mcp.address import AddressRules
from api.mcp.session import connected
from domain.errors import McpError
from domain.events import TextDelta, ToolCall, Usage
from domain.requests import FunctionDeclaration, Plan, Text, ToolResult, Turn
from tests.api.endpoint import HOST, LOOP, NOTHING, Endpoint, mcp_endpoint, web_server
from tests.api.harness import CHAT, body, eventually, exchanging, in_process, listening, plan_of
from tests.api.scripted import STOP, ScriptedDriver, saying

LISTED = (HOST,)
ADD = ToolCall("add", {"a": 1, "b": 2}, "call-1")


def calling(name: str, call_id: str = "call-1", **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments, call_id)


def plan_with(endpoint: Endpoint, **changes: Any) -> Plan:
    return plan_of(mcp_endpoint=endpoint.address, **changes)


async def test_calls_are_made_here_and_their_results_fed_back() -> None:
    driver = ScriptedDriver(
        saying("I add. ", ADD, usage=Usage(1, 1, 0, 0, 2)), saying("It is 3.", usage=Usage(5, 1, 0, 0, 6))
    )
    async with mcp_endpoint() as endpoint, exchanging(driver, mcp_allowed_hosts=LISTED) as desk:
        events = await desk.events(plan_with(endpoint))
    assert events == [TextDelta("I add. "), TextDelta("It is 3."), Usage(6, 2, 0, 0, 8), STOP]
    assert endpoint.calls == [("add", {"a": 1, "b": 2})]
    first, second = driver.requests
    assert [function.name for function in first.functions] == [
        "add",
        "a_b",
        "fail",
        "wait",
        "picture",
        "data",
        "link",
    ]
    assert first.functions[0].description == "Adds."
    assert first.functions[0].site_schema
    assert second.functions == first.functions
    assert second.turns == (
        Turn.of("user", "hi"),
        Turn("model", (Text("I add. "), ADD)),
        Turn("user", (ToolResult("add", "call-1", "3"),)),
    )


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (calling("fail"), "The tool failed: out of order"),
        (calling("a_b"), "done"),
        (calling("data"), '{"x": 1}'),
        (calling("picture"), "[image of type image/png, not shown]"),
        (calling("link"), '{"name":"notes","uri":"file:///notes","type":"resource_link"}'),
    ],
)
async def test_result_is_told_as_text(call: ToolCall, result: str) -> None:
    driver = ScriptedDriver(saying("", call), saying("ok"))
    async with mcp_endpoint() as endpoint, exchanging(driver, mcp_allowed_hosts=LISTED) as desk:
        assert await desk.events(plan_with(endpoint)) == [TextDelta("ok"), STOP]
    assert driver.requests[1].turns[-1].parts == (ToolResult(call.name, call.call_id, result),)
    assert endpoint.calls[0][0] == ("a b" if call.name == "a_b" else call.name)


async def test_several_calls_are_made_side_by_side_and_answered_in_order() -> None:
    driver = ScriptedDriver(saying("", calling("wait", "1"), calling("fail", "2"), ADD), saying("ok"))
    async with mcp_endpoint() as endpoint, exchanging(driver, mcp_allowed_hosts=LISTED) as desk:
        exchange = desk.start(plan_with(endpoint))
        await eventually(lambda: len(endpoint.calls) == 3)
        endpoint.gate.set()
        assert [event async for _, event in exchange.events()] == [TextDelta("ok"), STOP]
    results = [part for part in driver.requests[1].turns[-1].parts if isinstance(part, ToolResult)]
    assert [result.call_id for result in results] == ["1", "2", "call-1"]


async def test_emulated_functions_can_be_tools_too() -> None:
    text = '{"tool_calls": [{"name": "add", "arguments": {"a": 1, "b": 2}}]}'
    driver = ScriptedDriver(saying(text), saying("3"))
    async with (
        mcp_endpoint() as endpoint,
        exchanging(driver, mcp_allowed_hosts=LISTED, function_calling_mode="emulated") as desk,
    ):
        assert await desk.events(plan_with(endpoint)) == [TextDelta("3"), STOP]
    assert driver.requests[0].functions == ()
    assert "Adds." in driver.requests[0].system


async def test_demand_for_a_call_holds_for_the_first_round_only() -> None:
    driver = ScriptedDriver(saying("", ADD), saying("It is 3."))
    async with mcp_endpoint() as endpoint, exchanging(driver, mcp_allowed_hosts=LISTED) as desk:
        events = await desk.events(plan_with(endpoint, must_call=True))
    assert events == [TextDelta("It is 3."), STOP]
    assert ["You must call" in request.system for request in driver.requests] == [True, False]


async def test_calls_of_the_callers_own_functions_are_the_callers() -> None:
    own = FunctionDeclaration("mine")
    driver = ScriptedDriver(saying("", calling("mine", "1"), ADD))
    async with mcp_endpoint() as endpoint, exchanging(driver, mcp_allowed_hosts=LISTED) as desk:
        exchange = desk.start(plan_with(endpoint, functions=(own,)))
        assert [event async for _, event in exchange.events()] == [calling("mine", "1"), STOP]
    assert "'add'" in exchange.warnings[0]
    assert endpoint.calls == []


async def test_model_that_does_not_stop_calling_is_stopped() -> None:
    driver = ScriptedDriver(*(saying("", ADD) for _ in range(3)))
    async with (
        mcp_endpoint() as endpoint,
        exchanging(driver, mcp_allowed_hosts=LISTED, mcp_max_rounds=2) as desk,
    ):
        with pytest.raises(McpError, match="MCP_MAX_ROUNDS=2"):
            await desk.events(plan_with(endpoint))
    assert len(endpoint.calls) == 2


async def test_tools_that_cannot_be_offered_are_left_out_with_a_warning() -> None:
    async with mcp_endpoint() as endpoint, exchanging(ScriptedDriver(), mcp_allowed_hosts=LISTED) as desk:
        endpoint.tools = [[Tool(name=name, input_schema=NOTHING) for name in ("x y", "x_y")]]
        endpoint.tools[0].append(Tool(name="loop", input_schema=LOOP))
        exchange = desk.start(plan_with(endpoint))
        assert [event async for _, event in exchange.events()]
    assert ["'x_y'" in exchange.warnings[0], "'loop'" in exchange.warnings[1]] == [True, True]


async def test_endpoint_without_tools_is_no_obstacle_unless_a_call_is_demanded() -> None:
    async with mcp_endpoint() as endpoint, exchanging(ScriptedDriver(), mcp_allowed_hosts=LISTED) as desk:
        endpoint.tools = [[]]
        assert (await desk.ask(plan_with(endpoint))).text == "Hello"
        with pytest.raises(McpError, match="no tools"):
            await desk.ask(plan_with(endpoint, must_call=True))


async def test_slow_tool_is_an_error_that_names_the_setting() -> None:
    driver = ScriptedDriver(saying("", calling("wait")))
    async with (
        mcp_endpoint() as endpoint,
        exchanging(driver, mcp_allowed_hosts=LISTED, mcp_timeout=1.5) as desk,
    ):
        with pytest.raises(McpError, match="'wait'"):
            await desk.events(plan_with(endpoint))


async def test_exchange_is_cancelled_while_a_tool_runs() -> None:
    driver = ScriptedDriver(saying("", calling("wait")))
    async with mcp_endpoint() as endpoint, listening(driver, mcp_allowed_hosts=LISTED) as server:
        asked = asyncio.create_task(
            server.http.post(CHAT, json=body(mcp_endpoint=endpoint.address)), name="asked"
        )
        await endpoint.waiting.wait()
        assert (await server.http.get("/v1/queue")).json()["items"] == []
        [request_id] = server.gateway.exchanges
        cancelled = await server.http.post(f"/v1/cancel/{request_id}")
        answer = await asked
    assert cancelled.json()["was"] == "running"
    assert answer.status_code == 499
    assert answer.headers["x-request-id"] == request_id


@pytest.mark.parametrize("stream", [True, False])
async def test_endpoint_that_cannot_be_used_is_an_error_before_the_answer_begins(stream: bool) -> None:
    driver = ScriptedDriver()
    async with in_process(driver) as client:
        asked = body(mcp_endpoint=f"http://{HOST}:9/mcp", stream=stream)
        response = await client.post(CHAT, json=asked)
    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", "mcp_endpoint")
    assert "MCP_ALLOWED_HOSTS" in error["message"]
    assert driver.records == []


async def test_client_that_leaves_while_the_endpoint_is_connected_ends_the_exchange() -> None:
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(_request: Request) -> Response:
        held.set()
        await release.wait()
        return PlainTextResponse("late")

    app = Starlette(routes=[Route("/mcp", hold, methods=["POST", "GET"])])
    async with web_server(app) as base, listening(ScriptedDriver(), mcp_allowed_hosts=LISTED) as server:
        asked = body(mcp_endpoint=f"{base}/mcp", stream=True)
        leaver = asyncio.create_task(server.http.post(CHAT, json=asked), name="leaver")
        await held.wait()
        leaver.cancel()
        await eventually(lambda: not list(server.gateway.exchanges))
        release.set()


def _answering(response: Response) -> Starlette:
    async def answer(_request: Request) -> Response:
        return response

    return Starlette(routes=[Route("/mcp", answer, methods=["POST", "GET", "DELETE"])])


@pytest.mark.parametrize(
    "response",
    [
        PlainTextResponse("no such thing", 404),
        PlainTextResponse("who are you", 401),
        PlainTextResponse("broken", 500),
        PlainTextResponse("hello"),
        Response("{", media_type="application/json"),
        Response(b"\x1f\x8b", media_type="application/json", headers={"content-encoding": "gzip"}),
        RedirectResponse("http://127.0.0.1:9/elsewhere"),
    ],
)
async def test_server_that_speaks_no_mcp_is_an_error(response: Response) -> None:
    async with web_server(_answering(response)) as base:
        with pytest.raises(McpError, match="could not be connected to"):
            async with connected(f"{base}/mcp", AddressRules(LISTED), 2):
                pass


async def test_port_that_nobody_listens_on_is_an_error() -> None:
    with pytest.raises(McpError, match="could not be connected to"):
        async with connected(f"http://{HOST}:9/mcp?key=secret", AddressRules(LISTED), 2) as _:
            pass


async def test_endpoint_that_does_not_answer_in_time_is_an_error() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(swallow, HOST, 0)
    port = silent.sockets[0].getsockname()[1]
    async with silent:
        with pytest.raises(McpError, match="MCP_TIMEOUT_SECONDS"):
            async with connected(f"http://{HOST}:{port}/mcp", AddressRules(LISTED), 0.2):
                pass


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_both_transports_are_understood(transport: Literal["http", "sse"]) -> None:
    async with (
        mcp_endpoint(transport) as endpoint,
        connected(endpoint.address, AddressRules(LISTED), 5) as session,
    ):
        assert len(session.tools) == 7
        assert await session.call("add", {"a": 20, "b": 22}) == "42"


async def test_connection_that_breaks_in_mid_call_is_an_error() -> None:
    driver = ScriptedDriver(saying("", calling("wait")))
    async with exchanging(driver, mcp_allowed_hosts=LISTED, mcp_timeout=3) as desk:
        async with mcp_endpoint() as endpoint:
            exchange = desk.start(plan_with(endpoint))
            await endpoint.waiting.wait()
            endpoint.gate = asyncio.Event()  # what the tool waits for is now never set
        with pytest.raises(McpError, match="'wait'"):
            await exchange.get()


async def test_stream_stays_alive_while_a_tool_runs() -> None:
    driver = ScriptedDriver(saying("One moment. ", calling("wait")), saying("Done."))
    async with (
        mcp_endpoint() as endpoint,
        listening(driver, mcp_allowed_hosts=LISTED, keep_alive=0.02) as server,
    ):
        stream = await server.openai.chat.completions.create(
            model="gemini-2.5-flash",
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            extra_body={"mcp_endpoint": endpoint.address},
        )
        text, silent = "", 0
        async for chunk in stream:
            delta = chunk.choices[0].delta
            text += delta.content or ""
            assert delta.tool_calls is None
            silent += endpoint.waiting.is_set() and not delta.content
            if silent == 2:
                endpoint.gate.set()
    assert text == "One moment. Done."
    assert chunk.choices[0].finish_reason == "stop"
