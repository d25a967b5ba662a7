"""Every way of naming a file, and every way of naming it wrongly."""

import base64
from typing import Any

import pytest

from api.attachments.forms import read_item, read_part
from domain.attachments import FileReference, Source
from domain.errors import BadRequest, Unsupported
from tests.api.attaching import JPEG, MP3, MP4, PDF, PNG, WAV

WHERE = "messages[0].content[1]"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64(data)}"


VALUES: list[tuple[str, Source]] = [
    (data_url(PNG, "image/png"), "data"),
    ("DATA:text/plain,a%20b", "data"),
    (b64(PNG), "data"),
    (b64(JPEG), "data"),
    (b64(MP3), "data"),
    (b64(WAV), "data"),
    (base64.urlsafe_b64encode(MP3).decode(), "data"),
    (base64.encodebytes(PDF).decode(), "data"),
    ("/" + "A" * 5000, "data"),
    ("https://example.com/a.jpg?size=1#top", "url"),
    ("HTTP://example.com/a.jpg", "url"),
    ("file:///home/me/a%20b.png", "path"),
    ("file://localhost/home/me/a.png", "path"),
    ("/home/me/Pictures/photo", "path"),
    ("/home/me/a.png", "path"),
    ("files/abc-123", "file_uri"),
    ("https://generativelanguage.googleapis.com/v1beta/files/abc123", "file_uri"),
    ("https://generativelanguage.googleapis.com/v1/files/abc123", "file_uri"),
    ("http://127.0.0.1:2048/v1beta/files/abc123", "file_uri"),
    ("https://example.com/v1/files/abc123", "url"),
    ("file-abcdefgh12345678", "file_id"),
]
URL_PARTS = [
    "image_url",
    "input_image",
    "file_url",
    "media_url",
    "video_url",
    "audio_url",
    "input_audio",
    "input_video",
]


def test_mp3_and_jpeg_in_base64_begin_with_a_slash() -> None:
    assert b64(MP3).startswith("//")
    assert b64(JPEG).startswith("/9j/")


@pytest.mark.parametrize("kind", URL_PARTS)
@pytest.mark.parametrize(("value", "source"), VALUES)
def test_part_holds_any_value_as_object_or_text(kind: str, value: str, source: Source) -> None:
    for inner in ({"url": value}, value):
        found = read_part({"type": kind, kind: inner}, WHERE)
        assert (found.source, found.value) == (source, value)
        assert found.param.startswith(f"{WHERE}.{kind}")


@pytest.mark.parametrize(("value", "source"), VALUES)
def test_list_entry_holds_any_value_as_object_or_text(value: str, source: Source) -> None:
    for item in ({"url": value}, value):
        found = read_item(item, "attachments[0]")
        assert (found.source, found.value) == (source, value)
        assert found.param.startswith("attachments[0]")


PARTS_OF_CLIENTS: list[tuple[dict[str, Any], Source, str | None, str | None]] = [
    ({"type": "image_url", "image_url": {"url": b64(PNG), "detail": "high"}}, "data", None, "image/*"),
    (
        {"type": "input_image", "image_url": data_url(PNG, "image/png"), "detail": "auto"},
        "data",
        None,
        "image/png",
    ),
    ({"type": "input_image", "file_id": "file-1", "image_url": None}, "file_id", None, "image/*"),
    ({"type": "input_audio", "input_audio": {"data": b64(MP3), "format": "mp3"}}, "data", None, "audio/mpeg"),
    ({"type": "input_audio", "input_audio": {"data": b64(WAV), "format": "wav"}}, "data", None, "audio/wav"),
    (
        {"type": "input_audio", "input_audio": {"data": b64(WAV), "format": "webm"}},
        "data",
        None,
        "audio/webm",
    ),
    (
        {
            "type": "input_video",
            "input_video": {"data": data_url(MP4, "video/mp4"), "format": "mp4", "mime_type": "video/mp4"},
        },
        "data",
        None,
        "video/mp4",
    ),
    ({"type": "input_video", "data": b64(MP4), "format": "mp4"}, "data", None, "video/mp4"),
    ({"type": "file", "file": {"file_data": b64(PDF), "filename": "a.pdf"}}, "data", "a.pdf", None),
    (
        {"type": "file", "file": {"file_data": data_url(PDF, "application/pdf"), "filename": "a.pdf"}},
        "data",
        "a.pdf",
        "application/pdf",
    ),
    ({"type": "file", "file": {"file_id": "file-1"}}, "file_id", None, None),
    ({"type": "input_file", "file_url": "https://example.com/a.pdf"}, "url", None, None),
    ({"type": "input_file", "file_id": "file-1", "filename": None}, "file_id", None, None),
    ({"type": "file_url", "file_url": {"url": "/data/a.pdf"}}, "path", None, None),
]


