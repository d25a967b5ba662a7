"""From beats to the bytes of one StreamBody: counts tokens, writes events, and opens and closes the array."""

import time
from dataclasses import replace

from simulator import writer
from simulator.ask import Ask
from simulator.model.beats import Block, Break, Emit, End
from simulator.parts import Blob, Call, Finish, Part, Text, Usage
from simulator.scenario import Framing
from simulator.tokens import TOKENS_PER_MEDIUM, token_count

TRAILER_NUMBERS = (109021497, 4162363067)


class Transcript:
    """One answer as bytes. `torn` and the closing methods end it; events are only counted in between."""

    def __init__(self, ask: Ask, response_id: str, framing: Framing) -> None:
        self._response_id = response_id
        self._framing = framing
        self._ratings = tuple(category for category, _ in ask.safety)
        self._usage = Usage(prompt=ask.prompt_tokens, prompt_kinds=tuple(ask.prompt_kinds.items()))
        self._said_bytes = 0
        self._thought_bytes = 0
        self.events = 0

    def emit(self, beat: Emit) -> bytes:
        self._count(beat.parts)
        return self._event(writer.event(beat.parts, self._usage, self._response_id))

    def end(self, beat: End) -> bytes:
        """The finishing event, the optional trailer and the end of the array."""
        finish = Finish(beat.reason, beat.message, self._ratings, beat.grounding, beat.citations)
        last = self._event(writer.event((), self._usage, self._response_id, finish))
        return last + self._close()

    def block(self, beat: Block) -> bytes:
        return self._event(writer.blocked(beat.reason, self._usage, self._response_id)) + self._close()

    def broken(self, beat: Break) -> bytes:
        """An error in the second slot; also when nothing has been said yet."""
        head = b"" if self.events else writer.STREAM_OPEN
        return head + writer.broken_stream(beat.code, beat.message, beat.details)

    def torn(self) -> bytes:
        """The first half of one more event."""
        whole = self._event(
            writer.event((Text("this text will never arrive"),), self._usage, self._response_id)
        )
        return whole[: len(whole) // 2]

    def _close(self) -> bytes:
        extra = b""
        if self._framing.trailer:
            extra = self._event(writer.trailer(time.time_ns() // 1000, *TRAILER_NUMBERS))
        return extra + writer.STREAM_CLOSE

    def _event(self, event: list[object]) -> bytes:
        gap = b"\n " if self._framing.whitespace else b""
        head = b"," + gap if self.events else writer.STREAM_OPEN
        self.events += 1
        return head + writer.dumps(event) + gap

    def _count(self, parts: tuple[Part, ...]) -> None:
        """Add what is said to the cumulative usage; the estimate is taken over the whole, not per event."""
        for part in parts:
            self._count_part(part)

    def _count_part(self, part: Part) -> None:
        usage = self._usage
        thoughts, candidates, image = usage.thoughts, usage.candidates, usage.image
        match part:
            case Text(text, True):
                self._thought_bytes += len(text.encode())
                thoughts = -(-self._thought_bytes // 4)
            case Text(text, False):
                self._said_bytes += len(text.encode())
                candidates = -(-self._said_bytes // 4) + (image or 0) if text or candidates else candidates
            case Blob(thought=True):
                thoughts = (thoughts or 0) + TOKENS_PER_MEDIUM
            case Blob():
                image = (image or 0) + TOKENS_PER_MEDIUM
                candidates = (candidates or 0) + TOKENS_PER_MEDIUM
            case Call(name, args):
                candidates = (candidates or 0) + token_count(name + writer.dumps(args).decode())
            case _:
                candidates = (candidates or 0) + token_count(writer.dumps(writer.part(part)).decode())
        self._usage = replace(usage, candidates=candidates, thoughts=thoughts, image=image)
