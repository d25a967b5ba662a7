"""Which answer that the proxy heard belongs to which request of which tab.

Several tabs share one proxy. A tab's request and what the proxy saw are the same where their bodies are: each
carries a token that is good for one request only. What cannot be told apart is given to nobody.
"""

import base64
from dataclasses import dataclass, field
from typing import Any, Protocol

from browser.counting import Count

_KEPT = 64
"""So many requests are remembered; older ones are forgotten."""
_DOUBLED = "two requests cannot be told apart"


class Listener(Protocol):
    """Who hears one answer."""

    def on_response(self, status: int) -> None:
        """Response headers arrived."""

    def on_data(self, piece: bytes) -> None:
        """More of the body."""

    def on_end(self, failure: str | None = None) -> None:
        """It is over: complete, or for the reason given. May be called again."""


@dataclass(slots=True)
class _Answer:
    """What the proxy saw and who sent it; either may come first."""

    listener: Listener | None = None
    seen: bool = False
    doubled: bool = False
    unread: list[dict[str, Any]] = field(default_factory=list)
    """What was heard while nobody listened."""

    def listen(self, listener: Listener) -> None:
        self.listener = listener
        for event in self.unread:
            self.take(event)
        self.unread.clear()

    def take(self, event: dict[str, Any]) -> None:
        if self.doubled:
            return
        if self.listener is None:
            self.unread.append(event)
            return
        match event["kind"]:
            case "head":
                self.listener.on_response(event["status"])
            case "data":
                self.listener.on_data(base64.b64decode(event["data"]))
            case "end":
                self.listener.on_end(event["failure"])

    def refuse(self) -> None:
        self.doubled = True
        self.unread.clear()
        if self.listener is not None:
            self.listener.on_end(_DOUBLED)


class Matching:
    """Events of the proxy's process go in by `hear`, requests of tabs by `expect`, in any order."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._by_body: dict[str, _Answer] = {}
        self._lists: list[_Answer] = []
        """Half matched lists of models. All tabs have one account: any list is as good for any tab."""
        self._flows: dict[str, _Answer] = {}

    def expect(self, method: str, digest: str, listener: Listener) -> None:
        """A tab has sent a request whose body has this digest."""
        if method == "ListModels":
            self._half_list(seen=True).listen(listener)
            return
        answer = self._answer(digest)
        if answer.listener is None and not answer.doubled:
            answer.listen(listener)
            return
        self._refuse(answer)
        listener.on_end(_DOUBLED)

    def hear(self, event: dict[str, Any]) -> None:
        """One event of `child.py` about an answer."""
        if event["kind"] == "request":
            self._flows[event["id"]] = self._see(event["method"], event["digest"])
            return
        flow = self._flows.get(event["id"])
        if flow is None:
            return
        if event["kind"] == "end":
            del self._flows[event["id"]]
        flow.take(event)

    def lose(self, why: str) -> None:
        """The proxy is gone: whoever listens or waits is told."""
        running = [*self._flows.values(), *self._lists]
        running += [answer for answer in self._by_body.values() if not answer.seen]
        self._flows.clear()
        self._lists.clear()
        self._by_body.clear()
        for answer in running:
            if answer.listener is not None:
                answer.listener.on_end(why)

    def _see(self, method: str, digest: str) -> _Answer:
        if method == "ListModels":
            answer = self._half_list(seen=False)
        elif (answer := self._answer(digest)).seen:
            self._refuse(answer)
        answer.seen = True
        return answer

    def _refuse(self, answer: _Answer) -> None:
        self._count("ambiguous_requests")
        answer.refuse()

    def _answer(self, digest: str) -> _Answer:
        answer = self._by_body.setdefault(digest, _Answer())
        while len(self._by_body) > _KEPT:
            self._by_body.pop(next(iter(self._by_body)))
        return answer

    def _half_list(self, *, seen: bool) -> _Answer:
        """The latest one that waits for its other half, or a new one: an old one may wait forever."""
        for answer in reversed(self._lists):
            if answer.seen is seen:
                self._lists.remove(answer)
                return answer
        self._lists.append(_Answer())
        del self._lists[:-_KEPT]
        return self._lists[-1]
