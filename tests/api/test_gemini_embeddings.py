"""Embeddings in both protocols, from a local endpoint that speaks the published one."""

import base64
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from openai import AsyncOpenAI

from api.embeddings.service import EmbeddingRules
from tests.api.gemini_harness import google, google_http, listening
from tests.api.scripted import ScriptedDriver

MODEL = "gemini-embedding-001"
URL = "/v1/embeddings"
KEY = "the-users-own-key"


@dataclass
class Endpoint:
    """What was asked of it, and what it answers; a text's vector is its length and 0.5."""

    address: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    failure: tuple[int, str] | None = None
    counts: bool = False
    silent: bool = False

    @property
    def rules(self) -> EmbeddingRules:
        return EmbeddingRules(KEY, self.address)

    def answer(self, path: str, document: dict[str, Any], key: str | None) -> JSONResponse:
        self.asked.append({"path": path, **document})
        self.keys.append(key)
        if self.failure is not None:
            code, message = self.failure
            return JSONResponse({"error": {"code": code, "message": message, "status": "X"}}, code)
        vectors = [{"values": [len(_text(one)), 0.5]} for one in document["requests"]]
        usage = {"usageMetadata": {"promptTokenCount": 7}} if self.counts else {}
        return JSONResponse({"embeddings": [] if self.silent else vectors, **usage})


def _text(request: dict[str, Any]) -> str:
    return "".join(part["text"] for part in request["content"]["parts"])


@asynccontextmanager
async def endpoint(**changes: Any) -> AsyncIterator[Endpoint]:
    there = Endpoint(**changes)
    app = FastAPI()

    @app.post("/{path:path}")
    async def batch(request: Request, path: str) -> JSONResponse:
        return there.answer(path, json.loads(await request.body()), request.headers.get("x-goog-api-key"))

    async with listening(app) as address:
        there.address = address
        yield there


@asynccontextmanager
async def embedding(**changes: Any) -> AsyncIterator[tuple[Endpoint, httpx.AsyncClient]]:
    async with endpoint(**changes) as there, google_http(rules=there.rules) as client:
        yield there, client


async def test_openais_form() -> None:
    async with embedding() as (there, client):
        reply = await client.post(URL, json={"model": "text-embedding-004", "input": ["abcdefgh", "x"]})
    assert reply.json() == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [8.0, 0.5]},
            {"object": "embedding", "index": 1, "embedding": [1.0, 0.5]},
        ],
        "model": "text-embedding-004",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }
    assert reply.headers["x-gateway-estimated"] == "true"
    assert there.asked[0]["path"] == "v1beta/models/text-embedding-004:batchEmbedContents"
    assert there.keys == [KEY]


async def test_endpoints_own_count_is_told() -> None:
    async with embedding(counts=True) as (_, client):
        reply = await client.post(URL, json={"model": MODEL, "input": "x"})
    assert reply.json()["usage"]["total_tokens"] == 7
    assert "x-gateway-estimated" not in reply.headers


async def test_dimensions_and_packed_vectors() -> None:
    async with embedding() as (there, client):
        body = {"model": MODEL, "input": "abc", "dimensions": 2, "encoding_format": "base64", "user": "u"}
        reply = await client.post(URL, json=body)
    packed = base64.b64decode(reply.json()["data"][0]["embedding"])
    assert struct.unpack("<2f", packed) == (3.0, 0.5)
    assert there.asked[0]["requests"][0]["outputDimensionality"] == 2
    assert reply.headers["x-gateway-ignored-params"] == "user"


