"""The page's ListModels answer -> model cards."""

from typing import Any

from browser.wire import fields
from browser.wire.fields import at, count_at, list_at, number_at, parsed, text_at
from domain.errors import WireError
from domain.models import ModelCard, Thinking

_PAID = 2


def decode_models(body: str) -> tuple[ModelCard, ...]:
    """Decode `[[row, row, …]]`, in the page's order; a row without a name is left out.

    Raises:
        WireError: the body is not such a list.
    """
    try:
        message = parsed(body.removeprefix(")]}'"))
    except ValueError as error:
        raise WireError(f"The model list is not JSON: {error}.") from error
    rows = list_at(message, 0)
    if rows and isinstance(rows[0], str):  # rows at top level
        rows = message
    cards = tuple(_card(row) for row in rows if (text_at(row, fields.MODEL_NAME) or "").startswith("models/"))
    if not cards:
        raise WireError("The page's model list holds no model.")
    return cards


def _card(row: list[Any]) -> ModelCard:
    name = row[fields.MODEL_NAME].removeprefix("models/")
    top_k = number_at(row, fields.MODEL_TOP_K)
    return ModelCard(
        id=name,
        display_name=text_at(row, fields.MODEL_DISPLAY_NAME) or name,
        description=text_at(row, fields.MODEL_DESCRIPTION) or "",
        version=text_at(row, fields.MODEL_VERSION) or "",
        input_limit=count_at(row, fields.MODEL_INPUT_LIMIT) or None,
        output_limit=count_at(row, fields.MODEL_OUTPUT_LIMIT) or None,
        methods=tuple(m for m in list_at(row, fields.MODEL_METHODS) if isinstance(m, str)),
        temperature=number_at(row, fields.MODEL_TEMPERATURE),
        top_p=number_at(row, fields.MODEL_TOP_P),
        top_k=None if top_k is None else int(top_k),
        thinking=_thinking(list_at(row, fields.MODEL_THINKING)),
        aliases=tuple(
            old.removeprefix("models/")
            for pair in list_at(row, fields.MODEL_ALIASES)
            if (old := text_at(pair, 0))
        ),
        needs_paid_key=at(row, fields.MODEL_PAID) == _PAID,
        # What the numbers of ratios and sizes stand for is not known; the page's own lists say it in words.
        makes_pictures=bool(list_at(row, fields.MODEL_RATIOS)),
        picture_sizes=bool(list_at(row, fields.MODEL_SIZES)),
    )


def _thinking(caps: list[Any]) -> Thinking | None:
    """`[defaultBudget, maxBudget, minBudget, canDisable, offByDefault, defaultLevel, [levels]]`."""
    if not caps:
        return None
    return Thinking(
        levels=tuple(fields.LEVELS[level] for level in list_at(caps, 6) if level in fields.LEVELS),
        default_level=fields.LEVELS.get(count_at(caps, 5)),
        default_budget=_whole(number_at(caps, 0)),
        max_budget=_whole(number_at(caps, 1)),
        min_budget=_whole(number_at(caps, 2)),
        can_disable=bool(at(caps, 3)),
        off_by_default=bool(at(caps, 4)),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
