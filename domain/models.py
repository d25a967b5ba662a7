"""What a model is and can do, as the page's own model list tells it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thinking:
    """Which thinking control a model has: a token budget, or a choice of levels."""

    levels: tuple[str, ...] = ()
    """Any of minimal, low, medium, high; empty where the model takes a budget."""
    default_level: str | None = None
    default_budget: int | None = None
    min_budget: int | None = None
    max_budget: int | None = None
    can_disable: bool = False
    off_by_default: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One row of the page's model list. Numbers are tokens; `None` means that the list does not say."""

    id: str
    """Without the `models/` prefix."""
    display_name: str
    description: str = ""
    version: str = ""
    input_limit: int | None = None
    output_limit: int | None = None
    methods: tuple[str, ...] = ()
    """`generateContent`, `countTokens`, `predict`, …"""
    temperature: float | None = None
    """Default, as for `top_p` and `top_k`."""
    top_p: float | None = None
    top_k: int | None = None
    thinking: Thinking | None = None
    aliases: tuple[str, ...] = ()
    """Older ids that the site redirects to this model."""
    needs_paid_key: bool = False
    makes_pictures: bool = False
    """Whether it answers with pictures, always beside or instead of words."""
    picture_sizes: bool = False
    """Whether the size of its pictures can be chosen."""

    @property
    def can_chat(self) -> bool:
        """Whether the chat page offers it at all."""
        return "generateContent" in self.methods
