"""litellm against a whole gateway."""

from typing import Any

import litellm
import pytest
from openai import AsyncOpenAI

from tests.clients.promises import (
    CALL_TWO,
    FILL,
    INVOICE,
    MODEL,
    WEATHER_SCHEMA,
    Invoice,
    assert_round_trip,
    assert_schema_arrived,
    weather_in,
)
from tests.site import SiteControl

# The library's own models do not fit the fields that it puts into them, and it reads old ones.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Pydantic serializer warnings:UserWarning", "ignore::DeprecationWarning"
)
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER_SCHEMA}}


async def ask(client: AsyncOpenAI, messages: list[Any], **options: Any) -> Any:
    return await litellm.acompletion(
        model=f"openai/{MODEL}", messages=messages, client=client, max_retries=0, **options
    )


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def test_chat(openai_client: AsyncOpenAI) -> None:
    done = await ask(openai_client, [user("/echo hello")])
    assert done.choices[0].message.content == "hello"
    assert done.usage.completion_tokens > 0


async def test_stream_with_its_usage(openai_client: AsyncOpenAI) -> None:
    stream = await ask(
        openai_client, [user("/chunks n=10")], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert "chunk 0010" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].usage.completion_tokens > 9


async def test_parallel_tools_and_their_answers(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    messages: list[Any] = [user(CALL_TWO)]
    asked = (await ask(openai_client, messages, tools=[TOOL])).choices[0]
    assert asked.finish_reason == "tool_calls"
    messages.append(asked.message)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": weather_in(city)}
        for call, city in zip(asked.message.tool_calls, ("Paris", "Rome"), strict=True)
    ]
    answer = (await ask(openai_client, messages, tools=[TOOL])).choices[0]
    assert (answer.finish_reason, bool(answer.message.content)) == ("stop", True)
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    done = await ask(openai_client, [user(FILL)], response_format=Invoice)
    assert Invoice.model_validate_json(done.choices[0].message.content) == INVOICE
    await assert_schema_arrived(control)
