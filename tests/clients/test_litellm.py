"""litellm against a whole gateway."""

from collections.abc import Awaitable, Callable
from typing import Any

import litellm
import pytest

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
from tests.gateway import RunningGateway
from tests.site import SiteControl

# The library's own models do not fit the fields that it puts into them, and it reads old ones.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Pydantic serializer warnings:UserWarning", "ignore::DeprecationWarning"
)
TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER_SCHEMA}}


Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(params=["openai", "gemini"])
def ask(gateway: RunningGateway, request: pytest.FixtureRequest) -> Ask:
    """The library with either of its providers whose protocol is spoken here."""
    version = {"openai": "v1", "gemini": "v1beta"}[request.param]

    async def asked(messages: list[Any], **options: Any) -> Any:
        return await litellm.acompletion(
            model=f"{request.param}/{MODEL}",
            messages=messages,
            api_base=f"{gateway.address}/{version}",
            api_key="unused",
            max_retries=0,
            **options,
        )

    return asked


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def test_chat(ask: Ask) -> None:
    done = await ask([user("/echo hello")])
    assert done.choices[0].message.content == "hello"
    assert done.usage.completion_tokens > 0


async def test_stream_with_its_usage(ask: Ask) -> None:
    stream = await ask([user("/chunks n=10")], stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    assert "chunk 0010" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].usage.completion_tokens > 9


async def test_no_character_of_a_stream_is_lost(ask: Ask) -> None:
    """The library splits streams at all of Unicode's line ends."""
    text = "a\x85b\u2028c\u2029d"
    stream = await ask([user(f"/echo {text}")], stream=True)
    assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) == text


async def test_parallel_tools_and_their_answers(ask: Ask, control: SiteControl) -> None:
    messages: list[Any] = [user(CALL_TWO)]
    asked = (await ask(messages, tools=[TOOL])).choices[0]
    assert asked.finish_reason == "tool_calls"
    messages.append(asked.message)
    messages += [
        {"role": "tool", "tool_call_id": call.id, "content": weather_in(city)}
        for call, city in zip(asked.message.tool_calls, ("Paris", "Rome"), strict=True)
    ]
    answer = (await ask(messages, tools=[TOOL])).choices[0]
    assert (answer.finish_reason, bool(answer.message.content)) == ("stop", True)
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(ask: Ask, control: SiteControl) -> None:
    done = await ask([user(FILL)], response_format=Invoice)
    assert Invoice.model_validate_json(done.choices[0].message.content) == INVOICE
    await assert_schema_arrived(control)
