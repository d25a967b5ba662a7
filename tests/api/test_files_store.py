"""Files stay whole, private and for a while."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api.files.records import LIFETIME, NewFile, StoredFile
from api.files.references import resolve
from api.files.store import STALE_SECONDS, FileStore
from domain.attachments import FileReference, Source
from domain.errors import BadRequest, Cancelled, GatewayError, NotFound, TooLarge
from tests.api.files_harness import FILE_LIMIT, PNG, Files, files_in, in_pieces

CONTENT = b"some text\n" * 500


@pytest_asyncio.fixture
async def files(tmp_path: Path) -> AsyncIterator[Files]:
    async with files_in(tmp_path) as opened:
        yield opened


async def create(files: Files, owner: str = "a", **fields: str) -> StoredFile:
    return await files.store.create(NewFile(owner, **fields), in_pieces(CONTENT))  # type: ignore[arg-type]


async def broken(content: bytes) -> AsyncIterator[bytes]:
    yield content
    raise Cancelled("The caller went away.")


async def test_stored_file_says_what_it_is(files: Files) -> None:
    file = await create(files, name="../../etc/notes.md")
    assert file.path.read_bytes() == CONTENT
    assert (file.size, file.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (file.name, file.mime_type) == ("../../etc/notes.md", "text/markdown")
    assert file.expires == file.created + LIFETIME == pytest.approx(files.clock() + 48 * 3600, abs=5)
    assert file.path.parent == files.folder / "files"
    assert await files.store.get("a", file.id) == file


async def test_ids_cannot_be_guessed_and_fit_googles_rule(files: Files) -> None:
    ids = {(await create(files)).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(each) == 24 and each.isalnum() and each.islower() for each in ids if not each.isdigit())


async def test_owner_sees_only_its_own_files(files: Files) -> None:
    file = await create(files, "a")
    for action in (files.store.get, files.store.delete):
        with pytest.raises(NotFound, match=file.id):
            await action("b", file.id)
    assert (await files.store.page("b", 10)).files == ()
    with pytest.raises(NotFound):
        await files.store.after("b", 10, file.id, newest_first=True, purpose=None)
    assert await files.store.get("a", file.id) == file


async def test_two_owners_may_choose_the_same_id_one_owner_may_not(files: Files) -> None:
    mine, theirs = await create(files, "a", id="report"), await create(files, "b", id="report")
    with pytest.raises(BadRequest, match="already a file 'files/report'"):
        await create(files, "a", id="report")
    assert len(files.on_disk()) == 2
    assert await files.store.get("a", "report") == mine
    assert await files.store.get("b", "report") == theirs
    files.clock.advance(LIFETIME + 1)
    assert (await create(files, "a", id="report")).id == "report"


async def test_files_outlast_a_restart(files: Files) -> None:
    file = await create(files, name="kept.txt")
    await files.store.close()
    async with FileStore(files.folder, clock=files.clock) as again:
        assert await again.get("a", file.id) == file
        assert file.path.read_bytes() == CONTENT


async def test_deleted_file_leaves_nothing(files: Files) -> None:
    file = await create(files)
    await files.store.delete("a", file.id)
    with pytest.raises(NotFound, match=file.id):
        await files.store.delete("a", file.id)
    assert files.on_disk() == []


async def test_file_ends_after_48_hours(files: Files) -> None:
    file = await create(files)
    files.clock.advance(LIFETIME - 60)
    assert await files.store.sweep() == 0
    assert await files.store.get("a", file.id) == file
    files.clock.advance(61)
    with pytest.raises(NotFound):
        await files.store.get("a", file.id)
    assert (await files.store.page("a", 10)).files == ()
    assert await files.store.sweep() == 1
    assert files.on_disk() == []


async def test_pages_hold_every_file_once_newest_first(files: Files) -> None:
    made = [(await create(files)).id for _ in range(5)]
    seen: list[str] = []
    token: str | None = None
    while True:
        page = await files.store.page("a", 2, token)
        seen += [file.id for file in page.files]
        if page.next_token is None:
            break
        token = page.next_token
        await create(files)  # what comes later does not move the pages
    assert seen == made[::-1]


async def test_page_goes_on_after_its_last_file_was_deleted(files: Files) -> None:
    made = [(await create(files)).id for _ in range(3)]
    page = await files.store.page("a", 1)
    await files.store.delete("a", page.files[0].id)
    assert [file.id for file in (await files.store.page("a", 5, page.next_token)).files] == made[1::-1]


@pytest.mark.parametrize("token", ["", "x", "-1", "1.5", "9" * 19, "٣"])
async def test_foreign_page_token_is_refused(files: Files, token: str) -> None:
    with pytest.raises(BadRequest, match="page token"):
        await files.store.page("a", 10, token)


async def test_empty_too_large_and_broken_files_leave_nothing(files: Files) -> None:
    with pytest.raises(BadRequest, match="empty"):
        await files.store.create(NewFile("a"), in_pieces(b""))
    with pytest.raises(TooLarge, match=str(FILE_LIMIT)):
        await files.store.create(NewFile("a"), in_pieces(bytes(FILE_LIMIT + 1)))
    with pytest.raises(Cancelled):
        await files.store.create(NewFile("a"), broken(PNG))
    assert files.on_disk() == []
    assert (await files.store.page("a", 10)).files == ()


async def test_file_of_exactly_the_limit_is_taken(files: Files) -> None:
    assert (await files.store.create(NewFile("a"), in_pieces(bytes(FILE_LIMIT)))).size == FILE_LIMIT


async def test_cancelled_store_leaves_nothing(files: Files) -> None:
    reached = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield PNG
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(files.store.create(NewFile("a"), hanging()))
    await reached.wait()
    assert len(files.on_disk()) == 1
    assert (await files.store.page("a", 10)).files == ()
    task.cancel()
    await asyncio.wait([task])
    assert files.on_disk() == []


async def test_remains_of_a_crash_are_never_visible_and_go_when_they_are_stale(files: Files) -> None:
    young, old = (files.folder / "incoming" / name for name in ("young", "old"))
    orphan = files.folder / "files" / "orphan"
    long_ago = files.clock() - STALE_SECONDS - 1
    for path in (young, old, orphan):
        path.write_bytes(b"half")
    for path in (old, orphan):
        os.utime(path, (long_ago, long_ago))
    lost = await create(files)
    lost.path.unlink()
    await files.store.close()
    async with FileStore(files.folder, clock=files.clock) as again:
        assert (await again.page("a", 10)).files == ()
        assert files.on_disk() == [young]


async def test_file_without_its_content_is_not_there(files: Files) -> None:
    file = await create(files)
    file.path.unlink()
    with pytest.raises(NotFound, match=file.id):
        await files.store.get("a", file.id)


async def test_disk_that_takes_nothing_is_said_and_leaves_nothing(files: Files) -> None:
    incoming = files.store.incoming()
    (files.folder / "incoming").rmdir()
    with pytest.raises(GatewayError, match="could not be stored: No such file or directory"):
        await incoming.append(in_pieces(PNG))
    assert incoming.is_broken
    with pytest.raises(GatewayError, match="could not be stored"):
        await files.store.create(NewFile("a"), in_pieces(PNG))
    (files.folder / "incoming").mkdir()
    assert files.on_disk() == []


async def test_second_process_on_the_folder_disturbs_no_upload(files: Files) -> None:
    incoming = files.store.incoming()
    await incoming.append(in_pieces(CONTENT))
    async with FileStore(files.folder, clock=files.clock) as other:
        file = await files.store.keep(incoming, NewFile("a"))
        assert await other.get("a", file.id) == file


async def test_large_file_is_never_in_memory(tmp_path: Path) -> None:
    piece = os.urandom(64 * 1024)

    async def large() -> AsyncIterator[bytes]:
        for _ in range(512):
            yield piece

    async with files_in(tmp_path, most_bytes=1024**3) as files:
        tracemalloc.start()
        file = await files.store.create(NewFile("a"), large())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert file.size == 32 * 1024**2
    assert peak < 4 * 1024**2


def reference(source: Source, value: str) -> FileReference:
    return FileReference(source, value, param="messages[0].content[1].file")


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("file_id", "file-{}"),
        ("file_id", "{}"),
        ("file_uri", "files/{}"),
        ("file_uri", "{}"),
        ("file_uri", "file-{}"),
        ("file_uri", "https://generativelanguage.googleapis.com/v1beta/files/{}"),
        ("file_uri", "http://127.0.0.1:2048/v1beta/files/{}"),
        ("file_uri", "http://[::1]:2048/base/v1/files/{}?key=x"),
        ("file_uri", "https://gateway.example/v1beta/files/{}:download?alt=media"),
    ],
)
async def test_every_way_to_name_a_file_leads_to_it(files: Files, source: Source, form: str) -> None:
    file = await create(files)
    assert await resolve(files.store, "a", reference(source, form.format(file.id))) == file
    with pytest.raises(NotFound) as caught:
        await resolve(files.store, "b", reference(source, form.format(file.id)))
    assert repr(form.format(file.id)) in caught.value.public_message
    assert caught.value.param == "messages[0].content[1].file"


async def test_id_that_looks_like_openais_is_found_by_both_names(files: Files) -> None:
    file = await create(files, id="file-abc")
    for value in ("file-abc", "file-file-abc"):
        assert await resolve(files.store, "a", reference("file_id", value)) == file
    assert await resolve(files.store, "a", reference("file_uri", "files/file-abc")) == file


@pytest.mark.parametrize(
    "value", ["", "files/", "../key.txt", "https://x.example/", "file:///etc/passwd", "\0"]
)
async def test_reference_to_nothing_is_not_found(files: Files, value: str) -> None:
    with pytest.raises(NotFound):
        await resolve(files.store, "a", reference("file_uri", value))


async def test_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    with pytest.raises(RuntimeError, match="not open"):
        await store.get("a", "x")
    await store.close()
