"""The run settings: what a control shows, when it takes effect, and what then travels in the request."""

import json
import re
from typing import Any

from playwright.async_api import expect

from tests.simulator.chat_page import (
    OPEN_SECTIONS,
    ChatPage,
    Opener,
    open_page_fixture,  # noqa: F401
    tab_fixture,  # noqa: F401
)

FLASH = "/prompts/new_chat?model=gemini-2.5-flash"


async def settings_of_request(chat: ChatPage, turns: int = 1) -> dict[str, Any]:
    await chat.ask("hi", turns=turns)
    return chat.report()


async def test_a_slider_takes_its_value_on_change_and_not_on_input(open_page: Opener) -> None:
    chat = await open_page()
    field = chat.page.locator('ms-run-settings input[aria-label="Temperature"][role="spinbutton"]')
    await field.evaluate(
        "(e) => { e.value = '0.33'; e.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    await expect(field).to_have_value("0.33")
    await expect(field).to_have_attribute("aria-valuenow", "1")
    await field.dispatch_event("change")
    await expect(field).to_have_attribute("aria-valuenow", "0.33")
    assert (await settings_of_request(chat))["temperature"] == 0.33


async def test_slider_values_are_clamped_rounded_and_reformatted(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS)
    temperature = chat.page.locator('input[aria-label="Temperature"][role="spinbutton"]')
    top_p = chat.page.locator('input[aria-label="Top P"][role="spinbutton"]')
    for field, typed, shown in [
        (temperature, "9", "2"),
        (temperature, "1.00", "1"),
        (temperature, "0.725", "0.73"),
        (temperature, "warm", "0.73"),
        (temperature, "", "0.73"),
        (top_p, "-1", "0"),
        (top_p, "0.5", "0.5"),
    ]:
        await field.fill(typed)
        await field.press("Tab")
        await expect(field).to_have_value(shown)
        await expect(field).to_have_attribute("aria-valuenow", shown)
    report = await settings_of_request(chat)
    assert (report["temperature"], report["topP"]) == (0.73, 0.5)


async def test_output_length_stays_between_one_and_the_limit_of_the_model(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, path="/prompts/new_chat?model=gemini-2.0-flash")
    field = chat.named("Maximum output tokens")
    await expect(field).to_have_value("8192")
    for typed, shown in [("99999", "8192"), ("0", "1"), ("300", "300")]:
        await field.fill(typed)
        await field.press("Tab")
        await expect(field).to_have_value(shown)
    assert (await settings_of_request(chat))["maxOutputTokens"] == 300


async def test_stop_sequences_are_added_by_a_trusted_enter_only_and_at_most_five(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS)
    field = chat.page.locator("ms-stop-sequence-input input#chip-input")
    chips = chat.page.locator("mat-chip")
    await field.fill("robot")
    await field.dispatch_event("keydown", {"key": "Enter", "keyCode": 13, "bubbles": True})
    await expect(field).to_have_value("robot")
    for number in range(6):
        await field.fill(f"stop {number}")
        await field.press("Enter")
    await expect(chips).to_have_count(5)
    await expect(field).to_have_value("stop 5")
    await chat.page.locator('mat-chip button.remove-button[aria-label="Remove stop 0"]').click()
    await expect(chips).to_have_count(4)
    report = await settings_of_request(chat)
    assert report["stopSequences"] == ["stop 1", "stop 2", "stop 3", "stop 4"]


async def test_stop_sequences_can_need_a_blur(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, stop_commit="blur")
    field = chat.page.locator("input#chip-input")
    await field.fill("END")
    await field.press("Enter")
    await expect(chat.page.locator("mat-chip")).to_have_count(0)
    await field.blur()
    await expect(chat.page.locator("mat-chip")).to_have_count(1)


async def test_choosing_a_model_brings_its_defaults_and_keeps_stop_sequences(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, path=FLASH + "&temporary=true")
    await expect(chat.page.locator("ms-incognito-mode-indicator")).to_be_visible()
    temperature = chat.page.locator('input[aria-label="Temperature"][role="spinbutton"]')
    await temperature.fill("0.2")
    await chat.page.locator("input#chip-input").fill("END")
    await chat.page.locator("input#chip-input").press("Enter")
    await chat.page.locator("button.model-selector-card").click()
    await chat.page.locator("button[data-test-category-button]", has_text="All").click()
    await chat.page.locator('[id="model-carousel-row-models/gemini-2.0-flash"]').click()
    await expect(chat.model_id).to_have_text("gemini-2.0-flash")
    await expect(chat.page.locator("ms-model-carousel")).to_have_count(0)
    await expect(temperature).to_have_value("1")
    await expect(chat.named("Maximum output tokens")).to_have_value("8192")
    await expect(chat.page.locator("mat-chip")).to_have_count(1)
    await expect(chat.page.locator("ms-incognito-mode-indicator")).to_have_count(0)
    report = await settings_of_request(chat)
    assert (report["topK"], report["stopSequences"]) == (40, ["END"])
    stored = await chat.page.evaluate("JSON.parse(localStorage.aiStudioUserPreference).promptModel")
    assert stored == "models/gemini-2.0-flash"


async def test_the_model_comes_from_the_address_then_the_preference_and_unknown_ones_are_ignored(
    open_page: Opener,
) -> None:
    preferences = {"promptModel": "models/gemini-2.5-pro"}
    chat = await open_page(preferences=preferences, path=FLASH)
    await expect(chat.model_id).to_have_text("gemini-2.5-flash")
    chat = await open_page(preferences=preferences, path="/prompts/new_chat?model=no-such-model")
    await expect(chat.model_id).to_have_text("gemini-2.5-pro")


async def test_thinking_widgets_follow_the_model(open_page: Opener) -> None:
    chat = await open_page(path="/prompts/new_chat?model=gemini-3-flash-preview")
    select = chat.page.locator('ms-thinking-level-setting mat-select[aria-label="Thinking level"]')
    await select.click()
    options = chat.page.locator('[role="listbox"][aria-label="Thinking level"] mat-option')
    await expect(options).to_have_text([re.compile(name) for name in ("Minimal", "Low", "Medium", "High")])
    await options.filter(has_text="Low").click()
    await expect(select.locator(".mat-mdc-select-min-line")).to_have_text("Low")
    assert (await settings_of_request(chat))["thinking"][3] == 1
    chat = await open_page(path="/prompts/new_chat?model=gemini-2.0-flash")
    await expect(chat.page.locator("ms-thinking-level-setting, ms-thinking-budget-setting")).to_have_count(0)


async def test_a_thinking_budget_is_set_by_hand_or_switched_off(open_page: Opener) -> None:
    chat = await open_page(path=FLASH)
    await expect(chat.page.locator('[data-test-id="user-setting-budget-animation-wrapper"]')).to_have_count(0)
    await chat.named("Toggle thinking budget between auto and manual").click()
    field = chat.page.locator(
        '[data-test-id="user-setting-budget-animation-wrapper"] input.slider-number-input'
    )
    await field.fill("99999")
    await field.press("Tab")
    await expect(field).to_have_value("24576")
    await field.fill("2048")
    await field.press("Tab")
    assert (await settings_of_request(chat))["thinking"][1] == 2048
    await chat.named("Toggle thinking mode").click()
    await expect(chat.named("Toggle thinking budget between auto and manual")).to_have_count(0)
    assert (await settings_of_request(chat, turns=2))["thinking"][1] == 0


async def test_a_pro_model_cannot_stop_thinking(open_page: Opener) -> None:
    chat = await open_page(path="/prompts/new_chat?model=gemini-2.5-pro")
    await expect(chat.named("Toggle thinking budget between auto and manual")).to_be_visible()
    await expect(chat.named("Toggle thinking mode")).to_have_count(0)


async def test_a_fresh_profile_searches_and_has_its_sections_collapsed(open_page: Opener) -> None:
    chat = await open_page()
    await expect(chat.setting("searchAsAToolTooltip")).to_have_count(0)
    await expect(chat.page.locator("ms-stop-sequence-input")).to_have_count(0)
    report = await settings_of_request(chat)
    assert "google_search" in json.dumps(report["tools"])
    expander = chat.named("Expand or collapse tools")
    await expander.click()
    await expect(expander.locator("xpath=../..")).to_have_class(re.compile(r"\bexpanded\b"))
    await expect(chat.setting("searchAsAToolTooltip")).to_have_attribute("aria-checked", "true")
    stored = await chat.page.evaluate("JSON.parse(localStorage.aiStudioUserPreference)")
    assert (stored["areToolsOpen"], stored["isAdvancedOpen"]) == (True, False)


async def test_values_of_a_collapsed_section_stay_in_force(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS)
    await chat.setting("searchAsAToolTooltip").click()
    await expect(chat.setting("searchAsAToolTooltip")).to_have_attribute("aria-checked", "false")
    await chat.named("Expand or collapse tools").click()
    await expect(chat.setting("searchAsAToolTooltip")).to_have_count(0)
    assert (await settings_of_request(chat))["tools"] == []


async def test_function_calling_and_the_other_tools_shut_each_other_out(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, path=FLASH)
    search, functions = chat.setting("searchAsAToolTooltip"), chat.setting("functionCallingTooltip")
    await expect(functions).to_be_disabled()
    await search.click()
    await functions.click()
    for test_id in (
        "searchAsAToolTooltip",
        "browseAsAToolTooltip",
        "codeExecutionTooltip",
        "googleMapsTooltip",
    ):
        await expect(chat.setting(test_id)).to_be_disabled()
    await chat.page.locator(
        'button.edit-function-declarations-button[aria-label="Edit function declarations"]'
    ).click()
    await chat.page.locator('ms-tab-group button[role="tab"]', has_text="Code Editor").click()
    weather = {
        "name": "weather",
        "description": "Weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    await chat.page.locator("ms-text-editor textarea").fill(json.dumps([weather]))
    await chat.named("Save the current function declarations").click()
    await expect(chat.page.locator("ms-edit-function-declarations-dialog")).to_have_count(0)
    await chat.ask('/call weather {"city": "Kyoto"}')
    await expect(
        chat.page.locator('ms-function-call-chunk ms-code-block[icon="function"] pre')
    ).to_contain_text("Kyoto")
    assert "weather" in json.dumps(chat.report()["tools"])


async def test_structured_output_sends_its_schema(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, path=FLASH)
    row = chat.page.locator('[data-test-id="structuredOutputTooltip"]')
    edit = row.locator("button.ms-button-borderless", has_text="Edit")
    await expect(edit).to_have_attribute("aria-disabled", "true")
    await row.locator('button[role="switch"]').click()
    await edit.click()
    await chat.page.locator("ms-json-schema-editor textarea").fill(
        '{"type": "object", "properties": {"n": {"type": "integer"}}}'
    )
    await chat.named("Save the schema").click()
    report = await settings_of_request(chat)
    assert report["mimeType"] == "application/json"
    assert "n" in json.dumps(report["schema"])


async def test_system_instructions_exist_while_open_and_need_time_to_save(open_page: Opener) -> None:
    chat = await open_page()
    card = chat.page.locator("button[data-test-system-instructions-card]")
    area = chat.page.locator('ms-system-instructions textarea[aria-label="System instructions"]')
    await expect(area).to_have_count(0)
    await card.click()
    await area.fill("too hasty")
    await chat.page.locator("mat-dialog-container button[data-test-close-button]").click()
    await expect(area).to_have_count(0)
    await card.click()
    await expect(area).to_have_value("")
    await area.fill("Answer in rhymes.")
    await expect(chat.page.locator(".saving-status")).to_have_text("Saving…")
    await expect(chat.page.locator(".saving-status")).to_have_text("Saved")
    await chat.page.keyboard.press("Escape")
    await expect(card.locator(".subtitle")).to_have_text("Answer in rhymes.")
    assert "Answer in rhymes." in json.dumps((await settings_of_request(chat))["system"])


async def test_media_resolution_and_safety_settings_reach_the_request(open_page: Opener) -> None:
    chat = await open_page(preferences=OPEN_SECTIONS, path=FLASH)
    await chat.page.locator('ms-run-settings mat-select[aria-label="Media resolution"]').click()
    await chat.page.locator("mat-option", has_text="Low").click()
    await chat.named("Edit safety settings").click()
    slider = chat.page.locator('run-safety-settings input[type="range"][aria-label="Harassment"]')
    await slider.press("Home")
    await slider.press("ArrowRight")
    await chat.page.locator('run-safety-settings button[aria-label="close"]').click()
    report = await settings_of_request(chat)
    assert json.dumps(report["safety"]).count("4") >= 1
