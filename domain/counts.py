"""How many tokens something has, and of which kind they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Modality(StrEnum):
    """What tokens stand for, by the site's own names."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


ByModality = tuple[tuple[Modality, int], ...]
"""Each kind at most once; empty where the site does not tell the kinds apart."""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """How many tokens a request has, as the page counts it before anything is generated."""

    total: int
    by_modality: ByModality = ()


def added(counts: Iterable[ByModality]) -> ByModality:
    """All of them together, in the order in which the kinds came up."""
    sums: dict[Modality, int] = {}
    for count in counts:
        for modality, tokens in count:
            sums[modality] = sums.get(modality, 0) + tokens
    return tuple(sums.items())
