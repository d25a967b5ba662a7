"""From any way of asking about thinking to any model's control."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadRequest, Unsupported
from domain.models import ModelCard, Thinking
from domain.requests import ThinkingChoice
from domain.thinking import AUTO, EFFORTS, ThinkingAsked, choose_thinking

PRO = ModelCard("pro", "Pro", thinking=Thinking(default_budget=8192, min_budget=128, max_budget=32_768))
FLASH = ModelCard(
    "flash",
    "Flash",
    thinking=Thinking(default_budget=8000, min_budget=0, max_budget=24_576, can_disable=True),
)
LITE = ModelCard(
    "lite",
    "Lite",
    thinking=Thinking(min_budget=512, max_budget=24_576, can_disable=True, off_by_default=True),
)
TWO = ModelCard("two", "Two", thinking=Thinking(levels=("low", "high"), default_level="high"))
FOUR = ModelCard("four", "Four", thinking=Thinking(levels=("minimal", "low", "medium", "high")))
ENDS = ModelCard("ends", "Ends", thinking=Thinking(levels=("high", "minimal"), can_disable=True))
NONE = ModelCard("none", "None")


def chosen(card: ModelCard, value: str | int) -> tuple[str | int | None, bool]:
    """The control's value, and whether there is a note about it."""
    choice, note = choose_thinking(asked(value), card, strict=False)
    if choice is None:
        return None, note is not None
    return choice.level if choice.budget is None else choice.budget, note is not None


def asked(value: str | int) -> ThinkingAsked:
    return ThinkingAsked(effort=value) if isinstance(value, str) else ThinkingAsked(budget=value)


@pytest.mark.parametrize(
    ("card", "value", "expected", "noted"),
    [
        (FLASH, "low", 1000, False),
        (FLASH, "medium", 8000, False),
        (FLASH, "high", 24_000, False),
        (FLASH, "xhigh", 24_576, False),
        (FLASH, "max", 24_576, False),
        (FLASH, "minimal", 512, False),
        (FLASH, "none", 0, False),
        (FLASH, 0, 0, False),
        (FLASH, -1, -1, False),
        (FLASH, AUTO, -1, False),
        (FLASH, 1, 1, False),
        (FLASH, 24_576, 24_576, False),
        (LITE, "none", 0, False),
        (LITE, "minimal", 512, False),
        (PRO, "high", 24_000, False),
        (PRO, "max", 32_768, False),
        (PRO, "none", 128, True),
        (PRO, 0, 128, True),
        (PRO, 128, 128, False),
        (TWO, "low", "low", False),
        (TWO, "medium", "high", True),
        (TWO, "minimal", "low", True),
        (TWO, "none", "low", True),
        (TWO, "xhigh", "high", False),
        (TWO, "max", "high", False),
        (TWO, -1, None, False),
        (TWO, AUTO, None, False),
        (TWO, 1000, "low", True),
        (TWO, 16_000, "high", True),
        (TWO, 0, "low", True),
        (FOUR, "minimal", "minimal", False),
        (FOUR, "medium", "medium", False),
        (FOUR, "none", "minimal", True),
        (FOUR, 9000, "medium", True),
        (ENDS, "low", "minimal", True),
        (ENDS, "medium", "high", True),
        (NONE, "none", None, False),
        (NONE, 0, None, False),
        (NONE, -1, None, False),
        (NONE, "high", None, True),
        (NONE, 4000, None, True),
    ],
)
def test_thinking_becomes_the_models_own(
    card: ModelCard, value: str | int, expected: str | int | None, *, noted: bool
) -> None:
    assert chosen(card, value) == (expected, noted)


@pytest.mark.parametrize(("card", "value"), [(PRO, 127), (PRO, 32_769), (FLASH, 24_577), (LITE, 511)])
def test_budget_outside_the_models_range_is_refused_with_the_range(card: ModelCard, value: int) -> None:
    with pytest.raises(BadRequest) as caught:
        choose_thinking(ThinkingAsked(budget=value, param="thinking.budget_tokens"), card, strict=False)
    assert caught.value.param == "thinking.budget_tokens"
    assert card.thinking is not None
    assert str(card.thinking.max_budget) in caught.value.public_message


@given(
    st.sampled_from([PRO, FLASH, LITE, TWO, FOUR, ENDS, NONE]), st.sampled_from([*EFFORTS, AUTO, 0, -1, 600])
)
def test_strict_refuses_exactly_what_is_noted_otherwise(card: ModelCard, value: str | int) -> None:
    choice, note = choose_thinking(asked(value), card, strict=False)
    if note is None:
        assert choose_thinking(asked(value), card, strict=True) == (choice, None)
    else:
        with pytest.raises(Unsupported):
            choose_thinking(asked(value), card, strict=True)


@given(st.sampled_from([PRO, FLASH, LITE, TWO, FOUR, ENDS]), st.sampled_from(EFFORTS))
def test_every_effort_is_a_value_that_the_model_takes(card: ModelCard, effort: str) -> None:
    choice, _ = choose_thinking(ThinkingAsked(effort=effort), card, strict=False)
    control = card.thinking
    assert control is not None
    assert choice is not None
    if control.levels:
        assert choice == ThinkingChoice(level=choice.level)
        assert choice.level in control.levels
    else:
        assert choice.budget is not None
        lowest = 0 if control.can_disable else control.min_budget or 1
        assert lowest <= choice.budget <= (control.max_budget or 0)


@pytest.mark.parametrize("card", [TWO, FOUR, PRO, FLASH])
def test_more_effort_never_means_less_thinking(card: ModelCard) -> None:
    values = [chosen(card, effort)[0] for effort in EFFORTS]
    ranks = [EFFORTS.index(value) if isinstance(value, str) else value for value in values]
    assert ranks == sorted(rank for rank in ranks if rank is not None)
