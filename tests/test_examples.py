"""The examples of the documentation do what they say, against a whole gateway."""

import asyncio
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.gateway import RunningGateway
from tests.site import SiteControl

PAGE = Path(__file__).parents[1] / "docs" / "function-calling.md"
EXAMPLE = re.compile(r"<!-- answers: (\[[^\n]*\]) -->\n```python\n(.*?)```\n\n```text\n(.*?)```\n", re.DOTALL)
SECONDS = 45.0


@dataclass(frozen=True)
class Example:
    """A program of the page, what the model says to it, and what the page says it prints."""

    answers: list[str]
    program: str
    output: str


def examples() -> list[Example]:
    found = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    return [Example(json.loads(answers), program, output) for answers, program, output in found]


def test_every_program_of_the_page_is_run() -> None:
    assert len(examples()) == PAGE.read_text(encoding="utf-8").count("```python") > 0


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.answers[0].split()[0])
async def test_an_example_prints_what_the_page_says(
    gateway: RunningGateway, control: SiteControl, example: Example
) -> None:
    await control.scenario(next_answers=example.answers)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        example.program,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "OPENAI_BASE_URL": f"{gateway.address}/v1", "OPENAI_API_KEY": "unused"},
    )
    async with asyncio.timeout(SECONDS):
        output, problems = await process.communicate()
    assert (process.returncode, output.decode()) == (0, example.output), problems.decode()
