"""From references to files that lie ready: kinds, names, limits, and that nothing is left on disk."""

import asyncio
import base64
import hashlib
import io
import stat
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from api.attachments.collect import Collector
from api.attachments.convert import ACCEPTED, MOST_PIXELS
from api.attachments.forms import read_item, read_part
from api.attachments.media import ENDINGS, of_format
from api.attachments.names import LONGEST_NAME, name_of, safe_name, shown_name
from api.attachments.rules import AttachmentRules
from api.attachments.workspace import MARKER, Workspace, is_workspace, sweep
from api.files.records import NewFile
from api.files.references import resolve
from api.files.store import FileStore
from domain.attachments import FileReference
from domain.errors import BadRequest, GatewayError, NotFound, TooLarge, Unsupported
from tests.api.attaching import (
    JPEG,
    MP3,
    MP4,
    PDF,
    PNG,
    REQUEST_ID,
    SVG,
    WAV,
    ZIP,
    collected,
    no_uploads,
    picture,
)


def data(content: bytes, name: str | None = None, mime_type: str | None = None, at: int = 0) -> FileReference:
    return FileReference("data", base64.b64encode(content).decode(), f"attachments[{at}]", name, mime_type)


KINDS: list[tuple[bytes, str | None, str | None, str, str]] = [
    (PNG, None, None, "image-1.png", "image/png"),
    (PNG, "photo.jpg", None, "photo.png", "image/png"),
    (PNG, "photo", "text/plain", "photo.png", "image/png"),
    (JPEG, "a.JPEG", None, "a.JPEG", "image/jpeg"),
    (picture("WEBP"), None, "image/*", "image-1.webp", "image/webp"),
    (picture("BMP"), "scan.bmp", None, "scan.png", "image/png"),
    (picture("GIF"), "one.gif", None, "one.png", "image/png"),
    (MP3, None, "audio/mpeg", "audio-1.mp3", "audio/mpeg"),
    (WAV, None, None, "audio-1.wav", "audio/wav"),
    (b"OggS" + bytes(24) + b"\x01vorbis", "a.ogg", None, "a.ogg", "audio/ogg"),
    (b"fLaC" + bytes(40), None, None, "audio-1.flac", "audio/flac"),
    (MP4, None, None, "video-1.mp4", "video/mp4"),
    (MP4.replace(b"vide", b"soun"), "a.m4a", None, "a.m4a", "audio/mp4"),
    (b"\x1aE\xdf\xa3" + bytes(4) + b"\x42\x82\x84webm" + b"V_VP9", "a.webm", None, "a.webm", "video/webm"),
    (b"\x1aE\xdf\xa3" + bytes(4) + b"\x42\x82\x84webm" + b"A_OPUS", "a.webm", None, "a.weba", "audio/webm"),
    (PDF, "report", None, "report.pdf", "application/pdf"),
    (PDF, None, None, "file-1.pdf", "application/pdf"),
    (b"hello", None, None, "text-1.txt", "text/plain"),
    (b"# Title", "notes.md", None, "notes.md.txt", "text/plain"),
    (b"let a: number", "main.ts", None, "main.ts.txt", "text/plain"),
    (b"{}", "a.json", "application/json", "a.json.txt", "text/plain"),
    (b"a,b\n1,2\n", "a.csv", None, "a.csv", "text/csv"),
    (b"<!doctype html><p>", "a.html", None, "a.html", "text/html"),
    (b"<?xml version='1.0'?><a/>", "a.xml", None, "a.xml.txt", "text/plain"),
    ("日本語".encode(), "日本.txt", None, "日本.txt", "text/plain"),
    (SVG, "a.svg", "text/plain", "a.svg.txt", "text/plain"),
]


@pytest.mark.parametrize(("content", "given", "claimed", "name", "kind"), KINDS)
async def test_file_is_sent_under_a_name_and_type_that_fit_its_content(
    tmp_path: Path, content: bytes, given: str | None, claimed: str | None, name: str, kind: str
) -> None:
    [(attachment, sent)] = await collected(tmp_path, data(content, given, claimed))
    assert (attachment.name, attachment.mime_type) == (name, kind)
    assert attachment.path.name == name
    assert (attachment.size, attachment.sha256) == (len(sent), hashlib.sha256(sent).hexdigest())
    if kind != "image/png":
        assert sent == content


@pytest.mark.parametrize("form", ["BMP", "GIF"])
async def test_picture_is_converted_without_loss(tmp_path: Path, form: str) -> None:
    content = picture(form, colour="purple")
    [(_, sent)] = await collected(tmp_path, data(content))
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(sent)) as after:
        assert after.format == "PNG"
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (ZIP, "a.zip", "'application/zip'.*one by one"),
        (SVG, "a.svg", r"'image/svg\+xml'.*text/plain"),
        (picture("GIF", frames=2), "a.gif", "animated GIF of 2 pictures"),
        (bytes(range(256)), "a.bin", "unknown type"),
        ("text".encode("utf-16"), "a.txt", "unknown type.*text in UTF-8"),
        (b"\x7fELF" + bytes(60), "a", "does not take"),
    ],
)
async def test_what_the_site_does_not_take_is_refused(
    tmp_path: Path, content: bytes, name: str, words: str
) -> None:
    with pytest.raises(Unsupported, match=words) as caught:
        await collected(tmp_path, data(PNG), data(content, name, at=1))
    assert caught.value.param == "attachments[1]"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damaged", [picture("BMP")[:60], picture("GIF")[:20], b"BM" + bytes(60)])
