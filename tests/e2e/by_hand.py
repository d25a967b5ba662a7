"""Pressing Run on the simulated page without a driver."""

from playwright.async_api import Page

_ASK = """(text) => {
  const box = document.querySelector("ms-prompt-box textarea");
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(box, text);
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""
NO_NOTICE = "localStorage.setItem('aiStudioUserPreference', JSON.stringify({hasShownAutosaveOnDialog: true}))"
"""An init script: the page says nothing of its own accord."""
RUN = "ms-run-button button[type=submit]"


async def ask(page: Page, prompt: str) -> None:
    """Put a prompt into the box and press Run."""
    await page.evaluate(_ASK, prompt)
    await page.locator(RUN).click()
