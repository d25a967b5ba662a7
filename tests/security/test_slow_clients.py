"""Slow, silent and oversized clients hold a connection at most, for a while, and never the worker."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from api.access.head import MOST_HEAD_BYTES
from api.http_protocol import PatientProtocol
from domain.events import TextDelta
from tests.api.harness import CHAT, body
from tests.api.scripted import STOP, Script, ScriptedDriver
from tests.security.serving import Serving, serving

PIECES = 12_000
"""More than any buffer of events once held; with `PIECE`, more than the kernel takes for a reader."""
PIECE = "x" * 1000


class Hasty(PatientProtocol):
    head_seconds = 0.3
    body_seconds = 0.3
    stall_seconds = 0.3


class Unhurried(PatientProtocol):
    pause_seconds = 0.0


@asynccontextmanager
async def connected(to: Serving) -> AsyncIterator[socket.socket]:
    """A client with a small window, whose bytes nobody reads for it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", to.port))
    try:
        yield client
    finally:
        client.close()


async def ask(client: socket.socket, document: object, *, path: str = CHAT) -> None:
    content = json.dumps(document).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    await asyncio.get_running_loop().sock_sendall(client, head.encode() + content)


async def rest_of(client: socket.socket) -> bytes:
    """Everything until the connection ends."""
    loop, got = asyncio.get_running_loop(), bytearray()
    try:
        async with asyncio.timeout(10):
            while chunk := await loop.sock_recv(client, 1 << 20):
                got += chunk
    except ConnectionResetError:
        pass
    return bytes(got)


def long_answer() -> Script:
    return Script((*[TextDelta(PIECE)] * PIECES, STOP))


@pytest.mark.parametrize("stream", [True, False])
async def test_client_that_never_reads_does_not_hold_the_worker(stream: bool) -> None:
    driver = ScriptedDriver(long_answer())
    async with serving(driver) as gateway, connected(gateway) as silent:
        await ask(silent, body(stream=stream))
        first = await driver.record(0)
        async with asyncio.timeout(15), httpx.AsyncClient(base_url=gateway.address) as other:
            await first.left.wait()
            answer = await other.post(CHAT, json=body(), timeout=15)
    assert answer.status_code == 200
    assert first.finished


async def test_client_that_reads_late_still_gets_everything() -> None:
    driver = ScriptedDriver(long_answer())
    async with serving(driver) as gateway, connected(gateway) as late:
        await ask(late, body(stream=True))
        async with asyncio.timeout(15):
            await (await driver.record(0)).left.wait()
        loop, got = asyncio.get_running_loop(), bytearray()
        async with asyncio.timeout(20):
            while b"data: [DONE]" not in got[-200:]:
                got += await loop.sock_recv(late, 1 << 20)
    assert got.count(PIECE.encode()) == PIECES


async def test_client_that_takes_nothing_is_cut_off() -> None:
    driver = ScriptedDriver(long_answer())
    async with serving(driver, Hasty) as gateway, connected(gateway) as silent:
        await ask(silent, body(stream=True))
        async with asyncio.timeout(15):
            await (await driver.record(0)).left.wait()
            # A reset shows when something is sent; reading is what this client must not do.
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                await keep_sending(silent)


