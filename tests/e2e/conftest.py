"""A page without a driver, for tests that press its buttons by hand."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page

from simulator.demo import Site
from tests.e2e.by_hand import NO_NOTICE


@pytest_asyncio.fixture
async def page(chromium: Browser, site: Site) -> AsyncIterator[Page]:
    context = await chromium.new_context(storage_state=site.profile, viewport={"width": 1440, "height": 900})
    await context.add_init_script(NO_NOTICE)
    yield await context.new_page()
    await context.close()
