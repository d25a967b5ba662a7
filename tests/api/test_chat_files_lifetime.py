"""The files of a request are there as long as it needs them, and gone afterwards, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.errors import WireError
from domain.events import TextDelta
from tests.api.attaching import PNG, serving
from tests.api.chat_files import chatting, data_url, picture, user, words
from tests.api.harness import CHAT, body, eventually, listening
from tests.api.scripted import STOP, Script, ScriptedDriver

GOOD = Script((TextDelta("ok"), STOP))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("scripts", "fields"),
    [
        ((GOOD,), {}),
        ((Script((TextDelta("a"), WireError("It broke."))),), {}),
        ((Script(prepare=[WireError("It broke.")]),), {}),
        ((GOOD, GOOD, GOOD), {"n": 3}),
        ((Script((TextDelta("no"), STOP)), GOOD), {"response_format": {"type": "json_object"}}),
    ],
)
async def test_files_are_there_for_every_generation_and_gone_afterwards(
    scripts: tuple[Script, ...], fields: dict[str, Any], stream: bool, tmp_path: Path
) -> None:
    async with chatting(tmp_path, *scripts) as chat:
        await chat.post(user(words("x"), picture()), stream=stream, **fields)
        await chat.is_clean()
        assert len(chat.driver.records) == len(scripts)
        for record in chat.driver.records:
            assert [content for _, content in record.files] == [PNG]


async def test_caller_that_goes_leaves_nothing(tmp_path: Path) -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(Script((gate, STOP)), Script(prepare=[gate]))
    uploads = tmp_path / "uploads"
    request = {"messages": [user(words("x"), picture())]}
    async with listening(driver, upload_dir=uploads) as server:
        for index in range(2):
            task = asyncio.create_task(server.http.post(CHAT, json=request), name="caller")
            await driver.record(index)
            assert list(uploads.iterdir())
            task.cancel()
            await asyncio.wait([task])
            await eventually(lambda: not list(uploads.iterdir()))


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A server that takes a request and never answers."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def serve(_head: bytes, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()

    async with serving(serve) as address:
        yield address, asked
        over.set()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("way", ["gone", "cancelled"])
async def test_request_that_ends_while_a_file_is_fetched_leaves_nothing(
    way: str, stream: bool, tmp_path: Path
) -> None:
    driver, uploads = ScriptedDriver(), tmp_path / "uploads"
    async with (
        silent_server() as (address, asked),
        listening(driver, upload_dir=uploads, allow_private_urls=True) as server,
    ):
        request = {"messages": [user(words("x"), images=[data_url(PNG), f"{address}/a"])], "stream": stream}
        task = asyncio.create_task(server.http.post(CHAT, json=request), name="caller")
        await asked.wait()
        [request_id] = server.gateway.exchanges
        if way == "gone":
            task.cancel()
            await asyncio.wait([task])
        else:
            cancelled = await server.http.post(f"/v1/cancel/{request_id}")
            assert cancelled.json()["was"] == "preparing"
            assert (await task).status_code == 499
        await eventually(lambda: not list(uploads.iterdir()) and not list(server.gateway.exchanges))
        assert driver.records == []


async def test_stop_while_files_are_needed_leaves_nothing(tmp_path: Path) -> None:
    gate = asyncio.Event()
    driver, uploads = ScriptedDriver(Script((gate, STOP))), tmp_path / "uploads"
    request = {"messages": [user(words("x"), picture())], "stream": True}
    async with listening(driver, upload_dir=uploads) as server:
        task = asyncio.create_task(server.http.post(CHAT, json=request), name="caller")
        await driver.record(0)
    assert list(uploads.iterdir()) == []
    await asyncio.wait([task])


async def test_start_clears_away_what_a_crash_left(tmp_path: Path) -> None:
    left = tmp_path / "uploads" / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / ".request").touch()
    async with chatting(tmp_path) as chat:
        await chat.is_clean()


async def test_full_queue_is_told_before_anything_is_received() -> None:
    gate = asyncio.Event()
    driver = ScriptedDriver(*[Script((gate, STOP))] * 3)
    async with (
        silent_server() as (address, asked),
        listening(driver, queue_size=1, allow_private_urls=True) as server,
    ):
        queue, tasks = server.gateway.queue, []
        while not queue.waiting:
            tasks.append(asyncio.create_task(server.http.post(CHAT, json=body()), name="filling"))
            await eventually(lambda: len(list(queue)) == len(tasks))
            await asyncio.wait({*tasks}, timeout=0.05)
        response = await server.http.post(
            CHAT, json={"messages": [user(words("x"), images=[f"{address}/a"])]}
        )
        assert (response.status_code, response.json()["error"]["code"]) == (429, "queue_full")
        assert not asked.is_set()
        gate.set()
        await asyncio.wait(tasks)
