"""The control endpoint, and the simulator as a process."""

import asyncio
import json
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.__main__ import main
from simulator.scenario import Scenario
from simulator.server import Simulator
from simulator.sessions import DEFAULT_ACCOUNT, Session
from simulator.site import loopback_site
from tests.simulator.client import PageClient, generate_body, new_http
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(simulator: Simulator) -> str:
    return simulator.control_url


async def test_patch_merges_and_put_starts_from_defaults(url: str) -> None:
    async with new_http() as http:
        await http.patch(f"{url}/scenario", json={"page": {"era": "E4"}, "framing": {"gzip": False}})
        changed = (await http.patch(f"{url}/scenario", json={"page": {"tick_ms": 5}})).json()
        assert (changed["page"]["era"], changed["page"]["tick_ms"], changed["framing"]["gzip"]) == (
            "E4",
            5,
            False,
        )
        put = (await http.put(f"{url}/scenario", json={"pace": 0.5})).json()
        assert (put["page"]["era"], put["pace"], put["ttft"]) == ("E6", 0.5, 0.3)
        await http.post(f"{url}/reset")
        assert (await http.get(f"{url}/scenario")).json()["pace"] == 0


@pytest.mark.parametrize(
    ("patch", "named"),
    [
        ({"tfft": 1}, "tfft"),
        ({"page": {"erra": "E4"}}, "page.erra"),
        ({"page": {"era": "E9"}}, "page.era"),
        ({"page": {"renamed": {"runbutton": True}}}, "page.renamed"),
        ({"framing": {"split": 0}}, "framing.split"),
        ({"ttft": -1}, "ttft"),
        ([], "object"),
    ],
)
async def test_misspelt_knob_is_named(url: str, patch: Any, named: str) -> None:
    async with new_http() as http:
        response = await http.patch(f"{url}/scenario", json=patch)
        assert response.status_code == 400
        assert named in response.json()["error"]


async def test_request_log_is_read_and_cleared(url: str, page_client: PageClient) -> None:
    await page_client.answer("/echo one")
    await page_client.answer("/echo two")
    http = page_client.http
    entries = (await http.get(f"{url}/requests")).json()["requests"]
    assert [entry["outcome"] for entry in entries] == ["finished", "finished"]
    assert entries[0]["received"] <= entries[0]["first_byte"] <= entries[0]["last_byte"]
    newer = (await http.get(f"{url}/requests?after={entries[0]['id']}&report=0")).json()["requests"]
    assert [("report" in entry, entry["id"]) for entry in newer] == [(False, entries[1]["id"])]
    assert (await http.get(f"{url}/requests?after=x")).status_code == 400
    await http.delete(f"{url}/requests")
    assert (await http.get(f"{url}/requests")).json()["requests"] == []


async def test_storage_state_signs_in(simulator: Simulator, url: str) -> None:
    async with new_http() as http:
        state = (await http.post(f"{url}/storage-state", json={"preferences": {"theme": "dark"}})).json()
        cookies = {cookie["name"]: cookie["value"] for cookie in state["cookies"]}
        assert {cookie["domain"] for cookie in state["cookies"]} == {"127.0.0.1"}
        assert json.loads(state["origins"][0]["localStorage"][0]["value"]) == {"theme": "dark"}
        page = await http.get(
            f"{simulator.http_url}/prompts/new_chat", headers={"cookie": f"SID={cookies['SID']}"}
        )
        assert page.status_code == 200
        body = {"origin": "https://aistudio.google.com", "account": "grace@example.com"}
        other = (await http.post(f"{url}/storage-state", json=body)).json()
        assert {cookie["domain"] for cookie in other["cookies"]} == {".google.com"}
        assert other["accountName"] == "grace@example.com"


@pytest.mark.parametrize("body", [{"orgin": "x"}, {"origin": "http://evil.example"}, {"account": "no@one"}])
async def test_impossible_storage_state_is_refused(url: str, body: dict[str, str]) -> None:
    async with new_http() as http:
        assert (await http.post(f"{url}/storage-state", json=body)).status_code == 400


async def test_sign_out_ends_every_session(url: str, page_client: PageClient) -> None:
    assert (await page_client.http.post(f"{url}/sign-out")).json()["ended"] >= 1
    assert (await page_client.call("ListModels", [])).status_code == 401


