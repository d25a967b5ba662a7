"""Google's shape of a model, and pages of a list of them."""

from collections.abc import Sequence
from typing import Any, Final

from domain.errors import BadRequest
from domain.models import ModelCard

Json = dict[str, Any]

MOST_PER_PAGE: Final = 1000
PER_PAGE: Final = 50
SERVED: Final = ("generateContent", "countTokens")
"""What every model of the list can do here, whatever else the site's own API does with it."""


def model_object(card: ModelCard) -> Json:
    """A `Model` of Google's API; numbers that the page does not tell are left out."""
    told = {
        "name": f"models/{card.id}",
        "baseModelId": card.id,
        "version": card.version or "001",
        "displayName": card.display_name,
        "description": card.description or None,
        "inputTokenLimit": card.input_limit,
        "outputTokenLimit": card.output_limit,
        "supportedGenerationMethods": list(SERVED),
        "temperature": card.temperature,
        "maxTemperature": 2,
        "topP": card.top_p,
        "topK": card.top_k,
        "thinking": card.thinking is not None,
    }
    return {name: value for name, value in told.items() if value is not None}


def models_page(cards: Sequence[ModelCard], size: str | None, token: str | None) -> Json:
    """One page of a list, in the list's order. A token is the place of the first model of its page.

    Raises:
        BadRequest: `size` or `token` is none.
    """
    start = 0 if token is None else _whole("pageToken", token)
    count = PER_PAGE if size is None else _whole("pageSize", size)
    end = start + (min(count, MOST_PER_PAGE) or PER_PAGE)
    page: Json = {"models": [model_object(card) for card in cards[start:end]]}
    return {**page, "nextPageToken": str(end)} if end < len(cards) else page


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise BadRequest(f"{name} must be a whole number, not {text!r:.100}.", param=name)
    return int(text)
