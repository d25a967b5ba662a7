"""GenerateContent over a real socket: framing, faults, pace, and what the log says about it."""

import asyncio
import base64
import json
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from simulator.request_log import LogEntry
from simulator.scenario import Framing
from simulator.server import Simulator
from tests.simulator.client import Heard, PageClient, config, generate_body, slot
from tests.waiting import eventually


def last_entry(simulator: Simulator) -> LogEntry:
    return simulator.state.log.entries[-1]


async def settled(entry: LogEntry) -> LogEntry:
    """The entry once its outcome is known."""
    await eventually(lambda: entry.outcome != "running")
    return entry


@asynccontextmanager
async def raw_stream(
    client: PageClient, text: str, encoding: str = "identity"
) -> AsyncIterator[httpx.Response]:
    """An answer whose bytes are read as they come, not decompressed."""
    body = json.dumps(generate_body(text))
    headers = client.headers(accept_encoding=encoding)
    async with client.http.stream(
        "POST", client.url("GenerateContent"), content=body, headers=headers
    ) as response:
        yield response


async def collect(client: PageClient, text: str, into: list[bytes]) -> None:
    """Read a whole answer, keeping what came even if it breaks off."""
    async with raw_stream(client, text) as response:
        async for chunk in response.aiter_raw():
            into.append(chunk)  # noqa: PERF401 - a comprehension would lose them when the stream breaks


async def test_answer_is_one_compact_array_with_the_right_headers(page_client: PageClient) -> None:
    response = await page_client.generate("/echo hi 你好")
    assert response.headers["content-type"] == "application/json+protobuf; charset=UTF-8"
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.headers["access-control-allow-origin"] == page_client.site.page
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.text.startswith('[[[[[[[[null,"hi 你好"]],"model"]]]')
    assert response.text.endswith("]]]]")
    assert Heard(response.text).text == "hi 你好"


async def test_last_candidate_finishes_with_an_empty_text_and_ratings(page_client: PageClient) -> None:
    heard = await page_client.answer("/echo hi")
    rated = [[None, None, category, 1] for category in (7, 8, 9, 10)]
    assert heard.candidates[-1] == [[[[None, ""]], "model"], 1, None, None, rated]
    assert heard.events[-1][:3] == [None, None, None]


async def test_usage_is_cumulative_and_adds_up(page_client: PageClient) -> None:
    heard = await page_client.answer("/think 12345678 | 1234")
    counted = [event[2] for event in heard.events if slot(event, 2)]
    assert counted[0][1] is None
    prompt, candidates, total, thoughts = (counted[-1][index] for index in (0, 1, 2, 9))
    assert (candidates, thoughts) == (1, 2)
    assert total == prompt + candidates + thoughts


