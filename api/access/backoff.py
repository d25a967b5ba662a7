"""Longer and longer pauses for an address that guesses."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from domain.errors import TooManyRequests

FREE: Final = 5
"""Failures before the first pause."""
LONGEST_SECONDS: Final = 900.0
_FORGET_SECONDS: Final = 3600.0
_MOST: Final = 4096


@dataclass(slots=True)
class _Failures:
    count: int
    latest: float
    until: float


class BackOff:
    """Counts failures by address: the sixth in a row costs a second, each further one twice as much."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_address: dict[str, _Failures] = {}

    def check(self, address: str) -> None:
        """Raises TooManyRequests: the pause is not over; right or wrong, nothing is looked at."""
        known = self._by_address.get(address)
        if known is not None and (left := known.until - self._clock()) > 0:
            raise TooManyRequests(
                f"Too many wrong tokens came from your address; try again in {math.ceil(left)} s.",
                retry_after=left,
            )

    def failed(self, address: str) -> None:
        now = self._clock()
        known = self._by_address.pop(address, None)
        count = 1 if known is None or now - known.latest > _FORGET_SECONDS else known.count + 1
        # 2.0 ** 1000 would still be a number; the exponent is bounded all the same.
        pause = min(LONGEST_SECONDS, 2.0 ** min(count - FREE - 1, 16)) if count > FREE else 0.0
        self._by_address[address] = _Failures(count, now, now + pause)
        while len(self._by_address) > _MOST:
            del self._by_address[next(iter(self._by_address))]

    def passed(self, address: str) -> None:
        self._by_address.pop(address, None)
