"""The official Node client and the AI SDK against a whole gateway."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.clients.promises import INVOICE, MODEL, assert_round_trip, assert_schema_arrived
from tests.gateway import RunningGateway
from tests.site import SiteControl

FOLDER = Path(__file__).parent / "node"
SECONDS = 45.0
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules").is_dir(), reason="node or its packages are not installed"
)
both = pytest.mark.parametrize("script", ["openai.mjs", "ai-sdk.mjs"])


async def keep(gateway: RunningGateway, script: str, promise: str) -> dict[str, Any]:
    """What a script says of a promise."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        FOLDER / script,
        f"{gateway.address}/v1",
        MODEL,
        promise,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "NO_PROXY": "*"},
    )
    async with asyncio.timeout(SECONDS):
        output, problems = await process.communicate()
    assert process.returncode == 0, problems.decode()
    found: dict[str, Any] = json.loads(output)
    return found


@both
async def test_chat(gateway: RunningGateway, script: str) -> None:
    found = await keep(gateway, script, "chat")
    assert found["text"] == "hello"
    assert found["tokens"] > 0


@both
async def test_stream(gateway: RunningGateway, script: str) -> None:
    found = await keep(gateway, script, "stream")
    assert "chunk 0010" in found["text"]
    assert found["pieces"] > 3


@both
async def test_parallel_tools_and_their_answers(
    gateway: RunningGateway, control: SiteControl, script: str
) -> None:
    assert (await keep(gateway, script, "tools"))["text"]
    await assert_round_trip(control, "Paris", "Rome")


async def test_streamed_tools_and_their_answers(gateway: RunningGateway, control: SiteControl) -> None:
    found = await keep(gateway, "ai-sdk.mjs", "toolsStreamed")
    assert found["text"]
    assert found["steps"] == 2
    await assert_round_trip(control, "Paris", "Rome")


@both
async def test_structured_output(gateway: RunningGateway, control: SiteControl, script: str) -> None:
    assert (await keep(gateway, script, "schema"))["object"] == INVOICE.model_dump()
    await assert_schema_arrived(control)


async def test_thoughts_are_reasoning(gateway: RunningGateway) -> None:
    assert await keep(gateway, "ai-sdk.mjs", "thoughts") == {"text": "done", "reasoning": "deep"}


async def test_a_refused_parameter_is_named(gateway: RunningGateway) -> None:
    found = await keep(gateway, "openai.mjs", "refusal")
    assert (found["status"], found["param"]) == (400, "temperature")
