"""Around the chat: overlays, new chat, temporary chat, attachments, interruptions, saving, narrow windows."""

import re

import pytest
from playwright.async_api import FilePayload, expect

from simulator.server import Simulator
from tests.simulator.chat_page import (
    ChatPage,
    Opener,
    open_page_fixture,  # noqa: F401
    tab_fixture,  # noqa: F401
)
from tests.waiting import eventually

NOTE: FilePayload = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"a note"}


async def toggle_temporary_chat(chat: ChatPage) -> None:
    await chat.named("View more actions").click()
    await chat.page.locator("button[data-test-incognito-toggle]").click()


async def test_the_picker_filters_by_category_and_search_and_closes_without_a_choice(
    open_page: Opener,
) -> None:
    chat = await open_page(animation_ms=50)
    before = await chat.model_id.inner_text()
    await chat.page.locator("button.model-selector-card").click()
    sheet = chat.page.locator(".ms-sliding-right-panel-dialog")
    await expect(sheet).to_contain_text("Model selection")
    rows = chat.page.locator("ms-model-carousel-row button.content-button")
    flash = chat.page.locator('[id="model-carousel-row-models/gemini-2.5-flash-lite"]')
    await expect(rows.first).to_be_visible()
    await expect(flash).to_have_count(0)
    await chat.page.locator("button[data-test-category-button]", has_text="All").click()
    await expect(flash).to_be_visible()
    await chat.page.locator('mat-dialog-container input[type="text"][aria-label="Search"]').fill("flash-lite")
    await expect(rows.filter(has_text="gemini-2.5-pro")).to_have_count(0)
    await chat.page.locator("button[data-test-close-button]").click()
    await expect(sheet).to_have_count(0)
    await expect(chat.model_id).to_have_text(before)


