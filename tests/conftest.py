"""What tests share: one simulator and one browser a worker process, and no way out of this machine."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from playwright.async_api import Browser, async_playwright, expect

from browser.locate import find_chromium
from simulator.demo import LOOPBACK_ONLY, Site, simulated_site
from tests.e2e.driving import DEADLINES, driver_for
from tests.gateway import RunningGateway, running_gateway
from tests.site import SiteControl

# A busy machine is no fault of an example; pytest's own limit holds.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

PATIENCE_MS = 20_000
"""For what a page shows at once, unless the machine is busy."""
LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", ""}


@pytest.fixture(scope="session", autouse=True)
def _no_way_out() -> Iterator[None]:
    """A test that would reach another machine fails instead."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host not in LOOPBACK and not host.startswith("127."):
            raise AssertionError(f"a test tried to reach {host!r}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest_asyncio.fixture(scope="session")
async def site() -> AsyncIterator[Site]:
    """A simulated AI Studio with a quick model."""
    async with simulated_site("--quiet", "--ttft", "0.02", "--pace", "0.001") as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def named_site() -> AsyncIterator[Site]:
    """One that is also served under the site's own host names, by HTTPS."""
    async with simulated_site("--quiet", "--https-port", "0", "--ttft", "0.02", "--pace", "0.001") as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def control_of_site(site: Site) -> AsyncIterator[SiteControl]:
    async with SiteControl(site.address) as control:
        yield control


@pytest_asyncio.fixture
async def control(control_of_site: SiteControl) -> AsyncIterator[SiteControl]:
    """The simulator's control, back at its defaults afterwards."""
    await control_of_site.forget_requests()
    yield control_of_site
    await control_of_site.reset()


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser without a driver, for pages that tests look at by hand; each in a context of its own."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(own=lambda: playwright.chromium.executable_path),
            args=[LOOPBACK_ONLY],
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session")
async def gateway(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A whole gateway on a real Chromium; shared, so tests leave it idle."""
    folder = tmp_path_factory.mktemp("gateway")
    async with running_gateway(driver_for(site), DEADLINES, folder) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def openai_client(gateway: RunningGateway) -> AsyncIterator[AsyncOpenAI]:
    async with gateway.openai() as client:
        yield client


@pytest.fixture
def samples() -> Path:
    return Path(__file__).parent / "samples"
