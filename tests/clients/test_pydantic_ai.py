"""pydantic-ai's agents against a whole gateway."""

import pytest
from openai import AsyncOpenAI
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

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
from tests.site import SiteControl


@pytest.fixture
def model(openai_client: AsyncOpenAI) -> OpenAIChatModel:
    return OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=openai_client))


async def test_chat(model: OpenAIChatModel) -> None:
    result = await Agent(model, instructions="Be brief.").run("/echo hello")
    assert result.output == "hello"


async def test_stream(model: OpenAIChatModel) -> None:
    async with Agent(model).run_stream("/chunks n=10") as run:
        pieces = [piece async for piece in run.stream_text(delta=True, debounce_by=None)]
    assert len(pieces) > 3
    assert "chunk 0010" in "".join(pieces)


async def test_an_agent_calls_its_tools_and_goes_on(model: OpenAIChatModel, control: SiteControl) -> None:
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """The weather in a city."""
        return weather_in(city)

    assert (await agent.run(CALL_TWO)).output
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(model: OpenAIChatModel, control: SiteControl) -> None:
    agent = Agent(model, output_type=NativeOutput(Invoice))
    assert (await agent.run(FILL)).output == INVOICE
    await assert_schema_arrived(control)


async def test_an_answer_by_a_tool_of_its_own(model: OpenAIChatModel) -> None:
    """How agents get typed answers by default: a function that has to be called."""
    agent = Agent(model, output_type=Invoice)
    call = f"/call final_result {INVOICE.model_dump_json()}"
    assert (await agent.run(call)).output == INVOICE
