"""JSON and JSON schemas, without any look beyond this process."""

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from api.strict_json import strict_json

_MOST_ERRORS: Final = 5
_LONGEST: Final = 300


def parsed(text: str) -> Any:
    """The one JSON document of a text.

    Raises:
        ValueError: it is not one, or not a strict one.
    """
    try:
        return strict_json(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def misfit(document: Any, schema: Mapping[str, Any]) -> str | None:
    """Why a document does not fit a schema (Draft 2020-12, formats not checked), in a few words; or `None`.

    A schema that points to other documents, or is none, cannot be checked and fits everything.
    """
    # The default registry would fetch documents that a schema points to from the network.
    validator = Draft202012Validator(dict(schema), registry=Registry())
    try:
        Draft202012Validator.check_schema(dict(schema))
        errors = sorted(validator.iter_errors(document), key=lambda error: error.json_path)
    except (SchemaError, Unresolvable, RecursionError):
        return None
    return "; ".join(_told(error) for error in errors[:_MOST_ERRORS]) or None


def _told(error: ValidationError) -> str:
    exact = best_match([error]) or error
    words = exact.message if len(exact.message) <= _LONGEST else f"{exact.message[:_LONGEST]}…"
    return f"{exact.json_path}: {words}"
