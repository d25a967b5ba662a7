"""How many tokens a request has: the page's own count, or an estimate that says so."""

import asyncio
from dataclasses import replace

import httpx
import pytest

from domain.counts import Modality, TokenCount
from domain.errors import (
    ContextTooLong,
    DeadlinePassed,
    GatewayError,
    PageDrift,
    PermissionDenied,
    Unsupported,
    WireError,
)
from domain.requests import Sampling
from tests.api.gemini_harness import COUNT, MODEL, google, google_http, says
from tests.api.scripted import MODELS, ScriptedDriver


async def test_count_is_the_pages_own() -> None:
    driver = ScriptedDriver()
    kinds = ((Modality.TEXT, 40), (Modality.IMAGE, 2))
    driver.counts.extend([TokenCount(42, kinds), TokenCount(7)])
    tools = [{"functionDeclarations": [{"name": "f"}]}]
    whole = says("hi", systemInstruction="s", tools=tools, generationConfig={"maxOutputTokens": 5})
    async with google_http(driver) as client:
        first = await client.post(COUNT, json={"generateContentRequest": whole})
        second = await client.post(COUNT, json=says("hi"))
    assert first.json() == {
        "totalTokens": 42,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 40},
            {"modality": "IMAGE", "tokenCount": 2},
        ],
    }
    assert second.json() == {"totalTokens": 7}
    assert "x-gateway-estimated" not in first.headers
    asked = driver.counted[0].request
    assert (asked.model, asked.system, [f.name for f in asked.functions]) == (MODEL, "s", ["f"])
    assert asked.sampling == Sampling()
    assert driver.requests == []


async def test_count_receives_the_files_of_a_request() -> None:
    driver = ScriptedDriver()
    driver.counts.append(TokenCount(300))
    data = {"inlineData": {"mimeType": "text/plain", "data": "aGVsbG8="}}
    async with google_http(driver) as client:
        await client.post(COUNT, json={"contents": [{"parts": [data, {"text": "hi"}]}]})
    [(file, content)] = driver.counted[0].files
    assert (file.mime_type, content) == ("text/plain", b"hello")
    assert not file.path.exists()


@pytest.mark.parametrize(
    "failure",
    [
        PermissionDenied("The site does not count."),
        PageDrift("prompt"),
        WireError("No number."),
        DeadlinePassed("ready", 1),
        ContextTooLong("Too long."),
    ],
)
async def test_count_is_an_estimate_where_the_page_does_not_count(failure: GatewayError) -> None:
    driver = ScriptedDriver()
    driver.counts.append(failure)
    async with google_http(driver) as client:
        reply = await client.post(COUNT, json=says("abcdefgh"))
    assert (reply.json(), reply.headers["x-gateway-estimated"]) == ({"totalTokens": 2}, "true")
    assert reply.headers["x-gateway-warnings"] == failure.public_message


async def test_count_of_what_the_page_does_not_offer_is_refused() -> None:
    driver = ScriptedDriver()
    driver.counts.append(Unsupported("No such tool.", param="tools"))
    async with google_http(driver) as client:
        assert (await client.post(COUNT, json=says())).status_code == 400
        assert (await client.post(COUNT.replace(MODEL, "no-such"), json=says())).status_code == 404


async def test_a_text_that_is_far_too_long_is_not_put_on_the_page() -> None:
    driver = ScriptedDriver()
    driver.cards = (replace(MODELS[0], input_limit=2),)
    async with google_http(driver) as client:
        reply = await client.post(COUNT, json=says("a" * 40))
    assert (reply.json(), driver.counted) == ({"totalTokens": 10}, [])


async def test_caller_that_goes_ends_its_count() -> None:
    driver = ScriptedDriver()
    driver.counts.append(asyncio.Event())
    async with google(driver) as server:
        with pytest.raises(httpx.ReadTimeout):
            await server.http.post(COUNT, json=says(), timeout=0.2)
        async with asyncio.timeout(5):
            await driver.counted[0].left.wait()


async def test_count_is_an_estimate_and_says_so() -> None:
    async with google_http() as client:
        small = await client.post(COUNT, json=says("abcdefgh"))
        large = await client.post(
            COUNT, json={"generateContentRequest": says("abcdefgh", systemInstruction="abcd")}
        )
    assert (small.json(), large.json()) == ({"totalTokens": 2}, {"totalTokens": 3})
    assert small.headers["x-gateway-estimated"] == "true"


async def test_count_needs_no_page() -> None:
    closed = ScriptedDriver(openings=[asyncio.Event()])
    async with google_http(closed, opened=False) as client:
        assert (await client.post(COUNT, json=says())).status_code == 200