async def test_response_ids_differ_and_are_on_every_event(page_client: PageClient) -> None:
    first, second = await page_client.answer("/echo a"), await page_client.answer("/echo a")
    ids = [{event[7] for event in heard.events if len(event) > 4} for heard in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 1
    assert ids[0] != ids[1]


async def test_trailer_can_be_left_out(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.framing = Framing(trailer=False)
    assert (await page_client.answer("/echo hi")).events[-1][0][0][1] == 1


@pytest.mark.parametrize("split", ["byte", 3, 1000, None])
@pytest.mark.parametrize("gzip", [True, False])
async def test_slicing_changes_nothing_that_is_said(
    simulator: Simulator, page_client: PageClient, split: int | None, *, gzip: bool
) -> None:
    simulator.state.scenario.framing = Framing(split=split, gzip=gzip, whitespace=True, events_per_write=2)
    response = await page_client.generate('/echo "quoted" \\ 你好 🎉\n\ttail')
    assert ("content-encoding" in response.headers) == gzip
    assert Heard(response.text).text == '"quoted" \\ 你好 🎉\n\ttail'


async def test_byte_slices_cut_characters(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.framing = Framing(split="byte", gzip=False)
    async with raw_stream(page_client, "/echo 你") as response:
        chunks = [chunk async for chunk in response.aiter_raw()]
    # the kernel may join a few slices, but a body of some hundred bytes never comes whole
    assert len(chunks) > 10
    assert "你" in b"".join(chunks).decode()


async def test_every_event_can_be_read_before_the_next_is_written(page_client: PageClient) -> None:
    inflate = zlib.decompressobj(wbits=31)
    seen = b""
    async with raw_stream(page_client, "/fail stall after=2", "gzip") as response:
        assert response.headers["content-encoding"] == "gzip"
        async for chunk in response.aiter_raw():
            seen += inflate.decompress(chunk)
            if b"chunk 0002" in seen and seen.count(b'"v1_') == 2:
                break
    assert seen.startswith(b"[[[[[[[[null,")


async def test_client_without_gzip_gets_plain_bytes(page_client: PageClient) -> None:
    async with raw_stream(page_client, "/echo hi") as response:
        assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("status", "code"), [(400, 3), (401, 16), (403, 7), (404, 5), (429, 8), (500, 13), (503, 14)]
)
async def test_immediate_error_has_status_and_hole(page_client: PageClient, status: int, code: int) -> None:
    response = await page_client.generate(f"/fail {status} no luck")
    assert (response.status_code, response.text) == (status, f'[,[{code},"no luck"]]')
    assert response.headers["content-type"] == "application/json+protobuf; charset=UTF-8"
    assert response.headers["access-control-allow-origin"] == page_client.site.page


async def test_error_in_the_middle_is_in_the_second_slot(
    simulator: Simulator, page_client: PageClient
) -> None:
    heard = await page_client.answer("/fail stream after=2 code=14")
    assert (len(heard.events), heard.status) == (2, [14, "The model is overloaded. Please try again later."])
    assert (await settled(last_entry(simulator))).outcome == "failed"


async def test_cut_looks_like_a_cut(simulator: Simulator, page_client: PageClient) -> None:
    seen: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await collect(page_client, "/fail cut after=2", seen)
    body = b"".join(seen)
    assert body.count(b"chunk 000") == 2
    assert not body.endswith(b"]")
    entry = await settled(last_entry(simulator))
    assert (entry.outcome, entry.status) == ("cut", 200)


async def test_garbage_is_no_json(page_client: PageClient) -> None:
    response = await page_client.generate("/fail garbage")
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_empty_and_blocked_turns_say_nothing(page_client: PageClient) -> None:
    empty = await page_client.answer("/fail empty")
    assert (empty.text, empty.finish) == ("", 1)
    blocked = await page_client.answer("/fail blocked")
    assert blocked.events[0][:2] == [None, [4]]


async def test_leaving_client_is_noticed_at_once(simulator: Simulator, page_client: PageClient) -> None:
    async with raw_stream(page_client, "/fail stall after=1") as response:
        await anext(response.aiter_raw())
    left = time.time()
    entry = await settled(last_entry(simulator))
    assert entry.outcome == "client_gone"
    assert entry.ended is not None
    assert entry.ended - left < 0.2
    assert not simulator.state.streams


async def test_client_that_leaves_before_the_first_event_is_noticed(
    simulator: Simulator, page_client: PageClient
) -> None:
    task = asyncio.create_task(page_client.generate("/echo(ttft=60) hi"), name="waiting")
    await eventually(lambda: simulator.state.streams)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    entry = await settled(last_entry(simulator))
    assert (entry.outcome, entry.first_byte, entry.status) == ("client_gone", None, None)


async def test_pace_is_kept(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.ttft = 0.05
    await page_client.answer("/chunks n=10 every=0.01")
    entry = last_entry(simulator)
    assert entry.first_byte is not None
    assert entry.last_byte is not None
    assert 0.05 <= entry.first_byte - entry.received < 0.5
    assert 0.149 <= entry.last_byte - entry.received < 0.8  # 50 ms, and ten pauses after it was due


async def test_log_has_the_decoded_request(simulator: Simulator, page_client: PageClient) -> None:
    await page_client.answer("/echo a b", s3=config(c1=["x"], c4=0.25))
    entry = last_entry(simulator)
    assert (entry.model, entry.outcome, entry.account) == ("gemini-2.5-flash", "finished", "ada@example.com")
    assert entry.report is not None
    assert entry.report["contents"][-1]["texts"] == ["/echo a b"]
    assert (entry.report["temperature"], entry.report["stopSequences"]) == (0.25, ["x"])


async def test_report_is_what_the_log_has(simulator: Simulator, page_client: PageClient) -> None:
    heard = await page_client.answer("/report", s5=[[[None, "be brief"]], "user"])
    assert json.loads(heard.text) == last_entry(simulator).report


async def test_limits_of_the_request_are_kept(page_client: PageClient) -> None:
    heard = await page_client.answer("/echo one two three", s3=config(c1=["three"], c3=1))
    assert (heard.text, heard.finish) == ("one ", 2)


async def test_next_faults_are_used_up_in_order(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.next_faults = ["429", None, "empty"]
    statuses = [(await page_client.generate("/echo x")).status_code for _ in range(4)]
    assert statuses == [429, 200, 200, 200]
    assert (await page_client.answer("/echo back")).text == "back"


async def test_next_answers_take_the_place_of_the_prompt(
    simulator: Simulator, page_client: PageClient
) -> None:
    simulator.state.scenario.next_answers = ["/echo one", None, "/echo three"]
    assert [(await page_client.answer("/echo asked")).text for _ in range(4)] == [
        "one",
        "asked",
        "three",
        "asked",
    ]


async def test_every_fault_stays(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.every_fault = "503"
    assert [(await page_client.generate("x")).status_code for _ in range(2)] == [503, 503]


async def test_signed_out_fault_ends_the_session(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.next_faults = ["signed-out"]
    assert (await page_client.generate("x")).status_code == 401
    assert (await page_client.call("ListModels", [])).status_code == 401


async def test_prompt_of_four_megabytes_is_echoed(page_client: PageClient) -> None:
    text = "0123456789abcde\n" * (4 * 65536 - 1)
    heard = await page_client.answer(f"/echo {text}")
    assert heard.text == text


async def test_broken_json_is_a_bad_request(page_client: PageClient) -> None:
    response = await page_client.http.post(
        page_client.url("GenerateContent"), content="[[", headers=page_client.headers()
    )
    assert (response.status_code, response.text[:4]) == (400, "[,[3")


async def test_answers_run_side_by_side(page_client: PageClient) -> None:
    started = time.monotonic()
    heard = await asyncio.gather(*(page_client.answer(f"/echo(ttft=0.1) {n}") for n in range(8)))
    assert [each.text for each in heard] == [str(n) for n in range(8)]
    assert time.monotonic() - started < 0.7


async def test_code_and_its_result_share_an_event(page_client: PageClient) -> None:
    heard = await page_client.answer("/code print(1)")
    assert heard.candidates[0][0][0] == [[None] * 7 + [[1, "print(1)"]], [None] * 8 + [[1, "42\n"]]]


async def test_sources_come_with_the_last_candidate(page_client: PageClient) -> None:
    heard = await page_client.answer("/search the answer")
    grounding = heard.candidates[-1][7]
    assert grounding[1] == [[["https://example.com/simulator", "About the simulator", "example.com"]]]
    part, start, end, text = grounding[2][0][0]
    assert (part, heard.text.encode()[start:end].decode()) == (None, text)
    assert grounding[4] == ["the answer"]


async def test_parts_of_every_kind_can_share_an_event(page_client: PageClient) -> None:
    heard = await page_client.answer("/parts")
    assert [slot(part, 12) for part in heard.candidates[0][0][0]] == [1, None, None]
    signature_only = heard.candidates[1][0][0][0]
    assert (signature_only[1], len(signature_only)) == ("", 15)
    assert heard.text == "First. Second. Third."


async def test_calls_have_the_captured_shape(page_client: PageClient) -> None:
    heard = await page_client.answer('/call getWeather {"city": "Shanghai"} && g')
    first, second = heard.candidates[0][0][0]
    assert (len(first), first[10][:2]) == (15, ["getWeather", [[["city", [None, None, "Shanghai"]]]]])
    assert second[10][:2] == ["g", []]


async def test_media_are_real_files(page_client: PageClient) -> None:
    picture = await page_client.answer(
        "a cat", model="gemini-2.5-flash-image", s2=None, s3=config(c14=[2, 1])
    )
    mime, data = picture.parts[-2][2]
    assert (mime, base64.b64decode(data)[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert picture.candidates[-1] == [[[[None, ""]], "model"], 1]
    assert picture.usage[6] == [[2, 258]]
    spoken = await page_client.answer("say it", model="gemini-2.5-flash-preview-tts", s3=config(c14=[3]))
    assert spoken.parts[0][2][0] == "audio/l16; rate=24000; channels=1"
    assert (await page_client.answer("/image")).parts[0][12] == 1
    assert (await page_client.answer("/audio")).parts[0][2][0].startswith("audio/")


async def test_plain_answer_says_what_arrived(page_client: PageClient) -> None:
    picture = [None, None, ["image/png", "iVBORw0K", "cat.png"]]
    answered = [None] * 11 + [["getWeather", [[["ok", [None, None, None, 1]]]], "id1"]]
    parts = [[None, "A long question " * 20], picture, answered]
    contents = [[[[None, "hi"]], "user"], [[[None, "hello"]], "model"], [parts, "user"]]
    heard = await page_client.answer("", s1=contents)
    for said in ("A long question", "…", "cat.png", "getWeather", "3 messages"):
        assert said in heard.text


async def test_generate_can_fail_as_a_method(simulator: Simulator, page_client: PageClient) -> None:
    scenario = {"rpc_faults": {"GenerateContent": 500}, "rpc_delays": {"GenerateContent": 0.01}}
    simulator.state.scenario = simulator.state.scenario.changed(scenario)
    assert (await page_client.generate("/echo hi")).text == '[,[13,"Internal error encountered."]]'
    assert last_entry(simulator).outcome == "failed"
