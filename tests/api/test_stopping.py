"""A stop of the server, as the callers of that moment see it."""

import asyncio
import json

import httpx

from api.app import create_app
from api.server import HttpServer, listen
from domain.events import Finished, FinishReason, TextDelta
from domain.ports import Deadlines
from tests.api.harness import CHAT, body, eventually, settings_of
from tests.api.scripted import Script, ScriptedDriver

GRACE = 0.8
STOP = Finished(FinishReason.STOP)


class Stopped:
    """A gateway that is told to stop while one request runs and another one waits."""

    def __init__(self, *, stream: bool = False, ends: bool = False) -> None:
        self._gate = asyncio.Event()
        self._driver = ScriptedDriver(Script((TextDelta("x"), self._gate, STOP)))
        self._stream = stream
        self._ends = ends
        self.ran_on = False
        """Whether the one that ran still did when the one that waited was told."""

    async def replies(self) -> tuple[httpx.Response, httpx.Response]:
        """What the two are answered: the one that ran, and the one that waited."""
        with listen("127.0.0.1", 0) as port:
            app = create_app(*settings_of(), Deadlines(), self._driver)
            server = HttpServer(app, app.state.gateway, open_stream_seconds=GRACE)
            serving = asyncio.create_task(server.serve([port]))
            await self._driver.is_open.wait()
            address = f"http://127.0.0.1:{port.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=address, timeout=20) as http, asyncio.TaskGroup() as tasks:
                ran = tasks.create_task(http.post(CHAT, json=body(stream=self._stream)))
                await (await self._driver.record(0)).running.wait()
                waited = tasks.create_task(http.post(CHAT, json=body()))
                await eventually(lambda: len(list(app.state.gateway.queue)) == 2)
                server.should_exit = True
                await waited
                self.ran_on = not ran.done()
                if self._ends:
                    self._gate.set()
            await serving
        return ran.result(), waited.result()


def code_of(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


async def test_who_waits_is_told_at_once_and_who_runs_after_a_while() -> None:
    stopped = Stopped()
    ran, waited = await stopped.replies()
    assert (ran.status_code, waited.status_code) == (503, 503)
    assert (code_of(ran), code_of(waited)) == ("shutting_down", "shutting_down")
    assert stopped.ran_on


async def test_a_stream_that_a_stop_ends_says_so() -> None:
    ran, _ = await Stopped(stream=True).replies()
    events = [line.removeprefix("data: ") for line in ran.text.split("\n") if line.startswith("data: ")]
    assert json.loads(events[-1])["error"]["code"] == "shutting_down"


async def test_an_answer_that_ends_in_time_is_given_whole() -> None:
    ran, _ = await Stopped(ends=True).replies()
    assert ran.json()["choices"][0]["message"]["content"] == "x"
