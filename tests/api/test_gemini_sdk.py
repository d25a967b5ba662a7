"""Google's own client for Python gets what it asks for, on either version of the API."""

import enum
from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.genai import errors, types
from pydantic import BaseModel

from domain.attachments import Attachment
from domain.counts import Modality
from domain.errors import BlockReason, QuotaExhausted, Refused, UpstreamUnavailable
from domain.events import (
    Citation,
    Citations,
    Finished,
    FinishReason,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.requests import Text, ToolResult, Turn
from tests.api.gemini_harness import MODEL, google
from tests.api.scripted import STOP, Script, ScriptedDriver, saying

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c6364f8cf500f0003860180 5a347d6a0000000049454e44ae426082".replace(" ", "")
)


class City(BaseModel):
    name: str
    people: int


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"21 degrees in {city}"


async def texts(stream: AsyncIterator[types.GenerateContentResponse]) -> list[str]:
    return [chunk.text or "" async for chunk in stream]


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_generate(version: str) -> None:
    driver = ScriptedDriver()
    async with google(driver, version=version) as server:
        config = types.GenerateContentConfig(
            system_instruction="Be brief.",
            temperature=0.5,
            top_p=0.9,
            max_output_tokens=9,
            stop_sequences=["x"],
        )
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="hi", config=config)
    assert answer.text == "Hello"
    assert answer.candidates
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    assert answer.usage_metadata
    assert answer.usage_metadata.total_token_count == 5
    assert (answer.model_version, bool(answer.response_id)) == (MODEL, True)
    [request] = driver.requests
    assert (request.system, request.sampling.temperature, request.sampling.stop) == ("Be brief.", 0.5, ("x",))


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_stream(version: str) -> None:
    async with google(ScriptedDriver(), version=version) as server:
        stream = await server.sdk.aio.models.generate_content_stream(model=MODEL, contents="hi")
        assert await texts(stream) == ["Hel", "lo", ""]


async def test_stream_with_pauses() -> None:
    driver = ScriptedDriver(Script((0.1, TextDelta("a"), 0.1, TextDelta("b"), STOP)))
    async with google(driver, keep_alive=0.01) as server:
        stream = await server.sdk.aio.models.generate_content_stream(model=MODEL, contents="hi")
        assert await texts(stream) == ["a", "b", ""]


async def test_chat_remembers_what_was_streamed() -> None:
    driver = ScriptedDriver()
    async with google(driver) as server:
        chat = server.sdk.aio.chats.create(model=MODEL)
        assert "".join(await texts(await chat.send_message_stream("one"))) == "Hello"
        await chat.send_message("two")
        await chat.send_message("three")
    assert driver.requests[-1].turns == (
        Turn.of("user", "one"),
        Turn.of("model", "Hello"),
        Turn.of("user", "two"),
        Turn.of("model", "Hello"),
        Turn.of("user", "three"),
    )


async def test_functions_are_called_by_the_client_itself() -> None:
    call = ToolCall("get_weather", {"city": "Paris"}, "call-1", "c2ln")
    driver = ScriptedDriver(saying("", call), saying("It is warm."))
    async with google(driver) as server:
        config = types.GenerateContentConfig(tools=[get_weather])
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?", config=config)
    assert answer.text == "It is warm."
    [function] = driver.requests[0].functions
    assert function.name == "get_weather"
    assert function.schema is not None
    assert function.schema["properties"]["city"]["type"] == "string"
    *_, made, result = driver.requests[1].turns
    assert made.parts == (call,)
    assert result.parts == (ToolResult("get_weather", "call-1", '{"result": "21 degrees in Paris"}'),)


async def test_declared_functions_in_a_stream() -> None:
    driver = ScriptedDriver(saying("Wait.", ToolCall("f", {"a": [1]}, "id-1")))
    declared = types.FunctionDeclaration(
        name="f",
        parameters=types.Schema(
            type=types.Type.OBJECT,
            properties={
                "a": types.Schema(type=types.Type.ARRAY, items=types.Schema(type=types.Type.INTEGER))
            },
        ),
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declared])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY)
        ),
    )
    async with google(driver) as server:
        stream = await server.sdk.aio.models.generate_content_stream(model=MODEL, contents="?", config=config)
        calls = [call async for chunk in stream for call in chunk.function_calls or []]
    assert [(call.id, call.name, call.args) for call in calls] == [("id-1", "f", {"a": [1]})]


async def test_json_answer_is_parsed() -> None:
    driver = ScriptedDriver(saying('{"name": "Paris", "people": 2}'))
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=City)
    async with google(driver) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?", config=config)
    assert answer.parsed == City(name="Paris", people=2)
    output = driver.requests[0].output
    assert output is not None
    assert output.site_schema is not None
    assert output.site_schema["properties"]["people"] == {"type": "integer"}


async def test_json_answer_by_json_schema() -> None:
    driver = ScriptedDriver(saying('{"name": "Paris", "people": 2}'))
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=City.model_json_schema()
    )
    async with google(driver) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?", config=config)
    assert answer.parsed == {"name": "Paris", "people": 2}


async def test_enum_answer_is_parsed() -> None:
    config = types.GenerateContentConfig(response_mime_type="text/x.enum", response_schema=Mood)
    async with google(ScriptedDriver(saying('"good"'))) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?", config=config)
    assert (answer.text, answer.parsed) == ("good", Mood.GOOD)


