"""Conversations: gone on with on the page that still shows them, or replayed as a transcript."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from playwright.async_api import Page

from browser.driver import PageDriver
from browser.flows.transcript import read_transcript
from browser.session import SessionState
from domain.errors import GatewayError
from domain.events import TextDelta, ToolCall
from domain.requests import GenerateRequest, Text, ToolResult, Turn
from simulator.demo import Site
from tests.e2e.driving import MODEL, Conversation, opened, request, run, text_of, until_idle, until_ready
from tests.gateway import RunningGateway
from tests.site import SiteControl


@pytest_asyncio.fixture(scope="module")
async def two_tabs(site: Site) -> AsyncIterator[PageDriver]:
    async with opened(site, tabs=2) as driver:
        yield driver


@pytest_asyncio.fixture
async def shared(two_tabs: PageDriver) -> PageDriver:
    """A driver with a tab to spare, at rest."""
    await until_idle(two_tabs)
    return two_tabs


async def last_report(control: SiteControl) -> dict[str, Any]:
    found: dict[str, Any] = (await control.requests())[-1]["report"]
    return found


async def real_turns(control: SiteControl) -> list[tuple[str, str]]:
    """The contents of the last request at the site."""
    return [
        (content["role"], "".join(content["texts"])) for content in (await last_report(control))["contents"]
    ]


async def replayed(control: SiteControl) -> list[Turn]:
    """What the last request, a transcript, says."""
    ((role, prompt),) = await real_turns(control)
    assert role == "user"
    return read_transcript(prompt)


def continued(driver: PageDriver) -> int:
    return driver.status().counters.get("continued", 0)


async def test_the_next_message_of_a_conversation_is_a_turn_of_its_own(
    shared: PageDriver, control: SiteControl
) -> None:
    before = continued(shared)
    talk = Conversation(shared)
    assert await talk.say("/echo one\n  exactly  ") == "one\n  exactly  "
    assert await talk.say("/echo two") == "two"
    assert await real_turns(control) == [
        ("user", "/echo one\n  exactly  "),
        ("model", "one\n  exactly  "),
        ("user", "/echo two"),
    ]
    assert continued(shared) == before + 1


async def test_a_long_conversation_goes_on_and_on(shared: PageDriver, control: SiteControl) -> None:
    before = continued(shared)
    talk = Conversation(shared)
    for n in range(6):
        assert await talk.say(f"/echo answer {n}") == f"answer {n}"
    assert len(await real_turns(control)) == 11
    assert [turn.text for turn in talk.turns] == [text for _, text in await real_turns(control)] + [
        "answer 5"
    ]
    assert continued(shared) == before + 5


async def test_settings_of_a_continued_message_are_its_own(shared: PageDriver, control: SiteControl) -> None:
    talk = Conversation(shared)
    await talk.say("/echo one", system="be brief", temperature=0.3, stop=("END",), max_output_tokens=99)
    first = await last_report(control)
    await talk.say("/echo two", system="be verbose", temperature=0.4)
    second = await last_report(control)
    await talk.say("/echo three")
    third = await last_report(control)
    assert len(third["contents"]) == 5
    assert [report["system"] for report in (first, second, third)] == ["be brief", "be verbose", None]
    assert [report["temperature"] for report in (first, second, third)] == [0.3, 0.4, 1]
    assert [report["stopSequences"] for report in (first, second, third)] == [["END"], [], []]
    assert second["maxOutputTokens"] == third["maxOutputTokens"] > first["maxOutputTokens"]


async def test_another_model_takes_the_conversation_as_a_transcript(
    shared: PageDriver, control: SiteControl
) -> None:
    talk = Conversation(shared)
    await talk.say("/echo one")
    assert await talk.say("/echo two", model="gemini-2.5-pro") == "two"
    assert await replayed(control) == talk.turns[:3]
    assert (await last_report(control))["model"] == "gemini-2.5-pro"


@pytest.mark.parametrize("place", [0, 1])
async def test_an_edited_conversation_is_replayed(
    shared: PageDriver, control: SiteControl, place: int
) -> None:
    talk = Conversation(shared)
    await talk.say("/echo one")
    edited = talk.turns[place]
    talk.turns[place] = Turn.of(edited.role, edited.text + " ")
    assert await talk.say("/echo two") == "two"
    assert await replayed(control) == talk.turns[:3]


async def test_a_replayed_conversation_is_gone_on_with(shared: PageDriver, control: SiteControl) -> None:
    before = continued(shared)
    talk = Conversation(shared)
    talk.turns = [Turn.of("user", "hi"), Turn.of("model", "hello")]
    assert await talk.say("/echo one") == "one"
    assert await replayed(control) == talk.turns[:3]
    assert await talk.say("/echo two") == "two"
    (_, transcript), model, user = await real_turns(control)
    assert read_transcript(transcript) == talk.turns[:3]
    assert (model, user) == (("model", "one"), ("user", "/echo two"))
    assert continued(shared) == before + 1


async def test_a_message_with_a_name_is_replayed(shared: PageDriver, control: SiteControl) -> None:
    talk = Conversation(shared)
    await talk.say("/echo one")
    named = (*talk.turns, Turn.of("user", "/echo two", "Ada"))
    assert text_of(await run(shared, GenerateRequest(MODEL, named))) == "two"
    assert await replayed(control) == list(named)


async def test_interleaved_conversations_stay_apart(shared: PageDriver, control: SiteControl) -> None:
    talks = {name: Conversation(shared) for name in ("a", "b")}
    for n in range(3):
        for name, talk in talks.items():
            assert await talk.say(f"/echo {name}{n}") == f"{name}{n}"
    for name, talk in talks.items():
        assert [turn.text for turn in talk.turns[1::2]] == [f"{name}{n}" for n in range(3)]
    assert len(await control.requests()) == 6


async def test_three_tabs_hold_two_conversations(site: Site, control: SiteControl) -> None:
    async with opened(site, tabs=3) as driver:
        await until_ready(driver, 3)
        talks = {name: Conversation(driver) for name in ("a", "b")}
        for n in range(3):
            for name, talk in talks.items():
                assert await talk.say(f"/echo {name}{n}") == f"{name}{n}"
                assert [text for _, text in await real_turns(control)] == [t.text for t in talk.turns[:-1]]
        assert continued(driver) == 4


async def test_a_clean_tab_is_always_left_for_a_new_conversation(shared: PageDriver) -> None:
    for n in range(4):
        assert await Conversation(shared).say(f"/echo {n}") == str(n)
        await until_ready(shared, 1)
    states = [session.state for session in shared.pool.sessions]
    assert sorted(states) == [SessionState.HOLDING, SessionState.READY]


async def test_a_message_cancelled_half_way_leaves_the_conversation_as_it_was(
    shared: PageDriver, control: SiteControl
) -> None:
    talk = Conversation(shared)
    await talk.say("/echo one")
    asked = request("/chunks n=500 every=0.02", history=talk.turns)
    async with shared.prepare(asked) as generation, aclosing(generation.events()) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await talk.say("/echo two") == "two"
    assert await replayed(control) == talk.turns[:3]
    assert await talk.say("/echo three") == "three"
    assert len(await real_turns(control)) == 3


@pytest.mark.parametrize(
    "prompt", ["/fail 429", "/fail cut after=1", "/call look_up {}", "/image", "/finish SAFETY"]
)
async def test_what_does_not_end_as_plain_text_is_not_held(
    shared: PageDriver, control: SiteControl, prompt: str
) -> None:
    try:
        said = text_of(await run(shared, request(prompt)))
    except GatewayError:
        said = ""
    talk = Conversation(shared)
    talk.turns = [Turn.of("user", prompt), Turn.of("model", said)]
    assert await talk.say("/echo next") == "next"
    assert await replayed(control) == talk.turns[:3]


async def test_an_answer_that_the_gateway_cut_is_not_held(shared: PageDriver, control: SiteControl) -> None:
    talk = Conversation(shared)
    assert await talk.say("/echo one\n\nUser: two", stop=("\n\nUser:",)) == "one"
    await talk.say("/echo two")
    assert await replayed(control) == talk.turns[:3]


async def test_function_calls_and_results_are_part_of_the_transcript(
    shared: PageDriver, control: SiteControl
) -> None:
    talk = Conversation(shared)
    talk.turns = [
        Turn.of("user", "what is it?"),
        Turn("model", (Text("I look."), ToolCall("look_up", {"word": "x|\n"}, "call_1"))),
        Turn("user", (ToolResult("look_up", "call_1", '{"a": "\\n| user:"}'),)),
    ]
    assert await talk.say("/echo found") == "found"
    assert await replayed(control) == talk.turns[:4]


async def test_continuing_can_be_switched_off(site: Site, control: SiteControl) -> None:
    async with opened(site, tabs=2, continue_conversations=False) as driver:
        talk = Conversation(driver)
        for n in range(2):
            assert await talk.say(f"/echo {n}") == str(n)
        assert await replayed(control) == talk.turns[:3]
        await until_ready(driver, 2)


async def test_the_only_tab_holds_nothing(site: Site, control: SiteControl) -> None:
    async with opened(site) as driver:
        talk = Conversation(driver)
        for n in range(2):
            assert await talk.say(f"/echo {n}") == str(n)
        assert await replayed(control) == talk.turns[:3]


async def test_a_tab_that_is_lost_with_its_conversation_costs_only_a_replay(
    shared: PageDriver, control: SiteControl
) -> None:
    talk, page = await held_talk(shared)
    await page.close()
    assert await talk.say("/echo two") == "two"
    assert await replayed(control) == talk.turns[:3]


@pytest.mark.parametrize(
    "meddle",
    [
        "() => document.querySelector('ms-chat-turn').remove()",
        "() => location.reload()",
        "() => document.querySelector('ms-prompt-box').remove()",
        "() => document.body.replaceChildren()",
    ],
    ids=["a turn is gone", "reloaded", "no prompt box", "blank"],
)
async def test_a_page_that_somebody_has_touched_is_not_continued(
    shared: PageDriver, control: SiteControl, meddle: str
) -> None:
    talk, page = await held_talk(shared)
    before = shared.status().counters
    await page.evaluate(meddle)
    assert await talk.say("/echo two") == "two"
    assert await replayed(control) == talk.turns[:3]
    after = shared.status().counters
    assert after.get("continued", 0) == before.get("continued", 0)
    assert after["continuing_failed"] == before.get("continuing_failed", 0) + 1


@pytest.mark.parametrize(
    ("page", "settings"),
    [
        ({"thought_layout": "separate-turn"}, {}),
        ({"preference_vote": True, "drop_settings_on_new_chat": True}, {}),
        ({"footer_before_text": True, "tick_ms": 50, "virtualise": False}, {}),
        ({"era": "E3"}, {"temporary_chat": False}),
        ({}, {"capture": "in_page"}),
    ],
    ids=str,
)
async def test_conversations_go_on_on_every_kind_of_page(
    site: Site, control: SiteControl, page: dict[str, object], settings: dict[str, object]
) -> None:
    await control.scenario(page=page)
    async with opened(site, tabs=2, **settings) as driver:
        await until_ready(driver, 2)
        talk = Conversation(driver)
        for n in range(3):
            assert await talk.say(f"/think some thoughts | answer {n}", temperature=0.1 * n) == f"answer {n}"
            assert await real_turns(control) == [(turn.role, turn.text) for turn in talk.turns[:-1]]
            assert (await last_report(control))["temperature"] == pytest.approx(0.1 * n)
        assert continued(driver) == 2
        assert await Conversation(driver).say("/echo new") == "new"
        assert await real_turns(control) == [("user", "/echo new")]


async def test_a_client_with_a_history_is_answered_from_a_real_conversation(
    gateway: RunningGateway, openai_client: AsyncOpenAI, control: SiteControl
) -> None:
    assert isinstance(gateway.driver, PageDriver)
    await until_idle(gateway.driver)
    messages: list[Any] = [{"role": "system", "content": "be brief"}]
    for n in range(3):
        messages.append({"role": "user", "content": f"/echo answer {n}"})
        done = await openai_client.chat.completions.create(model=MODEL, messages=messages)
        assert done.choices[0].message.content == f"answer {n}"
        messages.append(done.choices[0].message.model_dump(exclude_none=True))
    assert [role for role, _ in await real_turns(control)] == ["user", "model", "user", "model", "user"]
    done = await openai_client.chat.completions.create(
        model=MODEL, messages=[*messages[:3], {"role": "user", "content": "/report"}]
    )
    ((content,), system) = (
        json.loads(done.choices[0].message.content or "")[key] for key in ("contents", "system")
    )
    assert read_transcript(content["texts"][0])[-1] == Turn.of("user", "/report")
    assert system == "be brief"


async def held_talk(driver: PageDriver) -> tuple[Conversation, Page]:
    """A conversation of one message, and the page that holds it."""
    talk = Conversation(driver)
    await talk.say("/echo one")
    (holding,) = (s for s in driver.pool.sessions if s.held and s.held.turns == tuple(talk.turns))
    return talk, holding.tab.page
