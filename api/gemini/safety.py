"""What a native request says of harms and of how closely media are to be looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.gemini.refusals import invalid
from api.gemini.schema import SafetySetting
from domain.harms import HarmCategory, HarmThreshold
from domain.requests import MediaResolution

_PREFIX: Final = "HARM_CATEGORY_"
_UNSPECIFIED: Final = "HARM_BLOCK_THRESHOLD_UNSPECIFIED"
_ELSEWHERE: Final = frozenset(
    {
        "CIVIC_INTEGRITY",
        "JAILBREAK",
        "IMAGE_HATE",
        "IMAGE_DANGEROUS_CONTENT",
        "IMAGE_HARASSMENT",
        "IMAGE_SEXUALLY_EXPLICIT",
    }
)
"""Categories of Google's that the page has no slider for; clients send some of them with every request."""
_RESOLUTION: Final = "MEDIA_RESOLUTION_"


@dataclass(frozen=True, slots=True)
class Safety:
    thresholds: Mapping[HarmCategory, HarmThreshold]
    ignored: tuple[str, ...]
    """Settings of categories that the page does not have."""


def read_safety(settings: Sequence[SafetySetting]) -> Safety:
    """Names are taken in any case.

    Raises:
        BadRequest: an unknown category or threshold, or a category that is set twice.
    """
    thresholds: dict[HarmCategory, HarmThreshold] = {}
    ignored: list[str] = []
    seen: set[str] = set()
    for index, setting in enumerate(settings):
        path = f"safetySettings[{index}]"
        name = setting.category.upper().removeprefix(_PREFIX)
        threshold = _threshold(setting.threshold, f"{path}.threshold")
        if name in seen:
            raise invalid(f"{path}.category", "it is set twice", setting.category)
        seen.add(name)
        if name in _ELSEWHERE:
            ignored.append(f"{path}.{_PREFIX}{name}")
            continue
        if name not in HarmCategory.__members__:
            known = ", ".join(f"{_PREFIX}{category.name}" for category in HarmCategory)
            raise invalid(f"{path}.category", f"it is none of {known}", setting.category)
        if threshold is not None:
            thresholds[HarmCategory[name]] = threshold
    return Safety(thresholds, tuple(ignored))


def read_resolution(name: str | None) -> MediaResolution | None:
    """Raises `BadRequest` for a name that is none."""
    short = (name or "").upper().removeprefix(_RESOLUTION)
    if short in {"", "UNSPECIFIED"}:
        return None
    if short not in MediaResolution.__members__:
        known = ", ".join(f"{_RESOLUTION}{resolution.name}" for resolution in MediaResolution)
        raise invalid("generationConfig.mediaResolution", f"it is none of {known}", name)
    return MediaResolution[short]


def _threshold(name: str, path: str) -> HarmThreshold | None:
    """`None` for the page's own."""
    name = name.upper()
    if name == _UNSPECIFIED:
        return None
    if name not in HarmThreshold.__members__:
        known = ", ".join(threshold.name for threshold in HarmThreshold)
        raise invalid(path, f"it is none of {known}", name)
    return HarmThreshold[name]
