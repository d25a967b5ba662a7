"""Bodies that are read piece by piece."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.types import Message

from api.files.bodies import Pace, chunks_of
from api.files.multipart import MultipartBody
from domain.errors import BadRequest
from tests.api.files_harness import in_pieces, multipart

WINDOW = 0.05


def request_of(pieces: list[bytes], every: float) -> Request:
    """A request whose body comes in pieces, one in `every` seconds."""
    left = list(pieces)

    async def receive() -> Message:
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=every)
        piece = left.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def test_body_that_is_slow_but_not_too_slow_is_read_to_its_end() -> None:
    request = request_of([b"x" * 100] * 6, every=WINDOW / 2)
    assert b"".join([chunk async for chunk in chunks_of(request, Pace(WINDOW, 50))]) == b"x" * 600


async def test_body_that_comes_steadily_but_too_slowly_is_refused() -> None:
    request = request_of([b"x"] * 100, every=WINDOW / 2)
    with pytest.raises(BadRequest, match="too slowly: less than 50 bytes"):
        _ = [chunk async for chunk in chunks_of(request, Pace(WINDOW, 50))]


async def parts_of(body: bytes, size: int) -> AsyncIterator[tuple[str | None, str | None, bytes]]:
    async for part in MultipartBody("multipart/form-data; boundary=b0", in_pieces(body, size)).parts():
        yield part.name, part.filename, b"".join([piece async for piece in part.content])


@given(
    contents=st.lists(
        st.one_of(st.binary(max_size=50), st.sampled_from([b"\r\n--b", b"\r\n--b1", b"--b0\r", b"\r\n"])),
        max_size=4,
    ),
    size=st.integers(1, 80),
)
async def test_parts_come_as_they_were_however_the_body_is_cut(contents: list[bytes], size: int) -> None:
    sent = [({"Content-Disposition": f'form-data; name="n{n}"'}, part) for n, part in enumerate(contents)]
    assume(not any(b"\r\n--b0" in b"\r\n" + content for content in contents))
    found = [part async for part in parts_of(multipart("b0", *sent), size)]
    assert found == [(f"n{n}", None, content) for n, content in enumerate(contents)]


@pytest.mark.parametrize("name", ["ü.txt".encode(), "ü.txt".encode("latin-1")])
async def test_name_is_read_as_utf8_or_else_as_latin1(name: bytes) -> None:
    head = b'--b0\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\n'
    found = [part async for part in parts_of(head + b"x\r\n--b0--\r\n", 7)]
    assert found == [("file", "ü.txt", b"x")]


async def test_part_that_nobody_reads_is_passed_over() -> None:
    body = multipart("b0", ({"X-A": "1"}, b"long " * 50), ({"X-A": "2"}, b"short"))
    chunks = in_pieces(body, 9)
    seen = [part.headers async for part in MultipartBody("multipart/related; boundary=b0", chunks).parts()]
    assert seen == [{"x-a": "1"}, {"x-a": "2"}]
