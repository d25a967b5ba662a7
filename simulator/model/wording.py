"""Texts of the model: thoughts, numbered material whose loss or reordering shows, and cutting into pieces."""

import hashlib
from collections.abc import Iterator

from simulator.ask import Ask

FILLER = "the quick brown fox jumps over the lazy dog and naïve café owners say 你好 to it "
LARGEST_NUMBER_OF_PIECES = 100
SMALLEST_PIECE = 24
SHOWN_OF_PROMPT = 60


def pieces(text: str, count: int = LARGEST_NUMBER_OF_PIECES, smallest: int = SMALLEST_PIECE) -> Iterator[str]:
    """`text` in at most `count` pieces of equal length, none but the last shorter than `smallest`."""
    size = max(smallest, -(-len(text) // count))
    for start in range(0, len(text), size):
        yield text[start : start + size]


def thought(number: int) -> str:
    """A thought as the site sends it: a titled paragraph."""
    return (
        f"**Considering step {number}**\n\nI look at what arrived and choose words for step {number}.\n\n\n"
    )


def chunk(number: int, size: int) -> str:
    """`chunk 0001 …`, `size` characters long (at least the number)."""
    head = f"chunk {number:04d} "
    return (head + FILLER * (size // len(FILLER) + 1))[: max(size - 1, len(head) - 1)] + " "


def numbered_lines(chars: int) -> Iterator[str]:
    """Lines `000001 …` that are `chars` characters together."""
    number, left = 0, chars
    while left > 0:
        number += 1
        line = f"{number:06d} {FILLER}\n"[:left]
        left -= len(line)
        yield line


def first_words(text: str) -> str:
    """The beginning of a prompt on one line."""
    flat = " ".join(text[: SHOWN_OF_PROMPT * 4].split())
    return flat if len(flat) <= SHOWN_OF_PROMPT else flat[:SHOWN_OF_PROMPT].rstrip() + "…"


def friendly(ask: Ask) -> str:
    """What is said when the prompt has no directive: what arrived, in a few sentences."""
    last = ask.last_user
    lines = [f"Hello from the simulator. I am {ask.model.removeprefix('models/')}."]
    if last.responses:
        lines.append(f"The function {last.responses[0]['name']} has answered, thank you.")
    if last.texts:
        lines.append(f"You wrote “{first_words(last.text)}”, {len(last.text)} characters long.")
    if ask.attachments:
        names = ", ".join(medium.name or medium.mime for medium in ask.attachments)
        lines.append(f"I can see {len(ask.attachments)} attachment(s): {names}.")
    if len(ask.contents) > 1:
        lines.append(f"Our conversation has {len(ask.contents)} messages by now.")
    lines.append("I only look at what really reached me, and I always say the same to the same prompt.")
    lines.append("Try a line that begins with /echo, /report, /think, /chunks, /call or /fail to see more.")
    return " ".join(lines)


def short_id(*seeds: str) -> str:
    """Eight characters that depend on nothing but `seeds`."""
    return hashlib.sha256("\0".join(seeds).encode()).hexdigest()[:8]
