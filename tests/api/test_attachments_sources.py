"""Base64 and paths: what is understood, what is refused, and that no trick gets at a file of the machine."""

import base64
import os
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.attachments.decode64 import SLICE, BadEncoding, from_base64, from_percent
from api.attachments.local import path_of
from api.attachments.rules import AttachmentRules
from api.attachments.workspace import Workspace
from domain.attachments import FileReference
from domain.errors import BadRequest, PathRefused
from tests.api.attaching import PNG, collected

PARAM = "messages[0].attachments[0]"


def at_path(value: str) -> FileReference:
    return FileReference("path", value, PARAM)


async def failing(folder: Path, value: str, *roots: Path) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        await collected(folder / "up", at_path(value), rules=AttachmentRules(local_roots=roots))
    assert list((folder / "up").iterdir()) == []
    return caught.value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a b#1.png").write_bytes(PNG)
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@given(st.binary(max_size=200), st.booleans(), st.booleans(), st.booleans())
def test_base64_is_read_in_every_dress(data: bytes, safe: bool, padded: bool, broken: bool) -> None:
    text = (base64.urlsafe_b64encode(data) if safe else base64.b64encode(data)).decode()
    text = text if padded else text.rstrip("=")
    text = "\r\n".join(text[at : at + 7] for at in range(0, len(text), 7)) if broken else text
    assert b"".join(from_base64(text)) == data
    assert b"".join(from_base64("data:," + quote(text), 6)) == data


@pytest.mark.parametrize("size", [SLICE * 3 // 4 + extra for extra in (-1, 0, 1, 2)] + [SLICE * 2])
def test_base64_is_read_across_slices(size: int) -> None:
    data = os.urandom(size)
    for text in (base64.b64encode(data).decode(), base64.encodebytes(data).decode()):
        assert b"".join(from_base64(text)) == data
        assert b"".join(from_base64(quote(text, safe=""))) == data


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("QUJD*UJD", "'*' at character 4"),
        ("A" * SLICE + "AAAé", f"'é' at character {SLICE + 3}"),
        ("QUI=QUI=", "behind the padding, at character 4"),
        ("QUI=" + "=" * SLICE + "Q", f"behind the padding, at character {SLICE + 4}"),
        ("QUJDQ", "in the middle of a byte, at character 5"),
        ("QUJD QUJD", "' ' at character 4"),
        ("%zz", "'%' at character 0"),
    ],
)
def test_bad_base64_is_refused_with_the_place(text: str, words: str) -> None:
    with pytest.raises(BadEncoding) as caught:
        list(from_base64(text))
    assert words in str(caught.value)


def test_percent_encoding_is_read_across_slices() -> None:
    text = "ab" + "%C3%A9" * SLICE
    assert b"".join(from_percent(text)) == ("ab" + "é" * SLICE).encode()


async def test_bad_base64_of_a_request_names_the_parameter(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"messages\[0\]\.attachments\[0\] cannot be decoded: '!' at"):
        await collected(tmp_path, FileReference("data", "data:image/png;base64,QUJD!", PARAM))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["{}", "file://{}", "file://localhost{}", "FILE://{}"])
async def test_file_below_a_root_is_read(tmp_path: Path, root: Path, form: str) -> None:
    path = str(root / "a b#1.png")
    value = form.format(quote(path)) if "//" in form else path
    rules = AttachmentRules(local_roots=(tmp_path / "other", root))
    [(attachment, content)] = await collected(tmp_path / "up", at_path(value), rules=rules)
    assert (attachment.name, content) == ("a b#1.png", PNG)
    assert (root / "a b#1.png").read_bytes() == PNG


async def test_file_in_a_folder_of_a_root_is_read(tmp_path: Path, root: Path) -> None:
    (root / "deep" / "er").mkdir(parents=True)
    (root / "deep" / "er" / "c.png").write_bytes(PNG)
    rules = AttachmentRules(local_roots=(root,))
    [(attachment, _)] = await collected(
        tmp_path / "up", at_path(f"{root}/deep/../deep/er/c.png"), rules=rules
    )
    assert attachment.name == "c.png"