async def test_damaged_picture_is_refused(tmp_path: Path, damaged: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        await collected(tmp_path, data(damaged, "a.bmp"))
    assert str(tmp_path) not in caught.value.public_message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("side", [6400, 12000, 30000])
async def test_huge_picture_is_not_unpacked(tmp_path: Path, side: int) -> None:
    assert side * side > MOST_PIXELS
    bomb = bytearray(picture("BMP"))
    bomb[18:26] = side.to_bytes(4, "little") * 2
    with pytest.raises(TooLarge, match="pixels"):
        await collected(tmp_path, data(bytes(bomb)))
    assert list(tmp_path.iterdir()) == []


async def test_order_is_kept_and_equal_content_is_sent_once(tmp_path: Path) -> None:
    found = await collected(
        tmp_path,
        data(JPEG, "b.jpg"),
        data(PNG, "a.png"),
        data(JPEG, "again.jpg"),
        data(picture("PNG", colour="green"), "A.png"),
        data(b"text"),
    )
    assert [one.name for one, _ in found] == ["b.jpg", "a.png", "b.jpg", "A-2.png", "text-5.txt"]
    assert found[0][0] is found[2][0]


async def test_empty_file_is_refused(tmp_path: Path) -> None:
    for value in ("data:text/plain,", "data:;base64,", "data:image/png;base64,=="):
        with pytest.raises(BadRequest, match="is empty"):
            await collected(tmp_path, FileReference("data", value, "images[0]"))
    assert list(tmp_path.iterdir()) == []


async def test_limits_name_their_settings(tmp_path: Path) -> None:
    rules = AttachmentRules(max_file_bytes=10, max_total_bytes=15, max_files=2)
    with pytest.raises(TooLarge, match=r"10 bytes.*MAX_FILE_BYTES"):
        await collected(tmp_path, data(b"x" * 11), rules=rules)
    with pytest.raises(TooLarge, match=r"15 bytes.*MAX_FILES_BYTES"):
        await collected(tmp_path, data(b"x" * 8), data(b"y" * 8), rules=rules)
    with pytest.raises(BadRequest, match=r"3 files; at most 2.*MAX_FILES") as caught:
        await collected(tmp_path, *(data(b"x", at=at) for at in range(3)), rules=rules)
    assert caught.value.param == "attachments[2]"
    assert list(tmp_path.iterdir()) == []


@dataclass(frozen=True, slots=True)
class Uploaded:
    path: Path
    name: str
    mime_type: str


async def test_uploaded_file_is_sent_under_its_own_name(tmp_path: Path) -> None:
    content = tmp_path / "8d1f"
    content.write_bytes(PDF)
    asked: list[str] = []

    async def uploads(reference: FileReference) -> Uploaded:
        assert isinstance(reference.value, str)
        asked.append(reference.value)
        return Uploaded(content, "report.pdf", "application/pdf")

    part = {"type": "file", "file": {"file_id": "file-1"}}
    [(attachment, sent)] = await collected(tmp_path / "up", read_part(part, "p"), uploads=uploads)
    assert (attachment.name, attachment.mime_type, sent, asked) == (
        "report.pdf",
        "application/pdf",
        PDF,
        ["file-1"],
    )
    content.unlink()
    with pytest.raises(NotFound, match="no longer"):
        await collected(tmp_path / "up", read_item("files/abc", "files[0]"), uploads=uploads)
    with pytest.raises(NotFound, match="file-unknown1"):
        await collected(tmp_path / "up", read_item("file-unknown1", "files[0]"))


async def test_file_of_the_store_is_its_owners_alone(tmp_path: Path) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield PDF

    async with FileStore(tmp_path / "store") as store:
        file = await store.create(NewFile("anna", "report.pdf"), content())
        for value in (
            f"files/{file.id}",
            f"https://generativelanguage.googleapis.com/v1beta/files/{file.id}",
        ):
            reference = read_item({"file_uri": value}, "files[0]")
            [(attachment, sent)] = await collected(
                tmp_path / "up", reference, uploads=partial(resolve, store, "anna")
            )
            assert (attachment.name, sent) == ("report.pdf", PDF)
            with pytest.raises(NotFound):
                await collected(tmp_path / "up", reference, uploads=partial(resolve, store, "bert"))


async def test_workspace_is_for_the_gateway_alone_and_goes_away(tmp_path: Path) -> None:
    async with Workspace(tmp_path / "deep" / "up", REQUEST_ID, limit=10) as workspace:
        assert not workspace.path.exists()
        assert workspace.new_path().parent == workspace.path
        assert stat.S_IMODE(workspace.path.stat().st_mode) == 0o700
        assert is_workspace(workspace.path)
        path = workspace.path
    assert not path.exists()
    with pytest.raises(GatewayError, match="over"):
        workspace.new_path()


async def test_workspace_goes_away_when_its_request_is_cancelled_again_and_again(tmp_path: Path) -> None:
    ready = asyncio.Event()

    async def request() -> None:
        async with Workspace(tmp_path, REQUEST_ID, limit=10) as workspace:
            workspace.new_path().write_text("a")
            ready.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(request(), name="request")
    await ready.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(2):
        while list(tmp_path.iterdir()):  # noqa: ASYNC110  the folder goes away on its own
            await asyncio.sleep(0)


async def test_cancelled_collection_leaves_nothing(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(_reference: FileReference) -> Uploaded:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    references = (data(PNG), FileReference("file_id", "a", "files[0]"))
    task = asyncio.create_task(collected(tmp_path, *references, uploads=never), name="collect")
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(tmp_path.iterdir()) == []


async def test_two_requests_cannot_share_a_workspace(tmp_path: Path) -> None:
    async with Workspace(tmp_path, REQUEST_ID, limit=10) as first:
        first.new_path()
        async with Workspace(tmp_path, REQUEST_ID, limit=10) as second:
            with pytest.raises(GatewayError, match="UPLOAD_FILES_DIR"):
                second.new_path()
        assert first.path.is_dir()


async def test_sweep_removes_what_a_crash_left_and_nothing_else(tmp_path: Path) -> None:
    crashed = tmp_path / "00112233445566ff"
    crashed.mkdir()
    (crashed / MARKER).touch()
    (crashed / "video.mp4").write_bytes(MP4)
    (tmp_path / "fedcba9876543210").mkdir()
    (tmp_path / "mine.txt").write_text("of the user")
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / MARKER).touch()
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "link").symlink_to(outside)
    async with Workspace(tmp_path, REQUEST_ID, limit=10) as busy:
        busy.new_path()
        assert sweep(tmp_path / "up") == 0
        assert outside.is_dir()
        assert sweep(tmp_path) == 2
        assert busy.path.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fedcba9876543210", "mine.txt", "up"]
    assert sweep(tmp_path / "missing") == 0


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\a.txt", "a.txt"),
        ("/", ""),
        ("..", ""),
        (".request", "request"),
        ("a\x00b\nc\u202egnp.txt", "abcgnp.txt"),
        ("CON.txt", "_CON.txt"),
        ("a:b?.txt", "a_b_.txt"),
        ("  a.txt. ", "a.txt"),
        ("cafe\u0301.txt", "café.txt"),
    ],
)
def test_name_cannot_leave_its_folder_or_mislead(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_long_name_keeps_its_ending() -> None:
    name = shown_name("长" * 300 + ".png", "image/png", 1)
    assert name.endswith("长.png")
    assert len(name.encode()) <= LONGEST_NAME


@pytest.mark.parametrize(
    ("word", "family", "kind"),
    [
        ("mp3", "audio", "audio/mpeg"),
        (".WAV", None, "audio/wav"),
        ("jpg", "image", "image/jpeg"),
        ("m4a", "audio", "audio/mp4"),
        ("ogg", "video", "video/ogg"),
        ("ogg", "audio", "audio/ogg"),
        ("webm", "audio", "audio/webm"),
        ("audio/x-wav", None, "audio/wav"),
        ("pcm16", "audio", "audio/pcm16"),
        ("what", None, None),
        ("", "audio", None),
    ],
)
def test_format_is_understood(word: str, family: str | None, kind: str | None) -> None:
    assert of_format(word, family) == kind


def test_every_ending_means_one_type() -> None:
    endings = [ending for some in ENDINGS.values() for ending in some]
    assert len(endings) == len(set(endings))


def test_document_names_what_is_accepted() -> None:
    text = (Path(__file__).parents[2] / "docs" / "attachments.md").read_text(encoding="utf-8")
    for setting in (
        "MAX_FILE_BYTES",
        "MAX_FILES",
        "MAX_FILES_BYTES",
        "LOCAL_FILE_ROOTS",
        "ALLOW_PRIVATE_URLS",
    ):
        assert f"`{setting}`" in text
    for word in ACCEPTED.replace("(", ",").replace(")", ",").split(","):
        assert word.strip().removeprefix("and ") in text


async def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    megabyte = 1024 * 1024
    reference = data(PNG + bytes(24 * megabyte))
    async with Collector(AttachmentRules()) as collector:
        tracemalloc.start()
        async with Workspace(tmp_path, REQUEST_ID, limit=100 * megabyte) as space:
            [attachment] = await collector.collect([reference], space, no_uploads)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert attachment.size == len(PNG) + 24 * megabyte
    assert peak < 8 * megabyte


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.com/a/my%20cat.png?size=1#top", "my cat.png"),
        ("http://[::1/cat.png", "cat.png"),
        ("https://example.com", "without a name"),
        ("/home/me/cat.png", "cat.png"),
    ],
)
def test_file_that_nobody_has_looked_at_is_called_by_its_address(address: str, name: str) -> None:
    assert name_of(FileReference("url", address, "here")) == name
