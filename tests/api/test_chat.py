"""Chat over ASGI: what comes back, whole and refused."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from domain.errors import (
    PermissionDenied,
    QuotaExhausted,
    RateLimited,
    Refused,
    SessionLost,
    UpstreamUnavailable,
)
from domain.events import (
    CodeRun,
    Finished,
    FinishReason,
    Grounding,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.ports import Deadlines
from domain.requests import Sampling, Turn
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import Script, ScriptedDriver, saying

STOP = Finished(FinishReason.STOP)


async def error_of(response: httpx.Response) -> dict[str, Any]:
    document = response.json()
    assert set(document["error"]) == {"message", "type", "param", "code"}
    error: dict[str, Any] = document["error"]
    return error


async def test_answer_carries_the_request_id_in_header_and_id() -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 200
    assert response.json()["id"] == "chatcmpl-" + response.headers["x-request-id"]
    assert len(response.headers["x-request-id"]) >= 12
    assert response.json()["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
    }
    assert response.headers["x-gateway-capture"] == "scripted"


async def test_everything_that_is_honoured_reaches_the_driver() -> None:
    driver = ScriptedDriver()
    asked = {
        "model": "models/gemini-2.5-pro",
        "temperature": 1,
        "top_p": 0.5,
        "max_completion_tokens": 10,
        "stop": ["a", "b"],
        "messages": [
            {"role": "system", "content": "one"},
            {"role": "user", "content": [{"type": "text", "text": " a"}, {"type": "text", "text": "b "}]},
            {"role": "developer", "content": "two"},
            {"role": "assistant", "content": "ok"},
            {"role": "user", "content": "go\r\n"},
        ],
    }
    async with in_process(driver) as client:
        assert (await client.post(CHAT, json=asked)).status_code == 200
    request = driver.records[0].request
    assert request.model == "gemini-2.5-pro"
    assert request.system == "one\n\ntwo"
    assert request.turns == (Turn.of("user", " a\nb "), Turn.of("model", "ok"), Turn.of("user", "go\r\n"))
    assert request.sampling == Sampling(1.0, 0.5, 10, ("a", "b"))


async def test_alias_is_served_by_the_model_it_stands_for() -> None:
    driver = ScriptedDriver()
    async with in_process(driver) as client:
        response = await client.post(CHAT, json=body(model="gemini-2.5-flash-preview"))
    assert response.json()["model"] == driver.records[0].request.model == "gemini-2.5-flash"


async def test_nothing_of_a_rich_answer_is_dropped() -> None:
    script = Script(
        steps=(
            ThoughtDelta("hm"),
            TextDelta("see"),
            Media("image/png", "QUJD"),
            Media("image/png", "RA==", draft=True),
            ToolCall("f", {"x": "é"}, "call-1", signature="sig"),
            CodeRun(code="1+1"),
            CodeRun(output="2", outcome=1),
            Grounding((("https://a.example", "A"),), ("q",)),
            Usage(prompt=5, answer=2, thoughts=3, cached=1, total=10),
            Finished(FinishReason.STOP, message="done"),
        ),
        warnings=("media resolution –\nnot set", "top_k"),
    )
    async with in_process(ScriptedDriver(script)) as client:
        response = await client.post(CHAT, json=body())
    choice = response.json()["choices"][0]
    assert choice["message"] == {
        "role": "assistant",
        "content": "see\n\n![image](data:image/png;base64,QUJD)",
        "refusal": None,
        "reasoning_content": "hm\n\n![image](data:image/png;base64,RA==)",
        "tool_calls": [
            {
                "id": "call-1",
                "type": "function",
                "function": {"name": "f", "arguments": '{"x": "é"}'},
                "extra_content": {"google": {"thought_signature": "sig"}},
            }
        ],
        "gateway": {
            "code_runs": [{"code": "1+1"}, {"output": "2", "outcome": 1}],
            "grounding": {"sources": [{"uri": "https://a.example", "title": "A"}], "queries": ["q"]},
            "finish": {"reason": "stop", "message": "done"},
        },
    }
    assert choice["finish_reason"] == "tool_calls"
    assert choice["logprobs"] is None
    assert response.json()["usage"] == {
        "prompt_tokens": 5,
        "completion_tokens": 5,
        "total_tokens": 10,
        "completion_tokens_details": {"reasoning_tokens": 3},
        "prompt_tokens_details": {"cached_tokens": 1},
    }
    assert response.headers["x-gateway-warnings"] == "media resolution \\u2013 not set; top_k"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (FinishReason.MAX_TOKENS, "length"),
        (FinishReason.SAFETY, "content_filter"),
        (FinishReason.RECITATION, "content_filter"),
        (FinishReason.OTHER, "stop"),
    ],
)
async def test_finish_reason_is_mapped(reason: FinishReason, expected: str) -> None:
    async with in_process(ScriptedDriver(Script((TextDelta("x"), Finished(reason))))) as client:
        response = await client.post(CHAT, json=body())
    assert response.json()["choices"][0]["finish_reason"] == expected


async def test_answer_without_counts_has_no_invented_usage() -> None:
    async with in_process(ScriptedDriver(Script((TextDelta("x"), STOP)))) as client:
        assert (await client.post(CHAT, json=body())).json()["usage"] is None


@pytest.mark.parametrize("steps", [(STOP,), (ThoughtDelta("hm"), STOP), (Finished(FinishReason.NO_IMAGE),)])
async def test_empty_turn_is_an_error_and_never_an_empty_200(steps: tuple[Any, ...]) -> None:
    async with in_process(ScriptedDriver(Script(steps))) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 502
    assert (await error_of(response))["code"] == "empty_answer"


@pytest.mark.parametrize(
    "steps",
    [
        (TextDelta("x"),),
        (TextDelta("x"), STOP, TextDelta("y")),
        (TextDelta("x"), STOP, STOP),
        (TextDelta(""), STOP),
    ],
)
async def test_stream_that_breaks_the_contract_is_a_wire_error(steps: tuple[Any, ...]) -> None:
    async with in_process(ScriptedDriver(Script(steps))) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 502
    assert (await error_of(response))["code"] == "wire_error"


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (QuotaExhausted("no more"), 429, "insufficient_quota"),
        (RateLimited("slow down", retry_after=7.2), 429, "rate_limit_exceeded"),
        (PermissionDenied("the site distrusts the browser"), 502, "upstream_permission_denied"),
        (Refused("blocked"), 400, "content_filter"),
        (UpstreamUnavailable("overloaded"), 503, "upstream_unavailable"),
        (SessionLost("tab crashed"), 503, "session_lost"),
        (ZeroDivisionError("defect"), 500, "internal_error"),
    ],
)
@pytest.mark.parametrize("while_preparing", [True, False])
async def test_failure_has_its_status_and_the_next_request_is_served(
    failure: Exception, status: int, code: str, while_preparing: bool
) -> None:
    script = Script(prepare=[failure]) if while_preparing else Script((TextDelta("x"), failure))
    async with in_process(ScriptedDriver(script)) as client:
        response = await client.post(CHAT, json=body())
        assert (await client.post(CHAT, json=body())).status_code == 200
    assert response.status_code == status
    assert (await error_of(response))["code"] == code
    if isinstance(failure, RateLimited):
        assert response.headers["retry-after"] == "8"
    if isinstance(failure, QuotaExhausted):
        assert response.headers["x-should-retry"] == "false"
    assert "defect" not in response.text


async def test_unknown_model_is_404_with_close_matches() -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, json=body(model="gemini-2.5-flush"))
        image_model = await client.post(CHAT, json=body(model="imagen-4"))
    assert response.status_code == image_model.status_code == 404
    error = await error_of(response)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert "gemini-2.5-flash" in error["message"]


async def test_limit_above_the_models_own_is_refused() -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, json=body(model="gemini-2.5-pro", max_tokens=8193))
    assert response.status_code == 400
    error = await error_of(response)
    assert error["param"] == "max_tokens"
    assert "8192" in error["message"]


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b'{"messages": [}', "application/json", "line 1, column 15"),
        (b"", "application/json", "not valid JSON"),
        (b"\xff{}", "application/json", "UTF-8 (byte 0)"),
        (b'{"temperature": NaN}', "application/json", "'NaN'"),
        (b'{"temperature": 1e400}', "application/json", "1e400, a number that is too large"),
        (b'{"model": "a", "n": 1, "model": "b"}', "application/json", "the name 'model' twice"),
        (b"[" * 100_000, "application/json", "nested too deeply"),
        (b'{"n": ' + b"9" * 5000 + b"}", "application/json", "number"),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', "application/json", "surrogate"),
        (b"[]", "application/json", "an array"),
        (b"{}", "application/json", "'messages' is required"),
        (json.dumps(body()).encode(), "text/plain", "'text/plain'"),
        (json.dumps(body()).encode(), "", "Content-Type"),
    ],
)
async def test_unreadable_body_is_400_and_says_where(content: bytes, kind: str, said: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, content=content, headers={"content-type": kind} if kind else {})
    assert response.status_code == 400
    assert said in (await error_of(response))["message"]


async def test_surrogate_pair_in_escapes_is_one_character() -> None:
    driver = ScriptedDriver()
    content = b'{"messages": [{"role": "user", "content": "\\ud83d\\ude00"}]}'
    async with in_process(driver) as client:
        response = await client.post(CHAT, content=content, headers={"content-type": "application/json"})
    assert response.status_code == 200
    assert driver.records[0].request.turns[0].text == "\N{GRINNING FACE}"


async def test_line_ends_of_unicode_do_not_end_the_line_of_an_event() -> None:
    text = "a\x85b\u2028c\u2029d"
    async with in_process(ScriptedDriver(saying(text), saying(text))) as client:
        streamed = await client.post(CHAT, json=body(stream=True))
        whole = await client.post(CHAT, json=body())
    told = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: {")]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in told) == text
    assert len(whole.text.splitlines()) == 1
    assert whole.json()["choices"][0]["message"]["content"] == text


async def test_half_a_surrogate_pair_from_the_site_does_not_break_the_answer() -> None:
    script = Script((TextDelta("a\ud83d"), STOP))
    async with in_process(ScriptedDriver(script, script)) as client:
        whole = await client.post(CHAT, json=body())
        stream = await client.post(CHAT, json=body(stream=True))
    assert whole.json()["choices"][0]["message"]["content"] == "a?"
    assert '"content":"a?"' in stream.text
    assert stream.text.endswith("data: [DONE]\n\n")


async def test_compressed_body_is_refused_by_name() -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with in_process(ScriptedDriver()) as client:
        response = await client.post(CHAT, content=b"\x1f\x8b", headers=headers)
    assert response.status_code == 400
    assert "'gzip'" in (await error_of(response))["message"]


@pytest.mark.parametrize("declared", [True, False])
async def test_too_large_body_is_413(declared: bool) -> None:
    async def chunks() -> Any:
        for _ in range(3):
            yield b"x" * 1000

    async with in_process(ScriptedDriver(), max_body_bytes=2000) as client:
        headers = {"content-type": "application/json"}
        content: Any = b"x" * 3000 if declared else chunks()
        response = await client.post(CHAT, content=content, headers=headers)
    assert response.status_code == 413
    assert (await error_of(response))["code"] == "request_too_large"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("deadlines", "stage"),
    [({"ready": 0.01}, "ready"), ({"submit": 0, "first_event": 0.01}, "first_event")],
)
async def test_stage_over_its_budget_is_504_naming_it(deadlines: dict[str, float], stage: str) -> None:
    never = asyncio.Event()
    script = Script(prepare=[never]) if stage == "ready" else Script([never])
    async with in_process(ScriptedDriver(script), deadlines=Deadlines(**deadlines)) as client:
        response = await client.post(CHAT, json=body())
        assert (await client.post(CHAT, json=body())).status_code == 200
    assert response.status_code == 504
    error = await error_of(response)
    assert error["code"] == "deadline_passed"
    assert stage in error["message"]


@pytest.mark.parametrize(("deadlines", "stage"), [({"idle": 0.01}, "idle"), ({"total": 0.01}, "total")])
async def test_answer_that_stalls_is_504_naming_the_stage(deadlines: dict[str, float], stage: str) -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with in_process(driver, deadlines=Deadlines(**deadlines)) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 504
    assert stage in (await error_of(response))["message"]


async def test_time_out_inside_the_driver_is_not_taken_for_a_deadline() -> None:
    async with in_process(ScriptedDriver(Script((TextDelta("x"), TimeoutError("its own"))))) as client:
        response = await client.post(CHAT, json=body())
    assert response.status_code == 500
