"""What a file is, by its content."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files.kinds import kind_of
from tests.api.files_harness import PNG, zipped

WEBM = b"\x1aE\xdf\xa3\x9fB\x82\x84webmB\x87\x81\x04B\x85\x81\x02" + bytes(100)
OGG = b"OggS\0\2" + bytes(22)
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(300)
RIFF = b"RIFF\x24\0\0\0"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1" + bytes(20), "image/jpeg"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (RIFF + b"WEBPVP8 " + bytes(20), "image/webp"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0" + bytes(40), "image/bmp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(30), "image/heic"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x"/>', "image/svg+xml"),
        (b'<svg xmlns="x"/>', "image/svg+xml"),
        (MP4, "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  " + bytes(30), "video/quicktime"),
        (b"\0\0\0\x18ftyp3gp4\0\0\2\0isom3gp4" + bytes(30), "video/3gpp"),
        (WEBM, "video/webm"),
        (WEBM + b"\x86\x86V_VP9A_OPUS", "video/webm"),
        (WEBM + b"\x86\x86A_OPUS", "audio/webm"),
        (OGG + b"\x01\x1eOpusHead" + bytes(30), "audio/ogg"),
        (OGG + b"\x01\x2a\x80theora" + bytes(30), "video/ogg"),
        (b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\x64" + bytes(30), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(30), "audio/mpeg"),
        (b"\xff\xfa\x90\x64" + bytes(30), "audio/mpeg"),
        (RIFF + b"WAVEfmt \x10\0\0\0" + bytes(30), "audio/wav"),
        (b"fLaC\0\0\0\x22" + bytes(30), "audio/flac"),
        (b"\0\0\0\x18ftypM4A \0\0\2\0isomiso2" + bytes(30), "audio/mp4"),
        (b"%PDF-1.7\nplain so far", "application/pdf"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "application/pdf"),
        (zipped(a="x"), "application/zip"),
        (b"\x7fELF\2\1\1" + bytes(60), "application/x-executable"),
        (b"\xde\xad\xbe\xef\0\0", "application/octet-stream"),
        ("Grüße".encode(), "text/plain"),
        (b"\xef\xbb\xbfwith a mark", "text/plain"),
        ("Grüße".encode("latin-1"), "application/octet-stream"),
        ("Grüße".encode("utf-16"), "application/octet-stream"),
        (b"zero \0 inside", "application/octet-stream"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"", "text/plain"),
    ],
)
def test_content_tells_the_kind(head: bytes, kind: str) -> None:
    assert kind_of(head) == kind


@pytest.mark.parametrize(
    "text", ["BMW is a car", "MZ, a text", "GIF87a is old", "ID3 tags", "PK fire", "OggS"]
)
def test_text_that_begins_like_a_signature_is_text(text: str) -> None:
    assert kind_of(text.encode()) == "text/plain"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("notes.md", "text/markdown"),
        ("table.CSV", "text/csv"),
        ("data.json", "application/json"),
        ("main.py", "text/x-python"),
        ("app.ts", "text/x-typescript"),
        ("a.tar/README", "text/plain"),
        ("photo.png", "text/plain"),
        ("C:\\docs\\page.html", "text/html"),
    ],
)
def test_name_tells_texts_apart(name: str, kind: str) -> None:
    assert kind_of(b"a,b\n1,2\n", name) == kind


@pytest.mark.parametrize(
    ("head", "name", "claimed", "kind"),
    [
        (b"# x", "x.txt", "text/markdown", "text/markdown"),
        (b"# x", "x.md", "text/plain; charset=utf-8", "text/markdown"),
        (b"let a", "x.ts", "video/mp2t", "text/x-typescript"),
        (b"hello", "x.png", "image/png", "text/plain"),
        (PNG, "x.txt", "text/plain", "image/png"),
        (PNG, "x.exe", "application/pdf", "image/png"),
        (MP4, None, "audio/mp4", "audio/mp4"),
        (MP4, "song.m4a", None, "audio/mp4"),
        (MP4, "film.m4a", "video/mp4", "video/mp4"),
        (WEBM, None, "audio/webm;codecs=opus", "audio/webm"),
        (zipped(a="x"), "report.docx", None, kind_of(zipped(a="x"), "x.docx")),
        (b"hello", None, "text/x\r\nSet-Cookie: a", "text/plain"),
        (b"hello", None, "text/" + "x" * 500, "text/plain"),
    ],
)
def test_claim_and_name_choose_only_among_what_the_content_can_be(
    head: bytes, name: str | None, claimed: str | None, kind: str
) -> None:
    assert kind_of(head, name, claimed) == kind


def test_character_cut_in_two_by_the_end_of_the_head_is_no_reason_against_text() -> None:
    assert kind_of(b"x" * 8191 + "ü".encode()) == "text/plain"


@given(st.binary(max_size=300), st.text(max_size=20), st.text(max_size=20))
def test_any_content_has_some_kind(head: bytes, name: str, claimed: str) -> None:
    main, _, sub = kind_of(head, name, claimed).partition("/")
    assert main.isascii()
    assert sub.isprintable()
    assert sub
