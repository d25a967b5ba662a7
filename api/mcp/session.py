"""One connection to a caller's MCP endpoint, through the official SDK."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import anyio
import httpx2
from mcp import Client, InputRequiredRoundsExceededError, MCPError, Tool
from mcp.client import Transport
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import (
    INVALID_PARAMS,
    AudioContent,
    CallToolResult,
    ContentBlock,
    ImageContent,
    TextContent,
)
from pydantic import ValidationError

from api.mcp.address import AddressRules, Endpoint
from api.mcp.transport import client_for
from domain.errors import McpError

MOST_TOOLS: Final = 512
"""More than any model can choose from; an endpoint whose list never ends is cut off here."""

_GOODBYE_SECONDS: Final = 1.0
_FAILURES: Final = (
    MCPError,
    InputRequiredRoundsExceededError,
    httpx2.HTTPError,
    anyio.ClosedResourceError,
    anyio.BrokenResourceError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What the SDK raises about an endpoint; a `ValidationError` is a `ValueError`."""


class McpSession:
    """Holds a connection open for calls from any task.

    The SDK ties a connection to the task that opened it, and ends that task's work when the connection fails;
    so a task of its own holds it, and callers wait for their answer or for the end of that task.
    """

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        """`timeout`: seconds for connecting with listing the tools, and for each call."""
        self._endpoint = endpoint
        self._timeout = timeout
        self._client: Client | None = None
        self._tools: tuple[Tool, ...] = ()
        self._speaks = False
        """Whether the endpoint has answered as an MCP server."""
        self._ready = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the endpoint offered when the connection was made."""
        return self._tools

    @asynccontextmanager
    async def open(self) -> AsyncIterator["McpSession"]:
        """Connect and list the tools.

        Raises:
            McpError: the endpoint does not answer in time, or not as an MCP server does.
        """
        name = f"mcp-{self._endpoint.url.host}-{secrets.token_hex(2)}"
        self._holder = asyncio.create_task(self._hold(), name=name)
        ready = asyncio.create_task(self._ready.wait(), name=f"{name}-ready")
        try:
            await self._either(ready)
            if not ready.done():
                raise self._ended("could not be connected to")
            yield self
        finally:
            ready.cancel()
            self._closing.set()
            await self._end()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Run a tool; a tool that fails says so in its result.

        Raises:
            McpError: the endpoint did not answer in time, refused the call, or is gone.
        """
        if self._client is None:
            raise RuntimeError(f"The connection to {self._endpoint.shown!r} is not open.")
        call = asyncio.create_task(
            self._client.call_tool(name, dict(arguments)), name=f"{self._holder.get_name()}-call"
        )
        try:
            await self._either(call)
            if not call.done():
                raise self._ended(f"gave no result of the tool {name!r}")
            return result_text(call.result())
        except _FAILURES as error:
            if isinstance(error, MCPError) and error.code == INVALID_PARAMS:
                return _failed(error.message)
            raise McpError(
                f"The call of {name!r} at mcp_endpoint={self._endpoint.shown!r} failed: {_why(error)}.",
                param="mcp_endpoint",
            ) from error
        finally:
            call.cancel()

    async def _either(self, task: asyncio.Task[Any]) -> None:
        """Until the task is done, the connection has ended, or time is up."""
        await asyncio.wait({self._holder, task}, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED)

    async def _hold(self) -> None:
        """Keep the connection until it is closed or fails."""
        try:
            async with self._connected(self._streamable()) as client:
                await self._serve(client)
        except* MCPError:
            if self._speaks:
                raise
            # An endpoint of the older kind knows nothing of the newer transport.
            async with self._connected(self._event_stream(), mode="legacy") as client:
                await self._serve(client)

    async def _serve(self, client: Client) -> None:
        self._speaks = True
        page = await client.list_tools()
        tools = list(page.tools)
        while page.next_cursor is not None and len(tools) < MOST_TOOLS:
            page = await client.list_tools(cursor=page.next_cursor)
            tools += page.tools
        self._client, self._tools = client, tuple(tools[:MOST_TOOLS])
        self._ready.set()
        await self._closing.wait()

    def _connected(self, transport: Transport, mode: str = "auto") -> AbstractAsyncContextManager[Client]:
        return Client(transport, mode=mode, read_timeout_seconds=self._timeout, cache=None)

    @asynccontextmanager
    async def _streamable(self) -> AsyncIterator[Any]:
        async with (
            client_for(self._endpoint, self._timeout) as http,
            streamable_http_client(str(self._endpoint.url), http_client=http) as streams,
        ):
            yield streams

    def _event_stream(self) -> Transport:
        def http(
            headers: dict[str, str] | None = None,
            timeout: httpx2.Timeout | None = None,  # noqa: ARG001  the endpoint's own is used
            auth: httpx2.Auth | None = None,  # noqa: ARG001  nothing signs in
        ) -> httpx2.AsyncClient:
            client = client_for(self._endpoint, self._timeout)
            client.headers.update(headers or {})
            return client

        return sse_client(str(self._endpoint.url), httpx_client_factory=http)

    def _ended(self, what: str) -> McpError:
        """Why there is no answer: the holder's failure, or time."""
        why = f"within {self._timeout:g} s (MCP_TIMEOUT_SECONDS)"
        if self._holder.done() and not self._holder.cancelled():
            failure = self._holder.exception()
            why = f"because {_why(failure)}" if failure is not None else "because it ended the connection"
        return McpError(f"mcp_endpoint={self._endpoint.shown!r} {what} {why}.", param="mcp_endpoint")

    async def _end(self) -> None:
        """Say goodbye to an endpoint that was spoken to, but not for long."""
        try:
            await asyncio.wait({self._holder}, timeout=_GOODBYE_SECONDS if self._ready.is_set() else 0)
        finally:
            self._holder.cancel()
        await asyncio.wait({self._holder})
        if not self._holder.cancelled():
            self._holder.exception()  # told to whoever waited for an answer


@asynccontextmanager
async def connected(address: str, rules: AddressRules, patience: float) -> AsyncIterator[McpSession]:
    """A session with the endpoint at `address`, if the rules allow it. `patience`: seconds for each step.

    Raises:
        McpError: refused by the rules, or as for `McpSession.open`.
    """
    try:
        async with asyncio.timeout(patience):
            endpoint = await rules.check(address)
    except TimeoutError:
        raise McpError(
            f"The host of mcp_endpoint could not be found within {patience:g} s (MCP_TIMEOUT_SECONDS).",
            param="mcp_endpoint",
        ) from None
    async with McpSession(endpoint, patience).open() as session:
        yield session


def result_text(result: CallToolResult) -> str:
    """A tool's result as the model is shown it; a failure is named so."""
    parts = [_block_text(block) for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    text = "\n".join(parts)
    return _failed(text) if result.is_error else text


def _block_text(block: ContentBlock) -> str:
    """Text as it is, pictures and sounds by name only, anything else as JSON."""
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return f"[{block.type} of type {block.mime_type}, not shown]"
        case _:
            return block.model_dump_json(by_alias=True, exclude_none=True)


def _failed(text: str) -> str:
    return f"The tool failed: {text}"


def _why(error: BaseException) -> str:
    """One line about a failure; of a group, about its first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ValidationError):
        return "its answer is not what the protocol says"
    return f"{type(error).__name__}: {error}".rstrip(": .") if str(error) else type(error).__name__
