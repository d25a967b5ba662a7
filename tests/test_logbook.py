"""The log: whose line it is, how it looks, and what never stands in it."""

import asyncio
import json
import logging
import re
import signal
import stat
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI

from logbook.context import accounting, note
from logbook.files import PrivateRotatingFile
from logbook.formats import JsonLine, RequestMark, TextLine
from logbook.redaction import redact
from settings import ROOT
from simulator.demo import LOOPBACK_ONLY, Site
from tests.test_launcher import environment

KEY = "k3y-of-a-caller-0123456789"
PROMPT = "the-prompt-that-nobody-may-read"


def record(message: str, *arguments: object, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("browser.session", logging.INFO, __file__, 1, message, arguments, None)
    made.fields = fields
    RequestMark().filter(made)
    return made


def test_line_is_one_line_of_pairs() -> None:
    line = TextLine().format(record("said %r\nand more", "hi", model="m", total=0.5))
    assert "\n" not in line
    assert re.search(
        r' level=info logger=browser.session message="said \'hi\'\\nand more" model=m total=0.5$', line
    )


def test_json_line_has_the_same_pairs() -> None:
    pairs = json.loads(JsonLine().format(record("said", model="m")))
    assert list(pairs) == ["time", "level", "logger", "message", "model"]


async def test_tasks_of_a_request_write_lines_with_its_id() -> None:
    async def work() -> str:
        return JsonLine().format(record("from a task"))

    with accounting("abc") as account:
        note(model="m")
        line = await asyncio.create_task(work())
    assert json.loads(line)["request"] == "abc"
    assert account.facts == {"model": "m"}
    assert "request" not in json.loads(JsonLine().format(record("outside")))


def test_traceback_is_redacted_and_stays_in_its_line() -> None:
    made = record("broke")
    try:
        int("Authorization: Bearer s3cret-s3cret")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = TextLine().format(made)
    assert "ValueError" in line
    assert "s3cret" not in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cret",
        "{'authorization': 'Bearer s3cret'}",
        "[(b'authorization', b'Bearer s3cret'), (b'accept', b'*/*')]",
        '{"x-goog-api-key": "s3cret"}',
        "X-API-Key=s3cret",
        "GET /v1beta/models?key=s3cret&alt=sse",
        "Cookie: SID=s3cret; HSID=s3cret",
        "set SAPISID=s3cret and __Secure-1PSID=s3cret;",
        "SAPISIDHASH 1700000000_s3cret",
        "{'name': '__Secure-3PSID', 'value': 's3cret'}",
        "http://me:s3cret@proxy:1 failed",
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    assert "s3cret" not in redact(text)
    assert "****" in redact(text)


def test_ordinary_lines_stay_as_they_are() -> None:
    for text in ("session broken: the tab crashed", "model=gemini-2.5-pro tokens=12", "https://host/a?b=c"):
        assert redact(text) == text


def test_log_files_are_their_owners_alone_also_after_rotation(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "gateway.log"
    path.parent.mkdir()
    path.touch(mode=0o644)
    handler = PrivateRotatingFile(path, 1024, 2)
    for number in range(100):
        handler.emit(record("line %d with some length to it", number))
    handler.close()
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["gateway.log", "gateway.log.1", "gateway.log.2"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert all(file.stat().st_size <= 1024 for file in files)


@asynccontextmanager
async def gateway_process(site: Site, folder: Path) -> AsyncIterator[tuple[str, list[str], Process]]:
    """A whole gateway that logs all it can; its address and what it says."""
    keys = folder / "key.txt"
    keys.write_text(KEY)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "launch_camoufox.py"), "--server-port", "0"),
        env=environment(
            TRACE_LOGS_ENABLED="true",
            DEBUG_LOGS_ENABLED="true",
            LOG_FORMAT="json",
            LOG_FILE=str(folder / "gateway.log"),
            KEY_FILE=str(keys),
            AI_STUDIO_URL=site.address,
            AUTH_PROFILE=str(site.profile),
            BROWSER="chromium",
            BROWSER_ARGS=f"'{LOOPBACK_ONLY}'",
            UPLOAD_FILES_DIR=str(folder / "up"),
            FILES_DIR=str(folder / "files"),
        ),
        stdout=PIPE,
        stderr=STDOUT,
        limit=1 << 20,
    )
    said: list[str] = []
    assert process.stdout is not None
    try:
        async with asyncio.timeout(50):
            while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/v1", "".join(said[-1:]))):
                line = await process.stdout.readline()
                assert line, "".join(said)
                said.append(line.decode())
        yield found.group(1), said, process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        said.append((await process.communicate())[0].decode())


@pytest.mark.timeout(120)
async def test_trace_of_a_whole_chat_holds_no_prompt_no_key_and_no_cookie(site: Site, tmp_path: Path) -> None:
    async with gateway_process(site, tmp_path) as (address, said, _):
        async with AsyncOpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0) as client:
            message = {"role": "user", "content": f"/echo {PROMPT}"}
            chat = await client.chat.completions.with_raw_response.create(
                model="gemini-2.5-flash",
                messages=[message],  # type: ignore[list-item]
            )
            assert PROMPT in chat.text
        async with httpx.AsyncClient(base_url=address, timeout=40) as http:
            body = {"contents": [{"parts": [{"text": f"{PROMPT}\n/fail 403"}]}]}
            path = "/v1beta/models/gemini-2.5-flash:generateContent"
            assert (await http.post(path, params={"key": KEY}, json=body)).status_code == 502
    log = (tmp_path / "gateway.log").read_text()
    cookies = [cookie["value"] for cookie in json.loads(site.profile.read_text())["cookies"]]
    for secret in (PROMPT, KEY, *(value for value in cookies if len(value) > 6)):
        assert secret not in log
        assert secret not in "".join(said)
    assert stat.S_IMODE((tmp_path / "gateway.log").stat().st_mode) == 0o600
    lines = [json.loads(line) for line in log.splitlines()]
    done, failed = [line for line in lines if line["message"] == "request" and line["method"] == "POST"]
    assert done["request"] == chat.headers["x-request-id"]
    assert (done["status"], done["model"], done["path"]) == (200, "gemini-2.5-flash", "/v1/chat/completions")
    assert {
        "capture",
        "waited",
        "ran",
        "queue",
        "prepare",
        "turn",
        "submit",
        "first_event",
        "total",
        "prompt_tokens",
        "answer_tokens",
    } <= done.keys()
    assert done["queue"] + done["prepare"] + done["turn"] == pytest.approx(done["waited"], abs=0.01)
    assert done["waited"] + done["submit"] <= done["first_event"] <= done["total"]
    assert failed["error"] == "upstream_permission_denied"
    assert {line["logger"] for line in lines if line.get("request") == done["request"]} >= {
        "api.middleware",
        "api.queueing.worker",
    }
