"""The models that callers may ask for: the page's own list less the excluded ones, kept for a while."""

import asyncio
import difflib
import re
import reprlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.errors import SessionError, UnknownModel
from domain.models import ModelCard
from domain.ports import Driver
from domain.thinking import AUTO
from settings import SettingsError

FRESH_FOR: Final = 30.0
"""Seconds for which a list is used without asking the page again."""

_PREFIX: Final = "models/"
_LATEST: Final = "-latest"
_PREVIEW: Final = "-preview"

_EFFORTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "-nothinking": "none",
        "-thinking": AUTO,
        "-minimal": "minimal",
        "-low": "low",
        "-medium": "medium",
        "-high": "high",
    }
)
"""What the end of a model's name asks about thinking, where the page has no model of that whole name."""

_FAMILY: Final = re.compile(
    r"gemini-(?P<version>\d+(?:\.\d+)*)-(?P<family>[a-z-]+?)(?P<preview>-preview(?:-\d[\d-]*)?)?"
)
"""`gemini-2.5-flash-lite-preview-09-2025`. A preview of something else, such as speech, is another family."""


def bare_id(model: str) -> str:
    """A model id without the `models/` prefix that the native API puts before it."""
    return model.removeprefix(_PREFIX)


@dataclass(frozen=True, slots=True)
class Found:
    """What a caller's name for a model stands for."""

    card: ModelCard
    effort: str | None = None
    """Thinking that the name asks for (an effort of `domain.thinking`); holds where the request asks none."""


def read_excluded(path: Path) -> frozenset[str]:
    """The ids of a file, one a line, `#` lines left out; none if there is no file.

    Raises:
        SettingsError: the file cannot be read.
    """
    return frozenset(bare_id(model) for _, model in _lines(path, "EXCLUDED_MODELS_FILE"))


def read_aliases(path: Path) -> Mapping[str, str]:
    """A user's own names for models, one `name = model` a line, `#` comments left out; none without a file.

    A model may be another line's name; the chain is followed here.

    Raises:
        SettingsError: naming the file and, where it has one, the line.
    """
    where = f"MODEL_ALIASES_FILE={str(path)!r}"
    aliases: dict[str, str] = {}
    for number, line in _lines(path, "MODEL_ALIASES_FILE"):
        name, equals, model = (bare_id(word.strip()) for word in line.partition("="))
        if not (name and equals and model) or " " in name + model or "=" in model:
            raise SettingsError(f"{where}, line {number}: {line!r} is not 'name = model'.")
        if name in aliases:
            raise SettingsError(f"{where}, line {number}: {name!r} already has a model; remove one line.")
        aliases[name] = model
    return MappingProxyType({name: _end_of_chain(name, aliases, where) for name in aliases})


def _end_of_chain(name: str, aliases: Mapping[str, str], where: str) -> str:
    """A name may stand for a model of the same name: that only says what is so anyway."""
    seen = [name]
    while (model := aliases.get(seen[-1])) is not None and model != seen[-1]:
        if model in seen:
            raise SettingsError(f"{where}: {' = '.join([*seen, model])!r} goes round in a circle.")
        seen.append(model)
    return seen[-1]


def _lines(path: Path, setting: str) -> list[tuple[int, str]]:
    """What a file says with the numbers of its lines, without comments and empty lines."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{setting}={str(path)!r} cannot be read: {error}.") from error
    said = ((number, line.split("#")[0].strip()) for number, line in enumerate(lines, 1))
    return [(number, line) for number, line in said if line]


class Catalogue:
    """Answers from memory while the list is fresh; asks the page once, however many callers wait."""

    def __init__(
        self,
        driver: Driver,
        excluded: frozenset[str],
        aliases: Mapping[str, str] = MappingProxyType({}),
        *,
        fresh_for: float = FRESH_FOR,
    ) -> None:
        self._driver = driver
        self._aliases = aliases
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

    async def find(self, model: str) -> Found:
        """What a name stands for: the first of these that there is, each with or without `models/`.

        A name of the aliases file; an id; an older id that the page redirects; `…-latest`, the id without it
        or else the newest of its family; the id with `-preview`; one of these with an ending about thinking.

        Raises:
            UnknownModel: naming close matches.
            SessionError: as for `cards`.
        """
        cards = await self.cards()
        name = bare_id(model)
        found = _resolved(self._aliases.get(name, name), cards)
        if found is not None:
            return found
        known = [*(card.id for card in cards), *self._aliases]
        close = difflib.get_close_matches(name, known)
        hint = f" Close matches: {', '.join(close)}." if close else " GET /v1/models lists what there is."
        raise UnknownModel(f"There is no model {reprlib.repr(model)}.{hint}", param="model")

    async def _read(self) -> None:
        try:
            cards = await self._driver.models()
        except SessionError:
            if self._read_at is None:
                raise
            return
        self._cards = tuple(card for card in cards if card.can_chat and card.id not in self._excluded)
        self._read_at = time.monotonic()


def _resolved(name: str, cards: tuple[ModelCard, ...]) -> Found | None:
    if (card := _named(name, cards)) is not None:
        return Found(card)
    for ending, effort in _EFFORTS.items():
        if name.endswith(ending) and (card := _named(name.removesuffix(ending), cards)) is not None:
            return Found(card, effort)
    return None


def _named(name: str, cards: tuple[ModelCard, ...]) -> ModelCard | None:
    if (card := _listed(name, cards)) is not None:
        return card
    if name.endswith(_LATEST):
        bare = name.removesuffix(_LATEST)
        return _listed(bare, cards) or _newest(bare, cards)
    return _listed(name + _PREVIEW, cards)


def _listed(name: str, cards: tuple[ModelCard, ...]) -> ModelCard | None:
    by_id = (card for card in cards if card.id == name)
    return next(by_id, None) or next((card for card in cards if name in card.aliases), None)


def _newest(family: str, cards: tuple[ModelCard, ...]) -> ModelCard | None:
    """The highest version of `gemini-<family>`; free ones first, and of one version the stable one."""
    ranked = [
        (not card.needs_paid_key, _version(parts["version"]), parts["preview"] is None, card)
        for card in cards
        if (parts := _FAMILY.fullmatch(card.id)) and f"gemini-{parts['family']}" == family
    ]
    return max(ranked, key=lambda entry: entry[:-1])[-1] if ranked else None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))
