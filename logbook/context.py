"""Which request the code at hand works for. Tasks inherit it from whoever starts them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Account:
    """What is known of one request so far; it becomes the request's one line when it is over."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.begun = time.monotonic()
        self.facts: dict[str, object] = {}

    @property
    def seconds(self) -> float:
        """Since it came."""
        return time.monotonic() - self.begun


_CURRENT: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def accounting(request_id: str) -> Iterator[Account]:
    """Everything inside, tasks that are started there included, works for this request."""
    account = Account(request_id)
    token = _CURRENT.set(account)
    try:
        yield account
    finally:
        _CURRENT.reset(token)


def request_id() -> str:
    """Of the request at hand; empty outside of any."""
    account = _CURRENT.get()
    return account.request_id if account else ""


def note(**facts: object) -> None:
    """Write something down for the line of the request at hand; what was known before gives way."""
    if account := _CURRENT.get():
        account.facts.update(facts)


def note_elapsed(name: str) -> None:
    """Write down how many seconds ago the request came, unless that is known already."""
    if account := _CURRENT.get():
        account.facts.setdefault(name, round(account.seconds, 3))
