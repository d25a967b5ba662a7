"""Chats with files, from request to driver: each arrives whole and in its place."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from domain.events import ToolCall
from domain.ports import Deadlines
from domain.requests import Text
from settings import SettingsError
from tests.api.attaching import JPEG, MP3, MP4, PDF, PNG, WAV, ZIP, answer, serving
from tests.api.chat_files import chatting, data_url, picture, user, words
from tests.api.harness import CHAT, body, eventually, in_process, listening, settings_of
from tests.api.scripted import MODELS, ScriptedDriver

KINDS: dict[str, tuple[bytes, str, str]] = {
    "png": (PNG, "image/png", "image-1.png"),
    "jpeg": (JPEG, "image/jpeg", "image-1.jpg"),
    "mp3": (MP3, "audio/mpeg", "audio-1.mp3"),
    "wav": (WAV, "audio/wav", "audio-1.wav"),
    "mp4": (MP4, "video/mp4", "video-1.mp4"),
    "pdf": (PDF, "application/pdf", "file-1.pdf"),
    "text": (b"plain words", "text/plain", "text-1.txt"),
}


def forms(content: bytes, kind: str, path: Path) -> list[dict[str, Any]]:
    """A request for each way of naming one file."""
    url, plain = data_url(content, kind), base64.b64encode(content).decode()
    family = kind.partition("/")[0] if kind.partition("/")[0] in ("image", "audio", "video") else "file"
    part = f"{family}_url"
    parts = [
        {"type": part, part: {"url": url}},
        {"type": part, part: url},
        {"type": "media_url", "media_url": {"url": str(path)}},
        {"type": "file_url", "file_url": path.as_uri()},
        {"type": "file", "file": {"file_data": plain}},
        {"type": "file", "file": {"file_data": base64.urlsafe_b64encode(content).decode()}},
        {"type": "input_file", "file_data": url},
        {"type": "input_image", "image_url": url},
        {"type": "input_audio", "input_audio": {"data": plain, "format": "mp3"}},
        {"type": "input_video", "input_video": {"data": plain}},
    ]
    items = [url, plain, str(path), path.as_uri(), {"url": url}, {"path": str(path)}, {"data": plain}]
    return [
        *({"messages": [user(words("see"), one)]} for one in parts),
        *({"messages": [{"role": "user", "content": "see", "attachments": [one]}]} for one in items),
        *(
            {"messages": [{"role": "user", "content": "see", name: [url]}]}
            for name in ("images", "files", "media")
        ),
        {"messages": [{"role": "user", "content": "see", "images": url}]},
        *(
            {"messages": [{"role": "user", "content": {"text": "see", "attachments": [one]}}]}
            for one in items
        ),
        *({"messages": [{"role": "user", "content": "see"}], "attachments": [one]} for one in items),
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_arrives_in_every_form(kind: str, tmp_path: Path) -> None:
    content, mime_type, name = KINDS[kind]
    path = tmp_path / "source"
    path.write_bytes(content)
    async with chatting(tmp_path, local_roots=(tmp_path,)) as chat:
        for request in forms(content, mime_type, path):
            [(attachment, received)] = await chat.sent(**request)
            assert received == content, request
            assert (attachment.mime_type, attachment.size) == (mime_type, len(content)), request
            assert Path(attachment.name).suffix == Path(name).suffix, request
            [turn] = chat.driver.requests[-1].turns
            assert turn.parts == (Text("see"), attachment)
        await chat.is_clean()
    assert path.read_bytes() == content


async def test_files_stand_where_they_were_named(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        await chat.sent(
            user(
                words("one"),
                picture(PNG),
                words("two"),
                words("three"),
                picture(JPEG),
                images=[data_url(WAV)],
            ),
            {"role": "assistant", "content": [words("seen"), picture(PDF)]},
            user(picture(MP4)),
            attachments=[data_url(b"words")],
        )
        first, second, third = chat.driver.requests[0].turns
    shape = [
        [part.text if isinstance(part, Text) else getattr(part, "mime_type", "") for part in turn.parts]
        for turn in (first, second, third)
    ]
    assert shape == [
        ["one", "image/png", "\ntwo\nthree", "image/jpeg", "audio/wav"],
        ["seen", "application/pdf"],
        ["video/mp4", "text/plain"],
    ]
    assert (first.text, third.text) == ("one\ntwo\nthree", "")


async def test_equal_files_are_one(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        sent = await chat.sent(user(picture(), picture(JPEG), picture()), attachments=[data_url(PNG)])
    paths = [attachment.path for attachment, _ in sent]
    assert paths[0] == paths[2] == paths[3] != paths[1]


async def test_only_the_current_users_files_are_taken_on_demand(tmp_path: Path) -> None:
    messages = (
        user(words("first"), {"type": "file", "file": {"file_data": data_url(PDF), "filename": "a.pdf"}}),
        {"role": "assistant", "content": "ok", "images": [data_url(PNG)]},
        user(words("second"), picture(JPEG)),
    )
    async with chatting(tmp_path, only_current_user_attachments=True) as chat:
        [(attachment, content)] = await chat.sent(*messages)
        turns = chat.driver.requests[0].turns
    assert content == JPEG
    assert turns[0].parts == (Text("first"), Text("[file: a.pdf]"))
    assert turns[1].parts[0] == Text("ok")
    assert turns[2].parts == (Text("second"), attachment)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("item", "status", "code", "said"),
    [
        ("not base64!", 400, "invalid_request", "base64"),
        ("data:image/png;base64,####", 400, "invalid_request", "not base64"),
        ("data:image/png;base64,", 400, "invalid_request", "empty"),
        (data_url(ZIP), 400, "unsupported_parameter", "application/zip"),
        ("/etc/passwd", 403, "path_not_allowed", "LOCAL_FILE_ROOTS"),
        ("file:///etc/passwd", 403, "path_not_allowed", "LOCAL_FILE_ROOTS"),
        ("file:///nowhere/at/all", 403, "path_not_allowed", "LOCAL_FILE_ROOTS"),
        ({"file_id": "file-unknown1"}, 404, "not_found", "file-unknown1"),
        ({"file_uri": "files/unknown"}, 404, "not_found", "files/unknown"),
        ("http://127.0.0.1:1/a.png", 400, "invalid_request", "127.0.0.1"),
        ("http://169.254.169.254/latest", 400, "invalid_request", "169.254.169.254"),
        (data_url(b"x" * 2001), 413, "request_too_large", "MAX_FILE_BYTES"),
        ({"name": "a.png"}, 400, "invalid_request", "exactly one"),
    ],
)
async def test_file_that_cannot_be_had_is_refused_before_anything_is_sent(
    item: Any, status: int, code: str, said: str, stream: bool, tmp_path: Path
) -> None:
    async with chatting(tmp_path, max_file_bytes=2000) as chat:
        response = await chat.post(user(picture(), words("x"), attachments=[item]), stream=stream)
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert said in response.json()["error"]["message"]
        assert response.json()["error"]["param"].startswith("messages[0].attachments[0]")
        assert chat.driver.records == []
        await chat.is_clean()


async def test_missing_file_below_a_root_is_told_so(tmp_path: Path) -> None:
    async with chatting(tmp_path, local_roots=(tmp_path,)) as chat:
        response = await chat.post(body()["messages"][0], attachments=[str(tmp_path / "no.pdf")])
    assert response.status_code == 400
    assert response.json()["error"]["message"] == f"文件不存在: {tmp_path / 'no.pdf'}"


async def test_what_the_gateway_keeps_cannot_be_named(tmp_path: Path) -> None:
    key_file = tmp_path / "key.txt"
    key_file.write_text("secret-key\n")
    async with chatting(
        tmp_path, local_roots=(tmp_path,), key_file=key_file, files_dir=tmp_path / "st"
    ) as chat:
        chat.client.headers["X-API-Key"] = "secret-key"
        for path in (key_file, tmp_path / "st" / "files.sqlite3"):
            assert path.is_file()
            assert (await chat.post(user(words("x"), images=[str(path)]))).status_code == 403


async def test_files_of_the_upload_folder_can_be_named_by_default(tmp_path: Path) -> None:
    async with chatting(tmp_path) as chat:
        (chat.uploads / "mine.pdf").write_bytes(PDF)
        [(attachment, content)] = await chat.sent(user(words("x"), files=[str(chat.uploads / "mine.pdf")]))
        await eventually(lambda: not attachment.path.parent.exists())
        assert [path.name for path in chat.uploads.iterdir()] == ["mine.pdf"]
    assert (attachment.name, content) == ("mine.pdf", PDF)


async def test_address_is_fetched_where_that_is_allowed(tmp_path: Path) -> None:
    page = answer(PNG, Content_Type="image/png")
    async with serving(page) as address, chatting(tmp_path, allow_private_urls=True) as chat:
        request = user(words("x"), {"type": "image_url", "image_url": {"url": f"{address}/cat.png"}})
        [(attachment, content)] = await chat.sent(request)
    assert (attachment.name, content) == ("cat.png", PNG)


@pytest.mark.parametrize("name", ["upload_dir", "files_dir"])
def test_folder_that_cannot_be_used_is_told_at_the_start(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = settings_of(**{name: tmp_path / "file" / "folder"})
    with pytest.raises(SettingsError, match=r"(UPLOAD_FILES_DIR|FILES_DIR)=.*cannot be used"):
        create_app(*settings, Deadlines(), ScriptedDriver())


async def test_too_many_files_are_refused(tmp_path: Path) -> None:
    async with chatting(tmp_path, max_files=2) as chat:
        response = await chat.post(user(*[picture()] * 3))
    assert response.status_code == 400
    assert "MAX_FILES" in response.json()["error"]["message"]


async def test_all_files_of_a_request_are_limited_together(tmp_path: Path) -> None:
    async with chatting(tmp_path, max_total_bytes=len(PNG) + 1) as chat:
        response = await chat.post(user(picture(), picture(JPEG)))
        await chat.is_clean()
    assert response.status_code == 413
    assert "MAX_FILES_BYTES" in response.json()["error"]["message"]


@pytest.mark.parametrize("size", [100_000, 3_000_000])
async def test_body_of_any_size_is_read_alike(size: int, tmp_path: Path) -> None:
    content, text = PDF + bytes(size), "é" * size
    async with chatting(tmp_path) as chat:
        request = user(
            words(text), {"type": "file", "file": {"file_data": data_url(content), "filename": "a.pdf"}}
        )
        [(attachment, received)] = await chat.sent(request)
        await chat.is_clean()
    assert received == content
    assert attachment.name == "a.pdf"
    assert chat.driver.requests[0].turns[0].text == text


async def test_long_text_where_no_file_may_stand_is_text_or_refused(tmp_path: Path) -> None:
    long = "A" * 2_000_000
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"data": long})}}
    async with chatting(tmp_path) as chat:
        await chat.sent(
            {"role": "user", "content": long},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": [words(long)]},
        )
        turns = chat.driver.requests[0].turns
        assert turns[0].text == long
        assert isinstance(turns[1].parts[0], ToolCall)
        assert turns[1].parts[0].args == {"data": long}
        for item in (
            {"path": f"/{long}"},
            {"file_id": long},
            {"file_uri": f"files/{long}"},
            f"http://x/{long}",
        ):
            response = await chat.post(user(words("x"), files=[item]))
            assert response.status_code == 400, item
            assert len(response.text) < 1000
        await chat.is_clean()


@pytest.mark.parametrize("stream", [True, False])
async def test_request_far_above_the_models_context_is_refused_with_the_estimate(stream: bool) -> None:
    driver = ScriptedDriver()
    driver.cards = (replace(MODELS[0], input_limit=1000),)
    async with in_process(driver) as client:
        fits = await client.post(CHAT, json=body("abcd" * 1900))
        response = await client.post(CHAT, json=body("abcd" * 2100, stream=stream))
    assert fits.status_code == 200
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "context_length_exceeded"
    assert "2100 tokens" in response.json()["error"]["message"]


async def test_openais_client_sends_files_in_all_its_ways(tmp_path: Path) -> None:
    driver = ScriptedDriver()
    async with listening(driver, upload_dir=tmp_path / "uploads") as server:
        uploaded = await server.openai.files.create(file=("report.pdf", PDF), purpose="user_data")
        await server.openai.chat.completions.create(
            model="gemini-2.5-flash",
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "file", "file": {"file_id": uploaded.id}},
                        {"type": "image_url", "image_url": {"url": data_url(PNG), "detail": "high"}},
                        {
                            "type": "input_audio",
                            "input_audio": {"data": base64.b64encode(WAV).decode(), "format": "wav"},
                        },
                        {"type": "file", "file": {"filename": "b.txt", "file_data": data_url(b"words")}},
                        {"type": "text", "text": "What are these?"},
                    ],
                }
            ],
        )
    sent = driver.records[0].files
    assert [content for _, content in sent] == [PDF, PNG, WAV, b"words"]
    assert [attachment.name for attachment, _ in sent] == [
        "report.pdf",
        "image-2.png",
        "audio-3.wav",
        "b.txt",
    ]


async def test_uploaded_file_is_its_owners_alone(tmp_path: Path) -> None:
    key_file = tmp_path / "key.txt"
    key_file.write_text("alice-key-1\nbobby-key-2\n")
    async with chatting(tmp_path, key_file=key_file) as chat:
        alice, bob = ({"X-API-Key": key} for key in ("alice-key-1", "bobby-key-2"))
        uploaded = await chat.client.post("/v1/files", files={"file": ("a.pdf", PDF)}, headers=alice)
        uri = f"http://127.0.0.1:2048/v1beta/files/{uploaded.json()['id'].removeprefix('file-')}"
        for reference in (uri, {"file_uri": uri}, {"file_id": uploaded.json()["id"]}):
            request = {"messages": [user(words("x"), files=[reference])]}
            assert (await chat.client.post(CHAT, json=request, headers=alice)).status_code == 200
            assert (await chat.client.post(CHAT, json=request, headers=bob)).status_code == 404
    assert [content for record in chat.driver.records for _, content in record.files] == [PDF] * 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1beta/nowhere", 404),
        ("PATCH", "/v1beta/files", 405),
        ("POST", "/upload/v1beta/files", 413),
    ],
)
async def test_failures_below_googles_paths_are_in_googles_envelope(
    method: str, path: str, status: int
) -> None:
    async with in_process(ScriptedDriver(), max_body_bytes=1024) as client:
        response = await client.request(method, path, content=b"x" * 1025 if status == 413 else None)
        other = await client.request(method, "/v2/nowhere")
    assert response.status_code == status
    assert response.json()["error"]["code"] == status
    assert set(response.json()["error"]) == {"code", "message", "status"}
    assert response.headers["x-request-id"]
    assert other.json()["error"]["code"] == "not_found"
