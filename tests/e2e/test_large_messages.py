"""What the browser tells in one piece may be large; this process goes on serving meanwhile."""

import time

from browser.locate import find_chromium
from browser.playwright_start import running_playwright
from simulator.demo import LOOPBACK_ONLY

MEBIBYTES = 48
CPU_SECONDS = 4.0
"""Of this process. To join pieces of 32 KiB takes more than three times as long, this a tenth of a second."""


async def test_a_large_message_of_the_browser_is_read_in_linear_time() -> None:
    size = MEBIBYTES << 20
    async with running_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(own=lambda: playwright.chromium.executable_path),
            args=[LOOPBACK_ONLY],
        )
        page = await browser.new_page()
        begun = time.process_time()
        text = await page.evaluate("(size) => 'x'.repeat(size)", size)
        spent = time.process_time() - begun
        await browser.close()
    assert len(text) == size
    assert spent < CPU_SECONDS
