"""Google's own Node client against a whole gateway."""

import base64

import pytest

from simulator.model import media
from tests.clients.promises import INVOICE, assert_round_trip, assert_schema_arrived
from tests.clients.test_node import FOLDER, NODE, keep
from tests.gateway import RunningGateway
from tests.site import SiteControl

SCRIPT = "google.mjs"

pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "@google" / "genai").is_dir(),
    reason="node or its packages are not installed",
)


async def test_chat(gateway: RunningGateway) -> None:
    found = await keep(gateway, SCRIPT, "chat")
    assert found["text"] == "hello"
    assert found["tokens"] > 0


async def test_stream(gateway: RunningGateway) -> None:
    found = await keep(gateway, SCRIPT, "stream")
    assert "chunk 0010" in found["text"]
    assert found["pieces"] > 3


async def test_parallel_tools_and_their_answers(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "tools"))["text"]
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "schema"))["object"] == INVOICE.model_dump()
    await assert_schema_arrived(control)


async def test_thoughts(gateway: RunningGateway) -> None:
    assert await keep(gateway, SCRIPT, "thoughts") == {"text": "done", "reasoning": "deep"}


async def test_conversation(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "history"))["text"] == "second"
    assert "first" in str((await control.requests())[-1]["report"]["contents"])


async def test_files_and_inline_images(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "files"))["text"] == "both"
    files = (await control.requests())[-1]["report"]["attachments"]
    assert sorted(one["mime"] for one in files) == ["image/png", "text/plain"]


async def test_token_count(gateway: RunningGateway) -> None:
    assert (await keep(gateway, SCRIPT, "count"))["tokens"] > 0


async def test_a_picture_of_a_ratio_and_a_size(gateway: RunningGateway, control: SiteControl) -> None:
    found = await keep(gateway, SCRIPT, "picture")
    assert base64.b64decode(found["data"]) == media.png()
    assert (await control.requests())[-1]["report"]["image"] == ["16:9", "2K"]


@pytest.mark.parametrize(
    ("promise", "status", "words"),
    [
        ("refusal", 400, "generationConfig.temperature"),
        ("unknownModel", 404, "gemini-99"),
        ("quota", 429, "quota"),
        ("embeddings", 501, "EMBEDDINGS_API_KEY"),
    ],
)
async def test_errors_are_told(gateway: RunningGateway, promise: str, status: int, words: str) -> None:
    found = await keep(gateway, SCRIPT, promise)
    assert (found["api"], found["status"]) == (True, status)
    assert words in found["message"]
