"""langchain-google-genai against a whole gateway."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings, Modality
from langchain_google_genai.chat_models import ChatGoogleGenerativeAIError
from pydantic import SecretStr

from simulator.model import media
from tests.api.gemini_harness import google_app, listening
from tests.api.scripted import ScriptedDriver
from tests.api.test_gemini_embeddings import endpoint
from tests.clients.promises import (
    CALL_TWO,
    FILL,
    INVOICE,
    MODEL,
    PAINTER,
    Invoice,
    assert_round_trip,
    assert_schema_arrived,
    weather_in,
)
from tests.gateway import RunningGateway
from tests.site import SiteControl

# Google's library inherits from a class of aiohttp that does not like it.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
PNG = base64.b64encode(media.png()).decode()


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return weather_in(city)


def client(gateway: RunningGateway, model: str = MODEL, **options: Any) -> ChatGoogleGenerativeAI:
    return ChatGoogleGenerativeAI(
        model=model, google_api_key=SecretStr("unused"), base_url=gateway.address, max_retries=1, **options
    )


@pytest_asyncio.fixture
async def model(gateway: RunningGateway) -> AsyncIterator[ChatGoogleGenerativeAI]:
    chat = client(gateway)
    yield chat
    await closed(chat)


async def closed(chat: ChatGoogleGenerativeAI) -> None:
    assert chat.client is not None
    await chat.client.aio.aclose()
    chat.client.close()


async def test_chat_with_a_system_instruction(model: ChatGoogleGenerativeAI, control: SiteControl) -> None:
    answer = await model.ainvoke([SystemMessage("Be brief."), HumanMessage("/echo hello")])
    assert answer.text == "hello"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] > 0
    assert (await control.requests())[-1]["report"]["system"] == "Be brief."


async def test_stream(model: ChatGoogleGenerativeAI) -> None:
    pieces = [piece.text async for piece in model.astream("/chunks n=10")]
    assert "chunk 0010" in "".join(pieces)
    assert sum(1 for piece in pieces if piece) > 3


async def test_conversation(model: ChatGoogleGenerativeAI, control: SiteControl) -> None:
    first = HumanMessage("/echo first")
    said = await model.ainvoke([first])
    assert (await model.ainvoke([first, said, HumanMessage("/echo second")])).text == "second"
    assert "first" in str((await control.requests())[-1]["report"]["contents"])


async def test_parallel_tools_and_their_answers(model: ChatGoogleGenerativeAI, control: SiteControl) -> None:
    caller = model.bind_tools([get_weather])
    question = HumanMessage(CALL_TWO)
    asked = await caller.ainvoke([question])
    assert isinstance(asked, AIMessage)
    assert [call["args"] for call in asked.tool_calls] == [{"city": "Paris"}, {"city": "Rome"}]
    results = [
        ToolMessage(await get_weather.ainvoke(call["args"]), tool_call_id=call["id"])
        for call in asked.tool_calls
    ]
    assert (await caller.ainvoke([question, asked, *results])).text
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(model: ChatGoogleGenerativeAI, control: SiteControl) -> None:
    parser = model.with_structured_output(Invoice, method="json_schema")
    assert await parser.ainvoke(FILL) == INVOICE
    await assert_schema_arrived(control)


async def test_inline_image(model: ChatGoogleGenerativeAI, control: SiteControl) -> None:
    picture = {"type": "image", "base64": PNG, "mime_type": "image/png"}
    assert (
        await model.ainvoke([HumanMessage([{"type": "text", "text": "/echo seen"}, picture])])
    ).text == "seen"
    [file] = (await control.requests())[-1]["report"]["attachments"]
    assert (file["mime"], file["size"]) == ("image/png", len(media.png()))


async def test_thoughts(gateway: RunningGateway) -> None:
    chat = client(gateway, include_thoughts=True)
    answer = await chat.ainvoke("/think deep | done")
    assert answer.text == "done"
    assert "deep" in str(answer.content)
    await closed(chat)


async def test_a_picture_of_a_ratio(gateway: RunningGateway, control: SiteControl) -> None:
    chat = client(gateway, PAINTER, response_modalities=[Modality.TEXT, Modality.IMAGE])
    answer = await chat.ainvoke("a cat", image_config={"aspect_ratio": "16:9"})
    assert PNG in str(answer.content)
    assert (await control.requests())[-1]["report"]["image"] == ["16:9", "1K"]
    await closed(chat)


async def test_token_count(model: ChatGoogleGenerativeAI) -> None:
    assert await asyncio.to_thread(model.get_num_tokens, "hello there") > 0


async def test_errors_are_told(gateway: RunningGateway, model: ChatGoogleGenerativeAI) -> None:
    unknown = client(gateway, "gemini-99")
    with pytest.raises(ChatGoogleGenerativeAIError, match="gemini-99"):
        await unknown.ainvoke("hi")
    await closed(unknown)
    with pytest.raises(ChatGoogleGenerativeAIError, match="RESOURCE_EXHAUSTED"):
        await model.ainvoke("/fail 429")


async def test_embeddings() -> None:
    async with (
        endpoint() as there,
        google_app(ScriptedDriver(), there.rules) as app,
        listening(app) as address,
    ):
        embedder = GoogleGenerativeAIEmbeddings(
            model="models/gemini-embedding-001", api_key=SecretStr("unused"), base_url=address
        )
        assert len(await embedder.aembed_documents(["one", "three"])) == 2
        await embedder.client.aio.aclose()
        embedder.client.close()
