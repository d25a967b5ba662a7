"""Tools of an MCP endpoint: offered to the model as functions, and called here for it."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from mcp import Tool

from api.exchange.rounds import Answering, Heard, hearing, model_turn, with_turns
from api.mcp.session import McpSession
from domain.errors import McpError
from domain.events import Event, ToolCall
from domain.requests import FunctionDeclaration, Plan, ToolResult, Turn
from domain.site_schema import to_site_schema

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME: Final = 64


class EndpointTools:
    """What an endpoint offers, under names that can be functions' names."""

    def __init__(self, session: McpSession, warn: Callable[[str], None], taken: frozenset[str]) -> None:
        """`taken`: names of the caller's own functions, which win."""
        self._session = session
        self._tools: dict[str, str] = {}
        declarations: list[FunctionDeclaration] = []
        for tool in session.tools:
            name = _NOT_IN_NAMES.sub("_", tool.name)[:_LONGEST_NAME]
            if name in taken or name in self._tools:
                warn(f"The endpoint's tool {tool.name!r} was left out: its name is taken.")
                continue
            try:
                declarations.append(_declaration(name, tool))
            except ValueError as error:
                warn(f"The endpoint's tool {tool.name!r} was left out: {error}.")
            else:
                self._tools[name] = tool.name
        self.declarations: tuple[FunctionDeclaration, ...] = tuple(declarations)

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    async def run(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """The results of all calls, made side by side.

        Raises:
            McpError: the endpoint failed; the calls that still run are given up.
        """
        try:
            async with asyncio.TaskGroup() as group:
                running = [
                    group.create_task(
                        self._session.call(self._tools[call.name], call.args), name=f"tool-{call.call_id}"
                    )
                    for call in calls
                ]
        except* McpError as failures:
            raise _first(failures) from None
        return tuple(
            ToolResult(call.name, call.call_id, task.result())
            for call, task in zip(calls, running, strict=True)
        )


class ToolRounds:
    """The stage of an exchange that calls the endpoint's tools, until an answer calls none.

    Calls of the caller's own functions end the exchange: they are the caller's to make.
    """

    def __init__(
        self, generate: Answering, tools: EndpointTools, most_rounds: int, warn: Callable[[str], None]
    ) -> None:
        self._generate = generate
        self._tools = tools
        self._most_rounds = most_rounds
        self._warn = warn

    async def answer(self, plan: Plan) -> AsyncGenerator[Event, None]:
        """Every round's words as they come, and one end. A demand for a call holds for the first round.

        Raises:
            McpError: the endpoint failed, or the model does not stop calling.
        """
        functions = plan.request.functions + self._tools.declarations
        plan = replace(plan, request=replace(plan.request, functions=functions))
        for rounds_left in range(self._most_rounds, -1, -1):
            heard = Heard()
            async with aclosing(hearing(self._generate(plan), heard, keep_text=False)) as events:
                async for event in events:
                    yield event
            calls = tuple(call for call in heard.calls if call.name in self._tools)
            if not calls or len(calls) < len(heard.calls) or heard.cut_short:
                for event in self._last(heard, calls):
                    yield event
                return
            if rounds_left:
                plan = await self._continued(plan, heard.text, calls)
        raise McpError(
            f"The model did not stop calling tools of mcp_endpoint: MCP_MAX_ROUNDS={self._most_rounds}.",
            param="mcp_endpoint",
        )

    async def _continued(self, plan: Plan, text: str, calls: tuple[ToolCall, ...]) -> Plan:
        results = await self._tools.run(calls)
        longer = with_turns(plan, model_turn(text, calls), Turn("user", results))
        return replace(longer, must_call=False)

    def _last(self, heard: Heard, unmade: tuple[ToolCall, ...]) -> list[Event]:
        if unmade:
            names = ", ".join(repr(call.name) for call in unmade)
            self._warn(f"The answer ended with calls of the endpoint's tools that were not made: {names}.")
        heard.calls = [call for call in heard.calls if call.name not in self._tools]
        return heard.rest()


def _declaration(name: str, tool: Tool) -> FunctionDeclaration:
    schema: dict[str, Any] = tool.input_schema
    site_schema = to_site_schema(schema).schema if schema.get("properties") else None
    return FunctionDeclaration(name, tool.description or tool.title or "", schema, site_schema)


def _first(failures: ExceptionGroup[McpError]) -> McpError:
    return next(one for one in failures.exceptions if isinstance(one, McpError))
