"""Fetching from real servers on this machine: what is kept, and how every misbehaviour ends."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trustme

from api.attachments.rules import AttachmentRules
from api.network.guarded import Guard
from domain.attachments import Attachment, FileReference
from domain.errors import BadRequest, TooLarge
from tests.api.attaching import PNG, Serve, answer, collected, picture, serving

LAB = AttachmentRules(
    allow_private_urls=True, max_file_bytes=100_000, fetch_timeout=5, fetch_idle=5, max_total_bytes=150_000
)
HURRIED = AttachmentRules(allow_private_urls=True, fetch_timeout=0.3, fetch_idle=5)
IMPATIENT = AttachmentRules(allow_private_urls=True, fetch_timeout=5, fetch_idle=0.2)


def at(address: str, mime_type: str | None = None, name: str | None = None) -> FileReference:
    return FileReference("url", address, "messages[0].content[1].image_url.url", name, mime_type)


async def one(
    folder: Path, address: str, rules: AttachmentRules = LAB, guard: Guard | None = None
) -> tuple[Attachment, bytes]:
    [found] = await collected(folder, at(address), rules=rules, guard=guard)
    return found


async def failing(
    folder: Path, address: str, rules: AttachmentRules = LAB, guard: Guard | None = None
) -> BadRequest:
    """How the fetch fails; and nothing is left of it."""
    with pytest.raises(BadRequest) as caught:
        await one(folder, address, rules, guard)
    assert list(folder.iterdir()) == []
    assert caught.value.param == "messages[0].content[1].image_url.url"
    return caught.value


def resolving(*addresses: str) -> Callable[[str, int], Awaitable[tuple[str, ...]]]:
    """A name service that knows one answer."""

    async def resolve(_host: str, _port: int) -> tuple[str, ...]:
        return addresses

    return resolve


async def test_file_is_fetched_with_its_name_and_type(tmp_path: Path) -> None:
    async with serving(answer(PNG, Content_Type="image/png")) as address:
        attachment, content = await one(tmp_path, f"{address}/some/cat%20one.png?x=1#top")
    assert (attachment.name, attachment.mime_type, content) == ("cat one.png", "image/png", PNG)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.png"', "a b.png"),
        ("attachment; filename=a.png", "a.png"),
        ("attachment; filename*=UTF-8''%E7%8C%AB.png; filename=cat.png", "猫.png"),
        ('attachment; filename="../../etc/x.png"', "x.png"),
        ("attachment", "path.png"),
    ],
)
async def test_name_of_the_header_wins(tmp_path: Path, disposition: str, name: str) -> None:
    async with serving(answer(PNG, Content_Disposition=disposition)) as address:
        attachment, _ = await one(tmp_path, f"{address}/path.png")
    assert attachment.name == name


async def test_redirects_are_followed(tmp_path: Path) -> None:
    async with (
        serving(answer(PNG)) as last,
        serving(answer(status="302 Found", Location=f"{last}/b.png")) as first,
    ):
        attachment, _ = await one(tmp_path, f"{first}/a.png")
    assert attachment.name == "b.png"


async def test_redirect_to_another_machine_is_checked_anew(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def secret(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.write(answer(PNG))

    guard = Guard(lambda address: address == "127.0.0.2")
    async with (
        serving(secret) as inner,
        serving(answer(status="302 Found", Location=inner), host="127.0.0.2") as outer,
    ):
        error = await failing(tmp_path, outer, guard=guard)
    assert "'127.0.0.1' is an address of this machine" in error.public_message
    assert not reached.is_set()


async def test_redirects_end(tmp_path: Path) -> None:
    async with serving(answer(status="301 Moved", Location="/again")) as address:
        assert "more than 5 times" in (await failing(tmp_path, address)).public_message


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://", "//", "http://[::"]
)
async def test_redirect_elsewhere_is_refused(tmp_path: Path, location: str) -> None:
    async with serving(answer(status="302 Found", Location=location)) as address:
        await failing(tmp_path, address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/a.png",
        "http://localhost:9/a.png",
        "http://[::1]:9/a.png",
        "http://2130706433:9/",
        "http://0x7f.1:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.100.100.200/",
        "http://0.0.0.0:9/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
    ],
)
async def test_own_network_is_refused(tmp_path: Path, address: str) -> None:
    error = await failing(tmp_path, address, AttachmentRules())
    assert "is an address of this machine or its network" in error.public_message


@pytest.mark.parametrize("address", ["http://169.254.169.254/", "http://0.0.0.0:9/", "http://[fe80::1]/"])
async def test_metadata_is_refused_even_where_private_addresses_are_allowed(
    tmp_path: Path, address: str
) -> None:
    assert "is an address of this machine or" in (await failing(tmp_path, address)).public_message


@pytest.mark.parametrize("addresses", [("10.1.2.3",), ("8.8.8.8", "127.0.0.1"), ("::ffff:10.0.0.1",)])
async def test_name_that_leads_into_the_own_network_is_refused(
    tmp_path: Path, addresses: tuple[str, ...]
) -> None:
    guard = Guard(resolve=resolving(*addresses))
    error = await failing(tmp_path, "http://cdn.example.com/a.png", AttachmentRules(), guard)
    assert "'cdn.example.com' is an address of this machine" in error.public_message
    assert not any(address in error.public_message for address in addresses)


async def test_connection_goes_to_the_address_that_was_checked(tmp_path: Path) -> None:
    answers = [("127.0.0.1",), ("169.254.169.254",)]

    async def rebinding(_host: str, _port: int) -> tuple[str, ...]:
        return answers.pop(0)

    heads: list[bytes] = []

    async def serve(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(answer(PNG))

    async with serving(serve) as address:
        port = address.rpartition(":")[2]
        guard = Guard(lambda found: found == "127.0.0.1", rebinding)
        await one(tmp_path, f"http://rebinding.example.com:{port}/a.png", guard=guard)
    [head] = heads
    assert f"host: rebinding.example.com:{port}".encode() in head.lower()
    assert len(answers) == 1


async def test_next_address_is_tried_when_one_is_dead(tmp_path: Path) -> None:
    async with serving(answer(PNG)) as address:
        port = address.rpartition(":")[2]
        guard = Guard(lambda _: True, resolving("127.0.0.9", "127.0.0.1"))
        await one(tmp_path, f"http://two.example.com:{port}/a.png", guard=guard)


async def test_encrypted_connection_asks_for_the_name_and_checks_the_certificate(tmp_path: Path) -> None:
    names: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("cdn.example.com").configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with serving(answer(PNG), tls=context) as address:
        port = address.rpartition(":")[2]
        guard = Guard(lambda _: True, resolving("127.0.0.1"))
        error = await failing(tmp_path, f"https://cdn.example.com:{port}/a.png", guard=guard)
    assert "certificate" in error.public_message.lower()
    assert names == ["cdn.example.com"]


async def test_unknown_host_is_named(tmp_path: Path) -> None:
    async def nobody(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError("no such name")

    error = await failing(tmp_path, "http://nowhere.example.com/a.png", guard=Guard(resolve=nobody))
    assert "'nowhere.example.com' is a host that could not be found" in error.public_message


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content"])
async def test_other_status_is_an_error(tmp_path: Path, status: str) -> None:
    async with serving(answer(PNG, status=status)) as address:
        assert f"status {status[:3]}" in (await failing(tmp_path, address)).public_message


async def test_announced_size_above_the_limit_ends_the_fetch_at_once(tmp_path: Path) -> None:
    async def serve(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x", length=2 * 1024**3))
        await reader.read()

    async with serving(serve) as address:
        error = await failing(tmp_path, address)
    assert isinstance(error, TooLarge)
    assert "100000 bytes (MAX_FILE_BYTES)" in error.public_message


async def test_endless_body_ends_at_the_limit(tmp_path: Path) -> None:
    async def serve(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(bytes(8192))
            await writer.drain()

    async with serving(serve) as address:
        assert isinstance(await failing(tmp_path, address), TooLarge)


@pytest.mark.parametrize(
    ("packed", "coding"), [(zlib.compress(PNG), "deflate"), (gzip.compress(PNG, mtime=0), "gzip")]
)
async def test_packed_content_is_unpacked(tmp_path: Path, packed: bytes, coding: str) -> None:
    async with serving(answer(packed, Content_Encoding=coding)) as address:
        assert (await one(tmp_path, address))[1] == PNG


async def test_zip_bomb_ends_at_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000), mtime=0)
    assert len(bomb) < 100_000
    async with serving(answer(bomb, Content_Encoding="gzip")) as address:
        assert isinstance(await failing(tmp_path, address), TooLarge)


@pytest.mark.parametrize(
    ("content", "coding", "words"),
    [
        (PNG, "br", "content coding 'br'"),
        (PNG, "gzip, gzip", "content coding"),
        (PNG, "gzip", "damaged"),
        (gzip.compress(bytes(1000), mtime=0)[:-10], "gzip", "cut off"),
    ],
)
async def test_bad_packing_is_an_error(tmp_path: Path, content: bytes, coding: str, words: str) -> None:
    async with serving(answer(content, Content_Encoding=coding)) as address:
        assert words in (await failing(tmp_path, address)).public_message


async def test_body_shorter_than_announced_is_an_error(tmp_path: Path) -> None:
    async with serving(answer(PNG, length=len(PNG) + 5)) as address:
        assert "failed" in (await failing(tmp_path, address)).public_message


async def drip(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One byte now and then, for ever."""
    writer.write(answer(b"", length=1_000_000))
    gone = asyncio.create_task(reader.read(), name="client gone")
    try:
        while not gone.done():
            writer.write(b"x")
            await writer.drain()
            await asyncio.wait({gone}, timeout=0.02)
    finally:
        gone.cancel()


