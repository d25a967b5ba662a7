"""A real MCP server on this machine, and web servers that are none."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ImageContent,
    ListToolsResult,
    PaginatedRequestParams,
    ResourceLink,
    TextContent,
    Tool,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

HOST = "127.0.0.1"
NUMBERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
NOTHING: dict[str, Any] = {"type": "object"}
LOOP = {"type": "object", "properties": {"x": {"$ref": "#/properties/x"}}}


class Endpoint:
    """Offers a few tools on two pages of its list, and remembers the calls."""

    def __init__(self) -> None:
        self.address = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.gate = asyncio.Event()
        """The tool `wait` returns when it is set."""
        self.waiting = asyncio.Event()
        self.tools = [
            [
                Tool(name="add", description="Adds.", input_schema=NUMBERS),
                Tool(name="a b", input_schema=NOTHING),
            ],
            [Tool(name=name, input_schema=NOTHING) for name in ("fail", "wait", "picture", "data", "link")],
        ]

    async def list_tools(
        self, _context: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        page = int(params.cursor) if params is not None and params.cursor else 0
        after = str(page + 1) if page + 1 < len(self.tools) else None
        return ListToolsResult(tools=self.tools[page], next_cursor=after)

    async def call_tool(
        self, _context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        arguments = params.arguments or {}
        self.calls.append((params.name, arguments))
        match params.name:
            case "add":
                return _said(str(arguments["a"] + arguments["b"]))
            case "fail":
                return CallToolResult(content=[TextContent(text="out of order")], is_error=True)
            case "wait":
                self.waiting.set()
                await self.gate.wait()
            case "picture":
                return CallToolResult(content=[ImageContent(data="QUJD", mime_type="image/png")])
            case "data":
                return CallToolResult(content=[], structured_content={"x": 1})
            case "link":
                return CallToolResult(content=[ResourceLink(name="notes", uri="file:///notes")])
            case _:
                pass
        return _said("done")


def _said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)])


@asynccontextmanager
async def mcp_endpoint(transport: Literal["http", "sse"] = "http") -> AsyncIterator[Endpoint]:
    """A server of the current or of the older transport."""
    endpoint = Endpoint()
    server = Server("tools", on_list_tools=endpoint.list_tools, on_call_tool=endpoint.call_tool)
    app = server.streamable_http_app() if transport == "http" else _sse_app(server)
    path = "/mcp" if transport == "http" else "/sse"
    async with web_server(app) as base:
        endpoint.address = f"{base}{path}"
        yield endpoint
        endpoint.gate.set()


def _sse_app(server: Server[Any]) -> Starlette:
    transport = SseServerTransport("/messages/")

    async def stream(request: Request) -> Response:
        async with transport.connect_sse(request.scope, request.receive, request._send) as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
        return Response()

    return Starlette(
        routes=[Route("/sse", stream, methods=["GET"]), Mount("/messages/", transport.handle_post_message)]
    )


@asynccontextmanager
async def web_server(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port; yields its base address."""
    listener = socket.create_server((HOST, 0))
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="mcp-server")
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()