async def test_a_saved_chat_gets_an_address_of_its_own_and_opens_from_it(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page()
    await chat.ask("/echo to be kept")
    await chat.page.wait_for_url(re.compile(r"/prompts/(?!new_chat)[\w-]+$"))
    assert simulator.state.calls["CreatePrompt"] == 1
    await chat.ask("/echo more", turns=2)
    await eventually(lambda: simulator.state.calls["UpdatePrompt"] == 1)
    await chat.page.reload()
    await expect(chat.answer.first).to_have_text("to be kept")
    await expect(chat.page).to_have_title(re.compile(r"\| Google AI Studio$"))


async def test_a_new_chat_needs_no_reload_and_keeps_the_run_settings(open_page: Opener) -> None:
    chat = await open_page()
    await chat.page.evaluate("window.sameDocument = true")
    temperature = chat.page.locator('input[aria-label="Temperature"][role="spinbutton"]')
    await temperature.fill("0.4")
    await chat.ask("first")
    await chat.page.wait_for_url(re.compile(r"/prompts/(?!new_chat)"))
    await chat.page.locator('a[href="/prompts/new_chat"]').click()
    await expect(chat.page.locator("ms-zero-state")).to_be_visible()
    await expect(temperature).to_have_value("0.4")
    assert chat.page.url.endswith("/prompts/new_chat")
    assert await chat.page.evaluate("window.sameDocument")
    await chat.ask("second")
    assert len(chat.report()["contents"]) == 1


async def test_a_new_chat_can_drop_the_run_settings(open_page: Opener) -> None:
    chat = await open_page(drop_settings_on_new_chat=True)
    temperature = chat.page.locator('input[aria-label="Temperature"][role="spinbutton"]')
    await temperature.fill("0.4")
    await chat.ask("first")
    await chat.page.wait_for_url(re.compile(r"/prompts/(?!new_chat)"))
    await chat.page.locator('a[href="/prompts/new_chat"]').click()
    await expect(temperature).to_have_value("1")


async def test_the_new_chat_button_is_inert_when_empty_and_while_generating(open_page: Opener) -> None:
    chat = await open_page()
    button = chat.page.locator('button[data-test-clear="outside"][aria-label="New chat"]')
    await expect(button).to_have_attribute("aria-disabled", "true")
    await chat.send("/chunks n=300 every=0.02")
    await expect(chat.answer).to_contain_text("chunk")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await chat.run.click()
    await expect(button).not_to_have_attribute("aria-disabled", "true")


async def test_leaving_a_temporary_chat_asks_first_and_saves_nothing(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page()
    await toggle_temporary_chat(chat)
    await expect(chat.page.locator('ms-incognito-mode-indicator [data-test-id="main-text"]')).to_have_text(
        "Temporary chat"
    )
    await chat.named("View more actions").click()
    await expect(chat.page.locator("[data-test-incognito-checkmark]")).to_have_count(1)
    await chat.page.keyboard.press("Escape")
    await chat.ask("secret")
    assert chat.page.url.endswith("/prompts/new_chat")
    await chat.named("New chat").click()
    await chat.page.locator(
        ".mat-mdc-dialog-inner-container button.ms-button-primary", has_text="Discard and continue"
    ).click()
    await expect(chat.page.locator("ms-zero-state")).to_be_visible()
    await expect(chat.page.locator("ms-incognito-mode-indicator")).to_have_count(0)
    assert simulator.state.calls["CreatePrompt"] == 0


async def test_a_file_is_uploaded_after_the_copyright_notice_and_travels_as_a_part(open_page: Opener) -> None:
    chat = await open_page(upload_delay_ms=300)
    await chat.page.locator('ms-add-media-button button[data-test="selectMediaMenu"]').click()
    await chat.page.locator("input[data-test-upload-file-input]").set_input_files(NOTE)
    await chat.page.locator('button[aria-label*="copyright"]').click()
    await chat.prompt.fill("what is in it?")
    await expect(chat.page.locator("ms-media-chip")).to_have_count(1)
    await expect(chat.run).to_have_attribute("aria-disabled", "true")
    await expect(chat.page.locator('ms-media-chip[aria-busy="true"]')).to_have_count(0)
    await chat.run.click()
    await expect(chat.footer).to_have_count(1)
    [attachment] = chat.report()["attachments"]
    assert (attachment["name"], attachment["size"]) == ("note.txt", 6)
    await expect(chat.page.locator("ms-media-chip")).to_have_count(0)
    await chat.page.locator('button[data-test="selectMediaMenu"]').click()
    await chat.page.locator("input[data-test-upload-file-input]").set_input_files(NOTE)
    await chat.named("Remove media").click()
    await expect(chat.page.locator("ms-media-chip")).to_have_count(0)


async def test_the_autosave_notice_blocks_the_page_once(open_page: Opener) -> None:
    chat = await open_page(autosave_dialog_after_ms=50)
    notice = chat.page.locator("ms-autosave-enabled-by-default-dialog")
    await expect(notice).to_be_visible()
    await chat.page.locator("ms-autosave-enabled-by-default-dialog mat-dialog-actions button").click()
    await expect(notice).to_have_count(0)
    stored = await chat.page.evaluate("JSON.parse(localStorage.aiStudioUserPreference)")
    assert stored["hasShownAutosaveOnDialog"] is True


async def test_a_backdrop_can_stay_behind_until_escape(open_page: Opener) -> None:
    chat = await open_page(lingering_backdrop=True)
    await chat.page.locator('mat-select[aria-label="Media resolution"]').click()
    await chat.page.locator("mat-option", has_text="Low").click()
    left = chat.page.locator(
        ".cdk-overlay-backdrop.cdk-overlay-transparent-backdrop.cdk-overlay-backdrop-showing"
    )
    await expect(left).to_have_count(1)
    await chat.page.keyboard.press("Escape")
    await expect(left).to_have_count(0)


async def test_a_tooltip_can_lie_over_run_until_escape(open_page: Opener) -> None:
    chat = await open_page(tooltip_over_run=True)
    await chat.prompt.fill("hi")
    tooltip = chat.page.locator(".mat-mdc-tooltip")
    box = await chat.run.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await chat.page.mouse.move(*middle)
    await expect(tooltip).to_be_visible()
    await chat.page.mouse.click(*middle)
    await expect(chat.prompt).to_have_value("hi")
    await chat.page.keyboard.press("Escape")
    await expect(tooltip).to_have_count(0)
    await chat.page.mouse.click(*middle)
    await expect(chat.footer).to_have_count(1)


async def test_a_vote_holds_the_next_run_until_it_is_skipped(open_page: Opener) -> None:
    chat = await open_page(preference_vote=True)
    await chat.ask("first")
    await chat.prompt.fill("second")
    await expect(chat.run).to_have_attribute("aria-disabled", "true")
    await chat.page.locator('button[data-test-id="skip-button"][aria-label="Skip preference vote"]').click()
    await expect(chat.run).not_to_have_attribute("aria-disabled", "true")


async def test_a_new_chat_forgets_the_vote_of_the_last_one(open_page: Opener) -> None:
    chat = await open_page(preference_vote=True)
    await chat.ask("first")
    await chat.page.locator('button[data-test-clear="outside"][aria-label="New chat"]').click()
    await expect(chat.page.locator("ms-chat-turn")).to_have_count(0)
    await chat.prompt.fill("second")
    await expect(chat.run).not_to_have_attribute("aria-disabled", "true")


async def test_interruptions_can_be_dismissed(open_page: Opener) -> None:
    chat = await open_page(cookie_bar=True, survey_iframe=True, terms_dialog=True, duplicate_prompt_tree=True)
    for box in await chat.page.locator('mat-dialog-container input[type="checkbox"]').all():
        await box.check()
    await chat.page.locator("mat-dialog-container button", has_text="I accept").click()
    await chat.page.evaluate("document.querySelector('iframe[id*=google-hats-survey]').remove()")
    await chat.page.locator(".glue-cookie-notification-bar__reject").click()
    await expect(chat.page.locator("ms-prompt-input-wrapper textarea")).to_be_hidden()
    await chat.ask("hello")


async def test_a_narrow_window_hides_the_settings_behind_their_toggle(open_page: Opener) -> None:
    chat = await open_page(size=(900, 800))
    await expect(chat.page.locator("ms-zero-state")).to_be_visible()
    await expect(chat.page.locator("ms-right-side-panel > div")).to_have_count(0)
    await chat.page.locator(
        'button.runsettings-toggle-button[aria-label="Toggle run settings panel"]'
    ).click()
    await expect(chat.model_id).not_to_be_empty()
    await chat.named("Close run settings panel").click()
    await expect(chat.page.locator("ms-run-settings")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_theme_follows_the_preference(open_page: Opener, theme: str) -> None:
    chat = await open_page(preferences={"theme": theme})
    await expect(chat.page.locator("body")).to_have_class(re.compile(f"{theme}-theme"))