async def test_stats_count_calls_and_error_reports(
    simulator: Simulator, url: str, page_client: PageClient
) -> None:
    await page_client.call("ListModels", [])
    await page_client.http.get(f"{simulator.http_url}/_/MakerSuite/jserror?error=GenerateContent%20failed")
    found = (await page_client.http.get(f"{url}/stats")).json()
    assert found["calls"] == {"ListModels": 1}
    assert found["jserrors"] == ["error=GenerateContent%20failed"]


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[Process]:
    """`python -m simulator`, killed at the end if it is still there."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *arguments, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_process_says_that_it_is_ready_and_ends_with_an_open_stream(
    tmp_path: Path, number: signal.Signals
) -> None:
    profile = tmp_path / "profiles" / "ada.json"
    arguments = ("--port", "0", "--https-port", "0", "--ttft", "0", "--write-profile", str(profile))
    async with process(*arguments) as running, asyncio.timeout(10):
        assert running.stdout is not None
        ready = json.loads(await running.stdout.readline())
        assert ready["ready"] is True
        assert ready["control"] == ready["http"] + "/_control"
        assert ready["https"].startswith("https://127.0.0.1:")
        assert stat.S_IMODE(profile.stat().st_mode) == 0o600
        assert list(profile.parent.iterdir()) == [profile]
        domains = {cookie["domain"] for cookie in json.loads(profile.read_text())["cookies"]}
        assert domains == {"127.0.0.1", ".google.com"}
        cookies = {each["name"]: each["value"] for each in json.loads(profile.read_text())["cookies"]}
        site = loopback_site("http", int(ready["http"].rpartition(":")[2]))
        async with PageClient(site, Session(DEFAULT_ACCOUNT, cookies, "")) as client:
            opened = client.http.stream(
                "POST",
                client.url("GenerateContent"),
                content=json.dumps(generate_body("/fail stall after=1")),
                headers=client.headers(),
            )
            async with opened as stalled:
                assert stalled.status_code == 200
                running.send_signal(number)
                assert await running.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--scenario", '{"tfft": 1}'], "tfft"),
        (["--scenario", "/no/such/file"], "/no/such/file"),
        (["--scenario", "{"], "--scenario"),
        (["--scenario", "[]"], "object"),
        (["--ttft", "-1"], "ttft"),
    ],
)
def test_wrong_arguments_end_with_one_clear_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], named: str
) -> None:
    assert main(arguments) == 2
    complaint = capsys.readouterr().err
    assert named in complaint
    assert complaint.count("\n") == 1


async def test_taken_port_is_named(simulator: Simulator) -> None:
    async with process("--port", str(simulator.http_port)) as running, asyncio.timeout(10):
        _, complaint = await running.communicate()
        assert running.returncode == 1
        assert str(simulator.http_port).encode() in complaint


@pytest.mark.parametrize(("prompt", "status"), [("/fail stall ttft=0", None), ("/echo(ttft=60) never", 503)])
async def test_simulator_stops_promptly_while_an_answer_is_open(prompt: str, status: int | None) -> None:
    async with asyncio.timeout(3), Simulator(Scenario(pace=0)) as own:
        async with PageClient(own.sites[0], own.state.sessions.open()) as client:
            answer = asyncio.create_task(client.generate(prompt), name="open answer")
            await eventually(lambda: own.state.streams)
            if status is None:
                await eventually(lambda: own.state.log.entries[-1].events == 3)
            await own.close()
            if status is None:
                with pytest.raises(httpx.TransportError):
                    await answer
            else:
                assert (await answer).status_code == status
        assert own.state.log.entries[-1].outcome == ("cut" if status is None else "failed")


async def test_simulator_cannot_be_entered_twice() -> None:
    async with Simulator() as own:
        with pytest.raises(RuntimeError):
            await own.__aenter__()


async def test_half_started_simulator_leaves_nothing_open(simulator: Simulator) -> None:
    half = Simulator(https_port=simulator.http_port)
    with pytest.raises(OSError, match="in use"):
        await half.__aenter__()
    assert half.http_port == 0
