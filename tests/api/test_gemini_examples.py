"""Requests as guides of this API's users write them, word for word but for host and key."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.attachments import Attachment
from domain.events import Media
from domain.models import ModelCard
from domain.requests import PictureFormat, Tool
from tests.api.gemini_harness import google_http
from tests.api.scripted import MODELS, ScriptedDriver, saying
from tests.api.test_gemini_embeddings import endpoint

KEY = "sk-476939672"
BASE = "/antigravity"
BEARER = {"Authorization": f"Bearer {KEY}"}
GOOGLE_KEY = {"X-Goog-Api-Key": f"Bearer {KEY}"}
CARDS = (
    ModelCard("gemini-2.0-flash-exp", "Gemini 2.0 Flash", methods=("generateContent",), output_limit=8192),
    ModelCard("gemini-3-pro", "Gemini 3 Pro", methods=("generateContent",)),
    ModelCard(
        "gemini-3-pro-image",
        "Nano Banana Pro",
        methods=("generateContent",),
        makes_pictures=True,
        picture_sizes=True,
    ),
    *MODELS,
)
NATIVE = "/v1beta/models/gemini-2.0-flash-exp"
PRO = f"{BASE}/v1beta/models/gemini-3-pro-low"
PICTURES = f"{BASE}/v1beta/models/gemini-3-pro-image/generateContent"
JPEG = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    "EBAQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)


@pytest.fixture
def driver() -> ScriptedDriver:
    driver = ScriptedDriver(saying("你好！我是..."))
    driver.cards = CARDS
    return driver


@pytest_asyncio.fixture
async def client(driver: ScriptedDriver, tmp_path: Any) -> AsyncIterator[httpx.AsyncClient]:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"{KEY}\n", encoding="utf-8")
    async with google_http(driver, base_path=BASE, key_file=keys) as client:
        yield client


@pytest_asyncio.fixture
async def keyless(driver: ScriptedDriver) -> AsyncIterator[httpx.AsyncClient]:
    async with google_http(driver) as client:
        yield client


async def test_native_chat(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "你好"}]}]}
    reply = await client.post(f"{NATIVE}:generateContent?key={KEY}", json=body)
    assert reply.json()["candidates"][0]["content"] == {
        "parts": [{"text": "你好！我是..."}],
        "role": "model",
    }
    assert driver.requests[0].turns[0].text == "你好"


async def test_native_chat_with_every_parameter(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "你好"}]}],
        "generationConfig": {"temperature": 0.7, "topP": 0.95, "topK": 40, "maxOutputTokens": 2000},
        "systemInstruction": {"role": "system", "parts": [{"text": "你是一个助手"}]},
    }
    reply = await client.post(f"{NATIVE}:generateContent?key={KEY}", json=body)
    assert reply.json()["candidates"][0]["finishReason"] == "STOP"
    assert reply.headers["x-gateway-ignored-params"] == "generationConfig.topK"
    [request] = driver.requests
    assert (request.system, request.sampling.max_output_tokens) == ("你是一个助手", 2000)


async def test_native_stream(client: httpx.AsyncClient) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "写一首诗"}]}]}
    reply = await client.post(f"{NATIVE}:streamGenerateContent?key={KEY}", json=body)
    assert json.loads(reply.text)[0]["candidates"][0]["content"]["parts"][0]["text"] == "你好！我是..."


async def test_file_is_uploaded_used_and_removed(keyless: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    started = await keyless.post(
        "/upload/v1beta/files", content=json.dumps({"file": {"displayName": "a.txt"}})
    )
    uploaded = await keyless.post(
        started.headers["X-Goog-Upload-URL"],
        headers={"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"},
        content=b"The content of the file.",
    )
    file = uploaded.json()["file"]
    listed = (await keyless.get("/v1beta/files?pageSize=10")).json()["files"]
    described = (await keyless.get(f"/v1beta/{file['name']}")).json()
    uri = f"https://generativelanguage.googleapis.com/v1beta/{file['name']}"
    parts = [{"fileData": {"mimeType": "text/plain", "fileUri": uri}}, {"text": "请描述这张图片"}]
    chat = await keyless.post(
        f"{NATIVE}:generateContent?key={KEY}", json={"contents": [{"role": "user", "parts": parts}]}
    )
    removed = await keyless.delete(f"/v1beta/{file['name']}")
    assert [entry["name"] for entry in listed] == [file["name"]]
    assert (described["state"], described["sizeBytes"]) == ("ACTIVE", "24")
    assert chat.status_code == 200, chat.text
    assert isinstance(driver.requests[0].turns[0].parts[0], Attachment)
    assert removed.json() == {"success": True, "message": "File deleted successfully"}


async def test_file_that_is_not_there_is_named(client: httpx.AsyncClient) -> None:
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc123"
    parts = [{"fileData": {"mimeType": "image/jpeg", "fileUri": uri}}, {"text": "请描述这张图片"}]
    reply = await client.post(
        f"{NATIVE}:generateContent?key={KEY}", json={"contents": [{"role": "user", "parts": parts}]}
    )
    assert (reply.status_code, reply.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert "abc123" in reply.json()["error"]["message"]


async def test_openai_chat_with_every_parameter(client: httpx.AsyncClient) -> None:
    body = {
        "model": "gemini-2.0-flash-exp",
        "messages": [{"role": "system", "content": "你是一个助手"}, {"role": "user", "content": "你好"}],
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 2000,
        "stream": False,
        "functions": [],
        "function_call": "auto",
    }
    reply = await client.post("/v1/chat/completions", json=body, headers=BEARER)
    assert reply.json()["choices"][0]["message"]["content"] == "你好！我是..."


async def test_openai_models(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v1/models", headers=BEARER)
    assert reply.json()["data"][0]["id"] == "gemini-2.0-flash-exp"


async def test_openai_embeddings() -> None:
    async with endpoint() as there, google_http(rules=there.rules) as client:
        body = {"model": "text-embedding-004", "input": "这是一段文本"}
        reply = await client.post("/v1/embeddings", json=body, headers=BEARER)
    assert reply.json()["data"][0] == {"object": "embedding", "index": 0, "embedding": [6.0, 0.5]}
    assert reply.json()["usage"]["prompt_tokens"] == 5


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
async def test_slash_form(client: httpx.AsyncClient, driver: ScriptedDriver, method: str) -> None:
    body = {"contents": [{"parts": [{"text": "你是什么模型?"}]}]}
    reply = await client.post(f"{PRO}/{method}", json=body, headers=GOOGLE_KEY)
    assert reply.status_code == 200, reply.text
    answer = reply.json()[0] if method.startswith("stream") else reply.json()
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == "你好！我是..."
    assert driver.requests[0].model == "gemini-3-pro"


@pytest.mark.parametrize(
    "parts",
    [
        [{"text": "画小猫"}],
        [{"text": "换一个风格"}, {"inline_data": {"mime_type": "image/jpeg", "data": JPEG}}],
    ],
)
async def test_picture_of_a_ratio_and_a_size(
    client: httpx.AsyncClient, driver: ScriptedDriver, parts: Any
) -> None:
    driver.scripts[0] = saying("", Media("image/png", "QUJD"))
    body = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": {
            "responseModalities": ["TEXT", "IMAGE"],
            "imageConfig": {"aspectRatio": "1:1", "imageSize": "4K"},
        },
    }
    reply = await client.post(PICTURES, json=body, headers=GOOGLE_KEY)
    assert reply.json()["candidates"][0]["content"]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "QUJD"}}
    ]
    [request] = driver.requests
    assert request.pictures == PictureFormat("1:1", "4K")
    assert [isinstance(part, Attachment) for part in request.turns[0].parts] == [False, True][: len(parts)]


async def test_chat_below_the_prefix(client: httpx.AsyncClient) -> None:
    body = {
        "messages": [{"role": "user", "content": "你是什么模型"}],
        "model": "gemini-3-pro-low",
        "stream": True,
    }
    reply = await client.post(f"{BASE}/v1/chat/completions", json=body, headers=BEARER)
    assert reply.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("question", ["图片里面有什么内容", "音频里面讲了什么", "视频里面讲了什么"])
async def test_file_as_image_url_below_the_prefix(
    client: httpx.AsyncClient, driver: ScriptedDriver, question: str
) -> None:
    content = [
        {"type": "text", "text": question},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{JPEG}"}},
    ]
    body = {
        "messages": [{"role": "user", "content": content}],
        "model": "gemini-3-pro-low",
        "stream": True,
    }
    reply = await client.post(f"{BASE}/v1/chat/completions", json=body, headers={"Authorization": KEY})
    assert reply.text.endswith("data: [DONE]\n\n"), reply.text
    assert isinstance(driver.requests[0].turns[0].parts[1], Attachment)


async def test_functions_below_the_prefix(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    parameters = {
        "type": "object",
        "properties": {
            "location": {
                "type": "string",
                "description": "The city and state, e.g. San Francisco, CA",
            },
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["location"],
    }
    function = {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": parameters,
    }
    body = {
        "messages": [{"role": "user", "content": "What is the weather like in Boston today?"}],
        "tools": [{"type": "function", "function": function}],
        "model": "gemini-3-pro-low",
        "stream": True,
    }
    reply = await client.post(f"{BASE}/v1/chat/completions", json=body, headers={"Authorization": KEY})
    assert reply.status_code == 200
    assert driver.requests[0].functions[0].schema == parameters


async def test_code_execution_below_the_prefix(client: httpx.AsyncClient, driver: ScriptedDriver) -> None:
    question = (
        "What is the sum of the first 50 prime numbers? Generate and run code for the calculation, "
        "and make sure you get all 50."
    )
    body = {
        "messages": [{"role": "user", "content": question}],
        "tools": [{"type": "function", "function": {"name": "codeExecution"}}],
        "model": "gemini-3-pro-low",
        "stream": True,
    }
    reply = await client.post(f"{BASE}/v1/chat/completions", json=body, headers=BEARER)
    assert reply.status_code == 200
    assert driver.requests[0].tools == {Tool.CODE_EXECUTION}
