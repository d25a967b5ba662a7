"""How a prompt says what it wants: `/name(options) rest`.

The last line of the last user content that begins with a known directive decides. Options are `key=value`
words: between parentheses right after the name, or on the line itself where the rest is not free text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

OPTION_NAMES = ("ttft", "every", "thoughts", "n", "size", "chars", "after", "code", "retry", "per")
_LINE = re.compile(r"/([a-z]+)(?:\(([^)\n]*)\))?(?=[ \t\r\n]|\Z)")
_OPTION = re.compile(rf"^({'|'.join(OPTION_NAMES)})=(\S+)$")

_LEADING = re.compile(rf"({'|'.join(OPTION_NAMES)})=(\S+)(?: |(?=\n)|$)")


class BadDirectiveError(ValueError):
    """A directive whose options or arguments make no sense; the text says which."""


@dataclass(frozen=True, slots=True)
class Directive:
    """`rest` is everything behind the name to the end of the content, without the one separating blank."""

    name: str
    rest: str = ""
    options: Mapping[str, str] | None = None

    @property
    def line(self) -> str:
        """The rest of the directive's own line."""
        return self.rest.split("\n", 1)[0].rstrip("\r")

    def leading(self) -> "Directive":
        """The same with options at the very beginning of the text taken out of it."""
        options, rest = dict(self.options or {}), self.rest
        while match := _LEADING.match(rest):
            options[match[1]] = match[2]
            rest = rest[match.end() :]
        return Directive(self.name, rest, options)

    def words(self) -> list[str]:
        """Words of the line that are no options."""
        return [word for word in self.line.split() if not _OPTION.match(word)]

    def option(self, name: str) -> str | None:
        """An option as it is written, from the parentheses or the line."""
        given = {m[1]: m[2] for word in self.line.split() if (m := _OPTION.match(word))}
        return (given | dict(self.options or {})).get(name)

    def number(self, name: str) -> float | None:
        """A non-negative option, from the parentheses or the line; None if absent."""
        given = self.option(name)
        if given is None:
            return None
        try:
            value = float(given)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1e9:
            raise BadDirectiveError(f"/{self.name}: {name}={given!r} is not a number from 0 to 1e9")
        return value

    def integer(self, name: str, default: int) -> int:
        value = self.number(name)
        return default if value is None else int(value)


def find_directive(text: str, known: frozenset[str]) -> Directive | None:
    """The last line of `text` that begins with one of the `known` names."""
    start = len(text)
    while start > 0:
        start = text.rfind("\n/", 0, start) + 1  # 0 when there is none: the beginning of the text
        match = _LINE.match(text, start)
        if match is not None and match[1] in known:
            rest = text[match.end() :]
            return Directive(match[1], rest.removeprefix(" "), _options(match[2] or ""))
    return None


def _options(text: str) -> dict[str, str]:
    pairs = [_OPTION.match(word) for word in re.split(r"[\s,]+", text) if word]
    return {pair[1]: pair[2] for pair in pairs if pair}
