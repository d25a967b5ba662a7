"""The external helper's contract, against a real little server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from browser.capture.helper import LINES_TYPE, STREAM_TYPE, HelperVoice, is_loopback
from domain.errors import BlockReason, GatewayError, QuotaExhausted, Refused, WireError
from domain.events import (
    CodeRun,
    Event,
    Finished,
    FinishReason,
    Media,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    Usage,
)
from domain.harms import HarmCategory, HarmProbability, Rating

TOLD = {"version": 1, "request_id": "r1", "model": "m", "page_url": "http://page/"}


def head_of(status: str, kind: str, extra: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{extra}Connection: close\r\n\r\n".encode()


class HelperServer:
    """Answers every question with the same bytes, in pieces."""

    def __init__(self, status: str, kind: str, pieces: list[bytes], extra: str = "") -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._head = head_of(status, kind, extra)
        self._pieces = pieces

    async def told(self) -> list[bytes]:
        """The answer to the next question, its head included."""
        return [self._head, *self._pieces]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        self.asked.append((head, json.loads(await reader.readexactly(length))))
        for piece in await self.told():
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def helping(server: HelperServer) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/answers"


async def told() -> dict[str, Any]:
    return TOLD


async def at_once() -> None:
    return


def lines(*messages: Any) -> list[bytes]:
    return [json.dumps(message, ensure_ascii=False).encode() + b"\n" for message in messages]


def says(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, **more}]}


END = says(finishReason="STOP")


async def heard(server: HelperServer) -> list[Event]:
    async with helping(server) as endpoint:
        voice = HelperVoice(endpoint, told, at_once)
        events = [event async for event in voice.events()]
        assert voice.over
        return events


async def test_every_part_of_gemini_s_form_is_an_event() -> None:
    server = HelperServer(
        "200 OK",
        LINES_TYPE,
        lines(
            says({"text": "hm", "thought": True}),
            says({"text": "hé 👩‍👩‍👧‍👦"}, {"functionCall": {"name": "f", "args": {"a": 1}, "id": "c"}}),
            says({"executableCode": {"code": "1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK"}}),
            says({"inlineData": {"mimeType": "image/png", "data": "AA=="}}),
            {**says(finishReason="MAX_TOKENS"), "usageMetadata": {"totalTokenCount": 7}, "responseId": "x"},
        ),
    )
    assert await heard(server) == [
        ThoughtDelta("hm"),
        TextDelta("hé 👩‍👩‍👧‍👦"),
        ToolCall("f", {"a": 1}, "c"),
        CodeRun(code="1"),
        CodeRun(output="", outcome=1),
        Media("image/png", "AA=="),
        Usage(total=7),
        Finished(FinishReason.MAX_TOKENS, response_id="x"),
    ]
    [(head, asked)] = server.asked
    assert head.startswith("post /answers ")
    assert asked == TOLD


@pytest.mark.parametrize("size", [1, 7])
async def test_pieces_may_be_cut_anywhere(size: int) -> None:
    body = b"".join(lines(says({"text": "hé\n👩‍👩‍👧‍👦"}), END))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    events = await heard(HelperServer("200 OK", f"{LINES_TYPE}; charset=utf-8", pieces))
    assert events == [TextDelta("hé\n👩‍👩‍👧‍👦"), Finished(FinishReason.STOP)]


async def test_the_site_s_own_stream_is_read_as_well(samples: Path) -> None:
    body = (samples / "generatecontent.text-thinking.response.compact.txt").read_bytes().strip()
    events = await heard(HelperServer("200 OK", STREAM_TYPE, [body[:1000], body[1000:]]))
    assert isinstance(events[-1], Finished)
    assert any(isinstance(event, TextDelta) for event in events)


LOCATION = "Location: http://127.0.0.1:1/\r\n"
FAILURES: list[tuple[Callable[[], HelperServer], type[GatewayError], str]] = [
    (lambda: HelperServer("500 No", LINES_TYPE, []), WireError, "status 500 instead of 200"),
    (lambda: HelperServer("302 Found", LINES_TYPE, [], LOCATION), WireError, "status 302 instead of 200"),
    (lambda: HelperServer("200 OK", "text/html", [b"<p>"]), WireError, "'text/html'"),
    (lambda: HelperServer("200 OK", LINES_TYPE, [b"nonsense\n"]), WireError, "no JSON"),
    (lambda: HelperServer("200 OK", LINES_TYPE, [b"[1]\n"]), WireError, "no JSON object"),
    (lambda: HelperServer("200 OK", LINES_TYPE, lines(says({"text": "x"}))), WireError, "finish reason"),
    (lambda: HelperServer("200 OK", LINES_TYPE, lines({"candidates": [1]})), WireError, "Gemini's form"),
    (lambda: HelperServer("200 OK", LINES_TYPE, [b"\xff\n"]), WireError, "not UTF-8"),
    (lambda: HelperServer("200 OK", STREAM_TYPE, [b'[[[[["x"']), WireError, "broke off"),
    (
        lambda: HelperServer("200 OK", LINES_TYPE, lines({"error": {"code": 8, "message": "quota"}})),
        QuotaExhausted,
        "quota",
    ),
    (
        lambda: HelperServer("200 OK", LINES_TYPE, lines({"promptFeedback": {"blockReason": "SAFETY"}})),
        Refused,
        "SAFETY",
    ),
]


@pytest.mark.parametrize(("make", "kind", "words"), FAILURES, ids=[words for _, _, words in FAILURES])
async def test_whatever_goes_wrong_has_a_name(
    make: Callable[[], HelperServer], kind: type[GatewayError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        await heard(make())


async def test_ratings_are_told_as_far_as_they_have_names() -> None:
    rated = [
        {"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "MEDIUM", "blocked": True},
        {"category": "HARM_CATEGORY_OTHER", "probability": "LOW"},
    ]
    candidate = {"content": {"parts": [{"text": "x"}]}, "finishReason": "SAFETY", "safetyRatings": rated}
    events = await heard(HelperServer("200 OK", LINES_TYPE, lines({"candidates": [candidate]})))
    rating = Rating(HarmCategory.HATE_SPEECH, HarmProbability.MEDIUM, blocked=True)
    assert events[-1] == Finished(FinishReason.SAFETY, ratings=(rating,))


async def test_a_blocked_prompt_keeps_its_reason_and_its_count() -> None:
    blocked = {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7},
    }
    with pytest.raises(Refused) as caught:
        await heard(HelperServer("200 OK", LINES_TYPE, lines(blocked)))
    assert caught.value.reason is BlockReason.PROHIBITED_CONTENT
    assert caught.value.usage == Usage(prompt=7, total=7)


async def test_a_helper_that_is_not_there_is_passed_over() -> None:
    async with helping(HelperServer("200 OK", LINES_TYPE, [])) as endpoint:
        pass
    voice = HelperVoice(endpoint, told, at_once)
    with pytest.raises(WireError, match="ConnectError"):
        [_ async for _ in voice.events()]
    assert not voice.heard


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("http://127.0.0.1:1/", True),
        ("http://[::1]:1", True),
        ("https://localhost", True),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("http://helper:80", False),
    ],
)
def test_only_this_machine_s_own_addresses_are_loopback(endpoint: str, here: bool) -> None:
    assert is_loopback(endpoint) is here
