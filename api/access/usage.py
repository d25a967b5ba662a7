"""What each key has been used for, and how fast it may be used."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from api.access.private import write_private
from domain.errors import TooManyRequests
from domain.events import Usage
from settings import AccessSettings

SAVE_SECONDS: Final = 60.0
_MINUTE: Final = 60.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Spent:
    """Sums of one key. Answers count their thinking."""

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    last_used: float | None = None
    """Unix seconds."""

    def request(self) -> None:
        self.requests += 1
        self.last_used = time.time()

    def tokens(self, usage: Usage) -> None:
        self.prompt_tokens += usage.prompt
        self.answer_tokens += usage.answer + usage.thoughts


class Rate:
    """A bucket that holds a minute's worth of requests and fills up evenly."""

    def __init__(self, per_minute: int, now: float) -> None:
        self.per_minute = per_minute
        self._left, self._since = float(per_minute), now

    def take(self, now: float) -> float:
        """Take one; returns how many seconds to wait where there is none, else 0."""
        pace = self.per_minute / _MINUTE
        self._left = min(self.per_minute, self._left + (now - self._since) * pace)
        self._since = now
        if self._left < 1:
            return (1 - self._left) / pace
        self._left -= 1
        return 0.0


class UsageBook:
    """Counts in memory, by the key's digest; written down now and then, never while a caller waits."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._spent = _read(path)
        self._rates: dict[str, Rate] = {}
        self._saved = self._document()

    def of(self, digest: str) -> Spent:
        """The sums of a key, which may go on growing."""
        return self._spent.setdefault(digest, Spent())

    def admit(self, digest: str, per_minute: int) -> Spent:
        """Count a request; `per_minute` is 0 where there is no limit.

        Raises:
            TooManyRequests: above it; not counted.
        """
        if per_minute:
            self._limit(digest, per_minute)
        spent = self.of(digest)
        spent.request()
        return spent

    async def keep_saved(self) -> None:
        """Write down what has changed, again and again, until cancelled."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await asyncio.to_thread(self._write, self._document())

    def save(self) -> None:
        """Write down what has changed."""
        self._write(self._document())

    def _write(self, document: bytes) -> None:
        """A failure is logged: counting is not worth a refused request."""
        if document == self._saved:
            return
        try:
            write_private(self._path, document)
        except OSError as error:
            log.warning("the use of keys could not be saved to %s: %s", self._path, error.strerror)
            return
        self._saved = document

    def _limit(self, digest: str, per_minute: int) -> None:
        now, rate = self._clock(), self._rates.get(digest)
        if rate is None or rate.per_minute != per_minute:
            rate = self._rates[digest] = Rate(per_minute, now)
        if wait := rate.take(now):
            raise TooManyRequests(
                f"This key may call {per_minute} times a minute; try again in {math.ceil(wait)} s.",
                retry_after=wait,
            )

    def _document(self) -> bytes:
        rows = {digest: asdict(spent) for digest, spent in self._spent.items()}
        return json.dumps({"version": 1, "keys": rows}, indent=1).encode() + b"\n"


def usage_file(access: AccessSettings) -> Path:
    """Beside the named keys, but a file of its own: keys are changed by people, this by the gateway alone."""
    return access.named_keys_file.with_name(f"{access.named_keys_file.stem}.usage.json")


def _read(path: Path) -> dict[str, Spent]:
    """Sums that cannot be read begin anew: no request should fail for them."""
    try:
        rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return {digest: Spent(**row) for digest, row in rows.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the use of keys in %s cannot be read and is counted anew: %s", path, error)
        return {}
