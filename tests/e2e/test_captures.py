"""The same scenarios through every capture, with one expected list of events.

What a page does not show is written down as `LOST_ON_PAGE` and `ERRORS_ON_PAGE`; everything else is the same.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from domain.errors import (
    GatewayError,
    PermissionDenied,
    QuotaExhausted,
    Refused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamUnavailable,
    WireError,
)
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Grounding,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from simulator.demo import Site
from simulator.model import media
from simulator.model.answers import SIGNATURE
from simulator.model.wording import short_id
from tests.e2e.driving import answer, opened, request, run
from tests.site import SiteControl

CAPTURES = ("cdp", "in_page", "dom")
NASTY = (
    "\u00a0\u200b e\u0301 \ufdfd "
    "👩\u200d👩\u200d👧\u200d👦 𝕏🇺🇳 \u2028\u2029\ufeff\ufffd \\ \" ' <b>&amp;</b> [[,]] ` $x$\n"
    "\n\n  - *two* _b_\n    - ~~deep~~\n\n1) one\n\n| a | b |\n|--|:-:|\n| 1 | 2 |\n\n> q\n\n"
    "```py\nx = 1  # ```\n```\n\tend \n"
)
STOP = Finished(FinishReason.STOP, response_id="known")
PNG = media.encoded(media.png())
USAGE = Usage()
"""The numbers are of no interest here."""

ANSWERS: Mapping[str, tuple[str, list[Event]]] = {
    "echo": (f"/echo {NASTY}", [TextDelta(NASTY), USAGE, STOP]),
    "thinking": (
        "/think first thoughts | then *the* answer",
        [ThoughtDelta("first thoughts"), TextDelta("then *the* answer"), USAGE, STOP],
    ),
    "calls": (
        '/call look_up {"word":"a \\"b\\"","n":[1,2.5,null]} && now',
        [
            ToolCall(
                "look_up",
                {"word": 'a "b"', "n": [1, 2.5, None]},
                short_id("look_up", '{"word":"a \\"b\\"","n":[1,2.5,null]}', "0"),
                SIGNATURE,
            ),
            ToolCall("now", {}, short_id("now", "", "1"), SIGNATURE),
            USAGE,
            STOP,
        ],
    ),
    "code": (
        "/code print(6 * 7)",
        [
            CodeRun(code="print(6 * 7)"),
            CodeRun(output="42\n", outcome=1),
            TextDelta("It printed 42."),
            USAGE,
            STOP,
        ],
    ),
    "image": (
        "/image",
        [Media("image/png", PNG, draft=True), Media("image/png", PNG), USAGE, STOP],
    ),
    "grounding": (
        "/search x",
        [TextDelta("The simulator has searched nothing, and found it."), Grounding(), USAGE, STOP],
    ),
    "an end before its time": (
        "/finish max_tokens",
        [
            TextDelta("This answer does not end as usual."),
            USAGE,
            Finished(FinishReason.MAX_TOKENS, response_id="known"),
        ],
    ),
}
ERRORS: Mapping[str, type[GatewayError]] = {
    "/fail 403": PermissionDenied,
    "/fail 429 quota": QuotaExhausted,
    "/fail 500": UpstreamUnavailable,
    "/fail 400": UpstreamInvalid,
    "/fail blocked": Refused,
    "/fail stream after=2 code=8": UpstreamError,
    "/fail cut after=2": WireError,
    "/fail garbage": WireError,
}
ERRORS_ON_PAGE: Mapping[str, type[GatewayError]] = {
    "/fail 400": UpstreamUnavailable,
    "/fail cut after=2": UpstreamUnavailable,
    "/fail garbage": UpstreamUnavailable,
}
"""Of these the page says no more than that something went wrong."""
LOST_ON_PAGE = {
    Usage: None,
    Grounding: None,
    CodeRun: {"outcome": None},
    ToolCall: {"signature": None, "call_id": "own"},
    Finished: {"reason": FinishReason.STOP, "response_id": None},
}
"""What is not there at all, or which fields say nothing."""


def as_on_page(events: list[Event]) -> list[Event]:
    kept = []
    for event in events:
        lost: Any = LOST_ON_PAGE.get(type(event), {})
        if lost is not None:
            kept.append(replace(event, **lost))
    return kept


def as_one(events: list[Event], *, on_page: bool) -> list[Event]:
    """Deltas in a row joined, and without what differs from one time to the next."""
    joined: list[Event] = []
    for event in events:
        last = joined[-1] if joined else None
        match event:
            case TextDelta(text) if isinstance(last, TextDelta):
                joined[-1] = TextDelta(last.text + text)
            case ThoughtDelta(text) if isinstance(last, ThoughtDelta):
                joined[-1] = ThoughtDelta(last.text + text)
            case Usage():
                joined.append(USAGE)
            case Grounding():
                joined.append(Grounding())
            case Finished(response_id=str()):
                joined.append(replace(event, response_id="known"))
            case ToolCall() if on_page:
                joined.append(replace(event, call_id="own"))
            case _:
                joined.append(event)
    return joined


@pytest_asyncio.fixture(scope="module", params=CAPTURES)
async def driver(site: Site, request: pytest.FixtureRequest) -> AsyncIterator[PageDriver]:
    async with opened(site, capture=request.param) as driver:
        assert driver.status().capture == request.param
        yield driver


def on_page(driver: PageDriver) -> bool:
    return driver.status().capture == "dom"


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_the_same_however_it_is_heard(driver: PageDriver, name: str) -> None:
    prompt, wanted = ANSWERS[name]
    before = driver.status().counters
    events = as_one(await run(driver, request(prompt)), on_page=on_page(driver))
    assert events == (as_on_page(wanted) if on_page(driver) else wanted)
    used = f"captures.{driver.status().capture}"
    assert driver.status().counters[used] == before.get(used, 0) + 1


@pytest.mark.parametrize("prompt", ERRORS)
async def test_a_failure_is_the_same_however_it_is_heard(driver: PageDriver, prompt: str) -> None:
    wanted = ERRORS_ON_PAGE.get(prompt, ERRORS[prompt]) if on_page(driver) else ERRORS[prompt]
    with pytest.raises(wanted):
        await run(driver, request(prompt))
    assert await answer(driver, "/echo next") == "next"


async def test_a_long_answer_is_complete(driver: PageDriver) -> None:
    text = await answer(driver, "/long chars=60000 every=0")
    numbers = [line.split()[0] for line in text.splitlines() if line]
    assert len(text) >= 60_000
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("layout", ["same-turn", "separate-turn"])
@pytest.mark.parametrize(
    "knobs",
    [
        {"era": "E3"},
        {"era": "E4", "footer_before_text": True},
        {"era": "E5", "virtualise": False},
        {"slow_ms": 20},
    ],
    ids=str,
)
async def test_the_page_is_read_in_every_form(
    site: Site, control: SiteControl, knobs: dict[str, object], layout: str
) -> None:
    await control.scenario(page={**knobs, "thought_layout": layout})
    async with opened(site, capture="dom", tabs=2) as driver:
        first = await run(driver, request("/think a thought | words *and* more"))
        assert first == [
            ThoughtDelta("a thought"),
            TextDelta("words *and* more"),
            Finished(FinishReason.STOP),
        ]
        assert await answer(driver, "/echo **more**\n") == "**more**\n"
