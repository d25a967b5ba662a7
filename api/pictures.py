"""What callers ask about pictures, in any protocol, and whether the model can do it."""

import re
import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from domain.errors import BadRequest, Unsupported
from domain.models import ModelCard
from domain.requests import PictureFormat

SIZES: Final = ("512", "1K", "2K", "4K")
_ONLY_SIZE: Final = "1K"
"""Of models that make pictures of one size."""
_RATIO: Final = re.compile(r"[1-9]\d?:[1-9]\d?")
_ELSEWHERE: Final = frozenset({"AUDIO", "VIDEO"})


@dataclass(frozen=True, slots=True)
class PictureWish:
    """Read before the model's card is known; `check_pictures` then says whether it can be."""

    format: PictureFormat = field(default_factory=PictureFormat)
    only_pictures: bool = False
    """Words are not wanted."""
    format_param: str | None = None
    """The parameter that says something of the pictures' form, if one does."""
    size_param: str | None = None
    modalities: frozenset[str] = frozenset()
    """TEXT and IMAGE, as far as they are asked for; empty: whatever the model gives."""
    modalities_param: str = ""


@dataclass(frozen=True, slots=True)
class PictureParams:
    """What a protocol calls them, for errors."""

    modalities: str
    ratio: str
    size: str


def read_pictures(
    params: PictureParams, modalities: Sequence[str], ratio: str | None, size: str | None
) -> PictureWish:
    """Raises BadRequest: a value that is none, or a kind of answer that is not made here."""
    wanted = frozenset(_modality(name, params.modalities) for name in modalities) - {""}
    picture = PictureFormat(
        None if ratio is None else _ratio(ratio, params.ratio),
        None if size is None else _size(size, params.size),
    )
    size_param = None if size is None else params.size
    return PictureWish(
        picture,
        only_pictures=wanted == {"IMAGE"},
        format_param=size_param if ratio is None else params.ratio,
        size_param=size_param,
        modalities=wanted,
        modalities_param=params.modalities,
    )


def check_pictures(wish: PictureWish, card: ModelCard, others: Iterable[ModelCard]) -> PictureFormat:
    """The form of the pictures that this model is to be asked for.

    Raises:
        Unsupported: it makes no pictures, or always makes some, or has no choice of size.
    """
    param = wish.modalities_param if "IMAGE" in wish.modalities else wish.format_param
    if not card.makes_pictures and param is not None:
        able = ", ".join(other.id for other in others if other.makes_pictures)
        hint = f"These models do: {able}." if able else "None of the models here does."
        raise Unsupported(f"{param}: model {card.id!r} makes no pictures. {hint}", param=param)
    if card.makes_pictures and wish.modalities == {"TEXT"}:
        raise Unsupported(
            f"{wish.modalities_param}: model {card.id!r} always makes pictures; ask for them too, or take "
            "another model.",
            param=wish.modalities_param,
        )
    size = wish.format.size
    if card.picture_sizes or size is None:
        return wish.format
    if size != _ONLY_SIZE:
        raise Unsupported(
            f"{wish.size_param} = {size!r} is not supported: model {card.id!r} makes pictures of one size.",
            param=wish.size_param,
        )
    return replace(wish.format, size=None)


def _modality(name: str, param: str) -> str:
    """In capitals, and nothing for Google's *unspecified*."""
    kind = name.upper()
    if kind in _ELSEWHERE:
        raise Unsupported(
            f"{param} = {name!r} is not supported: the chat page makes neither speech nor video.", param=param
        )
    if kind not in ("TEXT", "IMAGE", "MODALITY_UNSPECIFIED"):
        raise BadRequest(f"{param}: {reprlib.repr(name)} is neither text nor image.", param=param)
    return kind if kind in ("TEXT", "IMAGE") else ""


def _ratio(value: str, param: str) -> str:
    if _RATIO.fullmatch(value) is None:
        raise BadRequest(
            f"{param}: {reprlib.repr(value)} is no ratio of width to height such as '16:9'.", param=param
        )
    return value


def _size(value: str, param: str) -> str:
    if value.upper() not in SIZES:
        raise BadRequest(f"{param}: {reprlib.repr(value)} is none of {', '.join(SIZES)}.", param=param)
    return value.upper()
