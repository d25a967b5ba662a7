"""What the page calls a model: by its id, or, in some builds, by its title where others have the id."""

from collections import Counter
from collections.abc import Iterable

from domain.models import ModelCard


class ModelNames:
    """The titles that mean one model only. Empty until the page has told its list."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def learn(self, cards: Iterable[ModelCard]) -> None:
        """Take the page's list in the place of an earlier one."""
        cards = tuple(cards)
        times = Counter(card.display_name for card in cards)
        self._ids = {card.display_name: card.id for card in cards if times[card.display_name] == 1}

    def id_of(self, shown: str) -> str:
        """The id of what the page shows; what it shows, where that means no model or several."""
        return self._ids.get(shown, shown)

    def all_of(self, model: str) -> list[str]:
        """Whatever the page may show for a model."""
        return [model, *(title for title, known in self._ids.items() if known == model)]
