"""What a page looked like, and what is made of one that no longer says."""

import time
from pathlib import Path

from playwright.async_api import Page

from browser.evidence import keep_evidence
from simulator.demo import Site

FREEZE = "() => { setTimeout(() => { for (;;); }, 0); }"
PLAYWRIGHTS_OWN_SECONDS = 30.0


async def test_a_page_that_has_frozen_holds_up_no_error(page: Page, site: Site, tmp_path: Path) -> None:
    await page.goto(site.page)
    await page.evaluate(FREEZE)
    begun = time.monotonic()
    assert await keep_evidence(page, tmp_path, "run") is None
    assert time.monotonic() - begun < PLAYWRIGHTS_OWN_SECONDS / 2
    assert list(tmp_path.iterdir()) == []
