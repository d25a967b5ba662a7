"""The main job, with the official client through a real Chromium."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI

from tests.gateway import RunningGateway
from tests.site import SiteControl

MODEL = "gemini-2.5-flash"


async def ask(client: AsyncOpenAI, prompt: str, **options: Any) -> str:
    done = await client.chat.completions.create(**_request(prompt, options))
    text: str = done.choices[0].message.content
    return text


async def stream(client: AsyncOpenAI, prompt: str, **options: Any) -> list[Any]:
    chunks = await client.chat.completions.create(**_request(prompt, options), stream=True)
    return [chunk async for chunk in chunks]


def _request(prompt: str, options: dict[str, Any]) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **options}


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def report(client: AsyncOpenAI, **options: Any) -> dict[str, Any]:
    """What arrived at the site with a request of these options."""
    found: dict[str, Any] = json.loads(await ask(client, "/report", **options))
    return found


async def test_an_answer_streams_token_by_token(openai_client: AsyncOpenAI) -> None:
    chunks = await stream(openai_client, "/chunks n=20 every=0.01")
    assert sum(1 for chunk in chunks if chunk.choices and chunk.choices[0].delta.content) >= 10
    assert "chunk 0020" in text_of(chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


async def test_an_answer_comes_whole_with_its_usage(openai_client: AsyncOpenAI) -> None:
    done = await openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "/echo hello"}]
    )
    assert done.choices[0].message.content == "hello"
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.prompt_tokens > 0
    assert done.usage.total_tokens >= done.usage.prompt_tokens + done.usage.completion_tokens


@pytest.mark.parametrize(
    "text",
    [
        "  leading and trailing  ",
        "emoji 👩‍👩‍👧‍👦 and 你好, ümläut, \u202eright to left",
        '<b>not html</b> & "quotes" \\ backslash \t tab',
        "line one\nline two\n\n\nline five\n",
        "`code` **bold** $math$ [link](http://x)",
    ],
)
async def test_text_arrives_byte_for_byte(openai_client: AsyncOpenAI, text: str) -> None:
    assert await ask(openai_client, f"/echo {text}") == text


async def test_a_long_answer_is_complete(openai_client: AsyncOpenAI) -> None:
    text = text_of(await stream(openai_client, "/long chars=200000 every=0"))
    assert len(text) >= 200_000
    lines = text.splitlines()
    numbers = [line.split()[0] for line in lines if line]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


async def test_a_long_prompt_arrives_whole(openai_client: AsyncOpenAI) -> None:
    filler = "0123456789abcdef\n" * 12_000
    found = await report(openai_client)
    assert found["model"].endswith(MODEL)
    done = await ask(openai_client, f"{filler}\n/report")
    assert json.loads(done)["contents_chars"] == len(filler) + len("\n/report")


async def test_thinking_never_mixes_with_the_answer(openai_client: AsyncOpenAI) -> None:
    chunks = await stream(openai_client, "/think deep thoughts | the answer")
    thoughts = "".join(
        getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks if chunk.choices
    )
    assert "deep thoughts" in thoughts
    assert text_of(chunks) == "the answer"


async def test_parameters_are_set_on_the_page(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    options = {"temperature": 0.35, "top_p": 0.6, "max_tokens": 777, "stop": ["END", "###"]}
    await ask(openai_client, "/echo x", model="gemini-2.5-pro", **options)
    found = await _last_report(control)
    assert found["model"].endswith("gemini-2.5-pro")
    assert (found["temperature"], found["topP"], found["maxOutputTokens"]) == (0.35, 0.6, 777)
    assert sorted(found["stopSequences"]) == ["###", "END"]


async def test_nothing_leaks_into_the_next_request(openai_client: AsyncOpenAI, control: SiteControl) -> None:
    await ask(openai_client, "/echo x")
    before = await _last_report(control)
    changed = {"temperature": 0.1, "top_p": 0.2, "max_tokens": 4000, "stop": ["XYZ"]}
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "/echo x"}]
    for _ in range(2):  # once on every tab
        await ask(openai_client, "", messages=messages, **changed)
        assert (await _last_report(control))["temperature"] == 0.1
    for _ in range(2):
        await ask(openai_client, "/echo x")
        assert await _last_report(control) == before


async def test_the_system_instruction_is_set_and_cleared(openai_client: AsyncOpenAI) -> None:
    messages: list[Any] = [
        {"role": "system", "content": "first rule"},
        {"role": "developer", "content": [{"type": "text", "text": "second rule"}]},
        {"role": "user", "content": "/report"},
    ]
    done = await openai_client.chat.completions.create(model=MODEL, messages=messages)
    system = json.loads(done.choices[0].message.content or "")["system"]
    assert "first rule" in str(system)
    assert "second rule" in str(system)
    assert not (await report(openai_client))["system"]


async def test_a_conversation_reaches_the_model_in_order(openai_client: AsyncOpenAI) -> None:
    messages: list[Any] = [
        {"role": "user", "content": "my name is Ada"},
        {"role": "assistant", "content": "Hello Ada"},
        {"role": "user", "content": "/report"},
    ]
    done = await openai_client.chat.completions.create(model=MODEL, messages=messages)
    contents = json.dumps(json.loads(done.choices[0].message.content or "")["contents"])
    assert contents.index("my name is Ada") < contents.index("Hello Ada") < contents.index("/report")


async def test_a_stop_sequence_of_several_lines_ends_the_answer(openai_client: AsyncOpenAI) -> None:
    chunks = await stream(openai_client, "/echo one\n\nUser: two", stop=["\n\nUser:"])
    assert text_of(chunks) == "one"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert await ask(openai_client, "/echo next") == "next"


async def test_the_token_limit_shows_as_length(openai_client: AsyncOpenAI) -> None:
    chunks = await stream(openai_client, "/long chars=5000 every=0", max_tokens=20)
    assert chunks[-1].choices[0].finish_reason == "length"


async def test_eight_clients_get_their_own_answers(openai_client: AsyncOpenAI) -> None:
    answers = await asyncio.gather(*(ask(openai_client, f"/echo answer {n}") for n in range(8)))
    assert answers == [f"answer {n}" for n in range(8)]


async def test_models_come_from_the_page(openai_client: AsyncOpenAI) -> None:
    ids = [model.id async for model in openai_client.models.list()]
    assert MODEL in ids
    assert (await openai_client.models.retrieve(MODEL)).id == MODEL


async def test_an_unknown_model_is_not_found(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await ask(openai_client, "hi", model="gemini-2.5-flush")
    assert caught.value.code == "model_not_found"
    assert MODEL in caught.value.message


async def test_a_client_that_goes_away_stops_the_page(
    gateway: RunningGateway, openai_client: AsyncOpenAI, control: SiteControl
) -> None:
    chunks = await openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "/chunks n=2000 every=0.02"}], stream=True
    )
    async for chunk in chunks:
        if chunk.choices[0].delta.content:
            break
    await chunks.close()
    left = asyncio.get_running_loop().time()
    await _idle(gateway)
    assert asyncio.get_running_loop().time() - left < 1.0
    assert await ask(openai_client, "/echo next") == "next"
    gone, _ = await control.requests()
    assert gone["outcome"] == "client_gone"


async def test_a_running_request_can_be_cancelled(
    gateway: RunningGateway, openai_client: AsyncOpenAI, control: SiteControl
) -> None:
    chunks = await openai_client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "/chunks n=2000 every=0.02"}], stream=True
    )
    reader = aiter(chunks)
    while not (await anext(reader)).choices[0].delta.content:
        pass
    async with gateway.http() as http:
        reply = await http.post(f"/v1/cancel/{chunks.response.headers['x-request-id']}")
    assert reply.json()["success"] is True
    with pytest.raises(openai.APIError, match="cancel"):
        await asyncio.wait_for(drain(reader), timeout=1.0)
    assert await ask(openai_client, "/echo next") == "next"
    assert (await control.requests())[0]["outcome"] == "client_gone"


async def test_a_waiting_request_can_be_cancelled(
    gateway: RunningGateway, openai_client: AsyncOpenAI, control: SiteControl
) -> None:
    async with gateway.http() as http, asyncio.TaskGroup() as tasks:
        running = tasks.create_task(ask(openai_client, "/chunks n=80 every=0.02"))
        await _item(http, "running")
        others = [tasks.create_task(_caught(openai_client, f"/echo {n}")) for n in range(4)]
        waiting = await _item(http, "waiting")
        reply = await http.post(f"/v1/cancel/{waiting['req_id']}")
        assert reply.json()["success"] is True
    results = [task.result() for task in others]
    cancelled = [result for result in results if isinstance(result, openai.APIStatusError)]
    assert [error.status_code for error in cancelled] == [499]
    assert len(await control.requests()) == 4
    assert "chunk 0080" in running.result()


@pytest.mark.parametrize(
    ("directive", "status", "code"),
    [
        ("/fail 403", 502, "upstream_permission_denied"),
        ("/fail 429", 429, "insufficient_quota"),
        ("/fail 500", None, "upstream_unavailable"),
        ("/fail 503", None, "upstream_unavailable"),
        ("/fail stream after=2", None, None),
        ("/fail cut after=2", 502, "wire_error"),
        ("/fail garbage", 502, "wire_error"),
        ("/fail empty", 502, "empty_answer"),
        ("/fail blocked", 400, "content_filter"),
    ],
)
async def test_each_failure_of_the_site_has_its_name(
    openai_client: AsyncOpenAI, directive: str, status: int | None, code: str | None
) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        await ask(openai_client, directive)
    assert caught.value.status_code >= 400
    assert status is None or caught.value.status_code == status
    assert code is None or caught.value.code == code
    assert await ask(openai_client, "/echo next") == "next"


async def test_a_failure_inside_a_stream_is_an_error_and_not_text(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.APIError):
        await stream(openai_client, "/fail stream after=3")
    assert await ask(openai_client, "/echo next") == "next"


async def _last_report(control: SiteControl) -> dict[str, Any]:
    """What the last generation at the site was asked for."""
    found: dict[str, Any] = (await control.requests())[-1]["report"]
    return found


async def drain(reader: AsyncIterator[Any]) -> None:
    async for _ in reader:
        pass


async def _idle(gateway: RunningGateway) -> None:
    async with asyncio.timeout(10), gateway.http() as http:
        while (await http.get("/v1/queue")).json()["is_processing"]:
            pass


async def _item(http: httpx.AsyncClient, state: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            for item in (await http.get("/v1/queue")).json()["items"]:
                if item["state"] == state:
                    found: dict[str, Any] = item
                    return found


async def _caught(client: AsyncOpenAI, prompt: str) -> str | openai.APIStatusError:
    try:
        return await ask(client, prompt)
    except openai.APIStatusError as error:
        return error
