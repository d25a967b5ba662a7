"""What each key has been used for, and how fast it may be used."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from api.access.private import sweep, write_private
from domain.errors import TooManyRequests
from domain.events import Usage
from settings import AccessSettings

SAVE_SECONDS: Final = 60.0
_MINUTE: Final = 60.0
_LOCK_SECONDS: Final = 5.0

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

    def grown(self, since: "Spent", now: "Spent") -> "Spent":
        """These sums with what was spent between two moments of others."""
        used = [moment for moment in (self.last_used, now.last_used) if moment is not None]
        return Spent(
            self.requests + now.requests - since.requests,
            self.prompt_tokens + now.prompt_tokens - since.prompt_tokens,
            self.answer_tokens + now.answer_tokens - since.answer_tokens,
            max(used, default=None),
        )


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


Sums = dict[str, Spent]
"""By the key's digest."""


class UsageBook:
    """Counts in memory; written down now and then, never while a caller waits.

    Several gateways may have the same keys: each adds to the file what it has counted since it last did.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._rates: dict[str, Rate] = {}
        self._spent = _read(path) or {}
        self._saved = _copied(self._spent)

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
            now = _copied(self._spent)
            self._settle(now, await asyncio.to_thread(self._add, now))

    def save(self) -> None:
        """Write down what has changed."""
        now = _copied(self._spent)
        self._settle(now, self._add(now))

    def _add(self, now: Sums) -> Sums | None:
        """Add to the file what was counted until `now`; what it holds then, or `None` where it is as it was.

        A failure is logged: counting is not worth a refused request.
        """
        if now == self._saved:
            return None
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock", timeout=_LOCK_SECONDS, mode=0o600):
                found = _read(self._path)
                sums = _copied(self._saved) if found is None else found
                for digest, spent in now.items():
                    sums[digest] = sums.get(digest, Spent()).grown(self._saved.get(digest, Spent()), spent)
                sweep(self._path)
                write_private(self._path, _document(sums))
        except (OSError, Timeout) as error:
            why = "another process is writing it" if isinstance(error, Timeout) else error.strerror
            log.warning("the use of keys could not be saved to %s: %s", self._path, why)
            return None
        return sums

    def _settle(self, then: Sums, sums: Sums | None) -> None:
        """Go on from what the file holds; what was counted since `then` is still to be added."""
        if sums is None:
            return
        for digest, base in sums.items():
            live, since = self.of(digest), then.get(digest, Spent())
            grown = base.grown(since, live)
            live.requests, live.last_used = grown.requests, grown.last_used
            live.prompt_tokens, live.answer_tokens = grown.prompt_tokens, grown.answer_tokens
        self._saved = sums

    def _limit(self, digest: str, per_minute: int) -> None:
        now, rate = self._clock(), self._rates.get(digest)
        if rate is None or rate.per_minute != per_minute:
            rate = self._rates[digest] = Rate(per_minute, now)
        if wait := rate.take(now):
            raise TooManyRequests(
                f"This key may call {per_minute} times a minute; try again in {math.ceil(wait)} s.",
                retry_after=wait,
            )


def _copied(sums: Sums) -> Sums:
    return {digest: replace(spent) for digest, spent in sums.items()}


def _document(sums: Sums) -> bytes:
    rows = {digest: asdict(spent) for digest, spent in sums.items()}
    return json.dumps({"version": 1, "keys": rows}, indent=1).encode() + b"\n"


def usage_file(access: AccessSettings) -> Path:
    """Beside the named keys, but a file of its own: keys are changed by people, this by the gateway alone."""
    return access.named_keys_file.with_name(f"{access.named_keys_file.stem}.usage.json")


def _read(path: Path) -> Sums | None:
    """What a file holds; `None` where there is none that can be read: no request should fail for sums."""
    try:
        rows: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return {digest: Spent(**row) for digest, row in rows.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the use of keys in %s cannot be read and is written anew: %s", path, error)
        return None
