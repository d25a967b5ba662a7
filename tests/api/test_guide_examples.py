"""The rest of the requests that guides of this API's users show, word for word but for host and key."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from domain.events import Media, TextDelta, ToolCall
from domain.requests import PictureFormat
from tests.api.gemini_harness import google_http
from tests.api.scripted import STOP, Script, ScriptedDriver, saying
from tests.api.test_gemini_examples import BASE, BEARER, CARDS, KEY, NATIVE

PICTURE = Media("image/png", "QUJD")
URL = "data:image/png;base64,QUJD"
WEATHER = {
    "type": "object",
    "properties": {"location": {"type": "string", "description": "城市名称"}},
    "required": ["location"],
}


@pytest.fixture
def driver() -> ScriptedDriver:
    driver = ScriptedDriver(saying("你好！"))
    driver.cards = CARDS
    return driver


@pytest_asyncio.fixture
async def client(driver: ScriptedDriver, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"{KEY}\n", encoding="utf-8")
    async with google_http(driver, base_path=BASE, key_file=keys) as client:
        yield client


async def test_chat_read_as_the_guide_reads_a_stream(client: httpx.AsyncClient) -> None:
    body = {
        "model": "gemini-2.0-flash-exp",
        "messages": [{"role": "user", "content": "你好"}],
        "stream": True,
    }
    reply = await client.post("/v1/chat/completions", json=body, headers=BEARER)
    lines = [line[6:] for line in reply.text.split("\n") if line.startswith("data: ")]
    said = [json.loads(line)["choices"][0]["delta"].get("content", "") for line in lines[:-1]]
    assert ("".join(said), lines[-1]) == ("你好！", "[DONE]")


async def test_tools(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    call = ToolCall("get_weather", {"location": "北京"}, "call_1")
    driver.scripts[0] = Script((call, STOP))
    function = {"name": "get_weather", "description": "获取天气信息", "parameters": WEATHER}
    body = {
        "model": "gemini-2.0-flash-exp",
        "messages": [{"role": "user", "content": "北京天气怎么样"}],
        "tools": [{"type": "function", "function": function}],
    }
    reply = await client.post("/v1/chat/completions", json=body, headers=BEARER)
    [called] = reply.json()["choices"][0]["message"]["tool_calls"]
    assert json.loads(called["function"]["arguments"]) == {"location": "北京"}


async def test_native_stream_for_those_who_accept_events(client: httpx.AsyncClient) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "写一首诗"}]}]}
    headers = {"Accept": "text/event-stream"}
    reply = await client.post(f"{NATIVE}:streamGenerateContent?key={KEY}", json=body, headers=headers)
    assert reply.text.startswith("data: {")


async def test_upload_with_every_header(client: httpx.AsyncClient) -> None:
    start = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": "5",
        "X-Goog-Upload-Header-Content-Type": "text/plain",
    }
    document = {"file": {"displayName": "文件名"}}
    started = await client.post(f"/upload/v1beta/files?key={KEY}", json=document, headers=start)
    finish = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    uploaded = await client.post(started.headers["X-Goog-Upload-URL"], content=b"hello", headers=finish)
    listed = await client.get(f"/v1beta/files?key={KEY}&pageSize=10")
    [file] = listed.json()["files"]
    assert uploaded.json()["file"]["uri"] == file["uri"]
    assert (file["sizeBytes"], file["state"]) == ("5", "ACTIVE")


async def test_chat_with_an_image_model_has_a_markdown_picture(
    client: httpx.AsyncClient, driver: ScriptedDriver
) -> None:
    driver.scripts[0] = Script((TextDelta("一只猫"), PICTURE, STOP))
    messages = [{"role": "user", "content": "画一只可爱的猫"}]
    body = {"model": "gemini-3-pro-image", "messages": messages, "stream": False}
    reply = await client.post("/v1/chat/completions", json=body, headers=BEARER)
    assert reply.json()["choices"][0]["message"]["content"] == f"一只猫\n\n![image]({URL})"


async def test_a_mistyped_image_model_is_told_its_name(client: httpx.AsyncClient) -> None:
    body = {"model": "gemimi-3.0-pro-image", "messages": [{"role": "user", "content": "画一只可爱的猫"}]}
    reply = await client.post("/v1/chat/completions", json=body, headers=BEARER)
    assert reply.status_code == 404
    assert "gemini-3-pro-image" in reply.json()["error"]["message"]


async def test_image_parameters_of_the_chat_form(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    driver.scripts[0] = saying("", PICTURE)
    body = {
        "messages": [{"role": "user", "content": "画小猫"}],
        "model": "gemini-3-pro-image",
        "aspect_ratio": "1:1",
        "image_size": "4K",
    }
    reply = await client.post(f"{BASE}/v1/chat/completions", json=body, headers={"Authorization": KEY})
    assert URL in reply.json()["choices"][0]["message"]["content"]
    assert driver.requests[0].pictures == PictureFormat("1:1", "4K")


async def test_image_generation(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    driver.scripts[0] = saying("Here it is.", PICTURE)
    body = {"prompt": "一只可爱的猫咪", "n": 1, "size": "1024x1024"}
    reply = await client.post("/v1/images/generations", json=body, headers=BEARER)
    assert reply.json()["data"] == [{"url": URL}]
    [request] = driver.requests
    assert (request.model, request.pictures) == ("gemini-3-pro-image", PictureFormat("1:1"))
    assert request.turns[0].text == "一只可爱的猫咪"


async def test_several_images_of_a_size_packed(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    driver.scripts.clear()
    driver.scripts.extend([saying("", PICTURE), saying("", Media("image/jpeg", "REVG"))])
    body = {
        "model": "gemini-3-pro-image",
        "prompt": "a cat",
        "n": 2,
        "size": "4096x2304",
        "response_format": "b64_json",
        "quality": "hd",
    }
    reply = await client.post("/v1/images/generations", json=body, headers=BEARER)
    assert reply.json()["data"] == [{"b64_json": "QUJD"}, {"b64_json": "REVG"}]
    assert reply.headers["x-gateway-ignored-params"] == "quality"
    assert driver.requests[0].pictures == PictureFormat("16:9", "4K")


async def test_words_in_place_of_an_image_are_an_error(client: httpx.AsyncClient) -> None:
    reply = await client.post("/v1/images/generations", json={"prompt": "a cat"}, headers=BEARER)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (502, "empty_answer")
    assert "你好" in error["message"]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prompt": "a cat", "size": "77x1"}, 400, "size"),
        ({"prompt": "a cat", "model": "gemini-3-pro"}, 400, "model"),
        ({"prompt": "a cat", "model": "dall-e-3"}, 404, "model"),
        ({"prompt": "a cat", "stream": True}, 400, "stream"),
        ({"prompt": "a cat", "n": 11}, 400, "n"),
        ({"prompt": ""}, 400, "prompt"),
    ],
)
async def test_images_that_cannot_be_are_refused_by_name(
    client: httpx.AsyncClient, body: dict[str, object], status: int, param: str
) -> None:
    reply = await client.post("/v1/images/generations", json=body, headers=BEARER)
    assert (reply.status_code, reply.json()["error"]["param"]) == (status, param)


@pytest.mark.parametrize("base", ["", BASE])
async def test_speech_is_refused_with_what_to_use_instead(client: httpx.AsyncClient, base: str) -> None:
    body = {"model": "tts-1", "input": "你好，这是测试", "voice": "alloy", "speed": 1.0}
    reply = await client.post(f"{base}/v1/audio/speech", json=body, headers=BEARER)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (501, "not_offered")
    assert "/v1/chat/completions" in error["message"]
    assert reply.headers["x-should-retry"] == "false"
