"""Pictures in both protocols: who may ask for them, and how they come."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.attachments import Attachment
from domain.events import Event, Media, TextDelta
from domain.models import ModelCard
from domain.requests import PictureFormat
from tests.api.gemini_harness import MODEL, google_http, says
from tests.api.harness import CHAT, body
from tests.api.scripted import MODELS, STOP, Script, ScriptedDriver

PAINTER = "gemini-3-pro-image"
SKETCHER = "gemini-2.5-flash-image"
CARDS = (
    *MODELS,
    ModelCard(PAINTER, "Painter", methods=("generateContent",), makes_pictures=True, picture_sizes=True),
    ModelCard(SKETCHER, "Sketcher", methods=("generateContent",), makes_pictures=True),
)
DRAFT = Media("image/jpeg", "RA==", draft=True)
FIRST, SECOND = Media("image/png", "QUJD"), Media("image/jpeg", "REVG")
STEPS: tuple[Event, ...] = (DRAFT, TextDelta("One:"), FIRST, TextDelta("and two:"), SECOND, STOP)
FIRST_URL, SECOND_URL = "data:image/png;base64,QUJD", "data:image/jpeg;base64,REVG"
WRITTEN = f"One:\n\n![image]({FIRST_URL})\n\nand two:\n\n![image]({SECOND_URL})"


@pytest.fixture
def driver() -> ScriptedDriver:
    driver = ScriptedDriver(Script(STEPS))
    driver.cards = CARDS
    return driver


@pytest_asyncio.fixture
async def client(driver: ScriptedDriver) -> AsyncIterator[httpx.AsyncClient]:
    async with google_http(driver) as client:
        yield client


def native(model: str = PAINTER, method: str = "generateContent") -> str:
    return f"/v1beta/models/{model}:{method}"


def chunks_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.split("\n\n") if line.startswith("data: {")]


async def test_native_parts_come_in_order_and_drafts_only_with_the_thoughts(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    driver.scripts.append(Script(STEPS))
    kinds: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    thoughts: dict[str, Any] = {"thinkingConfig": {"includeThoughts": True}}
    first = {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}
    second = {"inlineData": {"mimeType": "image/jpeg", "data": "REVG"}}
    parts = [{"text": "One:"}, first, {"text": "and two:"}, second]
    reply = await client.post(native(), json=says(generationConfig=kinds))
    assert reply.json()["candidates"][0]["content"]["parts"] == parts
    reply = await client.post(native(), json=says(generationConfig=thoughts))
    draft = {"inlineData": {"mimeType": "image/jpeg", "data": "RA=="}, "thought": True}
    assert reply.json()["candidates"][0]["content"]["parts"] == [draft, *parts]


async def test_native_stream(client: httpx.AsyncClient) -> None:
    reply = await client.post(native(method="streamGenerateContent") + "?alt=sse", json=says())
    parts = [
        part
        for chunk in map(json.loads, reply.text.replace("data: ", "").split("\r\n\r\n")[:-1])
        for part in chunk["candidates"][0]["content"]["parts"]
    ]
    assert [next(iter(part)) for part in parts] == ["text", "inlineData", "text", "inlineData", "text"]


async def test_form_reaches_the_page_in_either_protocol(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    image: dict[str, Any] = {"image_config": {"aspect_ratio": "16:9", "image_size": "4k"}}
    await client.post(native(), json=says(generationConfig=image))
    await client.post(CHAT, json=body(model=PAINTER, aspect_ratio="16:9", image_size="4K"))
    await client.post(
        CHAT, json=body(model=PAINTER, image_config={"aspect_ratio": "16:9", "image_size": "4K"})
    )
    await client.post(CHAT, json=body(model=SKETCHER, image_size="1K"))
    forms = [request.pictures for request in driver.requests]
    assert forms == [*[PictureFormat("16:9", "4K")] * 3, PictureFormat()]


async def test_chat_has_pictures_as_markdown_in_their_places(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    driver.scripts.append(Script(STEPS))
    whole = (await client.post(CHAT, json=body(model=PAINTER))).json()["choices"][0]["message"]
    streamed = await client.post(CHAT, json=body(model=PAINTER, stream=True))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks_of(streamed.text)]
    assert whole["content"] == WRITTEN
    assert "images" not in whole
    assert "".join(delta.get("content", "") for delta in deltas) == WRITTEN


async def test_chat_that_asks_for_images_has_them_apart(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    driver.scripts.append(Script(STEPS))
    asked = body(model=PAINTER, modalities=["image", "text"])
    whole = (await client.post(CHAT, json=asked)).json()["choices"][0]["message"]
    streamed = await client.post(CHAT, json={**asked, "stream": True})
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks_of(streamed.text)]
    images = [
        {"type": "image_url", "image_url": {"url": url}, "index": at}
        for at, url in enumerate((FIRST_URL, SECOND_URL))
    ]
    assert (whole["content"], whole["images"]) == ("One:and two:", images)
    assert [image for delta in deltas for image in delta.get("images", [])] == images
    assert "".join(delta.get("content", "") for delta in deltas) == "One:and two:"


async def test_pictures_alone_leave_the_words_out(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    driver.scripts.append(Script(STEPS))
    kinds: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    parts = (await client.post(native(), json=says(generationConfig=kinds))).json()["candidates"][0][
        "content"
    ]["parts"]
    message = (await client.post(CHAT, json=body(model=PAINTER, modalities=["image"]))).json()["choices"][0]
    assert [next(iter(part)) for part in parts] == ["inlineData", "inlineData"]
    assert (message["message"]["content"], len(message["message"]["images"])) == ("", 2)


async def test_words_in_place_of_a_picture_are_told_as_the_reason(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    driver.scripts.clear()
    driver.scripts.append(Script((TextDelta("I cannot "), TextDelta("draw that."), STOP)))
    kinds: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    [candidate] = (await client.post(native(), json=says(generationConfig=kinds))).json()["candidates"]
    assert (candidate["finishReason"], candidate["finishMessage"]) == ("NO_IMAGE", "I cannot draw that.")
    assert "content" not in candidate


@pytest.mark.parametrize(
    ("document", "param"),
    [
        (body(modalities=["text", "image"]), "modalities"),
        (body(aspect_ratio="1:1"), "aspect_ratio"),
        (body(image_size="4K"), "image_size"),
        (body(model=PAINTER, modalities=["text"]), "modalities"),
        (body(modalities=["text", "audio"]), "modalities"),
        (body(model=SKETCHER, image_size="4K"), "image_size"),
    ],
)
async def test_what_a_model_does_not_make_is_refused_by_name(
    client: httpx.AsyncClient, document: dict[str, Any], param: str
) -> None:
    reply = await client.post(CHAT, json={"model": MODEL, **document})
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (400, "unsupported_parameter", param)


async def test_a_refusal_names_the_models_that_can(client: httpx.AsyncClient) -> None:
    kinds: dict[str, Any] = {"responseModalities": ["TEXT", "IMAGE"]}
    error = (await client.post(native(MODEL), json=says(generationConfig=kinds))).json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert f"{PAINTER}, {SKETCHER}" in error["message"]


async def test_a_picture_that_comes_back_with_the_conversation_is_a_file_again(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
    said = f"Here:\n\n![image](data:image/png;base64,{png})\n\nDo you like it?"
    messages = [
        {"role": "user", "content": "a cat"},
        {"role": "assistant", "content": said},
        {"role": "user", "content": f"greener, not ![image](data:image/png;base64,{png})"},
    ]
    reply = await client.post(CHAT, json={"model": PAINTER, "messages": messages})
    assert reply.status_code == 200, reply.text
    first, file, *words = driver.requests[0].turns[1].parts
    assert isinstance(file, Attachment)
    assert (file.mime_type, png in str(words), png in str(first)) == ("image/png", False, False)
    assert png in driver.requests[0].turns[2].text
