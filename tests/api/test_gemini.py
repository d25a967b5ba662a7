"""The native routes: answers, streams, models and failures."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from domain.attachments import Attachment
from domain.errors import QuotaExhausted, Refused
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    Support,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.harms import HarmCategory, HarmProbability, Rating
from tests.api.gemini_harness import GENERATE, MODEL, STREAM, google, google_http, says
from tests.api.scripted import HELLO, MODELS, STOP, Script, ScriptedDriver, saying

KEY = {"X-Goog-Api-Key": "12345678"}
USAGE = {
    "promptTokenCount": 3,
    "candidatesTokenCount": 2,
    "totalTokenCount": 5,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 3}],
}


async def whole(*steps: Event, **fields: Any) -> dict[str, Any]:
    async with google_http(ScriptedDriver(Script((*steps, STOP)))) as client:
        response = await client.post(GENERATE, json=says(**fields))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def events_of(text: str) -> list[dict[str, Any]]:
    """The events of a stream, which is nothing else."""
    blocks = text.split("\r\n\r\n")
    assert blocks.pop() == ""
    assert all(block.startswith("data: ") for block in blocks)
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


async def test_answer_has_googles_shape() -> None:
    async with google_http() as client:
        response = await client.post(GENERATE, json=says())
    assert response.json() == {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": USAGE,
        "modelVersion": MODEL,
        "responseId": response.headers["x-request-id"],
    }
    assert response.headers["x-gateway-capture"] == "scripted"


async def test_parts_keep_their_order() -> None:
    answer = await whole(
        TextDelta("a"),
        TextDelta("b"),
        CodeRun(code="print(1)"),
        CodeRun(output="1", outcome=1),
        CodeRun(output="no", outcome=2),
        TextDelta("c"),
        Media("image/png", "AA=="),
        ToolCall("f", {"x": 1}, "call-1", "sig"),
    )
    assert answer["candidates"][0]["content"]["parts"] == [
        {"text": "ab"},
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "no"}},
        {"text": "c"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        {
            "functionCall": {"id": "call-1", "name": "f", "args": {"x": 1}},
            "thoughtSignature": "sig",
        },
    ]


async def test_thoughts_are_shown_on_demand_only() -> None:
    steps = (ThoughtDelta("h"), ThoughtDelta("m"), Media("image/png", "AA==", draft=True), TextDelta("a"))
    usage = Usage(prompt=1, answer=1, thoughts=7, total=9)
    hidden = await whole(*steps, usage)
    config = {"thinkingConfig": {"includeThoughts": True}}
    shown = await whole(*steps, usage, generationConfig=config)
    assert hidden["candidates"][0]["content"]["parts"] == [{"text": "a"}]
    assert shown["candidates"][0]["content"]["parts"] == [
        {"text": "hm", "thought": True},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}, "thought": True},
        {"text": "a"},
    ]
    assert hidden["usageMetadata"]["thoughtsTokenCount"] == 7


async def test_sources_are_grounding_metadata() -> None:
    support = Support("né", (0,), end=4)
    grounding = Grounding((("https://a", "A"),), ("q",), (support, Support("zwei", (0,))))
    answer = await whole(TextDelta("1né zwei"), grounding)
    assert answer["candidates"][0]["groundingMetadata"] == {
        "webSearchQueries": ["q"],
        "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 1, "endIndex": 4, "text": "né"}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 5, "endIndex": 9, "text": "zwei"}, "groundingChunkIndices": [0]},
        ],
    }


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        (FinishReason.MAX_TOKENS, "MAX_TOKENS"),
        (FinishReason.SAFETY, "SAFETY"),
        (FinishReason.IMAGE_PROHIBITED, "IMAGE_PROHIBITED_CONTENT"),
        (FinishReason.MALFORMED_FUNCTION_CALL, "MALFORMED_FUNCTION_CALL"),
    ],
)
async def test_finish_reasons_have_googles_names(reason: FinishReason, name: str) -> None:
    end = Finished(reason, "The site's words.")
    async with google_http(ScriptedDriver(Script((TextDelta("a"), end)))) as client:
        [candidate] = (await client.post(GENERATE, json=says())).json()["candidates"]
    assert (candidate["finishReason"], candidate["finishMessage"]) == (name, "The site's words.")


async def test_ratings_of_the_site_are_safety_ratings() -> None:
    rated = (
        Rating(HarmCategory.HARASSMENT, HarmProbability.LOW),
        Rating(HarmCategory.DANGEROUS_CONTENT, HarmProbability.HIGH, blocked=True),
    )
    script = Script((TextDelta("x"), Finished(FinishReason.SAFETY, ratings=rated)))
    async with google_http(ScriptedDriver(script, script)) as client:
        whole = (await client.post(GENERATE, json=says())).json()
        *_, last = events_of((await client.post(f"{STREAM}?alt=sse", json=says())).text)
    for told in (whole, last):
        assert told["candidates"][0]["safetyRatings"] == [
            {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"},
            {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True},
        ]


async def test_answer_that_was_filtered_away_has_no_content() -> None:
    async with google_http(ScriptedDriver(Script((Finished(FinishReason.SAFETY),)))) as client:
        [candidate] = (await client.post(GENERATE, json=says())).json()["candidates"]
    assert candidate == {"finishReason": "SAFETY", "index": 0}


async def test_candidates_are_answers_of_their_own() -> None:
    scripts = [saying(text, usage=Usage(prompt=3, answer=1, total=4)) for text in "ab"]
    async with google_http(ScriptedDriver(*scripts)) as client:
        body = says(generationConfig={"candidateCount": 2})
        answer = (await client.post(GENERATE, json=body)).json()
    texts = [candidate["content"]["parts"][0]["text"] for candidate in answer["candidates"]]
    assert (texts, [candidate["index"] for candidate in answer["candidates"]]) == (["a", "b"], [0, 1])
    assert answer["usageMetadata"]["totalTokenCount"] == 5


async def test_enum_answer_comes_without_its_quotes() -> None:
    config = {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a", "b"]}}
    answer = await whole(TextDelta('"b"'), generationConfig=config)
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "b"}]
    async with google_http(ScriptedDriver(saying('"b"'))) as client:
        reply = await client.post(f"{STREAM}?alt=sse", json=says(generationConfig=config))
    assert events_of(reply.text)[0]["candidates"][0]["content"]["parts"] == [{"text": "b"}]


async def test_blocked_prompt_is_an_answer_without_candidates() -> None:
    refused = Refused("AI Studio blocked the prompt.", usage=Usage(prompt=5, total=5))
    async with google_http(ScriptedDriver(Script((refused,)), Script((refused,)))) as client:
        reply = await client.post(GENERATE, json=says())
        streamed = await client.post(f"{STREAM}?alt=sse", json=says())
    feedback = {"blockReason": "OTHER", "blockReasonMessage": "AI Studio blocked the prompt."}
    assert (reply.status_code, reply.json()["promptFeedback"]) == (200, feedback)
    assert "candidates" not in reply.json()
    assert [event["promptFeedback"] for event in events_of(streamed.text)] == [feedback]
    for told in (reply.json(), *events_of(streamed.text)):
        assert told["usageMetadata"]["promptTokenCount"] == told["usageMetadata"]["totalTokenCount"] == 5


async def test_stream_of_events() -> None:
    async with google_http() as client:
        reply = await client.post(f"{STREAM}?alt=sse", json=says())
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = events_of(reply.text)
    assert [event["candidates"][0]["content"]["parts"] for event in events] == [
        [{"text": "Hel"}],
        [{"text": "lo"}],
        [{"text": ""}],
    ]
    assert {event["responseId"] for event in events} == {reply.headers["x-request-id"]}
    assert events[-1]["candidates"][0]["finishReason"] == "STOP"
    assert events[-1]["usageMetadata"] == USAGE


async def test_stream_is_an_array_unless_events_are_asked_for() -> None:
    async with google_http() as client:
        array = await client.post(STREAM, json=says())
        accepted = await client.post(STREAM, json=says(), headers={"Accept": "text/event-stream"})
    assert array.headers["content-type"] == "application/json"
    assert [chunk["candidates"][0]["index"] for chunk in array.json()] == [0, 0, 0]
    assert len(events_of(accepted.text)) == 3


@pytest.mark.parametrize("query", ["?alt=sse", ""])
async def test_silence_is_filled_with_what_every_reader_skips(query: str) -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, *HELLO)))
    async with google(driver, keep_alive=0.02) as server:
        request = server.http.build_request("POST", STREAM + query, json=says())
        reply = await server.http.send(request, stream=True)
        pieces = reply.aiter_text()
        silence = await anext(pieces)
        gate.set()
        text = silence + "".join([piece async for piece in pieces])
    assert silence.strip() == ""
    assert ":" not in text.split("{")[0].removeprefix("data:").replace("data:", "")
    chunks = json.loads(text) if not query else events_of(text.lstrip())
    assert len(chunks) == 3


@pytest.mark.parametrize("query", ["?alt=sse", ""])
async def test_failure_in_a_stream_is_googles_error(query: str) -> None:
    steps = (TextDelta("a"), QuotaExhausted("No more today."))
    async with google_http(ScriptedDriver(Script(steps))) as client:
        text = (await client.post(STREAM + query, json=says())).text
    chunks = events_of(text) if query else json.loads(text)
    error = {"code": 429, "message": "No more today.", "status": "RESOURCE_EXHAUSTED"}
    assert chunks[-1] == {"error": error}
    assert len(chunks) == 2


async def test_failure_before_the_stream_is_an_http_error() -> None:
    async with google_http() as client:
        unknown = await client.post("/v1beta/models/no-such:streamGenerateContent?alt=sse", json=says())
        wrong = await client.post(STREAM, json=says(generationConfig={"temperature": 3}))
    assert (unknown.status_code, unknown.json()["error"]["status"]) == (404, "NOT_FOUND")
    error = wrong.json()["error"]
    assert (wrong.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    violation = error["details"][0]["fieldViolations"][0]
    assert violation["field"] == "generationConfig.temperature"


async def test_failure_of_a_whole_answer_is_in_the_envelope() -> None:
    async with google_http(ScriptedDriver(Script((QuotaExhausted("No.", retry_after=60),)))) as client:
        reply = await client.post(GENERATE, json=says())
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "60")
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "60s"}
    told = {"code": 429, "message": "No.", "status": "RESOURCE_EXHAUSTED", "details": [retry]}
    assert reply.json() == {"error": told}


async def test_ignored_parameters_and_notes_are_in_headers() -> None:
    config = {"topK": 3, "thinkingConfig": {"thinkingBudget": 100}}
    async with google_http() as client:
        reply = await client.post(GENERATE, json=says(generationConfig=config))
    assert reply.headers["x-gateway-ignored-params"] == "generationConfig.topK"
    assert "no thinking control" in reply.headers["x-gateway-warnings"]


async def test_limit_above_the_models_is_refused() -> None:
    async with google_http() as client:
        reply = await client.post(GENERATE, json=says(generationConfig={"maxOutputTokens": 70_000}))
    assert reply.status_code == 400
    assert "generationConfig.maxOutputTokens=70000" in reply.json()["error"]["message"]


async def test_prompt_that_is_far_too_long_is_refused_under_googles_name() -> None:
    driver = ScriptedDriver()
    driver.cards = (replace(MODELS[0], input_limit=100),)
    async with google_http(driver) as client:
        reply = await client.post(GENERATE, json=says("word " * 1000))
    [details] = reply.json()["error"]["details"]
    assert (reply.status_code, details["fieldViolations"][0]["field"]) == (400, "contents")


async def test_inline_file_reaches_the_driver() -> None:
    driver = ScriptedDriver()
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk-M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    contents = [{"parts": [{"text": "what?"}, {"inline_data": {"mime_type": "image/png", "data": png}}]}]
    async with google_http(driver) as client:
        reply = await client.post(GENERATE, json={"contents": contents})
    assert reply.status_code == 200, reply.text
    [turn] = driver.requests[0].turns
    assert isinstance(turn.parts[1], Attachment)
    assert turn.parts[1].mime_type == "image/png"
    assert "promptTokensDetails" not in reply.json()["usageMetadata"]


@pytest.mark.parametrize("version", ["v1beta", "v1", "v1alpha"])
@pytest.mark.parametrize("joint", [":", "/"])
async def test_every_version_and_both_joints_are_served(version: str, joint: str) -> None:
    async with google_http() as client:
        reply = await client.post(f"/{version}/models/{MODEL}{joint}generateContent", json=says())
    assert reply.json()["candidates"][0]["finishReason"] == "STOP"


async def test_models_are_listed_in_pages() -> None:
    async with google_http() as client:
        first = (await client.get("/v1beta/models?pageSize=1")).json()
        second = (await client.get(f"/v1beta/models?page_size=1&pageToken={first['nextPageToken']}")).json()
        wrong = await client.get("/v1beta/models?pageToken=x")
    assert first["models"] == [
        {
            "name": "models/gemini-2.5-flash",
            "baseModelId": "gemini-2.5-flash",
            "version": "001",
            "displayName": "Gemini 2.5 Flash",
            "description": "Quick",
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
            "maxTemperature": 2,
            "thinking": False,
        }
    ]
    assert [model["name"] for model in second["models"]] == ["models/gemini-2.5-pro"]
    assert "nextPageToken" not in second
    assert wrong.status_code == 400


async def test_shared_addresses_answer_in_the_callers_protocol() -> None:
    async with google_http() as client:
        openai = await client.get("/v1/models", headers={"Authorization": "Bearer 12345678"})
        by_header = await client.get("/v1/models", headers=KEY)
        by_query = await client.get(f"/v1/models/{MODEL}?key=12345678")
        openai_one = await client.get(f"/v1/models/{MODEL}")
    assert openai.json()["object"] == "list"
    assert by_header.json()["models"][0]["name"] == f"models/{MODEL}"
    assert by_query.json()["name"] == f"models/{MODEL}"
    assert openai_one.json()["object"] == "model"


async def test_unknown_model_is_404() -> None:
    async with google_http() as client:
        reply = await client.get("/v1beta/models/no-such")
    assert (reply.status_code, reply.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "credentials",
    [
        {"headers": {"X-Goog-Api-Key": "12345678"}},
        {"headers": {"X-Goog-Api-Key": "Bearer 12345678"}},
        {"headers": {"Authorization": "Bearer 12345678"}},
        {"headers": {"X-API-Key": "12345678"}},
        {"params": {"key": "12345678"}},
    ],
)
async def test_key_comes_in_many_ways(credentials: Any, tmp_path: Any) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text("12345678\n", encoding="utf-8")
    async with google_http(key_file=keys) as client:
        assert (await client.post(GENERATE, json=says(), **credentials)).status_code == 200
        missing = await client.post(GENERATE, json=says())
    assert (missing.status_code, missing.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


async def test_caller_that_goes_frees_its_session() -> None:
    driver = ScriptedDriver(Script((TextDelta("a"), asyncio.Event())))
    async with google(driver) as server:
        request = server.http.build_request("POST", f"{STREAM}?alt=sse", json=says())
        reply = await server.http.send(request, stream=True)
        await anext(reply.aiter_text())
        await reply.aclose()
        await (await driver.record(0)).left.wait()
    assert driver.on_pages == 0
