"""From what a caller asks about thinking to the model's own thinking control.

A model has a token budget, a choice of levels, or no control at all; callers speak of efforts by name, or of
budgets, whichever model they ask. What a card cannot do is brought as near as it can, with a note, or refused
where the caller wants everything exactly as asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.errors import BadRequest, Unsupported
from domain.models import ModelCard, Thinking
from domain.requests import ThinkingChoice

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""What callers may say, least first."""

AUTO: Final = "auto"
"""Thinking is wanted and its amount is the model's affair."""

BUDGETS: Final[Mapping[str, int]] = MappingProxyType(
    {"minimal": 512, "low": 1000, "medium": 8000, "high": 24_000}
)
"""Tokens of the efforts that are also levels, where a model takes a budget."""


@dataclass(frozen=True, slots=True)
class ThinkingAsked:
    """How much thinking a caller asked for; exactly one of `effort` and `budget` is set."""

    effort: str | None = None
    """One of `EFFORTS`, or `AUTO`."""
    budget: int | None = None
    """Tokens; 0 asks for none, -1 leaves the amount to the model."""
    param: str = "reasoning_effort"
    """Under which name it was asked, for errors and notes."""

    @property
    def nothing(self) -> bool:
        """Whether the caller wants no thinking."""
        return self.effort == "none" or self.budget == 0

    @property
    def automatic(self) -> bool:
        """Whether the amount is left to the model."""
        return self.effort == AUTO or self.budget == -1

    @property
    def words(self) -> str:
        """As it was asked, for a message."""
        return f"{self.param}={self.effort if self.budget is None else self.budget!r}"


def choose_thinking(
    asked: ThinkingAsked, card: ModelCard, *, strict: bool
) -> tuple[ThinkingChoice | None, str | None]:
    """The value of the card's control (`None`: its default), and a note where that is not what was asked.

    Raises:
        BadRequest: a budget outside the card's range.
        Unsupported: `strict`, and there would be a note.
    """
    choice, note = _choice(asked, card)
    if note is not None and strict:
        raise Unsupported(f"{note} (STRICT_PARAMETERS refuses that).", param=asked.param)
    return choice, note


def _choice(asked: ThinkingAsked, card: ModelCard) -> tuple[ThinkingChoice | None, str | None]:
    control = card.thinking
    if control is None:
        if asked.nothing or asked.automatic:
            return None, None
        return None, f"{asked.words} has no effect: {card.id!r} has no thinking control"
    if control.levels:
        level, note = _level(asked, control, card.id)
        return ThinkingChoice(level=level) if level is not None else None, note
    budget, note = _budget(asked, control, card.id)
    return ThinkingChoice(budget=budget), note


def _level(asked: ThinkingAsked, control: Thinking, model: str) -> tuple[str | None, str | None]:
    if asked.automatic:
        return None, None
    offered = sorted(control.levels, key=_rank)
    level = _nearest_level(asked, offered)
    exact = asked.effort == level or (asked.effort in {"xhigh", "max"} and level == "high")
    return level, None if exact else f"{asked.words} became the level {level!r} of {model!r}"


def _nearest_level(asked: ThinkingAsked, offered: list[str]) -> str:
    """Of two equally near levels the higher one: too much thinking answers better than too little."""
    if asked.budget is not None:
        budget = asked.budget
        return min(reversed(offered), key=lambda level: abs(BUDGETS.get(level, 0) - budget))
    return min(reversed(offered), key=lambda level: abs(_rank(level) - _rank(asked.effort or AUTO)))


def _rank(effort: str) -> int:
    return EFFORTS.index(effort) if effort in EFFORTS else len(EFFORTS)


def _budget(asked: ThinkingAsked, control: Thinking, model: str) -> tuple[int, str | None]:
    least = max(control.min_budget or 0, 1)
    if asked.automatic:
        return -1, None
    if asked.nothing:
        if control.can_disable:
            return 0, None
        return least, f"{asked.words} became a budget of {least} tokens: {model!r} always thinks"
    if asked.budget is None:
        return _clamped(_named_budget(asked.effort, control), least, control.max_budget), None
    if not _inside(asked.budget, least, control.max_budget):
        limit = "" if control.max_budget is None else f" to {control.max_budget}"
        raise BadRequest(
            f"{asked.words} is outside the thinking budget of {model!r}, which is {least}{limit} tokens.",
            param=asked.param,
        )
    return asked.budget, None


def _named_budget(effort: str | None, control: Thinking) -> int:
    named = BUDGETS.get(effort or AUTO)
    return named if named is not None else control.max_budget or max(BUDGETS.values())


def _inside(budget: int, least: int, most: int | None) -> bool:
    return least <= budget and (most is None or budget <= most)


def _clamped(budget: int, least: int, most: int | None) -> int:
    return max(budget if most is None else min(budget, most), least)
