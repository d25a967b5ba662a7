"""Any engine's ear: a hook in the page's own world that reports what its XHR or fetch receives.

The hook reads every 8 ms because engines announce progress only every 50 ms. Each report carries its
offset in UTF-16 units; a gap is mended by reading again from there, and an end that does not match what
was received is an error, so that no byte is lost silently.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable
from importlib.resources import files
from typing import Any

from playwright.async_api import Error, Page

from browser.capture.hearing import Ear, Hearing
from browser.counting import Count
from browser.pages.scripting import first_line

_log = logging.getLogger(__name__)
_IS_THERE = """(channel) => {
  let there = false;
  const note = () => { there = true; };
  document.addEventListener(`${channel}:here`, note);
  document.dispatchEvent(new CustomEvent(`${channel}:ask`));
  document.removeEventListener(`${channel}:here`, note);
  return there;
}"""


class InPageCapture(Ear):
    """Listens through an init script and a binding of the tab.

    `hook_prefix` is put before the hook's source: Camoufox runs init scripts in a world of its own unless
    they begin with `mw:`. That the hook hears the page shows in its report of the page's own ListModels call;
    `model_list` never returns without. Where it came too late for that, it has to answer an event of the
    document, which it does nowhere but in the page's own world.
    """

    name = "in_page"

    def __init__(self, page: Page, count: Count, hook_prefix: str = "") -> None:
        super().__init__(count)
        self._page = page
        self._hook_prefix = hook_prefix
        self._channel = f"_{secrets.token_hex(8)}"
        self._awake = False
        """Whether the hook on the page as it is loaded now reports answers."""
        self._received: dict[str, int] = {}
        """UTF-16 units received so far, by request."""
        self._list_id: str | None = None
        self._list_parts: list[str] = []
        self._listed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self) -> None:
        self._awake = not self.resting
        await self._page.expose_binding(self._channel, self._on_report)
        await self._page.add_init_script(script=self._script("relay.js"))
        await self._page.add_init_script(script=self._hook_prefix + self._script("hook.js"))
        self.attach(self._page)

    def _script(self, name: str) -> str:
        source = files("browser.capture").joinpath(name).read_text("utf-8")
        return source.replace("__CHANNEL__", self._channel).replace("__AWAKE__", json.dumps(not self.resting))

    async def wake(self) -> None:
        if not self._awake:
            self._awake = True
            await self._tell_hook("wake", None)

    async def reach(self) -> str:
        if await self._is_there():
            return ""
        for door in dict.fromkeys((self._hook_prefix, "")):
            try:
                await self._page.evaluate(self._script("relay.js"))
                await self._page.evaluate(door + self._script("hook.js"))
            except Error as error:  # the next one may be open
                _log.info("the hook does not get into the page by %r: %s", door, first_line(error))
            if await self._is_there():
                self.proven = True
                self._count("late_hooks")
                return ""
        return (
            "its hook does not reach the page's own world, neither before the page's scripts nor afterwards "
            f"(by {self._hook_prefix!r} and by the page's window)"
        )

    async def _is_there(self) -> bool:
        there: bool = await self._page.evaluate(_IS_THERE, self._channel)
        return there

    def forget_page(self) -> None:
        self.lost("the page was left")
        self._received.clear()
        self.proven = False
        self._awake = not self.resting
        self._list_id = None
        if self._listed.done():
            self._listed = asyncio.get_running_loop().create_future()

    async def model_list(self) -> str:
        return await asyncio.shield(self._listed)

    async def body(self, hearing: Hearing) -> AsyncGenerator[bytes]:
        async for piece in hearing.pieces():
            yield piece

    def _on_report(self, _source: dict[str, Any], text: str) -> Awaitable[None] | None:
        report = json.loads(text)
        if report.get("method") == "ListModels":
            self._on_list_report(report)
            return None
        request_id: str = report["id"]
        if report["kind"] == "request":
            self._received[request_id] = 0
            self.claim(request_id)
            return None
        hearing = self.ending(request_id) if report["kind"] == "end" else self.of(request_id)
        if hearing is None:
            return None
        return self._on_answer_report(hearing, request_id, report)

    def _on_answer_report(
        self, hearing: Hearing, request_id: str, report: dict[str, Any]
    ) -> Awaitable[None] | None:
        match report["kind"]:
            case "head":
                hearing.on_response(report["status"])
            case "data":
                expected = self._received.get(request_id, 0)
                if report["offset"] > expected:
                    return self._read_again(request_id, expected)
                self._take(hearing, request_id, report, expected)
            case "end":
                received = self._received.get(request_id, 0)
                if report["offset"] > received and not report["failure"]:
                    return self._end_after_reading(hearing, request_id, report["offset"], received)
                hearing.on_end(report["failure"])
        return None

    def _take(self, hearing: Hearing, request_id: str, report: dict[str, Any], expected: int) -> None:
        """Pass on what is new; a repeated reading may overlap with what is known."""
        units = report["text"].encode("utf-16-le", "surrogatepass")
        fresh = units[2 * (expected - report["offset"]) :]
        if fresh:
            hearing.on_data(fresh.decode("utf-16-le").encode("utf-8"))
            self._received[request_id] = report["offset"] + report["length"]

    async def _end_after_reading(self, hearing: Hearing, request_id: str, length: int, received: int) -> None:
        await self._read_again(request_id, received)
        short = self._received.get(request_id, 0) < length
        hearing.on_end("the page reported more than arrived" if short else None)

    async def _read_again(self, request_id: str, offset: int) -> None:
        self._count("gaps_mended")
        await self._tell_hook("again", {"id": request_id, "offset": offset})

    async def _tell_hook(self, what: str, detail: Any) -> None:
        await self._page.evaluate(
            "([type, detail]) => document.dispatchEvent(new CustomEvent(type, { detail }))",
            [f"{self._channel}:{what}", json.dumps(detail)],
        )

    def _on_list_report(self, report: dict[str, Any]) -> None:
        match report["kind"]:
            case "request":
                self.proven = True
                self._list_id, self._list_parts = report["id"], []
            case "data" if report["id"] == self._list_id:
                self._list_parts.append(report["text"])
            case "end" if report["id"] == self._list_id and not self._listed.done():
                self._listed.set_result("".join(self._list_parts))
