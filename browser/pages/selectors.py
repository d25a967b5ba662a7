"""The selectors of all areas: ordered, named candidates, kept as data and overridable by the user.

`selectors.json` maps an area to its candidates, the likeliest first: `{"name", "css"}`, optionally `"text"`,
a regular expression that the element's visible text must match, and `"inner"`, a selector of what is meant
inside of that element: a control is often known by nothing but the words beside it.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from settings import SettingsError


class Candidate(BaseModel):
    """One way to find an area."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    css: str
    text: str | None = None
    inner: str | None = None


Selectors = Mapping[str, tuple[Candidate, ...]]
_FILE = TypeAdapter(dict[str, tuple[Candidate, ...]])


def load_selectors(override: Path | None) -> Selectors:
    """The built-in selectors, with the areas of the user's file in their place.

    Raises:
        SettingsError: the user's file is not readable as such, or names an area that does not exist.
    """
    text = files("browser.pages").joinpath("selectors.json").read_text("utf-8")
    selectors = _FILE.validate_json(text)
    if override is None:
        return selectors
    try:
        changed = _FILE.validate_json(override.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        reason = "; ".join(str(error).splitlines())
        raise SettingsError(f"SELECTORS_FILE={str(override)!r} cannot be used: {reason}") from error
    unknown = sorted(set(changed) - set(selectors))
    if unknown:
        raise SettingsError(f"SELECTORS_FILE={str(override)!r} names unknown areas: {', '.join(unknown)}")
    return {**selectors, **changed}


def as_json(selectors: Selectors) -> str:
    """The form in which scripts on the page read them."""
    plain: dict[str, Any] = {
        area: [candidate.model_dump(exclude_none=True) for candidate in candidates]
        for area, candidates in selectors.items()
    }
    return json.dumps(plain)
