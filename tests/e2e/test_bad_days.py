"""A whole gateway when its browser dies, its sign-in ends, or its site stands under the real names."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import openai
import psutil
import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.locate import find_camoufox, find_chromium
from domain.errors import BrowserDown
from domain.ports import Deadlines
from settings import BrowserSettings
from simulator.demo import LOOPBACK_ONLY, Site, end
from simulator.scenario import Scenario
from simulator.server import Simulator
from tests.e2e.driving import DEADLINES, answer, driver_for
from tests.e2e.test_chat import MODEL, ask, drain
from tests.gateway import RunningGateway, running_gateway
from tests.site import SiteControl


@pytest_asyncio.fixture
async def own_gateway(
    processes_before: set[int], site: Site, tmp_path: Path
) -> AsyncIterator[RunningGateway]:
    """A gateway that a test may break, started after the other processes were counted."""
    assert processes_before
    async with running_gateway(driver_for(site), DEADLINES, tmp_path) as running:
        yield running


async def health(gateway: RunningGateway, wanted: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    """`/health` as soon as it looks as wanted."""
    async with asyncio.timeout(20), gateway.http() as http:
        while True:
            found: dict[str, object] = (await http.get("/health")).json()
            if wanted(found):
                return found


def kill_new(before: set[int], kind: str) -> int:
    """Kill the browser processes of a kind that were not there before; how many."""
    killed = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = " ".join(process.cmdline())
            if process.pid not in before and "chrom" in process.name() and kind in words:
                process.kill()
                killed += 1
    return killed


@pytest_asyncio.fixture
async def processes_before() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


async def test_a_killed_browser_is_replaced_and_the_request_fails_by_name(
    processes_before: set[int], own_gateway: RunningGateway
) -> None:
    async with own_gateway.openai() as client:
        chunks = await client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "/chunks n=2000 every=0.02"}], stream=True
        )
        reader = aiter(chunks)
        while not (await anext(reader)).choices[0].delta.content:
            pass
        assert kill_new(processes_before, "--remote-debugging") > 0
        with pytest.raises(openai.APIError, match=r"browser|tab|page"):
            await drain(reader)
        await health(own_gateway, lambda found: found["status"] == "ok")
        assert await ask(client, "/echo back again") == "back again"


async def test_a_crashed_tab_is_replaced(processes_before: set[int], own_gateway: RunningGateway) -> None:
    async with own_gateway.openai() as client:
        assert await ask(client, "/echo before") == "before"
        assert kill_new(processes_before, "--type=renderer") > 0
        await health(own_gateway, lambda found: found["status"] == "ok")
        assert await ask(client, "/echo after") == "after"


async def test_a_sign_out_is_a_reason_and_not_a_hang(tmp_path: Path) -> None:
    async with Simulator(Scenario(ttft=0, pace=0)) as simulator:
        profile = tmp_path / "profile.json"
        profile.write_text(json.dumps(simulator.storage_state()))
        settings = BrowserSettings(
            engine="chromium", ai_studio_url=simulator.http_url, auth_profile=profile, args=(LOOPBACK_ONLY,)
        )
        driver = PageDriver(settings, DEADLINES)
        async with running_gateway(driver, DEADLINES, tmp_path) as gateway, gateway.openai() as client:
            assert await ask(client, "/echo in") == "in"
            simulator.state.sessions.end_all()
            for _ in range(3):
                with pytest.raises(openai.InternalServerError) as caught:
                    await ask(client, "/echo out")
                assert caught.value.status_code == 503
                assert caught.value.code == "signed_out"
            found = await health(gateway, lambda found: found["status"] != "ok")
            assert "sign" in str(found["reason"])


async def test_the_real_addresses_are_used_unchanged(tmp_path: Path) -> None:
    async with Simulator(Scenario(ttft=0, pace=0), https_port=0) as simulator:
        profile = tmp_path / "profile.json"
        profile.write_text(json.dumps(simulator.storage_state()))
        settings = BrowserSettings(
            engine="chromium",
            args=(f"--host-resolver-rules=MAP * 127.0.0.1:{simulator.https_port}",),
            ignore_https_errors=True,
            auth_profile=profile,
        )
        assert settings.ai_studio_url == "https://aistudio.google.com"
        driver = PageDriver(settings, DEADLINES)
        async with running_gateway(driver, DEADLINES, tmp_path) as gateway, gateway.openai() as client:
            assert await ask(client, "/echo over https") == "over https"


async def test_a_full_queue_is_refused_with_a_time_to_come_back(site: Site, tmp_path: Path) -> None:
    driver = driver_for(site, tabs=1)
    async with (
        running_gateway(driver, DEADLINES, tmp_path, queue_size=1) as gateway,
        gateway.openai() as client,
    ):
        async with asyncio.TaskGroup() as tasks:
            busy = [tasks.create_task(_outcome(ask(client, "/chunks n=60 every=0.02"))) for _ in range(4)]
        results = [task.result() for task in busy]
        refused = [result for result in results if isinstance(result, openai.RateLimitError)]
        assert refused
        assert all(int(error.response.headers["retry-after"]) >= 1 for error in refused)
        assert await ask(client, "/echo room again") == "room again"


async def test_silence_of_the_model_is_a_named_deadline(site: Site, tmp_path: Path) -> None:
    deadlines = Deadlines(queue=30, ready=20, submit=8, first_event=10, idle=0.5, total=60)
    driver = driver_for(site, deadlines)
    async with running_gateway(driver, deadlines, tmp_path) as gateway, gateway.openai() as client:
        with pytest.raises(openai.InternalServerError, match="idle"):
            await ask(client, "/fail stall after=2")
        assert await ask(client, "/echo next") == "next"


async def test_an_engine_that_is_not_installed_says_how_to_get_it(site: Site) -> None:
    if find_camoufox().ready:
        pytest.skip("Camoufox is installed here")
    with pytest.raises(BrowserDown, match="run: python -m"):
        await driver_for(site, engine="camoufox").open()
    no_program = site.profile
    with pytest.raises(BrowserDown, match="did not start"):
        await driver_for(site, executable=no_program).open()


async def test_a_running_browser_is_connected_to_and_left_running(site: Site, tmp_path: Path) -> None:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed")
    flags = ("--headless", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={tmp_path}")
    process = await asyncio.create_subprocess_exec(
        program, *flags, LOOPBACK_ONLY, "about:blank", stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        while not (line := await process.stderr.readline()).startswith(b"DevTools listening on "):
            assert line, "Chromium ended before it listened"
        driver = driver_for(site, ws_endpoint=line.split()[-1].decode(), tabs=1)
        await driver.open()
        assert await answer(driver, "/echo connected") == "connected"
        await driver.close()
        assert process.returncode is None
    finally:
        await end(process)


async def test_control_of_the_site_is_not_the_gateways(
    control: SiteControl, own_gateway: RunningGateway
) -> None:
    """What the site is asked comes from the page alone: one generation a request."""
    async with own_gateway.openai() as client:
        await asyncio.gather(*(ask(client, f"/echo {n}") for n in range(3)))
    assert len(await control.requests()) == 3


async def _outcome(answer: Coroutine[None, None, str]) -> str | openai.APIStatusError:
    try:
        return await answer
    except openai.APIStatusError as error:
        return error
