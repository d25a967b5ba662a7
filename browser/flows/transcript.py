"""A conversation as one prompt that no message text can break out of.

The page takes one text at a time. Earlier messages are written between marker lines; a marker carries a tag
that occurs in no message, so nothing inside a message can look like one. The message to be answered stands
last, as it is, up to the very end.

    The conversation so far, each message after a line that names its author and ends with the tag 5d41402a:
    --- user 5d41402a
    …
    --- model 5d41402a
    …
    --- end 5d41402a
    Reply to the next message from the user:

    …
"""

import hashlib
from collections.abc import Sequence

from domain.requests import Turn

_TAG_LENGTH = 8
_OPENING = "The conversation so far, each message after a line that names its author and ends with the tag"


def write_transcript(turns: Sequence[Turn]) -> str:
    """The prompt for a conversation, oldest turn first; a single user turn is written as it is."""
    if len(turns) == 1 and turns[0].role == "user":
        return turns[0].text
    tag = _tag(turns)
    answered = turns[-1].role == "user"
    earlier = turns[:-1] if answered else turns
    lines = [f"{_OPENING} {tag}:"]
    for turn in earlier:
        lines += [f"--- {turn.role} {tag}", turn.text]
    lines.append(f"--- end {tag}")
    if answered:
        lines += ["Reply to the next message from the user:", "", turns[-1].text]
    else:
        lines += ["Continue the last message of the model from exactly where it stops."]
    return "\n".join(lines)


def read_transcript(prompt: str) -> list[Turn]:
    """The turns of a prompt that `write_transcript` wrote for a conversation that ends with the user."""
    lines = prompt.split("\n")
    tag = lines[0].rpartition("the tag ")[2].removesuffix(":")
    turns: list[Turn] = []
    start = 1
    for number in range(1, len(lines)):
        author = lines[number].removeprefix("--- ").removesuffix(f" {tag}")
        if lines[number] != f"--- {author} {tag}":
            continue
        if number > 1:
            turns[-1] = Turn.of(turns[-1].role, "\n".join(lines[start + 1 : number]))
        if author == "end":
            return [*turns, Turn.of("user", "\n".join(lines[number + 3 :]))]
        turns.append(Turn.of("user" if author == "user" else "model", ""))
        start = number
    raise ValueError(f"the prompt has no end marker with the tag {tag!r}")


def _tag(turns: Sequence[Turn]) -> str:
    """Derived from the conversation, so that the same request gives the same prompt; in no message."""
    seed = "\x00".join(f"{turn.role}\x01{turn.text}" for turn in turns)
    while True:
        seed = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()
        tag = seed[:_TAG_LENGTH]
        if not any(tag in turn.text for turn in turns):
            return tag
