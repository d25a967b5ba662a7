"""Google's own Node client against a whole gateway."""

import pytest

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


async def test_a_refused_parameter_is_named(gateway: RunningGateway) -> None:
    found = await keep(gateway, SCRIPT, "refusal")
    assert (found["api"], found["status"]) == (True, 400)
    assert "generationConfig.temperature" in found["message"]
