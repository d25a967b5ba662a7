"""The AI SDK with Google's provider against a whole gateway."""

import base64
from types import SimpleNamespace

import pytest

from simulator.model import media
from tests.api.gemini_harness import google_app, listening
from tests.api.scripted import ScriptedDriver
from tests.api.test_gemini_embeddings import endpoint
from tests.clients.promises import INVOICE, assert_round_trip, assert_schema_arrived
from tests.clients.test_node import FOLDER, NODE, keep
from tests.gateway import RunningGateway
from tests.site import SiteControl

SCRIPT = "ai-sdk-google.mjs"

pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "@ai-sdk" / "google").is_dir(),
    reason="node or its packages are not installed",
)


async def test_chat_with_a_system_instruction(gateway: RunningGateway, control: SiteControl) -> None:
    found = await keep(gateway, SCRIPT, "chat")
    assert found["text"] == "hello"
    assert found["tokens"] > 0
    assert (await control.requests())[-1]["report"]["system"] == "Be brief."


async def test_stream(gateway: RunningGateway) -> None:
    found = await keep(gateway, SCRIPT, "stream")
    assert "chunk 0010" in found["text"]
    assert (found["pieces"] > 3, found["tokens"] > 9) == (True, True)


async def test_conversation(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "history"))["text"] == "second"
    assert "first" in str((await control.requests())[-1]["report"]["contents"])


@pytest.mark.parametrize("promise", ["tools", "toolsStreamed"])
async def test_parallel_tools_and_their_answers(
    gateway: RunningGateway, control: SiteControl, promise: str
) -> None:
    found = await keep(gateway, SCRIPT, promise)
    assert (bool(found["text"]), found["steps"]) == (True, 2)
    await assert_round_trip(control, "Paris", "Rome")


async def test_structured_output(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "schema"))["object"] == INVOICE.model_dump()
    await assert_schema_arrived(control)


async def test_thoughts(gateway: RunningGateway) -> None:
    assert await keep(gateway, SCRIPT, "thoughts") == {"text": "done", "reasoning": "deep"}


async def test_inline_image(gateway: RunningGateway, control: SiteControl) -> None:
    assert (await keep(gateway, SCRIPT, "image"))["text"] == "seen"
    [file] = (await control.requests())[-1]["report"]["attachments"]
    assert file["mime"] == "image/png"


async def test_a_picture_of_a_ratio(gateway: RunningGateway, control: SiteControl) -> None:
    made = {"mediaType": "image/png", "base64": base64.b64encode(media.png()).decode()}
    assert (await keep(gateway, SCRIPT, "picture"))["files"] == [made]
    assert (await control.requests())[-1]["report"]["image"] == ["16:9", "1K"]


@pytest.mark.parametrize(
    ("promise", "status", "words"),
    [
        ("refusal", 400, "generationConfig.temperature"),
        ("unknownModel", 404, "gemini-99"),
        ("quota", 429, "quota"),
    ],
)
async def test_errors_are_told(gateway: RunningGateway, promise: str, status: int, words: str) -> None:
    found = await keep(gateway, SCRIPT, promise)
    assert (found["api"], found["status"]) == (True, status)
    assert words in found["message"]


async def test_embeddings() -> None:
    async with (
        endpoint() as there,
        google_app(ScriptedDriver(), there.rules) as app,
        listening(app) as address,
    ):
        running = SimpleNamespace(address=address)
        found = await keep(running, SCRIPT, "embeddings")  # type: ignore[arg-type]
    assert found == {"count": 2, "length": 2}
