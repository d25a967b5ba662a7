"""The site's own errors, in every form it has for them: each has its name, and the next request works."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.errors import PermissionDenied, RegionBlocked
from domain.ports import Deadlines
from simulator.demo import Site
from tests.e2e.driving import MODEL, driver_for, opened
from tests.gateway import RunningGateway, running_gateway
from tests.site import SiteControl

DEADLINES = Deadlines(queue=30, ready=20, submit=4, first_event=10, idle=10, total=60)
PAID = "gemini-3-pro-image-preview"


@dataclass(frozen=True)
class Refusal:
    """What a caller learns: OpenAI's status and code, Google's status and name, and `Retry-After`."""

    status: int
    code: str
    google: tuple[int, str]
    retry_after: str | None = None


QUOTA = Refusal(429, "insufficient_quota", (429, "RESOURCE_EXHAUSTED"))
RATE = Refusal(429, "rate_limit_exceeded", (429, "RESOURCE_EXHAUSTED"), "60")
DENIED = Refusal(502, "upstream_permission_denied", (502, "UNAVAILABLE"))
REGION = Refusal(503, "region_not_supported", (503, "UNAVAILABLE"))
FAILED = Refusal(503, "upstream_unavailable", (503, "UNAVAILABLE"), "5")
INVALID = Refusal(502, "upstream_invalid_request", (502, "UNAVAILABLE"))
BLOCKED = Refusal(400, "content_filter", (400, "INVALID_ARGUMENT"))
EMPTY = Refusal(502, "empty_answer", (502, "UNAVAILABLE"))
NOT_SENT = Refusal(504, "deadline_passed", (504, "DEADLINE_EXCEEDED"))
PAID_KEY = Refusal(402, "paid_key_needed", (400, "FAILED_PRECONDITION"))


def after(seconds: str, refusal: Refusal) -> Refusal:
    return Refusal(refusal.status, refusal.code, refusal.google, seconds)


BY_STATUS = {
    "/fail 403": DENIED,
    "/fail 429": QUOTA,
    "/fail 429 Too many requests, slow down.": RATE,
    "/fail 429 retry=36.2": after("37", RATE),
    "/fail 429 per=minute": RATE,
    "/fail 429 retry=20 per=day": after("20", QUOTA),
    "/fail 429 You are out of free generations.": QUOTA,
    "/fail 400": INVALID,
    "/fail 400 User location is not supported for the API use.": REGION,
    "/fail 500": FAILED,
    "/fail 503 retry=9": after("9", FAILED),
    "/fail stream after=0 code=8 retry=12": after("12", RATE),
    "/fail stream after=0 code=7": DENIED,
    "/fail blocked": BLOCKED,
    "/fail empty": EMPTY,
}
BY_WORDS = {
    "/refuse toast Failed to generate content: user has exceeded quota. Please try again later.": QUOTA,
    "/refuse toast You've reached your rate limit. Please try again later.": RATE,
    "/refuse toast Failed to generate content: permission denied. Please try again.": DENIED,
    "/refuse toast Failed to generate content: service is unavailable. Please try again later.": FAILED,
    "/refuse error-callout Failed to generate content: user has exceeded quota.": QUOTA,
    "/refuse warning-callout You are out of free generations. Go on with your own paid API key.": QUOTA,
    "/refuse banner This model is not available in your region.": REGION,
    "/refuse inline An internal error has occurred.": FAILED,
    "/refuse inline Content blocked": BLOCKED,
    "/refuse region": REGION,
    "/refuse endless": NOT_SENT,
    "/refuse toast Failed to count tokens: permission denied. Please try again.": NOT_SENT,
}


@pytest_asyncio.fixture(scope="module")
async def refused(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    """A gateway that waits a short time only for the page's request to leave."""
    driver = driver_for(site, DEADLINES)
    async with running_gateway(driver, DEADLINES, tmp_path_factory.mktemp("refused")) as running:
        yield running


async def openai(http: httpx.AsyncClient, prompt: str, *, stream: bool = False, model: str = MODEL) -> Any:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": prompt}]}
    return await http.post("/v1/chat/completions", json=body)


async def google(http: httpx.AsyncClient, prompt: str, *, stream: bool = False, model: str = MODEL) -> Any:
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    body = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
    return await http.post(f"/v1beta/models/{model}:{method}", json=body)


