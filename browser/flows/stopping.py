"""Stop sequences that the page's one-line field cannot hold, honoured on the answer instead."""

from collections.abc import Sequence


def fits_page(sequence: str) -> bool:
    """Whether the page's chip field keeps the sequence as it is: it is one line and trims its ends."""
    return "\n" not in sequence and "\r" not in sequence and sequence == sequence.strip()


class StopWatch:
    """Lets an answer's text through up to the first stop sequence.

    What could be the beginning of a sequence is held back until more is known, so that no part of a
    sequence is ever let through.
    """

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = tuple(sequences)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """What may be passed on now; nothing once `stopped`."""
        if self.stopped or not self._sequences:
            return "" if self.stopped else text
        whole = self._held + text
        # The one that is whole first, as where the model itself stops: how the text is split must not matter.
        ends = [(at + len(sequence), at) for sequence in self._sequences if (at := whole.find(sequence)) >= 0]
        if ends:
            self.stopped, self._held = True, ""
            return whole[: min(ends)[1]]
        keep = max(_overlap(whole, sequence) for sequence in self._sequences)
        self._held = whole[len(whole) - keep :]
        return whole[: len(whole) - keep]

    def rest(self) -> str:
        """What was held back when the answer has ended by itself."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, sequence: str) -> int:
    """How many characters at the end of `text` could begin `sequence`."""
    for length in range(min(len(text), len(sequence) - 1), 0, -1):
        if sequence.startswith(text[-length:]):
            return length
    return 0
