"""Checks on the JSON schemas that callers send along."""

import json
from typing import Any, Final

from jsonschema.exceptions import SchemaError
from jsonschema.validators import Draft202012Validator, validator_for

from domain.errors import BadRequest, TooLarge
from domain.site_schema import SiteSchema, to_site_schema

MOST_CHARACTERS: Final = 400_000
"""Of all schemas in one place; checking more would hold up other requests for seconds."""

_MOST_LOSSES: Final = 10
_LONGEST_REASON: Final = 300


def check_size(value: Any, path: str) -> None:
    """Raises BadRequest: too large or too deep to be looked at closely."""
    try:
        characters = len(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        raise BadRequest(f"{path} is nested too deeply.", param=path) from None
    if characters > MOST_CHARACTERS:
        raise TooLarge(
            f"{path} has {characters} characters; at most {MOST_CHARACTERS} are taken.", param=path
        )


def site_schema_of(schema: Any, path: str) -> SiteSchema:
    """A caller's schema in the site's form.

    Raises:
        BadRequest: it is no valid JSON schema, or the site has no form for it.
    """
    if not isinstance(schema, dict):
        raise BadRequest(f"{path} must be a JSON schema, which is an object.", param=path)
    try:
        site = to_site_schema(schema)
        validator_for(schema, default=Draft202012Validator).check_schema(schema)
    except ValueError as error:
        raise BadRequest(f"{path} cannot be used: {_short(str(error))}.", param=path) from None
    except SchemaError as error:
        reason = _short(f"at {error.json_path} {error.message}")
        raise BadRequest(f"{path} is not a valid JSON schema: {reason}.", param=path) from None
    except RecursionError:
        raise BadRequest(f"{path} is nested too deeply.", param=path) from None
    return site


def loss_note(lost: tuple[str, ...], path: str) -> tuple[str, ...]:
    """What the site is not told of a schema, in words for the caller."""
    if not lost:
        return ()
    named = ", ".join(_short(loss) for loss in lost[:_MOST_LOSSES])
    more = f" and {len(lost) - _MOST_LOSSES} more" if len(lost) > _MOST_LOSSES else ""
    return (f"{path}: the site is not told {named}{more}",)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
