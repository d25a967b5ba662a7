"""Keeps an answer within what the request allows: stop sequences and the number of output tokens.

Only visible text counts and is cut; thoughts, calls and media pass. The unit is `tokens.token_count`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from simulator.ask import Config
from simulator.model.beats import Beat, Emit, End
from simulator.parts import FinishReason, Part, Text
from simulator.tokens import BYTES_PER_TOKEN


class TextLimit:
    """Feeds text through; what could still become a stop sequence is held back until it is decided."""

    def __init__(self, stops: tuple[str, ...], max_tokens: int | None) -> None:
        self._stops = stops
        self._bytes_left = None if max_tokens is None else max_tokens * BYTES_PER_TOKEN
        self._held = ""
        self.reached: FinishReason | None = None

    def feed(self, text: str) -> str:
        """What may be said of `text` now. After `reached` is set nothing more may be said."""
        text = self._held + text
        self._held = ""
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            text, self.reached = text[: min(places)], FinishReason.STOP
        else:
            kept = len(text) - self._undecided(text)
            text, self._held = text[:kept], text[kept:]
        return self._within_bytes(text)

    def rest(self) -> str:
        """What was held back, once nothing follows."""
        held, self._held = self._held, ""
        return self._within_bytes(held)

    def _undecided(self, text: str) -> int:
        """Length of the longest end of `text` that is a proper beginning of a stop sequence."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        lengths = range(min(longest, len(text)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in self._stops)), 0)

    def _within_bytes(self, text: str) -> str:
        if self._bytes_left is None:
            return text
        data = text.encode()
        if len(data) > self._bytes_left:
            self.reached = FinishReason.MAX_TOKENS
            text = data[: self._bytes_left].decode(errors="ignore")
        self._bytes_left -= min(len(data), self._bytes_left)
        return text


def limited(beats: Iterable[Beat], config: Config) -> Iterator[Beat]:
    """`beats`, ended early where a limit of the request is reached."""
    limit = TextLimit(config.stop_sequences, config.max_output_tokens)
    for beat in beats:
        if not isinstance(beat, Emit):
            rest = limit.rest()
            if rest:
                yield Emit((Text(rest),))
            yield beat if limit.reached is None else End(limit.reached)
            return
        parts = tuple(_limited_parts(beat.parts, limit))
        if parts:
            yield Emit(parts)
        if limit.reached is not None:
            yield End(limit.reached)
            return


def _limited_parts(parts: tuple[Part, ...], limit: TextLimit) -> Iterator[Part]:
    for part in parts:
        if not isinstance(part, Text) or part.thought:
            yield part
            continue
        text = limit.feed(part.text)
        if text or part.signature:
            yield replace(part, text=text)
        if limit.reached is not None:
            return
