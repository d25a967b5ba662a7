"""Cards in an order that chance decides, each of them dealt once before any of them comes again."""

import random
from collections.abc import Iterable
from typing import Generic, TypeVar

Card = TypeVar("Card")


class Deck(Generic[Card]):
    """Never runs out: it is shuffled anew when the last card was dealt."""

    def __init__(self, cards: Iterable[Card], chance: random.Random) -> None:
        self._cards = tuple(cards)
        self._chance = chance
        self._left: list[Card] = []

    @property
    def all_dealt(self) -> bool:
        """Whether the card that was dealt last completed a round."""
        return not self._left

    def deal(self) -> Card:
        if not self._left:
            self._left = self._chance.sample(self._cards, len(self._cards))
        return self._left.pop()
