"""The official Python client against a whole gateway: what test_chat leaves to the parameters of tools."""

import json
from typing import Any

from openai import AsyncOpenAI

from tests.clients.promises import (
    CALL_ONE,
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

TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "strict": True, "parameters": WEATHER_SCHEMA},
}


async def test_parallel_tools_and_their_answers(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    messages: list[Any] = [{"role": "user", "content": CALL_TWO}]
    asked = await openai_client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    choice = asked.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls
    messages.append(choice.message)
    for call in choice.message.tool_calls:
        assert call.type == "function"
        city = json.loads(call.function.arguments)["city"]
        messages.append({"role": "tool", "tool_call_id": call.id, "content": weather_in(city)})
    done = await openai_client.chat.completions.create(model=MODEL, messages=messages, tools=[TOOL])
    assert done.choices[0].finish_reason == "stop"
    await assert_round_trip(control, "Paris", "Rome")


async def test_a_streamed_call(openai_client: AsyncOpenAI) -> None:
    async with openai_client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": CALL_ONE}], tools=[TOOL]
    ) as stream:
        done = await stream.get_final_completion()
    (call,) = done.choices[0].message.tool_calls or []
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Paris"})
    assert done.choices[0].finish_reason == "tool_calls"


async def test_a_parsed_answer(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    done = await openai_client.chat.completions.parse(
        model=MODEL, messages=[{"role": "user", "content": FILL}], response_format=Invoice
    )
    assert done.choices[0].message.parsed == INVOICE
    await assert_schema_arrived(control)


async def test_a_parsed_answer_that_streams(openai_client: AsyncOpenAI) -> None:
    async with openai_client.chat.completions.stream(
        model=MODEL, messages=[{"role": "user", "content": FILL}], response_format=Invoice
    ) as stream:
        done = await stream.get_final_completion()
    assert done.choices[0].message.parsed == INVOICE
