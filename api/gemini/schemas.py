"""Google's schemas as JSON schemas: the same words with other types, bounds as text, and `nullable`."""

from typing import Any, Final

from api.complaints import short
from api.gemini.numbers import TYPES, name_at
from domain.errors import BadRequest

_NAMES: Final[dict[str, str]] = {
    "any_of": "anyOf",
    "additional_properties": "additionalProperties",
    "defs": "$defs",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "max_properties": "maxProperties",
    "min_items": "minItems",
    "min_length": "minLength",
    "min_properties": "minProperties",
    "prefix_items": "prefixItems",
    "property_ordering": "propertyOrdering",
    "ref": "$ref",
}
"""Words that have another spelling in JSON schema."""

_COUNTS: Final = frozenset(
    {"maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"}
)
_MAPS: Final = frozenset({"properties", "$defs"})
_SCHEMAS: Final = frozenset({"items", "additionalProperties"})
_LISTS: Final = frozenset({"anyOf", "prefixItems"})
_TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_UNTYPED: Final = "type_unspecified"
_DEEPEST: Final = 100

Schema = dict[str, Any]


def json_schema_of(schema: Any, path: str, depth: int = 0) -> Schema:
    """A schema in Google's words, or in JSON schema's own, as a JSON schema.

    Raises:
        BadRequest: something that is no schema at all; what a word may say is not looked at.
    """
    if not isinstance(schema, dict):
        raise BadRequest(f"Invalid value at '{path}': it must be a schema, not {short(schema)}.", param=path)
    if depth > _DEEPEST:
        raise BadRequest(f"{path[:200]} is nested too deeply.", param=path[:200])
    converted: Schema = {}
    for given, value in schema.items():
        if value is not None:
            name = str(_NAMES.get(given, given))
            converted[name] = _value(name, value, f"{path}.{name}", depth + 1)
    if converted.get("type") == _UNTYPED:
        del converted["type"]
    if converted.pop("nullable", False) is True:
        _admit_null(converted)
    return converted


def _value(name: str, value: Any, path: str, depth: int) -> Any:
    match value:
        case dict() if name in _MAPS:
            return {key: json_schema_of(one, f"{path}.{key}", depth) for key, one in value.items()}
        case dict() if name in _SCHEMAS:
            return json_schema_of(value, path, depth)
        case list() if name in _LISTS:
            return [json_schema_of(one, f"{path}[{at}]", depth) for at, one in enumerate(value)]
        case str() | int() | list() if name == "type":
            return [_type(one, path) for one in value] if isinstance(value, list) else _type(value, path)
        case str() if name in _COUNTS and value.isdecimal():
            return int(value)
    return value


def _type(value: Any, path: str) -> str:
    named = name_at(TYPES, value)
    kind = named.lower() if isinstance(named, str) else ""
    if kind not in _TYPES | {_UNTYPED}:
        raise BadRequest(f"Invalid value at '{path}' (Type): {short(value)}.", param=path)
    return kind


def _admit_null(schema: Schema) -> None:
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"]
    elif "anyOf" in schema:
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
