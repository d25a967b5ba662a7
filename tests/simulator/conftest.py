"""One simulator a worker process for all tests of this folder, inside the test loop, in no time."""

from collections.abc import AsyncIterator

import pytest_asyncio

from simulator.scenario import Scenario
from simulator.server import Simulator
from tests.simulator.client import PageClient


@pytest_asyncio.fixture(scope="session")
async def running_simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario(ttft=0, pace=0), https_port=0) as running:
        yield running


@pytest_asyncio.fixture
async def simulator(running_simulator: Simulator) -> AsyncIterator[Simulator]:
    """The shared simulator, as at its start; a test may change its scenario and end its sessions."""
    running_simulator.state.reset()
    yield running_simulator
    running_simulator.state.reset()


@pytest_asyncio.fixture
async def page_client(simulator: Simulator) -> AsyncIterator[PageClient]:
    async with PageClient(simulator.sites[0], simulator.state.sessions.open()) as client:
        yield client