async def test_thoughts_on_demand() -> None:
    driver = ScriptedDriver(Script((ThoughtDelta("hm"), TextDelta("a"), Usage(1, 1, 5, 0, 7), STOP)))
    config = types.GenerateContentConfig(thinking_config=types.ThinkingConfig(include_thoughts=True))
    async with google(driver) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?", config=config)
    assert answer.parts
    assert [(part.text, bool(part.thought)) for part in answer.parts] == [("hm", True), ("a", False)]
    assert answer.usage_metadata
    assert answer.usage_metadata.thoughts_token_count == 5


async def test_inline_image_in_the_clients_own_base64() -> None:
    driver = ScriptedDriver()
    contents: list[Any] = ["what?", types.Part.from_bytes(data=PNG, mime_type="image/png")]
    async with google(driver) as server:
        await server.sdk.aio.models.generate_content(model=MODEL, contents=contents)
    [turn] = driver.requests[0].turns
    text, picture = turn.parts
    assert text == Text("what?")
    assert isinstance(picture, Attachment)
    assert picture.mime_type == "image/png"


async def test_count_tokens() -> None:
    async with google(ScriptedDriver()) as server:
        counted = await server.sdk.aio.models.count_tokens(model=MODEL, contents="abcdefgh")
    assert counted.total_tokens == 2


@pytest.mark.parametrize("version", ["v1beta", "v1"])
async def test_models(version: str) -> None:
    async with google(ScriptedDriver(), version=version) as server:
        pager = await server.sdk.aio.models.list(config={"page_size": 1})
        names = [model.name async for model in pager]
        one = await server.sdk.aio.models.get(model=MODEL)
    assert names == ["models/gemini-2.5-flash", "models/gemini-2.5-pro"]
    assert (one.display_name, one.input_token_limit) == ("Gemini 2.5 Flash", 1_048_576)


async def test_blocked_prompt_is_told_as_such() -> None:
    refused = Script((Refused("No.", reason=BlockReason.PROHIBITED_CONTENT),))
    async with google(ScriptedDriver(refused, refused)) as server:
        models = server.sdk.aio.models
        answer = await models.generate_content(model=MODEL, contents="?")
        [chunk] = [part async for part in await models.generate_content_stream(model=MODEL, contents="?")]
    for told in (answer, chunk):
        assert told.prompt_feedback
        assert told.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT
        assert told.prompt_feedback.block_reason_message == "No."
        assert told.text is None


async def test_citations_are_told_whole_and_streamed() -> None:
    cited = Citations((Citation("https://a", "A", "mit", 0, 1), Citation("https://b", end=1)))
    async with google(ScriptedDriver(saying("a", cited), saying("a", cited))) as server:
        models = server.sdk.aio.models
        answer = await models.generate_content(model=MODEL, contents="?")
        chunks = [part async for part in await models.generate_content_stream(model=MODEL, contents="?")]
    for told in (answer, chunks[-1]):
        assert told.candidates
        assert told.candidates[0].citation_metadata == types.CitationMetadata(
            citations=[
                types.Citation(uri="https://a", title="A", license="mit", start_index=0, end_index=1),
                types.Citation(uri="https://b", end_index=1),
            ]
        )


async def test_counts_are_told_by_kind() -> None:
    usage = Usage(
        prompt=9,
        answer=5,
        total=20,
        tools=6,
        prompt_kinds=((Modality.TEXT, 1), (Modality.IMAGE, 8)),
        answer_kinds=((Modality.TEXT, 5),),
    )
    async with google(ScriptedDriver(saying("a", usage=usage))) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?")
    told = answer.usage_metadata
    assert told
    assert told.tool_use_prompt_token_count == 6
    text, image = types.MediaModality.TEXT, types.MediaModality.IMAGE
    counts = [(kind.modality, kind.token_count) for kind in told.prompt_tokens_details or []]
    assert counts == [(text, 1), (image, 8)]
    assert [kind.modality for kind in told.candidates_tokens_details or []] == [text]


async def test_filtered_answer_has_its_reason() -> None:
    async with google(ScriptedDriver(Script((Finished(FinishReason.SAFETY),)))) as server:
        answer = await server.sdk.aio.models.generate_content(model=MODEL, contents="?")
    assert answer.candidates
    assert answer.candidates[0].finish_reason is types.FinishReason.SAFETY


async def test_errors_have_their_classes() -> None:
    driver = ScriptedDriver(
        Script((QuotaExhausted("Used up."),)), Script((TextDelta("a"), UpstreamUnavailable("Overloaded.")))
    )
    async with google(driver) as server:
        models = server.sdk.aio.models
        with pytest.raises(errors.ClientError) as exhausted:
            await models.generate_content(model=MODEL, contents="?")
        stream = await models.generate_content_stream(model=MODEL, contents="?")
        with pytest.raises(errors.ServerError) as overloaded:
            await texts(stream)
        with pytest.raises(errors.ClientError) as unknown:
            await models.generate_content(model="no-such", contents="?")
        with pytest.raises(errors.ServerError) as missing:
            await models.embed_content(model="gemini-embedding-001", contents="?")
    assert (exhausted.value.code, exhausted.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert (overloaded.value.code, overloaded.value.status) == (503, "UNAVAILABLE")
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    assert (missing.value.code, missing.value.status) == (501, "UNIMPLEMENTED")
    assert "EMBEDDINGS_API_KEY" in str(missing.value.message)