@pytest.mark.parametrize(("part", "source", "name", "mime_type"), PARTS_OF_CLIENTS)
def test_part_says_name_and_type(
    part: dict[str, Any], source: Source, name: str | None, mime_type: str | None
) -> None:
    found = read_part(part, WHERE)
    assert (found.source, found.name, found.mime_type) == (source, name, mime_type)


ITEMS: list[tuple[Any, Source, str | None, str | None]] = [
    ({"url": "https://example.com/a", "type": "video"}, "url", None, "video/*"),
    ({"url": "https://example.com/a", "type": "file"}, "url", None, None),
    ({"url": data_url(PNG, "image/jpg"), "type": "image"}, "data", None, "image/jpeg"),
    ({"path": "/data/a.pdf"}, "path", None, None),
    ({"path": "file:///data/a.pdf"}, "path", None, None),
    ({"data": b64(PDF), "mime_type": "application/pdf", "name": "x.pdf"}, "data", "x.pdf", "application/pdf"),
    ({"data": b64(PDF), "mimeType": "application/pdf"}, "data", None, "application/pdf"),
    ({"data": b64(PNG), "type": "image/png"}, "data", None, "image/png"),
    ({"data": b64(PNG), "format": "jpeg"}, "data", None, "image/jpeg"),
    ({"data": "https://example.com/a.png"}, "url", None, None),
    ({"file_id": "abc", "filename": "b.txt"}, "file_id", "b.txt", None),
    ({"fileUri": "https://example.com/v1/files/a", "mimeType": "video/mp4"}, "file_uri", None, "video/mp4"),
    ({"type": "image_url", "image_url": {"url": "https://example.com/a"}}, "url", None, "image/*"),
    ({"type": "image", "image_url": {"url": "https://example.com/a"}}, "url", None, "image/*"),
    (
        "data:application/pdf;name=my%20report.pdf;base64," + b64(PDF),
        "data",
        "my report.pdf",
        "application/pdf",
    ),
    ("data:;base64,QUJD", "data", None, None),
    ("data:,plain", "data", None, None),
    ("data:text/plain;charset=utf-8,caf%C3%A9", "data", None, "text/plain"),
]


@pytest.mark.parametrize(("item", "source", "name", "mime_type"), ITEMS)
def test_list_entry_says_name_and_type(
    item: Any, source: Source, name: str | None, mime_type: str | None
) -> None:
    found = read_item(item, "files[0]")
    assert (found.source, found.name, found.mime_type) == (source, name, mime_type)


WRONG: list[tuple[Any, str]] = [
    ("", "empty"),
    ("report.pdf", "none of"),
    ("./report.pdf", "none of"),
    ("~/report.pdf", "none of"),
    ("C:\\Users\\me\\a.png", "Windows"),
    ("C:/Users/me/a.png", "Windows"),
    ("\\\\server\\share\\a.png", "Windows"),
    ("ftp://example.com/a.png", "ftp:"),
    ("gs://bucket/a.png", "gs:"),
    ("blob:https://example.com/1", "blob:"),
    ("https:example.com", "https:"),
    ("data:image/png;base64", "no comma"),
    ("data:no type,x", "type"),
    ("a\x00b", "none of"),
    (17, "int"),
    (None, "NoneType"),
    ({}, "none"),
    ({"url": None}, "none"),
    ({"url": 5}, "int"),
    ({"url": ""}, "empty"),
    ({"path": "a.png"}, "absolute"),
    ({"path": b64(PNG)}, "absolute"),
    ({"path": "C:\\a.png"}, "Windows"),
    ({"url": "https://example.com/a", "path": "/a"}, "url, path"),
    ({"data": b64(PNG), "mime_type": "png"}, "media type"),
    ({"data": "not base64!"}, "none of"),
]


@pytest.mark.parametrize(("item", "words"), WRONG)
def test_wrong_entry_is_refused_with_its_place(item: Any, words: str) -> None:
    with pytest.raises(BadRequest, match="(?i)" + words.replace("\\", "\\\\")) as caught:
        read_item(item, "attachments[3]")
    assert (caught.value.param or "").startswith("attachments[3]")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url"},
        {"type": "image_url", "image_url": {}},
        {"type": "image_url", "image_url": ["https://example.com"]},
        {"type": "image_url", "image_url": {"url": "https://example.com", "detail": "huge"}},
        {"type": "input_audio", "input_audio": {"format": "wav"}},
        {"type": "file", "file": {"filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "a", "file_data": b64(PDF)}},
        {"type": "text", "text": "no file"},
        {"type": ["image_url"]},
        {},
    ],
)
def test_wrong_part_is_refused_with_its_place(part: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as caught:
        read_part(part, WHERE)
    assert (caught.value.param or "").startswith(WHERE)


def test_part_of_another_type_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Unsupported, match="image_url"):
        read_part({"type": "hologram"}, WHERE)


def test_content_of_a_file_never_shows_in_a_repr() -> None:
    assert "QUJD" not in repr(FileReference("data", "QUJD", "attachments[0]"))
