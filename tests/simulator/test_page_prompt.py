"""The prompt box, Run and Stop, the conversation, and what happens when a run fails."""

import json
import re

import pytest
from playwright.async_api import expect

from simulator.server import Simulator
from tests.simulator.chat_page import Opener, open_page_fixture, tab_fixture  # noqa: F401
from tests.waiting import eventually

DISABLED = "true"


async def test_only_an_input_event_with_a_visible_character_enables_run(open_page: Opener) -> None:
    chat = await open_page()
    await expect(chat.run).to_have_attribute("aria-disabled", DISABLED)
    await chat.set_natively("shown but unknown to the form", event=False)
    await chat.page.mouse.move(5, 5)
    await expect(chat.run).to_have_attribute("aria-disabled", DISABLED)
    await chat.set_natively(" \n\t ")
    await expect(chat.run).to_have_attribute("aria-disabled", DISABLED)
    await chat.set_natively("hello")
    await expect(chat.run).not_to_have_attribute("aria-disabled", DISABLED)


async def test_run_empties_the_box_and_becomes_stop_until_the_answer_has_ended(open_page: Opener) -> None:
    chat = await open_page()
    await chat.send("/chunks n=40 every=0.02")
    await expect(chat.run).to_have_class(re.compile(r"\bstoppable\b"))
    await expect(chat.run.locator("svg.stoppable-spinner")).to_be_attached()
    await expect(chat.run).to_contain_text("Stop")
    await expect(chat.prompt).to_have_value("")
    await expect(chat.footer).to_have_count(0)
    await expect(chat.page.locator("ms-chat-turn .chat-turn-container")).to_have_count(2)
    await expect(chat.footer).to_have_count(1)
    await expect(chat.run).not_to_have_class(re.compile("stoppable"))
    await expect(chat.run).to_have_attribute("aria-disabled", DISABLED)
    await expect(chat.run).to_contain_text("Run")


async def test_stop_ends_the_call_and_keeps_what_has_arrived(open_page: Opener, simulator: Simulator) -> None:
    chat = await open_page()
    await chat.send("/chunks n=500 every=0.02")
    await expect(chat.answer).to_contain_text("chunk 0003")
    await chat.run.click()
    await expect(chat.footer).to_have_count(1)
    await eventually(lambda: simulator.state.log.entries[-1].outcome == "client_gone")
    await expect(chat.answer).to_contain_text("chunk 0003")


async def test_new_turns_continue_the_conversation_without_thoughts(open_page: Opener) -> None:
    chat = await open_page()
    await chat.ask("/think a secret plan | the visible answer")
    await chat.ask("and now?", turns=2)
    report = chat.report()
    assert [turn["role"] for turn in report["contents"]] == ["user", "model", "user"]
    answer = json.dumps(report["contents"][1])
    assert "the visible answer" in answer
    assert "secret plan" not in answer
    assert report["previousResponseId"].startswith("v1_")


@pytest.mark.parametrize("preference", [0, 2])
async def test_the_submit_key_follows_the_preference(open_page: Opener, preference: int) -> None:
    preferences = {"enterKeyBehavior": preference}
    chat = await open_page(preferences=preferences, swallow_keys_while_counting=False)
    wrong, right = ("Enter", "Control+Enter") if preference == 2 else ("Control+Enter", "Enter")
    await chat.prompt.fill("hi")
    await chat.prompt.press(wrong)
    await expect(chat.footer).to_have_count(0)
    await expect(chat.page.locator("ms-zero-state")).to_be_visible()
    await chat.prompt.press(right)
    await expect(chat.footer).to_have_count(1)


async def test_keys_are_swallowed_while_the_tokens_are_counted(open_page: Opener) -> None:
    chat = await open_page(token_count_delay_ms=400)
    await expect(chat.counter).to_have_text("0")
    await chat.prompt.fill("count me")
    await chat.prompt.press("Enter")
    await expect(chat.counter).not_to_have_text("0")
    await expect(chat.prompt).to_have_value("count me")
    await chat.prompt.press("Enter")
    await expect(chat.footer).to_have_count(1)


async def test_run_can_be_held_until_the_count_has_arrived(open_page: Opener) -> None:
    chat = await open_page(hold_run_while_counting=True, token_count_delay_ms=300)
    await chat.prompt.fill("count me")
    await expect(chat.run).to_have_attribute("aria-disabled", DISABLED)
    await expect(chat.counter).not_to_have_text("0")
    await expect(chat.run).not_to_have_attribute("aria-disabled", DISABLED)