async def test_missing_file_below_a_root_is_told(tmp_path: Path, root: Path) -> None:
    error = await failing(tmp_path, f"{root}/没有.png", root)
    assert error.public_message == f"文件不存在: {root}/没有.png"
    assert not isinstance(error, PathRefused)


@pytest.mark.parametrize("name", ["secret.txt", "nothing.txt", "root/../secret.txt", "root/../nothing.txt"])
async def test_nothing_shows_whether_a_file_outside_of_the_roots_exists(
    tmp_path: Path, root: Path, name: str
) -> None:
    for value in (f"{tmp_path}/{name}", f"file://{tmp_path}/{name.replace('..', '%2E%2e')}"):
        error = await failing(tmp_path, value, root)
        assert isinstance(error, PathRefused)
        shown = f"{tmp_path}/{name}"
        assert error.public_message.replace(shown, "PATH") == (
            "The file 'PATH' may not be read: callers may name files below LOCAL_FILE_ROOTS only. "
            "Send the file as a data: URL."
        )


async def test_without_roots_no_path_may_be_named(tmp_path: Path) -> None:
    assert isinstance(await failing(tmp_path, "file:///etc/passwd"), PathRefused)


async def test_link_that_leads_out_is_refused(tmp_path: Path, root: Path) -> None:
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "folder").symlink_to(tmp_path)
    for name in ("link.txt", "folder/secret.txt", "folder/nothing.txt"):
        assert isinstance(await failing(tmp_path, f"{root}/{name}", root), PathRefused)


async def test_link_within_a_root_is_followed(tmp_path: Path, root: Path) -> None:
    (tmp_path / "way").symlink_to(root)
    (root / "link.png").symlink_to("a b#1.png")
    rules = AttachmentRules(local_roots=(tmp_path / "way",))
    [(attachment, _)] = await collected(tmp_path / "up", at_path(f"{root}/link.png"), rules=rules)
    assert attachment.name == "link.png"


async def test_only_plain_files_are_read(tmp_path: Path, root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "s"))
        for name in ("fifo", "s", "", "."):
            assert "no plain file" in (await failing(tmp_path, f"{root}/{name}", root)).public_message
    await failing(tmp_path, f"{root}/loop", root)
    assert "文件不存在" in (await failing(tmp_path, f"{root}/a b#1.png/x", root)).public_message
    assert "no plain file" in (await failing(tmp_path, "/dev/null", Path("/dev"))).public_message


async def test_what_the_gateway_keeps_below_a_root_is_not_to_be_had(tmp_path: Path, root: Path) -> None:
    store = root / "files"
    store.mkdir()
    (store / "x.txt").write_text("of another caller")
    rules = AttachmentRules(local_roots=(root,), hidden=(store,))
    async with Workspace(root, "fedcba9876543210", limit=1000) as other:
        other.new_path()
        (other.path / "y.txt").write_text("of another request")
        for path in (store / "x.txt", other.path / "y.txt", other.path / ".request"):
            with pytest.raises(PathRefused):
                await collected(tmp_path / "up", at_path(str(path)), rules=rules)


@pytest.mark.parametrize(
    "value",
    [
        "file://server/share/a.png",
        "file://[server/a.png",
        "file:a.png",
        "file:/a.png",
        "file://",
        "file:///a.png?x",
        "file:///a.png#x",
        "file:///a%00.png",
        "/a\0.png",
        "a.png",
        "/" + "a" * 20_000,
        "/\ud800",
    ],
)
def test_what_is_no_path_of_this_machine_is_refused(value: str) -> None:
    with pytest.raises(BadRequest) as caught:
        path_of(value, PARAM)
    assert caught.value.param == PARAM
