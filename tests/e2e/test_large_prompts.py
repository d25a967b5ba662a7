"""Prompts that are sent as a file: by their size, by a wish, or because the page does not take them."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from domain.attachments import Attachment
from domain.errors import ControlFailed
from domain.ports import Deadlines
from domain.requests import GenerateRequest, Text, Turn
from simulator.demo import Site
from tests.e2e.driving import MODEL, answer, opened, request, run, until_idle, until_ready
from tests.site import SiteControl

LONG = "größer \\ <b>\r\n\u2028" * 40 + "the end"
POINTER = re.compile(
    r"The prompt is the text of the last attached file, (\S+\.txt)\. Answer it as if it stood here\."
)


@pytest.fixture
def own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process puts temporary files during the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def last(control: SiteControl) -> tuple[str, list[dict[str, Any]]]:
    """The words of the last request at the site, and its files."""
    report = (await control.requests())[-1]["report"]
    return "".join(report["contents"][-1]["texts"]), report["attachments"]


def is_text_of(file: dict[str, Any], text: str) -> bool:
    content = text.encode()
    return (file["mime"], file["size"], file["sha256"]) == (
        "text/plain",
        len(content),
        hashlib.sha256(content).hexdigest(),
    )


@pytest.mark.parametrize("mode", ["attach", "auto"])
async def test_a_prompt_above_the_limit_is_sent_as_a_file(
    site: Site, control: SiteControl, own_temp: Path, mode: str
) -> None:
    async with opened(site, large_prompt=mode, large_prompt_chars=100) as driver:
        await run(driver, request(LONG))
        said, (file,) = await last(control)
        assert POINTER.fullmatch(said)
        assert is_text_of(file, LONG)
        assert file["name"] == "prompt.txt"
        assert list(own_temp.rglob("prompt*")) == []
        at_the_limit = "/echo " + "x" * 94
        assert await answer(driver, at_the_limit) == "x" * 94
        assert await last(control) == (at_the_limit, [])


async def test_inline_is_never_a_file(site: Site, control: SiteControl) -> None:
    async with opened(site, large_prompt="inline", large_prompt_chars=100) as driver:
        assert await answer(driver, f"/echo {LONG}") == LONG.replace("\r\n", "\n")
        _, files = await last(control)
        assert files == []


async def test_what_the_prompt_box_cuts_off_is_sent_as_a_file_in_auto_alone(
    site: Site, control: SiteControl, own_temp: Path
) -> None:
    await control.scenario(page={"text_limit": 200})
    async with opened(site) as driver:
        await run(driver, request(LONG))
        said, (file,) = await last(control)
        assert POINTER.fullmatch(said)
        assert is_text_of(file, LONG)
        assert await answer(driver, "/echo short") == "short"
    await control.forget_requests()
    for mode in ("inline", "attach"):
        async with opened(site, large_prompt=mode) as driver:
            with pytest.raises(ControlFailed, match="did not take the text"):
                await run(driver, request(LONG))
            assert await answer(driver, "/echo short") == "short"
    assert len(await control.requests()) == 2
    assert list(own_temp.rglob("prompt*")) == []


async def test_the_text_comes_behind_the_callers_own_files(
    site: Site, control: SiteControl, tmp_path: Path
) -> None:
    own = tmp_path / "prompt.txt"
    own.write_bytes(b"mine")
    mine = Attachment(own, "prompt.txt", "text/plain", 4, hashlib.sha256(b"mine").hexdigest())
    asked = GenerateRequest(MODEL, (Turn("user", (mine, Text(LONG))),))
    async with opened(site, large_prompt_chars=100) as driver:
        await run(driver, asked)
    said, (first, second) = await last(control)
    pointer = POINTER.fullmatch(said)
    assert pointer
    assert (first["name"], first["size"]) == ("prompt.txt", 4)
    assert second["name"] == pointer[1] != "prompt.txt"
    assert is_text_of(second, LONG)


async def test_a_conversation_goes_on_behind_an_attached_prompt(site: Site, control: SiteControl) -> None:
    async with opened(site, tabs=2, large_prompt_chars=100) as driver:
        await until_ready(driver, 2)
        said = await answer(driver, LONG)
        await until_idle(driver)
        history = (Turn.of("user", LONG), Turn.of("model", said))
        assert await answer(driver, "/echo two", history=history) == "two"
        assert driver.status().counters["continued"] == 1
        words, files = await last(control)
        assert (words, len(files)) == ("/echo two", 1)


@pytest.mark.parametrize("fault", ["toast", "silent"])
async def test_the_file_is_private_and_goes_also_when_the_page_refuses_it(
    site: Site, control: SiteControl, own_temp: Path, fault: str
) -> None:
    await control.scenario(page={"upload_faults": [fault]})
    seen: list[int] = []
    async with opened(site, large_prompt_chars=100, deadlines=Deadlines(ready=4)) as driver:
        page = driver.pool.sessions[0].tab.page
        await page.expose_function(
            "tellFiles", lambda: seen.extend(path.stat().st_mode for path in own_temp.rglob("prompt*.txt"))
        )
        await page.evaluate("document.addEventListener('change', () => tellFiles(), true)")
        with pytest.raises(ControlFailed, match=r"'prompt\.txt'"):
            await run(driver, request(LONG))
        assert seen
        assert all(mode & 0o077 == 0 for mode in seen) or os.name == "nt"
        assert list(own_temp.rglob("prompt*")) == []
        assert await control.requests() == []
        assert await answer(driver, "/echo next") == "next"
