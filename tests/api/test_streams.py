"""Streams over a real socket, read by the official client and byte by byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletionChunk

from domain.errors import Cancelled, SessionLost
from domain.events import (
    CodeRun,
    Event,
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
from tests.api.harness import CHAT, PATIENCE, Server, body, eventually, listening
from tests.api.scripted import Script, ScriptedDriver

STOP = Finished(FinishReason.STOP)
MODEL = "gemini-2.5-flash"


async def ask(server: Server, text: str = "hi", **fields: Any) -> AsyncIterator[ChatCompletionChunk]:
    stream = await server.openai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": text}], stream=True, **fields
    )
    return cast("AsyncIterator[ChatCompletionChunk]", stream)


def payloads(raw: str) -> list[Any]:
    """The events of a stream as a strict reader sees them: one `data: ` line each."""
    lines = [line for line in raw.split("\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    assert "\r" not in raw
    return [line[6:] if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


async def test_official_client_reads_a_whole_stream() -> None:
    driver = ScriptedDriver(Script((ThoughtDelta("hm"), TextDelta("Grüße "), TextDelta("🦆\u2028\n"), STOP)))
    async with listening(driver) as server:
        chunks = [chunk async for chunk in await ask(server)]
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Grüße 🦆\u2028\n"
    assert [c.choices[0].delta.role for c in chunks] == ["assistant", None, None, None, None]
    assert chunks[1].choices[0].delta.model_dump()["reasoning_content"] == "hm"
    assert [c.choices[0].finish_reason for c in chunks] == [None, None, None, None, "stop"]
    assert len({(c.id, c.created, c.model, c.system_fingerprint) for c in chunks}) == 1


async def test_every_event_has_its_chunk_in_order() -> None:
    events: tuple[Event, ...] = (
        ThoughtDelta("hm"),
        Media("image/png", "RA==", draft=True),
        TextDelta("see"),
        Media("image/png", "QUJD"),
        Media("audio/wav", "QQ=="),
        CodeRun(code="1+1"),
        Grounding((("https://a.example", "A"),)),
        ToolCall("f", {"x": 1}, "call-1", signature="sig"),
        ToolCall("g", {}, "call-2"),
        Usage(1, 1, 1, 0, 3),
        Usage(2, 2, 2, 1, 6),
        Finished(FinishReason.STOP, message="odd"),
    )
    async with listening(ScriptedDriver(Script(events, warnings=("top_k not set",)))) as server:
        asked = body(stream=True, stream_options={"include_usage": True})
        response = await server.http.post(CHAT, json=asked)
    *chunks, done = payloads(response.text)
    assert done == "[DONE]"
    *with_choices, last = chunks
    deltas = [(c["choices"][0]["delta"], c.get("gateway")) for c in with_choices]
    assert deltas == [
        ({"role": "assistant", "content": ""}, None),
        ({"reasoning_content": "hm"}, None),
        ({"reasoning_content": "\n\n![image](data:image/png;base64,RA==)\n\n"}, None),
        ({"content": "see"}, None),
        ({"content": "\n\n![image](data:image/png;base64,QUJD)"}, None),
        ({"content": "\n\n[audio](data:audio/wav;base64,QQ==)"}, None),
        ({}, {"code_runs": [{"code": "1+1"}]}),
        ({}, {"grounding": {"sources": [{"uri": "https://a.example", "title": "A"}], "queries": []}}),
        ({"tool_calls": [_call(0, "call-1", "f", '{"x": 1}', "sig")]}, None),
        ({"tool_calls": [_call(1, "call-2", "g", "{}", None)]}, None),
        ({}, {"finish": {"reason": "stop", "message": "odd"}, "warnings": ["top_k not set"]}),
    ]
    assert [c["choices"][0]["finish_reason"] for c in with_choices][-2:] == [None, "tool_calls"]
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 4
    assert last["usage"]["total_tokens"] == 6


def _call(index: int, call_id: str, name: str, arguments: str, signature: str | None) -> dict[str, Any]:
    call = {
        "index": index,
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }
    return call | ({"extra_content": {"google": {"thought_signature": signature}}} if signature else {})


async def test_no_usage_chunk_unless_asked_for() -> None:
    async with listening(ScriptedDriver()) as server:
        response = await server.http.post(CHAT, json=body(stream=True))
    assert all(chunk["choices"] for chunk in payloads(response.text)[:-1])
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["content-type"].startswith("text/event-stream")


async def test_first_chunk_comes_while_the_request_still_waits() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, TextDelta("1"), STOP)))
    async with listening(driver) as server:
        first = await ask(server)
        await (await driver.record(0)).running.wait()
        second = await ask(server)
        opening = await anext(second)
        assert opening.choices[0].delta.role == "assistant"
        assert opening.choices[0].delta.content == ""
        assert len(driver.records) == 1
        gate.set()
        assert len([chunk async for chunk in first]) == 3
        assert len([chunk async for chunk in second]) == 3


async def test_silence_is_filled_with_empty_deltas_that_the_client_accepts() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((TextDelta("a"), gate, TextDelta("b"), STOP)))
    async with listening(driver, keep_alive=0.02) as server:
        stream = await ask(server)
        keep_alives = 0
        async for chunk in stream:
            delta = chunk.choices[0].delta.model_dump(exclude_unset=True)
            keep_alives += delta == {} and chunk.choices[0].finish_reason is None
            if keep_alives == 3:
                gate.set()
    assert keep_alives >= 3


async def test_events_without_a_chunk_of_their_own_do_not_hold_back_keep_alives() -> None:
    counting = [step for n in range(60) for step in (Usage(prompt=n), 0.005)]
    driver = ScriptedDriver(Script((*counting, TextDelta("x"), STOP)))
    async with listening(driver, keep_alive=0.03) as server:
        raw = payloads((await server.http.post(CHAT, json=body(stream=True))).text)
    empty = [c for c in raw[:-1] if not c["choices"][0]["delta"] and not c["choices"][0]["finish_reason"]]
    assert len(empty) >= 3


async def test_failure_in_mid_stream_raises_in_the_client_and_ends_without_done() -> None:
    script = Script((TextDelta("half"), SessionLost("The tab crashed.")))
    async with listening(ScriptedDriver(script, script)) as server:
        stream = await ask(server)
        text = "".join([(await anext(stream)).choices[0].delta.content or "" for _ in range(2)])
        with pytest.raises(openai.APIError, match="The tab crashed") as caught:
            await anext(stream)
        raw = payloads((await server.http.post(CHAT, json=body(stream=True))).text)
    assert text == "half"
    assert caught.value.code == "session_lost"
    assert raw[-1] == {
        "error": {
            "message": "The tab crashed.",
            "type": "server_error",
            "param": None,
            "code": "session_lost",
        }
    }


async def test_empty_turn_is_an_error_event() -> None:
    async with listening(ScriptedDriver(Script((ThoughtDelta("hm"), STOP)))) as server:
        raw = payloads((await server.http.post(CHAT, json=body(stream=True))).text)
    assert raw[-1]["error"]["code"] == "empty_answer"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("phase", ["waiting", "preparing", "running"])
async def test_client_that_goes_frees_its_place(stream: bool, phase: str) -> None:
    gate = asyncio.Event()
    scripts = {
        "waiting": [Script((gate, TextDelta("x"), STOP))],
        "preparing": [Script(prepare=[gate])],
        "running": [Script((TextDelta("x"), gate))],
    }[phase]
    driver = ScriptedDriver(*scripts)
    async with listening(driver) as server, asyncio.TaskGroup() as tasks:
        queue = server.gateway.queue
        blocker = None
        if phase == "waiting":
            blocker = tasks.create_task(server.http.post(CHAT, json=body()))
            await (await driver.record(0)).running.wait()
        leaver = tasks.create_task(_open_and_stay(server, stream=stream))
        wanted = 2 if blocker else 1
        await eventually(lambda: len(list(queue)) == wanted and list(queue)[-1].state.value == phase)
        job = list(queue)[-1]
        leaver.cancel()
        await eventually(lambda: job.settled)
        assert isinstance(job.verdict, Cancelled)
        if blocker:
            gate.set()
            assert (await blocker).status_code == 200
        else:
            await asyncio.wait_for(driver.records[0].left.wait(), PATIENCE)
        assert (await server.http.post(CHAT, json=body())).status_code == 200


async def _open_and_stay(server: Server, *, stream: bool) -> None:
    async with (
        httpx.AsyncClient(base_url=server.base_url) as client,
        client.stream("POST", CHAT, json=body(stream=stream)) as response,
    ):
        async for _ in response.aiter_bytes():
            pass
    await asyncio.Event().wait()


@pytest.mark.parametrize("prefix", ["", "chatcmpl-"])
async def test_running_stream_is_cancelled_by_its_id(prefix: str) -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with listening(driver) as server:
        stream = await ask(server)
        opening = await anext(stream)
        await (await driver.record(0)).running.wait()
        job_id = opening.id.removeprefix("chatcmpl-")
        answer = await server.http.post(f"/v1/cancel/{prefix}{job_id}")
        with pytest.raises(openai.APIError) as caught:
            [chunk async for chunk in stream]
        await asyncio.wait_for(driver.records[0].left.wait(), PATIENCE)
        again = await server.http.post(f"/v1/cancel/{job_id}")
    assert answer.json() == {"success": True, "req_id": job_id, "state": "cancelled", "was": "running"}
    assert caught.value.code == "request_cancelled"
    assert again.status_code == 404


async def test_waiting_request_is_cancelled_and_never_prepared() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, TextDelta("x"), STOP)))
    async with listening(driver) as server, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(server.http.post(CHAT, json=body("first")))
        await (await driver.record(0)).running.wait()
        second = tasks.create_task(server.http.post(CHAT, json=body("second")))
        await eventually(lambda: server.gateway.queue.waiting == 1)
        items = (await server.http.get("/v1/queue")).json()["items"]
        assert [(item["state"], item["position"]) for item in items] == [("running", 0), ("waiting", 1)]
        cancelled = await server.http.post(f"/v1/cancel/{items[1]['req_id']}")
        assert cancelled.json()["was"] == "waiting"
        assert (await second).status_code == 499
        gate.set()
        assert (await first).status_code == 200
    assert len(driver.records) == 1


async def test_full_queue_is_429_with_retry_after_in_the_client() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, TextDelta("x"), STOP)))
    async with listening(driver, queue_size=1) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(server.http.post(CHAT, json=body()))
        await (await driver.record(0)).running.wait()
        tasks.create_task(server.http.post(CHAT, json=body()))
        await eventually(lambda: server.gateway.queue.waiting == 1)
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(server)
        gate.set()
    assert caught.value.code == "queue_full"
    assert int(caught.value.response.headers["retry-after"]) >= 1


async def test_eight_clients_at_once_are_served_in_order_one_at_a_time() -> None:
    driver = ScriptedDriver(slots=2)
    async with listening(driver) as server, asyncio.TaskGroup() as tasks:
        answers = [
            tasks.create_task(server.http.post(CHAT, json=body(f"{n}", stream=n % 2 == 0))) for n in range(8)
        ]
    assert all(answer.result().status_code == 200 for answer in answers)
    assert driver.most_running == 1
    assert driver.most_on_pages <= 2


async def test_answer_longer_than_the_channel_arrives_whole() -> None:
    pieces = [TextDelta(f"{n:05d}\n") for n in range(5000)]
    async with listening(ScriptedDriver(Script((*pieces, STOP)))) as server:
        text = "".join([c.choices[0].delta.content or "" async for c in await ask(server)])
    assert text == "".join(piece.text for piece in pieces)


async def test_stream_over_its_budget_ends_with_the_named_stage() -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with listening(driver, deadlines=Deadlines(idle=0.02)) as server:
        with pytest.raises(openai.APIError, match="idle") as caught:
            [chunk async for chunk in await ask(server)]
    assert caught.value.code == "deadline_passed"


async def test_stopping_gateway_leaves_no_page_and_closes_the_driver_once() -> None:
    driver = ScriptedDriver(Script((TextDelta("x"), asyncio.Event())))
    async with listening(driver) as server:
        await anext(await ask(server))
        await (await driver.record(0)).running.wait()
        [job] = list(server.gateway.queue)
    assert job.settled
    assert driver.records[0].left.is_set()
    assert driver.closed == 1


async def test_gateway_that_stops_lets_the_running_answer_end_and_refuses_the_rest() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, TextDelta("x"), STOP)))
    async with listening(driver) as server, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.http.post(CHAT, json=body()))
        await (await driver.record(0)).running.wait()
        waiting = tasks.create_task(server.http.post(CHAT, json=body()))
        await eventually(lambda: server.gateway.queue.waiting == 1)
        server.gateway.stop_accepting()
        late = await server.http.post(CHAT, json=body())
        assert late.status_code == (await waiting).status_code == 503
        assert late.json()["error"]["code"] == "shutting_down"
        gate.set()
        assert (await running).status_code == 200
