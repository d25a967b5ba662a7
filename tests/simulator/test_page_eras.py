"""Eras of the page, and the faults that rename or remove single controls."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from simulator.pages import STATIC_FOLDER
from tests.simulator.chat_page import (
    OPEN_SECTIONS,
    Opener,
    open_page_fixture,  # noqa: F401
    tab_fixture,  # noqa: F401
)

MARKS = {
    "E3": [
        'ms-run-button > button[aria-label="Run"].run-button',
        'div[data-test-id="temperatureSliderContainer"] input[type="number"]',
        'ms-slider input[type="number"][max="2"]',
        'button[aria-label="Browse the url context"]',
        'ms-incognito-mode-toggle > button[aria-label="Temporary chat toggle"]',
        'button[data-test-id="add-media-button"]',
        'input[aria-label="Add stop token"]',
        "ms-model-selector-v3 button.model-selector-card",
    ],
    "E4": [
        'ms-run-button button[type="submit"]:not([aria-label])',
        'div[data-test-id="temperatureSliderContainer"] input[inputmode="decimal"]',
        'ms-slider input.slider-number-input[aria-valuemax="2"]',
        'ms-browse-as-a-tool mat-slide-toggle button[role="switch"]:not([aria-label])',
        'ms-incognito-mode-toggle > button[aria-label="Temporary chat toggle"]',
        'button[data-test-id="add-media-button"]',
        "ms-prompt-run-settings",
    ],
    "E5": [
        'button[aria-label="View more actions"]',
        'div[mattooltip="Probability threshold for top-p sampling"] input[inputmode="decimal"]',
        'button[data-test-id="add-media-button"]',
        'input[aria-label="Add stop token"]',
        "ms-navbar",
    ],
    "E6": [
        'ms-run-settings input[aria-label="Temperature"][role="spinbutton"]',
        'ms-run-settings input[aria-label="Top P"][role="spinbutton"]',
        'ms-add-media-button button[data-test="selectMediaMenu"]',
        'input[aria-label="Add stop sequence"]',
        "ms-navbar-v2",
        "ms-run-settings ms-model-selector button.model-selector-card",
    ],
}
GONE = {
    "E3": ["ms-navbar-v2", '[data-test="selectMediaMenu"]', '[role="spinbutton"]'],
    "E4": ["button.run-button", 'ms-slider input[type="number"]', '[aria-label="Browse the url context"]'],
    "E5": ["ms-incognito-mode-toggle", 'input[aria-label="Temperature"]'],
    "E6": ["ms-prompt-run-settings", '[data-test-id="add-media-button"]', "ms-incognito-mode-toggle"],
}


@pytest.mark.parametrize("era", sorted(MARKS))
async def test_each_era_has_its_marks_and_not_those_of_others(open_page: Opener, era: str) -> None:
    chat = await open_page(era=era, preferences=OPEN_SECTIONS)
    await expect(chat.page.locator("ms-prompt-box")).to_be_visible()
    for selector in MARKS[era]:
        await expect(chat.page.locator(selector), selector).to_have_count(1)
    for selector in GONE[era]:
        await expect(chat.page.locator(selector), selector).to_have_count(0)
    await chat.ask("hello")


CONTROLS = {
    "run_button": "ms-run-button, .run-button, footer button[type=submit]",
    "prompt_textarea": '[formcontrolname="promptText"], [aria-label="Enter a prompt"], textarea.textarea',
    "model_card": 'ms-model-selector, .model-selector-card, [data-test-id="model-name"]',
    "temperature": '[aria-label="Temperature"], [data-test-id^="temperature"], [aria-valuemax="2"]',
    "top_p": '[aria-label="Top P"], [mattooltip^="Probability"], ms-slider[title^="Top P"]',
    "max_output_tokens": '[aria-label="Maximum output tokens"], .output-length',
    "stop_sequence_input": '#chip-input, [aria-label="Add stop sequence"]',
    "system_instructions_card": "[data-test-system-instructions-card], .system-instructions-card",
    "new_chat": '[aria-label="New chat"], [data-test-clear], [href="/prompts/new_chat"]',
    "search_toggle": '[data-test-id="searchAsAToolTooltip"], .search-as-a-tool-toggle',
    "tools_header": '[aria-label="Expand or collapse tools"], .settings-group-header:has-text("Tools")',
    "advanced_header": '[aria-label="Expand or collapse advanced settings"]',
}


@pytest.mark.parametrize("fault", ["renamed", "missing"])
async def test_renamed_and_missing_controls_cannot_be_found(open_page: Opener, fault: str) -> None:
    plain = await open_page(preferences=OPEN_SECTIONS)
    for name, selector in CONTROLS.items():
        assert await plain.page.locator(selector).count() > 0, name
    names = list(CONTROLS)
    knobs = {"renamed": dict.fromkeys(names, True)} if fault == "renamed" else {"missing": names}
    chat = await open_page(preferences=OPEN_SECTIONS, **knobs)
    await expect(chat.page.locator("ms-run-settings")).to_be_visible()
    for name, selector in CONTROLS.items():
        await expect(chat.page.locator(selector), name).to_have_count(0)


async def test_renamed_controls_still_work_by_hand(open_page: Opener) -> None:
    chat = await open_page(renamed={"run_button": True, "prompt_textarea": True})
    await chat.page.locator("footer textarea").fill("found by looking")
    await chat.page.locator("ms-prompt-box .x-run button").click()
    await expect(chat.footer).to_have_count(1)


async def test_model_rows_and_the_temporary_toggle_can_be_renamed(open_page: Opener) -> None:
    chat = await open_page(renamed={"model_rows": True, "temporary_chat": True})
    await chat.page.locator("button.model-selector-card").click()
    await expect(chat.page.locator("ms-model-carousel-row").first).to_be_visible()
    await expect(chat.page.locator('[id^="model-carousel-row-"]')).to_have_count(0)
    await chat.page.keyboard.press("Escape")
    await chat.named("View more actions").click()
    await expect(chat.page.locator('[role="menuitem"]').first).to_be_visible()
    await expect(chat.page.locator("[data-test-incognito-toggle]")).to_have_count(0)


def test_every_module_of_the_page_is_fetched_ahead() -> None:
    html = (STATIC_FOLDER / "index.html").read_text()
    listed = set(re.findall(r'<link rel="modulepreload" href="/static/([^"]+)">', html))
    modules = {path.relative_to(STATIC_FOLDER).as_posix() for path in (STATIC_FOLDER / "js").rglob("*.js")}
    assert listed == modules - {"js/main.js"}


@pytest.mark.parametrize("path", sorted(STATIC_FOLDER.rglob("*.*")), ids=lambda path: path.name)
def test_the_page_loads_nothing_from_elsewhere_and_parses_no_markup(path: Path) -> None:
    text = path.read_text()
    hosts = set(re.findall(r"https?://([\w.-]+)", text))
    assert hosts <= {"www.w3.org", "accounts.google.com", "ai.google.dev"}
    assert not re.search(r"innerHTML|insertAdjacentHTML|outerHTML|document\.write|\beval\(", text)
