"""What the site rates prompts and answers for."""

from dataclasses import dataclass
from enum import StrEnum


class HarmCategory(StrEnum):
    HARASSMENT = "harassment"
    HATE_SPEECH = "hate_speech"
    SEXUALLY_EXPLICIT = "sexually_explicit"
    DANGEROUS_CONTENT = "dangerous_content"


class HarmThreshold(StrEnum):
    """From which probability on a harm is blocked, by the public names."""

    OFF = "off"
    """It is not even rated."""
    BLOCK_NONE = "block_none"
    BLOCK_ONLY_HIGH = "block_only_high"
    BLOCK_MEDIUM_AND_ABOVE = "block_medium_and_above"
    BLOCK_LOW_AND_ABOVE = "block_low_and_above"


class HarmProbability(StrEnum):
    NEGLIGIBLE = "negligible"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Rating:
    """How likely the site holds an answer to be harmful in one way."""

    category: HarmCategory
    probability: HarmProbability
    blocked: bool = False
    """Whether the answer was withheld for it."""
