"""JSON answers: what the model is told, and how the document is taken out of what it wrote."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.exchange.validation import misfit, parsed

ANY_OBJECT: Final = "Answer with one JSON object and nothing else: no words around it, no code fence."

_FENCED: Final = re.compile(r"```[A-Za-z]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_OPENING_FENCE: Final = re.compile(r"\A\s*```[A-Za-z]*[ \t]*\r?\n")
_BRACKET: Final = re.compile(r"[{\[]")
_MOST_STARTS: Final = 32
"""How many brackets in prose are tried as the beginning of the document."""


def described(schema: Mapping[str, Any] | None) -> str:
    """What stands in the system instruction when the page does not know about the form of the answer."""
    if schema is None:
        return ANY_OBJECT
    return (
        "Answer with one JSON document that fits the following JSON schema, and nothing else: no words "
        f"around it, no code fence.\n{json.dumps(schema, ensure_ascii=False)}"
    )


def document_of(text: str, schema: Mapping[str, Any] | None) -> tuple[str, str | None]:
    """The JSON in an answer, exactly as written, and what is wrong with it (`None`: nothing).

    The whole text, the content of a code fence, and what begins at a bracket are tried in this order; the
    first that fits is taken, otherwise the first that is JSON at all.
    """
    first: tuple[str, str] | None = None
    for candidate in _candidates(text):
        try:
            document = parsed(candidate)
        except ValueError:
            continue
        wrong = _wrong(document, schema)
        if wrong is None:
            return candidate, None
        first = first or (candidate, wrong)
    return first or (text, "there is no JSON document in it")


def without_opening_fence(text: str) -> str:
    """The text of an answer that was cut short inside its code fence."""
    return _OPENING_FENCE.sub("", text)


def _candidates(text: str) -> Iterator[str]:
    yield text.strip()
    for fenced in _FENCED.finditer(text):
        yield fenced[1].strip()
    decoder = json.JSONDecoder()
    position = 0
    for _ in range(_MOST_STARTS):
        bracket = _BRACKET.search(text, position)
        if bracket is None:
            return
        position = bracket.start() + 1
        try:
            _, end = decoder.raw_decode(text, bracket.start())
        except (ValueError, RecursionError):
            continue
        yield text[bracket.start() : end]
        position = end


def _wrong(document: Any, schema: Mapping[str, Any] | None) -> str | None:
    if schema is not None:
        return misfit(document, schema)
    return None if isinstance(document, dict) else "it is not a JSON object"