def events(reply: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in reply.text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def is_openais(reply: httpx.Response, wanted: Refusal) -> None:
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (wanted.status, wanted.code), error
    assert reply.headers.get("retry-after") == wanted.retry_after


def is_googles(reply: httpx.Response, wanted: Refusal) -> None:
    """Google answers a blocked prompt with 200 and says so in it."""
    if wanted is BLOCKED:
        assert (reply.status_code, "promptFeedback" in reply.json()) == (200, True)
        return
    error = reply.json()["error"]
    assert (reply.status_code, error["status"]) == wanted.google, error
    assert error["code"] == reply.status_code
    assert reply.headers.get("retry-after") == wanted.retry_after


@pytest.mark.parametrize(("form", "wanted"), [*BY_STATUS.items(), *BY_WORDS.items()], ids=str)
async def test_each_form_of_refusal_has_its_name_in_both_protocols(
    refused: RunningGateway, form: str, wanted: Refusal
) -> None:
    async with refused.http() as http:
        is_openais(await openai(http, form), wanted)
        is_googles(await google(http, form), wanted)
        assert (await openai(http, "/echo next")).json()["choices"][0]["message"]["content"] == "next"


STREAMED = [
    "/fail 403",
    "/fail 429 retry=36.2",
    "/fail empty",
    *list(BY_WORDS)[:1],
    "/refuse inline Content blocked",
]


@pytest.mark.parametrize("form", STREAMED, ids=str)
async def test_a_refusal_is_an_error_event_after_the_headers_of_a_stream(
    refused: RunningGateway, form: str
) -> None:
    wanted = {**BY_STATUS, **BY_WORDS}[form]
    async with refused.http() as http:
        first = await openai(http, form, stream=True)
        assert (first.status_code, "[DONE]" in first.text) == (200, False)
        assert events(first)[-1]["error"]["code"] == wanted.code
        last = events(await google(http, form, stream=True))[-1]
        assert "promptFeedback" in last if wanted is BLOCKED else last["error"]["status"] == wanted.google[1]
        assert (await openai(http, "/echo next")).json()["choices"][0]["message"]["content"] == "next"


async def test_a_status_in_the_middle_of_an_answer_leaves_what_was_sent_valid(
    refused: RunningGateway,
) -> None:
    form = "/fail stream after=3 code=8 retry=12"
    async with refused.http() as http:
        *deltas, last = events(await openai(http, form, stream=True))
        assert last["error"]["code"] == "rate_limit_exceeded"
        said = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in deltas)
        assert "0001" in said
        assert "0003" in said
        is_openais(await openai(http, form), after("12", RATE))


WORDS = (
    "quota exceeded",
    "Failed to generate content: user has exceeded quota. Please try again later.",
    "Failed to generate content: permission denied. Please try again.",
    "An internal error has occurred.",
    "You are out of free generations.",
    "Content blocked",
    "No API key selected",
)


@pytest.mark.parametrize("words", WORDS)
async def test_an_answer_that_speaks_of_errors_passes_untouched(refused: RunningGateway, words: str) -> None:
    async with refused.http() as http:
        reply = await openai(http, f"/echo {words}")
        assert (reply.status_code, reply.json()["choices"][0]["message"]["content"]) == (200, words)
        streamed = events(await openai(http, f"/echo {words}", stream=True))
        assert (
            "".join(c["choices"][0]["delta"].get("content") or "" for c in streamed if c["choices"]) == words
        )


async def test_the_pages_error_report_is_not_taken_for_an_answer(refused: RunningGateway) -> None:
    """A failed answer is reported a second later, by an address that carries the method's name."""
    async with refused.http() as http:
        is_openais(await openai(http, "/fail 503"), FAILED)
        for number in range(3):
            reply = await openai(http, f"/chunks n=30 every=0.02 {number}")
            assert "chunk 0030" in reply.json()["choices"][0]["message"]["content"]


async def test_an_old_toast_is_not_the_next_requests_refusal(refused: RunningGateway) -> None:
    async with refused.http() as http:
        is_openais(await openai(http, "/refuse toast Quota exceeded for this model."), QUOTA)
        is_openais(await openai(http, "/refuse endless"), NOT_SENT)


async def test_a_model_that_needs_a_paid_key_is_refused_before_run(
    refused: RunningGateway, control: SiteControl
) -> None:
    async with refused.http() as http:
        is_openais(await openai(http, "/echo x", model=PAID), PAID_KEY)
        is_googles(await google(http, "/echo x", model=PAID), PAID_KEY)
        assert (await openai(http, "/echo next")).json()["choices"][0]["message"]["content"] == "next"
    assert [entry["model"] for entry in await control.requests()] == [MODEL]


@pytest.mark.parametrize(
    ("door", "kind", "said"),
    [
        ("region", RegionBlocked, "not offered in this region"),
        ("forbidden", PermissionDenied, "HTTP 403"),
        ("forbidden-title", PermissionDenied, "Forbidden"),
    ],
)
async def test_a_site_that_does_not_give_its_page_says_why(
    site: Site, control: SiteControl, tmp_path: Path, door: str, kind: type[Exception], said: str
) -> None:
    await control.scenario(door=door)
    with pytest.raises(kind, match=said):
        async with opened(site, deadlines=Deadlines(ready=2), evidence_dir=tmp_path):
            pass
