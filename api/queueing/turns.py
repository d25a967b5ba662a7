"""Strict order among jobs that are prepared side by side."""

import asyncio
from collections import deque


class Turns:
    """A line of tickets; the head of the line has its turn until it leaves. Anybody may leave at any time."""

    def __init__(self) -> None:
        self._line: deque[Ticket] = deque()

    def join(self) -> "Ticket":
        ticket = Ticket(self)
        self._line.append(ticket)
        self._call_head()
        return ticket

    def leave(self, ticket: "Ticket") -> None:
        """Give up the place or the turn; leaving twice is allowed."""
        if ticket in self._line:
            self._line.remove(ticket)
            self._call_head()

    def _call_head(self) -> None:
        if self._line:
            self._line[0].called.set()


class Ticket:
    """A place in the line."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.called = asyncio.Event()
        """Set for good when the turn has come."""

    def leave(self) -> None:
        self._turns.leave(self)
