"""Where things stand in the site's positional messages (index = protobuf field number - 1).

Graded from captures of the page's own traffic; the public Gemini numbering where the messages share it.
"""

import json
import math
from typing import Any

from domain.counts import ByModality, Modality
from domain.harms import HarmCategory, HarmProbability, Rating

# event (GenerateContentResponse)
CANDIDATES, PROMPT_FEEDBACK, USAGE, RESPONSE_ID = 0, 1, 2, 7
# candidate
CONTENT, FINISH_REASON, FINISH_MESSAGE, RATINGS, CITATIONS = 0, 1, 3, 4, 5
GROUNDING_SLOTS = (7, 8)
"""Captures and the public numbering disagree by one: the slot is recognised by its shape."""
# rating of a candidate
RATING_CATEGORY, RATING_PROBABILITY, RATING_BLOCKED = 2, 3, 4
HARMS = {
    7: HarmCategory.HARASSMENT,
    8: HarmCategory.HATE_SPEECH,
    9: HarmCategory.SEXUALLY_EXPLICIT,
    10: HarmCategory.DANGEROUS_CONTENT,
}
PROBABILITIES = {
    1: HarmProbability.NEGLIGIBLE,
    2: HarmProbability.LOW,
    3: HarmProbability.MEDIUM,
    4: HarmProbability.HIGH,
}
# part
TEXT, INLINE_DATA, CODE, CODE_RESULT, FUNCTION_CALL, THOUGHT, SIGNATURE = 1, 2, 7, 8, 10, 12, 14
# usage
USAGE_PROMPT, USAGE_ANSWER, USAGE_TOTAL, USAGE_CACHED, USAGE_THOUGHTS = 0, 1, 2, 3, 9
USAGE_PROMPT_KINDS, USAGE_ANSWER_KINDS, USAGE_TOOLS = 4, 6, 7
# answer to CountTokens
COUNT_TOTAL, COUNT_KINDS = 0, 5
MODALITIES = {
    1: Modality.TEXT,
    2: Modality.IMAGE,
    3: Modality.VIDEO,
    4: Modality.AUDIO,
    5: Modality.DOCUMENT,
}
# model row
MODEL_NAME, MODEL_VERSION, MODEL_DISPLAY_NAME, MODEL_DESCRIPTION = 0, 2, 3, 4
MODEL_INPUT_LIMIT, MODEL_OUTPUT_LIMIT, MODEL_METHODS = 5, 6, 7
MODEL_TEMPERATURE, MODEL_TOP_P, MODEL_TOP_K, MODEL_ALIASES = 8, 9, 10, 56
MODEL_THINKING, MODEL_RATIOS, MODEL_SIZES, MODEL_PAID = 71, 75, 76, 77
LEVELS = {1: "low", 2: "medium", 3: "high", 4: "minimal"}


def parsed(text: str | bytes) -> Any:
    """JSON. Raises ValueError where it is none, or nested too deep for this process."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def at(message: Any, index: int) -> Any:
    """The value in a slot; absent slots are `None`, as the format has it."""
    return message[index] if isinstance(message, list) and index < len(message) else None


def text_at(message: Any, index: int) -> str | None:
    """The string in a slot, `None` when the slot holds anything else."""
    value = at(message, index)
    return value if isinstance(value, str) else None


def number_at(message: Any, index: int) -> float | None:
    """The finite number in a slot; 64-bit integers travel as strings."""
    value = at(message, index)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else None


def count_at(message: Any, index: int) -> int:
    """The number in a slot as an integer, 0 when absent."""
    return int(number_at(message, index) or 0)


def list_at(message: Any, index: int) -> list[Any]:
    """The array in a slot, empty when absent."""
    value = at(message, index)
    return value if isinstance(value, list) else []


def kinds_at(message: Any, index: int) -> ByModality:
    """The `[modality, tokens]` pairs in a slot; kinds without a name and without tokens are left out."""
    pairs = [(MODALITIES.get(count_at(pair, 0)), count_at(pair, 1)) for pair in list_at(message, index)]
    return tuple((modality, tokens) for modality, tokens in pairs if modality is not None and tokens)


def ratings_at(message: Any, index: int) -> tuple[Rating, ...]:
    """The ratings in a slot; those of harms or probabilities without a name are left out."""
    found: list[Rating] = []
    for rating in list_at(message, index):
        category = HARMS.get(count_at(rating, RATING_CATEGORY))
        probability = PROBABILITIES.get(count_at(rating, RATING_PROBABILITY))
        if category is not None and probability is not None:
            found.append(Rating(category, probability, bool(at(rating, RATING_BLOCKED))))
    return tuple(found)
