"""langchain-openai against a whole gateway."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.clients.promises import (
    CALL_TWO,
    FILL,
    INVOICE,
    MODEL,
    Invoice,
    assert_round_trip,
    assert_schema_arrived,
    weather_in,
)
from tests.gateway import RunningGateway
from tests.site import SiteControl


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return weather_in(city)


@pytest_asyncio.fixture
async def model(gateway: RunningGateway) -> AsyncIterator[ChatOpenAI]:
    async with httpx.AsyncClient(timeout=40) as http:
        yield ChatOpenAI(
            model=MODEL,
            base_url=f"{gateway.address}/v1",
            api_key=SecretStr("unused"),
            max_retries=0,
            http_async_client=http,
        )


async def test_chat(model: ChatOpenAI) -> None:
    answer = await model.ainvoke("/echo hello")
    assert isinstance(answer, AIMessage)
    assert answer.content == "hello"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0


async def test_stream(model: ChatOpenAI) -> None:
    pieces = [piece async for piece in model.astream("/chunks n=10")]
    assert "chunk 0010" in "".join(str(piece.content) for piece in pieces)
    assert sum(1 for piece in pieces if piece.content) > 3


async def test_parallel_tools_and_their_answers(model: ChatOpenAI, control: SiteControl) -> None:
    caller = model.bind_tools([get_weather])
    question = HumanMessage(CALL_TWO)
    asked = await caller.ainvoke([question])
    assert isinstance(asked, AIMessage)
    assert [call["args"] for call in asked.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    results = [
        ToolMessage(await get_weather.ainvoke(call["args"]), tool_call_id=call["id"])
        for call in asked.tool_calls
    ]
    answer = await caller.ainvoke([question, asked, *results])
    assert answer.content
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(model: ChatOpenAI, control: SiteControl) -> None:
    parser = model.with_structured_output(Invoice, method="json_schema")
    assert await parser.ainvoke(FILL) == INVOICE
    await assert_schema_arrived(control)
