"""The model catalogue: rows of a ListModels answer, read by position.

`listmodels.json` holds captured rows of 2026-02-14 plus rows written after their pattern for families that
the capture lacks. Positions: 0 name, 5/6 token limits, 7 methods, 8/9/10 default temperature/topP/topK,
71 thinking caps, 75/76 the ratios and sizes of pictures, 77 payment.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CATALOGUE_FILE = Path(__file__).with_name("listmodels.json")
LEVELS = {1: "LOW", 2: "MEDIUM", 3: "HIGH", 4: "MINIMAL"}


@dataclass(frozen=True, slots=True)
class ThinkingCaps:
    """Slot 71: either a budget range in tokens, or a list of levels (1 low, 2 medium, 3 high, 4 minimal)."""

    default_budget: int | None
    max_budget: int | None
    min_budget: int | None
    can_disable: bool
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One row, with the slots that the server itself acts on."""

    name: str
    """With the `models/` prefix."""
    input_limit: int
    output_limit: int
    methods: tuple[str, ...]
    thinking: ThinkingCaps | None
    paid: bool
    makes_pictures: bool
    picture_sizes: bool
    row: tuple[Any, ...]

    @property
    def generates(self) -> bool:
        return "generateContent" in self.methods


def read_catalogue(path: Path = CATALOGUE_FILE) -> dict[str, Model]:
    """All models by name, in the file's order."""
    rows = json.loads(path.read_text(encoding="utf-8"))[0]
    return {row[0]: _model(row) for row in rows}


def _model(row: list[Any]) -> Model:
    return Model(
        name=row[0],
        input_limit=row[5],
        output_limit=row[6],
        methods=tuple(row[7]),
        thinking=_caps(_slot(row, 71)),
        paid=_slot(row, 77) == 2,
        makes_pictures=bool(_slot(row, 75)),
        picture_sizes=bool(_slot(row, 76)),
        row=tuple(row),
    )


def _caps(caps: list[Any] | None) -> ThinkingCaps | None:
    if caps is None:
        return None
    return ThinkingCaps(
        default_budget=_slot(caps, 0),
        max_budget=_slot(caps, 1),
        min_budget=_slot(caps, 2),
        can_disable=bool(_slot(caps, 3)),
        levels=tuple(_slot(caps, 6) or ()),
    )


def _slot(row: list[Any], index: int) -> Any:
    return row[index] if index < len(row) else None
