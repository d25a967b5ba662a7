"""How the browser gets to the site: through a proxy, and by a connection to a browser that runs already."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from browser.locate import find_chromium, find_firefox
from domain.errors import BrowserDown
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.driving import PRODUCTION, answer, driver_for, opened
from tests.upstream import upstream_proxy


@pytest.mark.parametrize(("engine", "password"), [("chromium", "me:p@ss/word"), ("firefox", "")])
async def test_browser_reaches_the_site_through_the_proxy(
    named_site: Site, engine: str, password: str
) -> None:
    if engine == "firefox" and find_firefox() is None:
        pytest.skip("no Firefox is installed")
    async with upstream_proxy(named_site.https_port, password) as proxy:
        sign_in = password.replace("@", "%40").replace("/", "%2F") + "@" if password else ""
        async with opened(
            named_site,
            engine=engine,
            ai_studio_url=PRODUCTION,
            ignore_https_errors=True,
            proxy=f"http://{sign_in}127.0.0.1:{proxy.port}",
        ) as driver:
            assert await answer(driver, "/echo through") == "through"
    assert "aistudio.google.com:443" in proxy.asked
    assert "alkalimakersuite-pa.clients6.google.com:443" in proxy.asked


async def test_this_machine_is_reached_without_the_proxy(site: Site) -> None:
    async with (
        upstream_proxy(1) as proxy,
        opened(site, proxy=f"http://127.0.0.1:{proxy.port}") as driver,
    ):
        assert await answer(driver, "/echo direct") == "direct"
    assert not [host for host in proxy.asked if host.startswith(("127.", "localhost"))]


async def test_proxy_that_a_stock_firefox_would_evade_is_refused(site: Site) -> None:
    if find_firefox() is None:
        pytest.skip("no Firefox is installed")
    driver = driver_for(site, engine="firefox", proxy="http://me:secret@127.0.0.1:9")
    with pytest.raises(BrowserDown, match="UNIFIED_PROXY_CONFIG") as caught:
        await driver.open()
    await driver.close()
    assert "secret" not in str(caught.value)


@asynccontextmanager
async def playwright_server(folder: Path) -> AsyncIterator[str]:
    """Playwright's own server with a Chromium; yields its address."""
    options = {
        "executablePath": str(find_chromium()),
        "host": "127.0.0.1",
        "args": [LOOPBACK_ONLY],
        "headless": True,
    }
    config = folder / "server.json"
    config.write_text(json.dumps(options))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "playwright", "launch-server", "--browser", "chromium"),
        *("--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            yield (await process.stdout.readline()).decode().strip()
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # what it started does not end with it
        await process.communicate()


async def test_browser_of_a_playwright_server_serves_as_one_of_its_own(site: Site, tmp_path: Path) -> None:
    async with playwright_server(tmp_path) as address:
        assert address.startswith("ws://")
        async with opened(site, ws_endpoint=address, args=()) as driver:
            assert driver.status().capture == "cdp"
            assert await answer(driver, "/echo from afar") == "from afar"