async def test_many_texts_go_in_several_requests() -> None:
    async with embedding() as (there, client):
        reply = await client.post(URL, json={"model": MODEL, "input": ["x"] * 101})
    assert [len(asked["requests"]) for asked in there.asked] == [100, 1]
    assert len(reply.json()["data"]) == 101


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": MODEL}, "input"),
        ({"input": "x"}, "model"),
        ({"model": MODEL, "input": [1, 2]}, "input[0]"),
        ({"model": MODEL, "input": [[1, 2]]}, "input[0]"),
        ({"model": MODEL, "input": []}, "input"),
        ({"model": MODEL, "input": ""}, "input"),
        ({"model": MODEL, "input": ["x", ""]}, "input[1]"),
        ({"model": MODEL, "input": "x", "dimensions": 0}, "dimensions"),
        ({"model": MODEL, "input": "x", "encoding_format": "int8"}, "encoding_format"),
        ({"model": MODEL, "input": "x", "task": "y"}, "task"),
        ({"model": MODEL, "input": ["x"] * 2049}, "input"),
    ],
)
async def test_refusals_name_the_field(body: Any, param: str) -> None:
    async with google_http(rules=EmbeddingRules(KEY, "http://127.0.0.1:9")) as client:
        reply = await client.post(URL, json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


async def test_without_a_key_it_says_what_to_set() -> None:
    async with google_http() as client:
        openai = await client.post(URL, json={"model": MODEL, "input": "x"})
        native = await client.post(f"/v1beta/models/{MODEL}:embedContent", json={"content": "x"})
    assert (openai.status_code, openai.json()["error"]["code"]) == (501, "not_configured")
    assert (native.status_code, native.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
    for reply in (openai, native):
        assert "EMBEDDINGS_API_KEY" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        ((400, "Too long."), 400, "invalid_request"),
        ((400, "API key not valid."), 502, "upstream_permission_denied"),
        ((403, "No."), 502, "upstream_permission_denied"),
        ((404, "No such model."), 404, "model_not_found"),
        ((429, "Slower."), 429, "rate_limit_exceeded"),
        ((418, "A teapot."), 502, "upstream_error"),
        ((500, "Broken."), 503, "upstream_unavailable"),
    ],
)
async def test_failures_of_the_endpoint(failure: tuple[int, str], status: int, code: str) -> None:
    async with embedding(failure=failure) as (_, client):
        reply = await client.post(URL, json={"model": MODEL, "input": "x"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert KEY not in reply.text


async def test_endpoint_that_is_not_there_is_unavailable() -> None:
    async with google_http(rules=EmbeddingRules(KEY, "http://127.0.0.1:9")) as client:
        reply = await client.post(URL, json={"model": MODEL, "input": "x"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "upstream_unavailable")


async def test_endpoint_that_gives_too_little_is_at_fault() -> None:
    async with embedding(silent=True) as (_, client):
        reply = await client.post(URL, json={"model": MODEL, "input": "x"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_error")


async def test_googles_forms() -> None:
    one = {"content": {"parts": [{"text": "ab"}]}, "taskType": "RETRIEVAL_QUERY", "title": "t"}
    batch = {
        "requests": [{**one, "model": f"models/{MODEL}"}, {"content": "abc", "output_dimensionality": 2}]
    }
    async with embedding() as (there, client):
        single = await client.post(f"/v1beta/models/{MODEL}:embedContent", json=one)
        several = await client.post(f"/v1beta/models/{MODEL}:batchEmbedContents", json=batch)
    assert single.json()["embedding"] == {"values": [2.0, 0.5]}
    assert [entry["values"] for entry in several.json()["embeddings"]] == [[2.0, 0.5], [3.0, 0.5]]
    sent = there.asked[0]["requests"][0]
    assert (sent["taskType"], sent["title"]) == ("RETRIEVAL_QUERY", "t")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "content"),
        ({"content": {"parts": []}}, "content.parts"),
        ({"content": {"parts": [{"inlineData": {"data": ""}}]}}, "content.parts"),
        ({"content": "x", "model": "models/other"}, "model"),
        ({"content": "x", "outputDimensionality": 0}, "outputDimensionality"),
    ],
)
async def test_refusals_of_googles_form(document: Any, field: str) -> None:
    async with google_http() as client:
        reply = await client.post(f"/v1beta/models/{MODEL}:embedContent", json=document)
    [details] = reply.json()["error"]["details"]
    assert (reply.status_code, details["fieldViolations"][0]["field"]) == (400, field)


async def test_both_official_clients() -> None:
    async with endpoint() as there, google(ScriptedDriver(), rules=there.rules) as server:
        contents: list[Any] = ["ab", "abc"]
        found = await server.sdk.aio.models.embed_content(model=MODEL, contents=contents)
        async with AsyncOpenAI(base_url=f"{server.address}/v1", api_key="unused") as client:
            listed = await client.embeddings.create(model=MODEL, input=["ab", "abc"])
    assert [embedding.values for embedding in found.embeddings or []] == [[2.0, 0.5], [3.0, 0.5]]
    assert [embedding.embedding for embedding in listed.data] == [[2.0, 0.5], [3.0, 0.5]]
