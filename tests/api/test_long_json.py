"""Bodies whose long strings go to disk: nothing of them is lost, changed, or mistaken for a file."""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.attachments.decode64 import BadEncoding, from_base64, from_percent
from api.long_json import LONG, MOST_TEXT, LongJson, Place
from domain.attachments import LongText
from domain.errors import BadRequest, TooLarge
from tests.api.harness import CHAT, in_process
from tests.api.scripted import ScriptedDriver

BIG = "A" * (LONG + 100)
QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def nothing_is_a_file(_place: Place) -> bool:
    return False


def is_data(place: Place) -> bool:
    return place[-1] == "data"


class Reader:
    """Feeds bodies in pieces and counts the files it makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def new_path(self) -> Path:
        return self.folder / f"{next(self._numbers)}"

    def read(self, body: bytes, size: int = 1 << 16, *, files: bool = True) -> Any:
        with LongJson(self.new_path) as long:
            for start in range(0, len(body), size):
                long.feed(body[start : start + size])
            return long.document(is_data if files else nothing_is_a_file)

    def files(self) -> list[Path]:
        return list(self.folder.iterdir())


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)


def text_of(item: Any) -> str:
    assert isinstance(item, LongText)
    text = item.path.read_text(encoding="utf-8")
    assert (item.length, text[: len(item.head)]) == (len(text), item.head)
    return text


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [1000, 65_537, 1 << 22])
def test_long_string_is_in_a_file_as_it_was_said(reader: Reader, size: int, ascii_only: bool) -> None:
    said = dict.fromkeys(("data", "text"), (BIG + 'ä"\\\n\t/😀\x7f€') * 2)
    document = reader.read(json.dumps(said, ensure_ascii=ascii_only).encode(), size)
    assert text_of(document["data"]) == said["data"]
    assert document["text"] == said["text"]
    assert reader.files() == [document["data"].path]


def test_escapes_are_understood_wherever_a_piece_ends(reader: Reader) -> None:
    tail = r"\/ \u00e4 \ud83d\ude00 \\u00e4 \\\\ \" \\\ud83d\ude00"
    body = f'{{"data": "{BIG}{tail}", "n": [1, "x"]}}'.encode()
    begin = LONG + 100
    for size in range(begin, begin + 90):
        document = reader.read(body, size)
        assert text_of(document["data"]) == BIG + '/ ä 😀 \\u00e4 \\\\ " \\😀'
        assert document["n"] == [1, "x"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@QUICK
@given(JSON, st.integers(min_value=1, max_value=200), st.booleans())
def test_document_is_what_any_reader_makes_of_it(
    reader: Reader, said: Any, size: int, ascii_only: bool
) -> None:
    body = json.dumps({"said": said, "long": BIG}, ensure_ascii=ascii_only).encode(errors="replace")
    cut = len(body) - LONG
    with LongJson(reader.new_path) as long:
        for start in range(0, cut, size):
            long.feed(body[start : min(start + size, cut)])
        long.feed(body[cut:])
        assert long.document(nothing_is_a_file) == json.loads(body)
    assert reader.files() == []


def test_word_that_stands_for_a_string_cannot_be_claimed(reader: Reader) -> None:
    document = reader.read(json.dumps({"text": BIG, "data": "long-0", "x": ["long-1-0"]}).encode())
    assert (document["text"], document["data"], document["x"]) == (BIG, "long-0", ["long-1-0"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f'{{"data": "{BIG}', "not valid JSON"),
        (f'{{"data": "{BIG}\\', "not valid JSON"),
        (f'{{"data": "{BIG}\\q"}}', "not valid JSON"),
        (f'{{"data": "{BIG}\\u12"}}', "not valid JSON"),
        (f'{{"data": "{BIG}\\u12zz and more"}}', "wrong escape"),
        (f'{{"data": "{BIG}\n"}}', "not valid JSON"),
        (f'{{"data": "{BIG}"}} x', "not valid JSON"),
        (f'{{"data": "{BIG}", "n": NaN}}', "NaN"),
        (f'{{"data": "{BIG}", "data": "{BIG}"}}', "the name 'data' twice"),
        (f'{{"data": "{BIG}\\ud83d"}}', "surrogate"),
        (f'{{"data": "{BIG}\\ude00"}}', "surrogate"),
        (f'{{"data": "{BIG}\\ud83dx"}}', "surrogate"),
        (f'{{"data": "{BIG}", "x": "\\ud83d"}}', "surrogate"),
    ],
)
def test_broken_body_is_refused(reader: Reader, body: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        reader.read(body.encode())


def test_broken_utf8_is_told_by_its_byte(reader: Reader) -> None:
    body = f'{{"data": "{BIG}'.encode()
    for size in (1000, 100_000):
        with pytest.raises(BadRequest, match=rf"UTF-8 \(byte {len(body)}\)"):
            reader.read(body + b"\xff", size)
    with pytest.raises(BadRequest, match="UTF-8"):
        reader.read(body + "ä".encode()[:1])


def test_long_name_in_a_body_is_no_name(reader: Reader) -> None:
    with pytest.raises(BadRequest, match="name"):
        reader.read(f'{{"{BIG}": 1}}'.encode())


def test_text_that_is_no_file_is_limited(reader: Reader) -> None:
    with pytest.raises(TooLarge, match="no files"):
        reader.read(b"[" + b'"abc", ' * (MOST_TEXT // 7 + 1))
    half = "A" * (MOST_TEXT // 2)
    with pytest.raises(TooLarge, match="no files"):
        reader.read(f'["{half}", "{half}"]'.encode(), files=False)


def test_long_text_is_decoded_as_a_short_one_is(tmp_path: Path) -> None:
    for content in (b"x" * 900_001, bytes(range(256)) * 4000):
        for text in (_base64(content), _base64(content).replace("=", "%3D").replace("+", "%2B")):
            path = tmp_path / "text"
            path.write_text(f"data:,{text}", encoding="utf-8")
            long = LongText("data:,", path, len(text) + 6)
            assert b"".join(from_base64(long, 6)) == content
    path.write_text("%41" * 400_000)
    assert b"".join(from_percent(LongText("%41", path, 1_200_000), 0)) == b"A" * 400_000
    path.write_text("QUJD" * 200_000 + "é")
    with pytest.raises(BadEncoding, match="character 800000 is not"):
        list(from_base64(LongText("QUJD", path, 800_001)))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_body_that_stops_coming_leaves_nothing(tmp_path: Path) -> None:
    sent = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"messages": [{"role": "user", "content": "x", "images": ["' + b"A" * 3_000_000
        sent.set()
        await asyncio.Event().wait()

    uploads = tmp_path / "uploads"
    async with in_process(ScriptedDriver(), upload_dir=uploads) as client:
        request = client.post(CHAT, content=body(), headers={"content-type": "application/json"})
        task = asyncio.create_task(request, name="request")
        await sent.wait()
        task.cancel()
        await asyncio.wait([task])
        assert list(uploads.iterdir()) == []
