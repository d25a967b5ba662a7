"""Native requests as the decoder reads them."""

from typing import Any

import pytest

from api.gemini.decode import Asked, decode
from domain.errors import BadRequest
from domain.requests import Turn
from tests.api.gemini_harness import MODEL, says

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING", "nullable": True}},
        "required": ["city"],
    },
}


def read(document: Any = None, *, strict: bool = False, **fields: Any) -> Asked:
    return decode({**says(), **fields} if document is None else document, MODEL, strict=strict)


def config(**fields: Any) -> Asked:
    return read(generationConfig=fields)


def turns(*contents: Any) -> tuple[Turn, ...]:
    return read({"contents": list(contents)}).plan.request.turns


def parts(*given: Any, role: str = "user") -> tuple[Any, ...]:
    [turn] = turns({"role": role, "parts": list(given)})
    return turn.parts


def refused(document: Any) -> BadRequest:
    with pytest.raises(BadRequest) as caught:
        read(document)
    return caught.value
