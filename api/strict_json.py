"""JSON as its standard has it, and nothing in it that could not be written down again."""

import json
import math
import re
from collections import Counter
from typing import Any, Final

HALF_PAIR: Final = r"half of a surrogate pair (\ud800 to \udfff)"

_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class NotStrict(ValueError):
    """Python would read it, but it is not JSON or says less than it seems to. Goes on from 'it holds'."""


def strict_json(text: str, *, unique: bool = False) -> Any:
    """The one document of a text; `unique`: no object may have a name twice, since one of them would be lost.

    Raises:
        json.JSONDecodeError: it is not JSON.
        NotStrict: NaN, Infinity, a number that would become one of them, or half of a surrogate pair.
        ValueError: a number that is too long to be read.
        RecursionError: it is nested too deeply.
    """
    document = json.loads(
        text,
        parse_constant=_no_number,
        parse_float=_finite,
        object_pairs_hook=_unique if unique else None,
    )
    if _SURROGATE_ESCAPE.search(text):
        _refuse_half_pairs(document)
    return document


def _no_number(name: str) -> Any:
    raise NotStrict(f"{name!r}, which is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise NotStrict(f"{digits:.40}, a number that is too large")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = counts.most_common(1)[0][0]
        raise NotStrict(f"the name {twice!r:.60} twice in one object")
    return found


def _refuse_half_pairs(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotStrict(HALF_PAIR) from None
