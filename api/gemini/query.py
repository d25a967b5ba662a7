"""What Google's API takes in the query of any method, besides a method's own."""

from collections.abc import Iterator
from typing import Final

from fastapi import Request

from domain.errors import BadRequest

_ALT: Final = ("alt", "$alt")
_WITHOUT_EFFECT_ANYWHERE: Final = frozenset({"key", "prettyPrint", "$prettyPrint", "quotaUser", "$.xgafv"})
"""Who is asking, and how it is to look: nobody gets another answer by them."""
_FIELD_MASK: Final = "X-Goog-FieldMask"


def read_alt(request: Request) -> str | None:
    """`json` or `sse`, as far as it is said.

    Raises:
        BadRequest: another form, such as `proto` or `media`.
    """
    given = next((request.query_params[name] for name in _ALT if name in request.query_params), "")
    # Generated clients say how they want enumerations: "json;enum-encoding=int". They read names as well.
    form = given.lower().partition(";")[0]
    if form not in {"", "json", "sse"}:
        raise BadRequest(f"alt={given!r:.60} is not answered in, only json and sse.", param="alt")
    return form or None


def ignored_in_query(request: Request, *, stream: bool) -> tuple[str, ...]:
    """Names of what is asked for there and makes no difference."""
    return tuple(dict.fromkeys(_without_effect(request, stream=stream)))


def _without_effect(request: Request, *, stream: bool) -> Iterator[str]:
    for name in request.query_params:
        if name in _ALT:
            if read_alt(request) == "sse" and not stream:
                yield name
        elif name not in _WITHOUT_EFFECT_ANYWHERE:
            yield name[:100]
    if _FIELD_MASK in request.headers:
        yield _FIELD_MASK
