"""JSON schemas in the form that the site takes: a small part of JSON schema, without references.

The site knows `KEYWORDS` only. Everything else is rewritten where that keeps its meaning, left out silently
where it has none for the shape of a value, and otherwise left out and reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from domain.json_values import (
    as_list,
    is_a,
    is_every_number,
    is_number,
    next_whole,
    same,
    type_of,
)

KEYWORDS: Final = frozenset(
    {
        "type",
        "format",
        "description",
        "nullable",
        "enum",
        "items",
        "properties",
        "required",
        "minimum",
        "maximum",
        "pattern",
        "anyOf",
        "propertyOrdering",
    }
)

TYPES: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})

MOST_NODES: Final = 5000
"""More schemas than this, after references are resolved, are refused."""

DEEPEST: Final = 60

_LOST: Final[Mapping[str, tuple[Any, ...]]] = {
    "additionalProperties": (True, False, {}),
    "additionalItems": (True, False, {}),
    "contains": (),
    "contentEncoding": (),
    "contentMediaType": (),
    "contentSchema": (),
    "dependencies": ({},),
    "dependentRequired": ({},),
    "dependentSchemas": ({},),
    "if": (),
    "maxItems": (),
    "maxLength": (),
    "maxProperties": (),
    "minItems": (0,),
    "minLength": (0,),
    "minProperties": (0,),
    "multipleOf": (),
    "not": (False,),
    "patternProperties": ({},),
    "propertyNames": (True, {}),
    "unevaluatedItems": (True, False, {}),
    "unevaluatedProperties": (True, False, {}),
    "uniqueItems": (False,),
}
"""Keywords that the site has no word for, each with the values that say nothing worth reporting."""

_OF_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"format", "enum", "pattern"}),
    "number": frozenset({"format", "minimum", "maximum"}),
    "integer": frozenset({"format", "minimum", "maximum"}),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items"}),
    "object": frozenset({"properties", "required", "propertyOrdering"}),
}
"""Which keywords say something about values of a type."""

_ABOUT_TYPES: Final = frozenset().union(*_OF_TYPE.values())

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteSchema:
    schema: Schema
    """Uses `KEYWORDS` only; empty where any value fits."""
    lost: tuple[str, ...]
    """`path: keyword` of everything that the site is not told."""


def to_site_schema(schema: Any) -> SiteSchema:
    """Convert a JSON schema.

    Raises:
        ValueError: a reference that leads nowhere or into itself, or a schema that is too large; the message
            starts with the path.
    """
    converter = _Converter(schema)
    converted = converter.finished(converter.convert(schema, "$"), "$")
    return SiteSchema(converted, tuple(dict.fromkeys(converter.lost)))


class _Converter:
    def __init__(self, root: Any) -> None:
        self.lost: list[str] = []
        self._root = root
        self._open: list[str] = []
        """References that are being resolved, outermost first."""
        self._nodes = 0
        self._depth = 0

    def convert(self, schema: Any, path: str) -> Schema:
        self._nodes += 1
        if self._nodes > MOST_NODES or self._depth > DEEPEST:
            raise ValueError(f"{path}: the schema is too large or too deep once its references are resolved")
        if isinstance(schema, bool):
            return {} if schema else self._lose(path, "false")
        if not isinstance(schema, dict):
            raise ValueError(f"{path}: {type(schema).__name__} is no schema")  # noqa: TRY004  one error for callers
        self._depth += 1
        try:
            return self._converted(schema, path)
        finally:
            self._depth -= 1

    def finished(self, schema: Schema, path: str) -> Schema:
        """Without what makes sense only until schemas are merged: unknown names, choices of anything."""
        done = _of_its_type(schema)
        if "properties" in done:
            inner = done["properties"].items()
            done["properties"] = {name: self.finished(value, f"{path}.{name}") for name, value in inner}
        if "items" in done:
            done["items"] = self.finished(done["items"], f"{path}[]")
        if "anyOf" in done:
            options = _distinct(self.finished(option, path) for option in done.pop("anyOf"))
            if len(options) == 1:
                done = {**options[0], **done}
            elif {} not in options:
                done["anyOf"] = options
        if "required" in done:
            known = [name for name in done["required"] if name in done.get("properties", {})]
            for name in (name for name in done.pop("required") if name not in known):
                self._lose(path, f"required ({name})")
            done |= {"required": known} if known else {}
        return done

    def _converted(self, schema: Schema, path: str) -> Schema:
        converted = self._plain(schema, path)
        if (reference := schema.get("$ref", schema.get("$dynamicRef"))) is not None:
            converted = self._merged(converted, self._resolved(reference, path), path)
        for part in as_list(schema.get("allOf")):
            converted = self._merged(converted, self.convert(part, path), path)
        for keyword in ("anyOf", "oneOf"):
            if options := as_list(schema.get(keyword)):
                converted = self._merged(converted, self._options(options, path), path)
        for keyword, harmless in _LOST.items():
            if keyword in schema and not any(same(schema[keyword], value) for value in harmless):
                self._lose(path, keyword)
        return converted

    def _resolved(self, reference: Any, path: str) -> Schema:
        if reference in self._open:
            raise ValueError(f"{path}: $ref {reference!r} leads into itself, which the site cannot express")
        target = _pointed(self._root, reference, path)
        self._open.append(reference)
        try:
            return self.convert(target, path)
        finally:
            self._open.pop()

    def _options(self, options: list[Any], path: str) -> Schema:
        """Alternatives; null among them is a mark on the others."""
        converted = [self.convert(option, path) for option in options]
        some = [option for option in converted if option.get("type") != "null"]
        nullable = {"nullable": True} if len(some) < len(converted) else {}
        if not some:
            return {"type": "null"}
        if any(not option for option in some):
            return {}
        if len(some) == 1:
            return {**some[0], **nullable}
        return {"anyOf": _distinct(some), **nullable}

    def _plain(self, schema: Schema, path: str) -> Schema:
        """The keywords that stand for themselves, those that have another name here, and the type."""
        values: Schema = {
            key: schema[key]
            for key in ("format", "description", "pattern")
            if isinstance(schema.get(key), str)
        }
        if schema.get("nullable") is True:
            values["nullable"] = True
        self._put_bounds(schema, values, path)
        self._put_array(schema, values, path)
        self._put_object(schema, values, path)
        allowed = [schema["const"]] if "const" in schema else schema.get("enum")
        types = _types(schema, values)
        if isinstance(allowed, list):
            types = self._put_enum(allowed, types, values, path)
        return self._typed(types, values)

    def _typed(self, types: list[str], values: Schema) -> Schema:
        """Several types become alternatives, each with the keywords that are about it."""
        if "null" in types and len(types) > 1:
            values["nullable"] = True
            types = [name for name in types if name != "null"]
        if not types:
            return values
        if len(types) == 1:
            return _of_its_type({"type": types[0], **values})
        options = [
            {"type": name, **{key: value for key, value in values.items() if key in _OF_TYPE[name]}}
            for name in types
        ]
        return {"anyOf": options, **{key: value for key, value in values.items() if key not in _ABOUT_TYPES}}

    def _put_bounds(self, schema: Schema, values: Schema, path: str) -> None:
        """Exclusive bounds of whole numbers move by one; those of other numbers become inclusive ones."""
        whole = schema.get("type") == "integer"
        bounds = (("minimum", "exclusiveMinimum", max, 1), ("maximum", "exclusiveMaximum", min, -1))
        for keyword, exclusive, tightest, step in bounds:
            limits: list[float] = [limit for limit in [schema.get(keyword)] if is_number(limit)]
            beyond = schema.get(exclusive)
            if is_number(beyond):
                limits.append(next_whole(beyond, step) if whole else beyond)
            if beyond is True or (is_number(beyond) and not whole):
                self._lose(path, exclusive)
            if limits:
                values[keyword] = tightest(limits)

    def _put_array(self, schema: Schema, values: Schema, path: str) -> None:
        items, first = schema.get("items"), schema.get("prefixItems")
        if isinstance(items, list):
            items, first = schema.get("additionalItems"), items
        if isinstance(first, list) and first:
            self._lose(path, "prefixItems")
            options = [self.convert(option, f"{path}[{at}]") for at, option in enumerate(first)]
            if isinstance(items, dict):
                options.append(self.convert(items, f"{path}[]"))
            values["items"] = _either(options)
        elif items is False:
            self._lose(path, "items")
        elif items is not None:
            values["items"] = self.convert(items, f"{path}[]")

    def _put_object(self, schema: Schema, values: Schema, path: str) -> None:
        properties = schema.get("properties")
        known: Schema = {}
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            if inner is False:
                self._lose(f"{path}.{name}", "false")
            else:
                known[name] = self.convert(inner, f"{path}.{name}")
        if known:
            values["properties"] = known
        required = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
        if required:
            values["required"] = list(dict.fromkeys(required))
        wanted = [name for name in as_list(schema.get("propertyOrdering")) if isinstance(name, str)]
        if order := [name for name in wanted if name in known]:
            values["propertyOrdering"] = order

    def _put_enum(self, allowed: list[Any], types: list[str], values: Schema, path: str) -> list[str]:
        """Strings are listed; of numbers the bounds remain. Returns the types that are left."""
        fitting = [value for value in allowed if not types or any(is_a(value, name) for name in types)]
        kinds = list(dict.fromkeys(type_of(value) for value in fitting))
        if not kinds:
            self._lose(path, "enum")
            return types
        if kinds == ["null"]:
            return kinds
        if "null" in kinds:
            values["nullable"] = True
            kinds.remove("null")
        some = [value for value in fitting if value is not None]
        if kinds == ["string"]:
            values["enum"] = list(dict.fromkeys(some))
        elif set(kinds) <= {"integer", "number"}:
            values["minimum"], values["maximum"] = min(some), max(some)
            kinds = [kinds[0]] if len(kinds) == 1 else ["number"]
            if not is_every_number(some):
                self._lose(path, "enum")
        elif kinds != ["boolean"] or len(set(some)) < 2:
            self._lose(path, "enum")
        return kinds

    def _merged(self, first: Schema, second: Schema, path: str) -> Schema:
        """What fits both; where that cannot be said, `first` counts."""
        merged = dict(first)
        for key, value in second.items():
            if key == "nullable":
                continue
            if key not in merged:
                merged[key] = value
            elif merged[key] != value:
                merged[key] = self._both(key, merged[key], value, path)
        if "nullable" in first or "nullable" in second:
            merged.pop("nullable", None)
            if all(_takes_null(schema) for schema in (first, second)):
                merged["nullable"] = True
        return merged

    def _both(self, key: str, first: Any, second: Any, path: str) -> Any:
        match key:
            case "description":
                both = first
            case "properties":
                names = dict.fromkeys([*first, *second])
                both = {name: self._of_both(name, first, second, path) for name in names}
            case "required" | "propertyOrdering":
                both = list(dict.fromkeys([*first, *second]))
            case "minimum":
                both = max(first, second)
            case "maximum":
                both = min(first, second)
            case "type" if {first, second} == {"integer", "number"}:
                both = "integer"
            case "enum" if common := [value for value in first if value in second]:
                both = common
            case "items":
                both = self._merged(first, second, f"{path}[]")
            case _:
                self._lose(path, f"allOf ({key})")
                both = first
        return both

    def _of_both(self, name: str, first: Schema, second: Schema, path: str) -> Schema:
        if name in first and name in second:
            return self._merged(first[name], second[name], f"{path}.{name}")
        inner: Schema = first[name] if name in first else second[name]
        return inner

    def _lose(self, path: str, keyword: str) -> Schema:
        self.lost.append(f"{path}: {keyword}")
        return {}


def _types(schema: Schema, values: Schema) -> list[str]:
    """The types that a schema names, or the one that its keywords are about."""
    named = schema.get("type")
    types = [named] if isinstance(named, str) else as_list(named)
    if known := [name for name in types if isinstance(name, str) and name in TYPES]:
        return known
    if "properties" in values or "required" in values:
        return ["object"]
    return ["array"] if "items" in values else []


def _of_its_type(schema: Schema) -> Schema:
    """Without keywords that are about values of other types."""
    useless = _ABOUT_TYPES - _OF_TYPE.get(schema.get("type", ""), _ABOUT_TYPES)
    return {key: value for key, value in schema.items() if key not in useless}


def _pointed(root: Any, reference: Any, path: str) -> Any:
    """What a local reference leads to: `#`, or `#/` and a JSON pointer."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise ValueError(f"{path}: $ref {reference!r} does not lead to a place of the same schema ('#/…')")
    target = root
    for step in unquote(reference).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and name in target:
            target = target[name]
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            raise ValueError(f"{path}: $ref {reference!r} leads nowhere")
    return target


def _either(options: Sequence[Schema]) -> Schema:
    distinct = _distinct(options)
    if len(distinct) == 1:
        return distinct[0]
    return {} if {} in distinct else {"anyOf": distinct}


def _distinct(schemas: Iterable[Schema]) -> list[Schema]:
    kept: list[Schema] = []
    for schema in schemas:
        if schema not in kept:
            kept.append(schema)
    return kept


def _takes_null(schema: Schema) -> bool:
    return schema.get("nullable") is True or not {"type", "anyOf", "enum"} & schema.keys()
