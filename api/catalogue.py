"""The models that callers may ask for: the page's own list less the excluded ones, kept for a while."""

import asyncio
import difflib
import time
from pathlib import Path
from typing import Final

from domain.errors import SessionError, UnknownModel
from domain.models import ModelCard
from domain.ports import Driver
from settings import SettingsError

FRESH_FOR: Final = 30.0
"""Seconds for which a list is used without asking the page again."""

_PREFIX: Final = "models/"


def bare_id(model: str) -> str:
    """A model id without the `models/` prefix that the native API puts before it."""
    return model.removeprefix(_PREFIX)


def read_excluded(path: Path) -> frozenset[str]:
    """The ids of a file, one a line, `#` lines left out; none if there is no file.

    Raises:
        SettingsError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"EXCLUDED_MODELS_FILE={str(path)!r} cannot be read: {error}.") from error
    ids = (line.split("#")[0].strip() for line in lines)
    return frozenset(bare_id(model) for model in ids if model)


class Catalogue:
    """Answers from memory while the list is fresh; asks the page once, however many callers wait."""

    def __init__(self, driver: Driver, excluded: frozenset[str], fresh_for: float = FRESH_FOR) -> None:
        self._driver = driver
        self._fresh_for = fresh_for
        self._excluded = excluded
        self._cards: tuple[ModelCard, ...] = ()
        self._read_at: float | None = None
        self._asking = asyncio.Lock()

    async def cards(self) -> tuple[ModelCard, ...]:
        """Every chat model that is not excluded, in the page's order.

        Raises:
            SessionError: the page has never told its list. Later, the last list stands in.
        """
        async with self._asking:
            if self._read_at is None or time.monotonic() - self._read_at > self._fresh_for:
                await self._read()
        return self._cards

    async def find(self, model: str) -> ModelCard:
        """The card of an id or of an older alias of it, with or without `models/`.

        Raises:
            UnknownModel: naming close matches.
            SessionError: as for `cards`.
        """
        wanted, cards = bare_id(model), await self.cards()
        for card in cards:
            if card.id == wanted:
                return card
        for card in cards:
            if wanted in card.aliases:
                return card
        close = difflib.get_close_matches(wanted, [card.id for card in cards])
        hint = f" Close matches: {', '.join(close)}." if close else " GET /v1/models lists what there is."
        raise UnknownModel(f"There is no model {model!r}.{hint}", param="model")

    async def _read(self) -> None:
        try:
            cards = await self._driver.models()
        except SessionError:
            if self._read_at is None:
                raise
            return
        self._cards = tuple(card for card in cards if card.can_chat and card.id not in self._excluded)
        self._read_at = time.monotonic()