async def test_a_synthetic_submit_key_is_refused_like_a_forbidden_call(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page(swallow_keys_while_counting=False)
    await chat.prompt.fill("by a robot")
    await chat.prompt.dispatch_event("keydown", {"key": "Enter", "bubbles": True})
    await expect(chat.toast).to_contain_text("permission denied. Please try again")
    await expect(chat.page.locator(".chat-turn-container.model")).to_contain_text(
        "An internal error has occurred."
    )
    assert simulator.state.calls["GenerateContent"] == 0


FAILURES = [
    ("403", "permission denied. Please try again.", "An internal error has occurred."),
    ("429", "user has exceeded quota", "user has exceeded quota"),
    ("503", "service is unavailable", "An internal error has occurred."),
    ("500", "Failed to generate content. Please try again.", "An internal error has occurred."),
    ("stream after=3", "Failed to generate content", ""),
    ("cut after=3", "Failed to generate content", "An internal error has occurred."),
    ("garbage", "Failed to generate content. Please try again.", "An internal error has occurred."),
]


async def test_a_failure_shows_its_toast_and_its_turn_and_sends_a_beacon(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page()
    model_turns = chat.page.locator(".chat-turn-container.model")
    for number, (fault, toast, inline) in enumerate(FAILURES, start=1):
        await chat.send(f"/fail {fault}")
        await expect(chat.toast).to_have_count(number)
        await expect(chat.toast.last).to_contain_text(toast)
        await expect(model_turns.last).to_contain_text(inline)
        await expect(chat.run).to_contain_text("Run")
    await expect(chat.footer).to_have_count(0)
    await eventually(lambda: len(simulator.state.jserrors) == len(FAILURES))
    assert all("GenerateContent" in query for query in simulator.state.jserrors)


async def test_an_empty_turn_and_a_blocked_turn_end_without_text(open_page: Opener) -> None:
    chat = await open_page()
    await chat.ask("/fail empty")
    await expect(chat.answer).to_have_count(0)
    await chat.ask("/fail blocked", turns=2)
    await expect(chat.page.locator(".chat-turn-container.model").last).to_contain_text("Content blocked")


async def test_a_dead_session_leads_to_the_sign_in_page(open_page: Opener, simulator: Simulator) -> None:
    chat = await open_page()
    simulator.state.sessions.end_all()
    await chat.prompt.fill("still there?")
    await chat.page.wait_for_url(re.compile(r"/signin/"))
    await expect(chat.page).to_have_title(re.compile("Sign in"))


async def test_two_megabytes_are_accepted_and_sent_within_a_second(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page()
    text = "The quick brown fox jumps over the lazy dog. \n" * 45000
    millis = await chat.page.evaluate(
        """async (text) => {
          const area = document.querySelector('ms-prompt-box textarea');
          const run = document.querySelector('ms-run-button button');
          const start = performance.now();
          const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;
          set.call(area, text);
          area.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
          while (run.getAttribute('aria-disabled')) await new Promise(requestAnimationFrame);
          run.click();
          while (area.value !== '') await new Promise(requestAnimationFrame);
          return performance.now() - start;
        }""",
        text,
    )
    assert millis < 1000
    await expect(chat.footer).to_have_count(1)
    assert simulator.state.log.entries[-1].body_bytes > len(text)


async def test_a_long_stream_does_not_hold_up_the_page(open_page: Opener) -> None:
    chat = await open_page()
    await chat.page.evaluate(
        """() => {
          window.longest = 0;
          new PerformanceObserver((list) => {
            for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
          }).observe({ entryTypes: ['longtask'] });
        }"""
    )
    await chat.ask("/long chars=200000")
    assert await chat.page.evaluate("window.longest") < 400


async def test_a_thought_is_kept_apart_from_the_answer(open_page: Opener) -> None:
    chat = await open_page()
    await chat.ask("/think pondering | plain answer")
    await expect(chat.page.locator("ms-thought-chunk ms-text-chunk")).to_contain_text("pondering")
    await expect(chat.answer).to_have_text("plain answer")


async def test_thought_and_answer_can_be_two_turns(open_page: Opener) -> None:
    chat = await open_page(thought_layout="separate-turn")
    await chat.ask("/think pondering | plain answer")
    turns = chat.page.locator(".chat-turn-container.model")
    await expect(turns).to_have_count(2)
    await expect(turns.first.locator("ms-thought-chunk")).to_contain_text("pondering")
    await expect(turns.last).to_contain_text("plain answer")


async def test_the_edit_box_of_an_answer_holds_its_exact_source(open_page: Opener) -> None:
    chat = await open_page()
    source = "# Title\n\n* **bold** and `code`\n\n```py\nx = 1\n```"
    await chat.ask(f"/echo {source}")
    turn = chat.page.locator(".chat-turn-container.model")
    await expect(turn.locator("h1")).to_have_text("Title")
    edit = turn.locator('button.toggle-edit-button[aria-label="Edit"]')
    await expect(edit).to_be_hidden()
    await turn.hover()
    await edit.click()
    await expect(turn.locator("ms-autosize-textarea")).to_have_attribute("data-value", source)
    await turn.locator('button[aria-label="Stop editing"]').click()
    await expect(turn.locator("h1")).to_have_text("Title")


async def test_turns_out_of_sight_keep_their_shell_and_lose_their_content(open_page: Opener) -> None:
    chat = await open_page()
    for number in range(1, 4):
        await chat.ask("/long chars=6000", turns=number)
    first = chat.page.locator("ms-chat-turn").first
    await expect(first.locator(".turn-content")).to_have_count(0)
    await first.evaluate("(turn) => turn.scrollIntoView()")
    await expect(first.locator(".turn-content")).to_have_count(1)


async def test_rerun_generates_the_answer_anew(open_page: Opener, simulator: Simulator) -> None:
    chat = await open_page()
    await chat.ask("/echo again")
    await chat.page.locator(".chat-turn-container.model").hover()
    await chat.page.locator('button[name="rerun-button"]').last.click()
    await eventually(lambda: len(simulator.state.log.entries) == 2)
    await expect(chat.footer).to_have_count(1)
    assert chat.report()["contents"][0]["role"] == "user"


async def test_the_attestation_loop_shows_thinking_and_sends_nothing(
    open_page: Opener, simulator: Simulator
) -> None:
    chat = await open_page(run_sends_nothing=True)
    await chat.send("anyone?")
    await expect(chat.page.locator("ms-chat-loading-indicator")).to_contain_text("Thinking")
    await expect(chat.run).to_contain_text("Stop")
    await chat.run.click()
    await expect(chat.run).to_contain_text("Run")
    assert simulator.state.calls["GenerateContent"] == 0