async def keep_sending(client: socket.socket) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(client, b"\r\n")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("start", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-A: "])
async def test_client_that_does_not_end_its_headers_is_cut_off(start: bytes) -> None:
    async with serving(ScriptedDriver(), Hasty) as gateway, connected(gateway) as slow:
        await asyncio.get_running_loop().sock_sendall(slow, start)
        assert await rest_of(slow) == b""


async def test_client_that_stops_in_the_middle_of_its_body_is_cut_off() -> None:
    async with serving(ScriptedDriver(), Hasty) as gateway, connected(gateway) as slow:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        await asyncio.get_running_loop().sock_sendall(slow, head + b"Content-Length: 99\r\n\r\n{")
        assert await rest_of(slow) == b""


async def test_body_that_comes_slowly_is_waited_for() -> None:
    content, loop = json.dumps(body()).encode(), asyncio.get_running_loop()
    async with serving(ScriptedDriver(), Hasty) as gateway, connected(gateway) as slow:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        end = f"Connection: close\r\nContent-Length: {len(content)}\r\n\r\n"
        await loop.sock_sendall(slow, (head + end).encode())
        for part in (content[:5], content[5:9], content[9:12], content[12:]):
            await asyncio.sleep(Hasty.body_seconds / 2)  # it is the time that is tried
            await loop.sock_sendall(slow, part)
        answer = await rest_of(slow)
    assert answer.startswith(b"HTTP/1.1 200")


async def test_one_connection_too_many_takes_the_place_of_an_idle_one() -> None:
    async with (
        serving(ScriptedDriver(), most_connections=3) as gateway,
        connected(gateway) as first,
        connected(gateway),
        connected(gateway),
        httpx.AsyncClient(base_url=gateway.address) as client,
    ):
        assert (await client.get("/health")).status_code == 200
        assert await rest_of(first) == b""


async def test_one_connection_too_many_takes_the_place_of_one_that_stopped_in_its_body() -> None:
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    async with (
        serving(ScriptedDriver(), Unhurried, most_connections=2) as gateway,
        connected(gateway) as one,
        connected(gateway) as two,
        httpx.AsyncClient(base_url=gateway.address) as client,
    ):
        for stopped in (one, two):
            await asyncio.get_running_loop().sock_sendall(stopped, head + b"Content-Length: 99\r\n\r\n{")
        await asyncio.sleep(0.05)  # it is the time that is tried
        assert (await client.get("/health")).status_code == 200


async def test_where_all_connections_are_busy_one_more_is_told_so() -> None:
    driver = ScriptedDriver(Script((60.0, STOP)))
    async with serving(driver, most_connections=2) as gateway:
        async with connected(gateway) as one, connected(gateway) as two:
            for busy in (one, two):
                await ask(busy, body(stream=True))
                assert (await asyncio.get_running_loop().sock_recv(busy, 64)).startswith(b"HTTP/1.1 200")
            async with httpx.AsyncClient(base_url=gateway.address) as client:
                refused = await client.get("/health")
        async with httpx.AsyncClient(base_url=gateway.address) as client:
            served = await client.get("/health")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "too_many_connections")
    assert refused.headers["Retry-After"] == "5"
    assert served.status_code == 200


@pytest.mark.parametrize(
    "path", [CHAT, "/admin/api/login", "/v1beta/models/gemini-2.5-flash:generateContent"]
)
async def test_request_whose_body_has_two_ends_is_refused_and_nothing_behind_it_is_read(path: str) -> None:
    hidden = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    async with serving(ScriptedDriver()) as gateway, connected(gateway) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        ends = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        await asyncio.get_running_loop().sock_sendall(client, head.encode() + ends + hidden)
        answer = await rest_of(client)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


async def test_client_that_drips_its_second_request_is_cut_off() -> None:
    loop = asyncio.get_running_loop()
    async with serving(ScriptedDriver(), Hasty) as gateway, connected(gateway) as slow:
        await loop.sock_sendall(slow, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /")
        answer = await rest_of(slow)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


async def test_quick_client_of_a_hasty_server_may_think_for_long() -> None:
    """The time for headers ends with the headers."""
    driver = ScriptedDriver(Script((0.8, TextDelta("at last"), STOP)))
    async with serving(driver, Hasty) as gateway, httpx.AsyncClient() as client:
        answer = await client.post(f"{gateway.address}{CHAT}", json=body())
    assert answer.json()["choices"][0]["message"]["content"] == "at last"


@pytest.mark.parametrize("whole", [True, False])
async def test_headers_without_measure_are_431_in_the_envelope(whole: bool) -> None:
    loop = asyncio.get_running_loop()
    async with serving(ScriptedDriver()) as gateway, connected(gateway) as client:
        head = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * (2 * MOST_HEAD_BYTES)
        await loop.sock_sendall(client, head + (b"\r\nConnection: close\r\n\r\n" if whole else b""))
        answer = await rest_of(client)
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431")
    assert json.loads(content)["error"]["code"] == "headers_too_large"


async def test_what_is_no_http_is_400_in_the_envelope() -> None:
    async with serving(ScriptedDriver()) as gateway, connected(gateway) as client:
        await asyncio.get_running_loop().sock_sendall(client, b"\x16\x03\x01 hello\r\n\r\n")
        answer = await rest_of(client)
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(content)["error"]["code"] == "invalid_request"
