"""The selectors of all areas: ordered, named candidates, kept as data and overridable by the user.

`selectors.json` maps an area to its candidates, the likeliest first: `{"name", "css"}`, optionally `"text"`,
a regular expression that the element's visible text must match, and `"inner"`, a selector of what is meant
inside of that element: a control is often known by nothing but the words beside it.
"""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from settings import SettingsError


class Candidate(BaseModel):
    """One way to find an area."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    css: str
    text: str | None = None
    inner: str | None = None


Selectors = Mapping[str, tuple[Candidate, ...]]
_FILE = TypeAdapter(dict[str, Annotated[tuple[Candidate, ...], Field(min_length=1)]])
_FORM = "docs/doctor.md shows the form of such a file"


def load_selectors(override: Path | None) -> Selectors:
    """The built-in selectors, with the areas of the user's file in their place.

    Raises:
        SettingsError: the user's file is not readable as such, or names an area that does not exist. Whether
            its selectors are any shows only on a page; see `PageScripts.require_selectors`.
    """
    text = files("browser.pages").joinpath("selectors.json").read_text("utf-8")
    selectors = _FILE.validate_json(text)
    if override is None:
        return selectors
    try:
        changed = _FILE.validate_json(override.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise SettingsError(
            f"SELECTORS_FILE={str(override)!r} cannot be used: {_told(error)}; {_FORM}"
        ) from error
    unknown = sorted(set(changed) - set(selectors))
    if unknown:
        near = {area: get_close_matches(area, selectors, 1) for area in unknown}
        said = ", ".join(
            f"{area!r}{f' (meant is {near[area][0]!r}?)' if near[area] else ''}" for area in unknown
        )
        raise SettingsError(
            f"SELECTORS_FILE={str(override)!r} names unknown areas: {said}; --doctor lists those there are"
        )
    return {**selectors, **changed}


def _told(error: OSError | ValidationError) -> str:
    """In one line: what is wrong, each place as area, candidate's number and field."""
    if isinstance(error, OSError):
        return str(error)
    found = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors())
    return "; ".join(f"{place or 'the file'}: {problem}" for place, problem in found)


def as_json(selectors: Selectors) -> str:
    """The form in which scripts on the page read them."""
    plain: dict[str, Any] = {
        area: [candidate.model_dump(exclude_none=True) for candidate in candidates]
        for area, candidates in selectors.items()
    }
    return json.dumps(plain)
