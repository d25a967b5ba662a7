"""Markdown that renders to what the page shows.

Where the page does not give an answer's source, this is the nearest: marks are written anew, so that their
form (`*` or `_`, the width of a table) is lost, and so are blank lines and escapes.

A tree is a string, or `[tag, attributes, *trees]`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

Tree = Any
"""`str | list[Any]`, as it comes from the page."""

_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "s": "~~", "del": "~~"}
_BLOCKS = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "hr", "pre", "table", "div",
    "ms-cmark-node", "ms-text-chunk", "ms-code-block",
}  # fmt: skip
_FENCE = re.compile(r"`{3,}")


def markdown_of(tree: Tree) -> str:
    """The text of a tree, without blank lines at its ends."""
    return "\n\n".join(_blocks([tree])).strip("\n")


def _blocks(trees: Iterable[Tree]) -> list[str]:
    """Each block by itself; what stands beside blocks forms paragraphs."""
    blocks: list[str] = []
    loose: list[Tree] = []
    for tree in trees:
        if isinstance(tree, str) or tree[0] not in _BLOCKS:
            loose.append(tree)
            continue
        blocks += _paragraph(loose)
        loose = []
        blocks += _block(tree)
    return blocks + _paragraph(loose)


def _paragraph(trees: Sequence[Tree]) -> list[str]:
    text = _inline(trees).strip()
    return [text] if text else []


def _block(tree: list[Any]) -> list[str]:
    tag, attributes, *inner = tree
    match tag:
        case "p":
            return _paragraph(inner)
        case "ul" | "ol":
            return [_list(inner, attributes, ordered=tag == "ol")]
        case "table":
            return _table(tree)
        case "hr" | "pre" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            return [_marked(tag, attributes, inner)]
        case _:
            return _blocks(inner)


def _marked(tag: str, attributes: dict[str, Any], inner: list[Tree]) -> str:
    match tag:
        case "hr":
            return "---"
        case "pre":
            return _fenced(_text(inner), str(attributes.get("language", "")))
        case "blockquote":
            return _prefixed("\n\n".join(_blocks(inner)), "> ", "> ")
        case _:
            return f"{'#' * int(tag[1])} {_inline(inner).strip()}"


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in _FENCE.findall(code)), default=2)
    fence = "`" * (longest + 1)
    name = "" if language.lower() == "code" else language
    return f"{fence}{name}\n{code.rstrip(chr(10))}\n{fence}"


def _list(items: Iterable[Tree], attributes: dict[str, str], *, ordered: bool) -> str:
    number = int(attributes.get("start") or 1)
    lines = []
    for item in items:
        if isinstance(item, str):
            continue
        mark = f"{number}. " if ordered else "- "
        number += 1
        blocks = _blocks(item[2:])
        tight = "\n".join(blocks) if all("\n\n" not in block for block in blocks) else "\n\n".join(blocks)
        lines.append(_prefixed(tight, mark, " " * len(mark)))
    return "\n".join(lines)


def _prefixed(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        (first if not at else rest) + line if line or not at else rest.rstrip()
        for at, line in enumerate(lines)
    )


def _table(tree: Tree) -> list[str]:
    rows = [
        [_inline(cell[2:]).strip().replace("|", "\\|") for cell in _found(row, {"th", "td"})]
        for row in _found(tree, {"tr"})
    ]
    if not rows:
        return []
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return ["\n".join(f"| {' | '.join(row)} |" for row in lines)]


def _found(tree: Tree, tags: set[str]) -> list[list[Any]]:
    """The topmost elements of these kinds below a tree."""
    found: list[list[Any]] = []
    for inner in () if isinstance(tree, str) else tree[2:]:
        if isinstance(inner, str):
            continue
        found += [inner] if inner[0] in tags else _found(inner, tags)
    return found


def _inline(trees: Iterable[Tree]) -> str:
    return "".join(tree if isinstance(tree, str) else _span(tree) for tree in trees)


def _span(tree: list[Any]) -> str:
    tag, attributes, *inner = tree
    match tag:
        case "br":
            return "\n"
        case "math":
            dollars = "$$" if attributes.get("display") else "$"
            return f"{dollars}{_text(inner)}{dollars}"
        case "code":
            return _code_span(_text(inner))
        case "img":
            return f"![{attributes.get('alt', '')}]({attributes.get('src', '')})"
        case _:
            return _styled(tag, attributes, _inline(inner))


def _styled(tag: str, attributes: dict[str, Any], text: str) -> str:
    if tag == "a" and attributes.get("href") not in {None, text}:
        return f"[{text}]({attributes['href']})"
    mark = _MARKS.get(tag, "") if text.strip() else ""
    return f"{mark}{text}{mark}"


def _code_span(code: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def _text(trees: Iterable[Tree]) -> str:
    return "".join(tree if isinstance(tree, str) else _text(tree[2:]) for tree in trees)


def renders(source: str, tree: Tree) -> bool:
    """Whether a tree can be what `source` looks like: it has its letters and digits, in the same order."""
    letters = iter(character for character in source if character.isalnum())
    return all(character in letters for character in _text([tree]) if character.isalnum())
