"""OpenAI's form of an embeddings request and of its answer."""

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from api.embeddings.service import Embedded, Manner
from domain.errors import BadRequest, Unsupported

MOST_TEXTS: Final = 2048

_TOKENS: Final = "Token arrays belong to another model's tokenizer and are not supported; send the text."


class EmbeddingRequest(BaseModel):
    """What is honoured; `user` has no effect."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: str = Field(min_length=1)
    input: str | list[Any]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    texts: tuple[str, ...]
    manner: Manner
    packed: bool
    """Vectors as base64 of little-endian 32-bit floats."""
    ignored: tuple[str, ...]


def decode(document: Any) -> Asked:
    """Raises BadRequest: an unknown field, no text, tokens in place of text, too many texts."""
    if not isinstance(document, dict):
        raise BadRequest("The request body must be a JSON object.")
    try:
        asked = EmbeddingRequest.model_validate(document)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_context=False)[0]) from None
    ignored = ("user",) if asked.user is not None else ()
    return Asked(
        asked.model.removeprefix("models/"),
        _texts(asked.input),
        Manner(dimensions=asked.dimensions),
        asked.encoding_format == "base64",
        ignored,
    )


def _texts(given: str | list[Any]) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    if not texts:
        raise BadRequest("input must hold at least one text.", param="input")
    if len(texts) > MOST_TEXTS:
        raise BadRequest(f"input may hold {MOST_TEXTS} texts, not {len(texts)}.", param="input")
    for at, text in enumerate(texts):
        path = "input" if isinstance(given, str) else f"input[{at}]"
        if isinstance(text, int | list):
            raise Unsupported(_TOKENS, param=path)
        if not isinstance(text, str) or not text:
            raise BadRequest(f"{path} must be a text that is not empty, not {text!r:.100}.", param=path)
    return tuple(texts)


def _refusal(detail: ErrorDetails) -> BadRequest:
    name = str(detail["loc"][0])[:100]
    if detail["type"] == "extra_forbidden":
        return Unsupported(f"The parameter {name!r} is not supported.", param=name)
    if detail["type"] == "missing":
        return BadRequest(f"{name!r} is required.", param=name)
    return BadRequest(f"{name!r}: {detail['msg']} (got {detail['input']!r:.100}).", param=name)


def answer(model: str, embedded: Embedded, *, packed: bool) -> dict[str, Any]:
    usage = {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens}
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else list(vector)}
        for index, vector in enumerate(embedded.vectors)
    ]
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
