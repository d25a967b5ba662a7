"""Enumerations as numbers, by which clients that are generated from protocol buffers send them."""

from typing import Annotated, Any, Final

from pydantic import BeforeValidator

TYPES: Final = ("TYPE_UNSPECIFIED", "STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL")
"""Of schemas; the place of a name is its number, here and below."""


def name_at(names: tuple[str, ...], value: Any) -> Any:
    """The name of a number; anything else, also a number without a name, stays as it is."""
    numbered = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names)
    return names[value] if numbered else value


def _names(*names: str) -> BeforeValidator:
    return BeforeValidator(lambda value: name_at(names, value))


HarmCategoryName = Annotated[
    str,
    _names(
        *("HARM_CATEGORY_UNSPECIFIED", "HARM_CATEGORY_DEROGATORY", "HARM_CATEGORY_TOXICITY"),
        *("HARM_CATEGORY_VIOLENCE", "HARM_CATEGORY_SEXUAL", "HARM_CATEGORY_MEDICAL"),
        *("HARM_CATEGORY_DANGEROUS", "HARM_CATEGORY_HARASSMENT", "HARM_CATEGORY_HATE_SPEECH"),
        *("HARM_CATEGORY_SEXUALLY_EXPLICIT", "HARM_CATEGORY_DANGEROUS_CONTENT"),
        "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
]
ThresholdName = Annotated[
    str,
    _names(
        *("HARM_BLOCK_THRESHOLD_UNSPECIFIED", "BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE"),
        *("BLOCK_ONLY_HIGH", "BLOCK_NONE", "OFF"),
    ),
]
CallingMode = Annotated[str, _names("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")]
ResolutionName = Annotated[
    str,
    _names(*(f"MEDIA_RESOLUTION_{name}" for name in ("UNSPECIFIED", "LOW", "MEDIUM", "HIGH"))),
]
ModalityName = Annotated[str, _names("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")]
BehaviorName = Annotated[str, _names("UNSPECIFIED", "BLOCKING", "NON_BLOCKING")]
LanguageName = Annotated[str, _names("LANGUAGE_UNSPECIFIED", "PYTHON")]
OutcomeName = Annotated[
    str, _names("OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED")
]
TaskTypeName = Annotated[
    str,
    _names(
        *("TASK_TYPE_UNSPECIFIED", "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY"),
        *("CLASSIFICATION", "CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"),
    ),
]
