"""Google's own Python client against a whole gateway."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google import genai
from google.genai import errors, types

from simulator.model import media
from tests.api.gemini_harness import google_client
from tests.clients.promises import (
    CALL_ONE,
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
from tests.e2e.attaching import picture
from tests.gateway import RunningGateway
from tests.site import SiteControl


def get_weather(city: str) -> str:
    """The weather in a city."""
    return weather_in(city)


@pytest_asyncio.fixture(params=["v1beta", "v1"])
async def sdk(gateway: RunningGateway, request: pytest.FixtureRequest) -> AsyncIterator[genai.Client]:
    async with google_client(gateway.address, request.param) as client:
        yield client


async def ask(sdk: genai.Client, text: str, **config: Any) -> types.GenerateContentResponse:
    return await sdk.aio.models.generate_content(
        model=MODEL, contents=text, config=types.GenerateContentConfig(**config)
    )


async def test_chat(sdk: genai.Client) -> None:
    answer = await ask(sdk, "/echo hello", system_instruction="Be brief.", temperature=0.5)
    assert answer.text == "hello"
    assert answer.usage_metadata
    assert (answer.usage_metadata.candidates_token_count or 0) > 0


async def test_stream(sdk: genai.Client) -> None:
    stream = await sdk.aio.models.generate_content_stream(model=MODEL, contents="/chunks n=10")
    pieces = [chunk.text or "" async for chunk in stream]
    assert "chunk 0010" in "".join(pieces)
    assert len(pieces) > 3


async def test_conversation(sdk: genai.Client, control: SiteControl) -> None:
    chat = sdk.aio.chats.create(model=MODEL)
    async for _ in await chat.send_message_stream("/echo first"):
        pass
    answer = await chat.send_message("/echo second")
    assert answer.text == "second"
    asked = [content["texts"] for content in (await control.requests())[-1]["report"]["contents"]]
    assert "first" in str(asked)


async def test_functions_are_called_by_the_client_itself(sdk: genai.Client, control: SiteControl) -> None:
    answer = await ask(sdk, CALL_TWO, tools=[get_weather])
    assert answer.text
    await assert_round_trip(control, "Paris", "Rome")


async def test_a_streamed_call(sdk: genai.Client) -> None:
    config = types.GenerateContentConfig(
        tools=[get_weather],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    stream = await sdk.aio.models.generate_content_stream(model=MODEL, contents=CALL_ONE, config=config)
    [call] = [call async for chunk in stream for call in chunk.function_calls or []]
    assert (call.name, call.args) == ("get_weather", {"city": "Paris"})


async def test_a_parsed_answer(sdk: genai.Client, control: SiteControl) -> None:
    answer = await ask(sdk, FILL, response_mime_type="application/json", response_schema=Invoice)
    assert answer.parsed == INVOICE
    await assert_schema_arrived(control)


async def test_thoughts(sdk: genai.Client) -> None:
    thinking = types.ThinkingConfig(include_thoughts=True)
    shown = await ask(sdk, "/think deep | done", thinking_config=thinking)
    hidden = await ask(sdk, "/think deep | done")
    assert [part.text for part in shown.parts or [] if part.thought] == ["deep"]
    assert not [part for part in hidden.parts or [] if part.thought]
    assert (shown.text, hidden.text) == ("done", "done")


async def test_citations_and_blocked_prompts(sdk: genai.Client) -> None:
    answer = await ask(sdk, "/cite said before")
    assert answer.candidates
    cited = answer.candidates[0].citation_metadata
    assert cited
    [citation] = cited.citations or []
    assert (citation.uri, citation.end_index) == ("https://example.com/said-before", len("said before"))
    blocked = await ask(sdk, "/fail blocked")
    assert blocked.prompt_feedback
    assert blocked.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT
    assert blocked.usage_metadata
    assert blocked.usage_metadata.prompt_token_count == 4


async def test_models_and_counts(sdk: genai.Client) -> None:
    names = [model.name async for model in await sdk.aio.models.list()]
    assert f"models/{MODEL}" in names
    counted = await sdk.aio.models.count_tokens(model=MODEL, contents="hello there")
    assert counted.total_tokens == 3


async def test_a_picture_is_counted_by_the_page(sdk: genai.Client) -> None:
    image = types.Part.from_bytes(data=picture("PNG"), mime_type="image/png")
    contents: list[Any] = [image, "/echo what?"]
    counted = await sdk.aio.models.count_tokens(model=MODEL, contents=contents)
    answer = await sdk.aio.models.generate_content(model=MODEL, contents=contents)
    assert answer.usage_metadata
    assert counted.total_tokens == answer.usage_metadata.prompt_token_count
    kinds = [detail.modality for detail in answer.usage_metadata.prompt_tokens_details or []]
    assert kinds == [types.MediaModality.TEXT, types.MediaModality.IMAGE]


async def test_ratings_of_the_site_are_told(sdk: genai.Client) -> None:
    answer = await ask(sdk, "/echo x")
    assert answer.candidates
    ratings = answer.candidates[0].safety_ratings or []
    assert types.HarmProbability.NEGLIGIBLE in {rating.probability for rating in ratings}


async def test_safety_and_resolution_reach_the_site(sdk: genai.Client, control: SiteControl) -> None:
    safety = types.SafetySetting(
        category=types.HarmCategory.HARM_CATEGORY_HARASSMENT, threshold=types.HarmBlockThreshold.BLOCK_NONE
    )
    await ask(
        sdk,
        "/echo x",
        safety_settings=[safety],
        media_resolution=types.MediaResolution.MEDIA_RESOLUTION_LOW,
    )
    report = (await control.requests())[-1]["report"]
    assert ([7, 4] in report["safety"], report["mediaResolution"]) == (True, 1)


async def test_a_refused_parameter_is_named(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as caught:
        await ask(sdk, "hi", temperature=3)
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert "generationConfig.temperature" in str(caught.value.message)


async def test_files_and_inline_images(sdk: genai.Client, control: SiteControl, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("What stands in the file.")
    file = await sdk.aio.files.upload(file=note)
    picture = types.Part.from_bytes(data=media.png(), mime_type="image/png")
    contents: list[types.PartUnion] = [file, picture, "/echo both"]
    answer = await sdk.aio.models.generate_content(model=MODEL, contents=contents)
    assert answer.text == "both"
    files = (await control.requests())[-1]["report"]["attachments"]
    assert sorted(one["mime"] for one in files) == ["image/png", "text/plain"]
    assert file.name
    await sdk.aio.files.delete(name=file.name)


async def test_a_picture_of_a_ratio_and_a_size(sdk: genai.Client, control: SiteControl) -> None:
    config = types.GenerateContentConfig(
        response_modalities=[types.Modality.IMAGE],
        image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"),
    )
    stream = await sdk.aio.models.generate_content_stream(model=PAINTER, contents="a cat", config=config)
    parts = [part async for chunk in stream for part in chunk.parts or []]
    assert [part.inline_data.data for part in parts if part.inline_data] == [media.png()]
    assert not any(part.text for part in parts)
    assert (await control.requests())[-1]["report"]["image"] == ["16:9", "2K"]


async def test_errors_have_their_classes(sdk: genai.Client) -> None:
    with pytest.raises(errors.ClientError) as unknown:
        await sdk.aio.models.generate_content(model="gemini-99", contents="hi")
    with pytest.raises(errors.ClientError) as quota:
        await ask(sdk, "/fail 429")
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    assert (quota.value.code, quota.value.status) == (429, "RESOURCE_EXHAUSTED")
    with pytest.raises(errors.ServerError):
        await ask(sdk, "/fail 503")


async def test_embeddings_without_an_endpoint_say_what_to_set(sdk: genai.Client) -> None:
    with pytest.raises(errors.ServerError, match="EMBEDDINGS_API_KEY") as caught:
        await sdk.aio.models.embed_content(model="gemini-embedding-001", contents="hi")
    assert caught.value.code == 501