async def silence(_head: bytes, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("serve", "rules", "words"),
    [
        (drip, HURRIED, "took longer than 0.3 s"),
        (silence, HURRIED, "took longer than 0.3 s"),
        (silence, IMPATIENT, "was silent for 0.2 s"),
    ],
)
async def test_slow_server_is_given_up(
    tmp_path: Path, serve: Serve, rules: AttachmentRules, words: str
) -> None:
    async with serving(serve) as address:
        assert words in (await failing(tmp_path, address, rules)).public_message


async def test_no_http_is_an_error(tmp_path: Path) -> None:
    async with serving(b"220 smtp.example.com ESMTP\r\n\r\n") as address:
        assert "failed" in (await failing(tmp_path, address)).public_message


async def test_refused_connection_names_the_host(tmp_path: Path) -> None:
    async with serving(b"") as address:
        pass
    assert "'127.0.0.1' failed" in (await failing(tmp_path, address)).public_message


async def test_cookies_and_the_environments_proxy_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[bytes] = []

    async def serve(head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(head.lower())
        writer.write(answer(PNG, Set_Cookie="a=b; Path=/"))

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with serving(serve) as address:
        references = (at(f"{address}/1"), at(f"{address}/2"))
        found = await collected(tmp_path, *references, rules=LAB)
    assert [content for _, content in found] == [PNG, PNG]
    assert [b"cookie" in head for head in heads] == [False, False]


async def test_web_page_instead_of_a_picture_is_refused(tmp_path: Path) -> None:
    page = answer(b"<!doctype html><title>Sign in</title>", Content_Type="text/html")
    async with serving(page) as address:
        with pytest.raises(BadRequest, match="web page"):
            await collected(tmp_path, at(f"{address}/a.png", "image/*"), rules=LAB)
        [(attachment, _)] = await collected(tmp_path, at(f"{address}/a", None), rules=LAB)
    assert (attachment.name, attachment.mime_type) == ("a.html", "text/html")


async def test_one_failure_ends_the_other_fetches(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def serve(_head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"x", length=1000))
        await reader.read()
        left.set()

    async with serving(serve) as slow, serving(answer(status="404 Not Found")) as gone:
        with pytest.raises(BadRequest, match="status 404"):
            await collected(tmp_path, at(slow), at(gone), rules=LAB)
        async with asyncio.timeout(2):
            await left.wait()
    assert list(tmp_path.iterdir()) == []


async def test_files_of_one_request_have_a_limit_together(tmp_path: Path) -> None:
    async with serving(answer(b"a" * 90_000)) as one_file, serving(answer(b"b" * 90_000)) as other:
        with pytest.raises(TooLarge, match="MAX_FILES_BYTES"):
            await collected(tmp_path, at(one_file), at(other), rules=LAB)
    assert list(tmp_path.iterdir()) == []


async def test_fetched_bitmap_becomes_a_png(tmp_path: Path) -> None:
    async with serving(answer(picture("BMP"), Content_Type="image/x-ms-bmp")) as address:
        attachment, content = await one(tmp_path, f"{address}/scan.bmp")
    assert (attachment.name, attachment.mime_type) == ("scan.png", "image/png")
    assert content.startswith(b"\x89PNG")
