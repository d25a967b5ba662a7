"""The same scenarios through every capture, with one expected list of events.

What a page does not show is written down as `LOST_ON_PAGE` and `ERRORS_ON_PAGE`; everything else is the same.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Error, Request

from browser.capture.hearing import rpc_method
from browser.capture.helper import LINES_TYPE, STREAM_TYPE
from browser.capture.overhearing import Call
from browser.driver import PageDriver
from browser.stream_proxy.process import PYTHON
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
from tests.browser.test_helper import HelperServer, head_of, helping, lines
from tests.e2e.driving import answer, free_port, opened, request, run
from tests.site import SiteControl

WAYS = (
    *(("xhr", capture) for capture in ("cdp", "in_page", "proxy", "helper", "dom")),
    *(("fetch", capture) for capture in ("cdp", "in_page")),
)
"""What the page sends with, and what hears it."""
SENT_WITH = """() => performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith("/GenerateContent")).map(({ initiatorType }) => initiatorType)"""
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

TRANSPORTS = {"xhr": "xmlhttprequest", "fetch": "fetch"}
"""What they are called by browsers."""

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
                joined.append(replace(event, response_id="known", ratings=()))
            case ToolCall() if on_page:
                joined.append(replace(event, call_id="own"))
            case _:
                joined.append(event)
    return joined


class Overhearer(HelperServer):
    """A helper that hears answers through the browser's own events, each when it is complete."""

    def __init__(self) -> None:
        super().__init__("", "", [])
        self._calls: asyncio.Queue[Call] = asyncio.Queue()

    def on_request(self, request: Request) -> None:
        if request.method == "POST" and rpc_method(request.url) == "GenerateContent":
            self._calls.put_nowait(Call(request, asyncio.get_running_loop().time()))

    async def told(self) -> list[bytes]:
        try:
            status, body = await (await self._calls.get()).answer()
        except (WireError, Error):
            return [head_of("200 OK", STREAM_TYPE)]
        if status == 200 or body.startswith(b"[,"):
            return [head_of("200 OK", STREAM_TYPE), body]
        code, said = json.loads(body)[:2]
        return [head_of("200 OK", LINES_TYPE), *lines({"error": {"code": code, "message": said}})]


@asynccontextmanager
async def helped(site: Site) -> AsyncIterator[PageDriver]:
    server = Overhearer()
    async with (
        helping(server) as endpoint,
        opened(site, capture="helper", helper_endpoint=endpoint) as driver,
    ):
        [session] = driver.pool.sessions
        session.tab.page.context.on("request", server.on_request)  # of whatever tab there will be
        yield driver


def hearing(site: Site, capture: str) -> AbstractAsyncContextManager[PageDriver]:
    """A driver with one tab that is heard in one way."""
    if capture == "helper":
        return helped(site)
    return opened(site, capture=capture, stream_port=free_port() if capture == "proxy" else 0)


@pytest_asyncio.fixture(scope="module", params=WAYS, ids="-".join)
async def driver(
    site: Site, control_of_site: SiteControl, request: pytest.FixtureRequest
) -> AsyncIterator[PageDriver]:
    transport, capture = request.param
    if capture == "proxy" and not PYTHON.exists():
        pytest.skip("the stream proxy is not installed: make proxy")
    await control_of_site.scenario(page={"transport": transport})
    async with hearing(site, capture) as driver:
        assert driver.status().capture == capture
        assert await answer(driver, "/echo x") == "x"
        [session] = driver.pool.sessions
        assert await session.tab.page.evaluate(SENT_WITH) == [TRANSPORTS[transport]]
        yield driver
    await control_of_site.reset()


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
