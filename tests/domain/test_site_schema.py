"""Any JSON schema either converts to the site's form or is refused, and its losses are told."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from domain.site_schema import KEYWORDS, TYPES, to_site_schema

STRING = {"type": "string"}
NUMBER = {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {}),
        (True, {}),
        (STRING, STRING),
        ({"type": "string", "title": "T", "default": "x", "examples": ["x"]}, STRING),
        (
            {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:x", "type": "string"},
            STRING,
        ),
        ({"type": "string", "format": "date", "pattern": "^x", "description": "d"}, None),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "null"}, {"type": "null"}),
        ({"type": ["string", "integer"]}, {"anyOf": [STRING, {"type": "integer"}]}),
        (
            {"type": ["string", "integer", "null"], "minimum": 1, "description": "d"},
            {
                "anyOf": [STRING, {"type": "integer", "minimum": 1}],
                "description": "d",
                "nullable": True,
            },
        ),
        ({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
        ({"enum": ["a", None]}, {"type": "string", "enum": ["a"], "nullable": True}),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        ({"const": 3}, {"type": "integer", "minimum": 3, "maximum": 3}),
        ({"enum": [2, 1, 3]}, {"type": "integer", "minimum": 1, "maximum": 3}),
        ({"enum": [True, False]}, {"type": "boolean"}),
        ({"const": None}, {"type": "null"}),
        ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 9.5}, None),
        ({"oneOf": [STRING, NUMBER]}, {"anyOf": [STRING, NUMBER]}),
        ({"anyOf": [STRING, {"type": "null"}]}, {"type": "string", "nullable": True}),
        ({"anyOf": [STRING, STRING]}, STRING),
        ({"anyOf": [STRING, {}]}, {}),
        ({"type": "array", "items": STRING}, {"type": "array", "items": STRING}),
        ({"type": "array", "items": True}, {"type": "array", "items": {}}),
        ({"type": "object", "properties": {}}, {"type": "object"}),
        ({"type": "object", "additionalProperties": False}, {"type": "object"}),
        ({"properties": {"a": STRING}}, {"type": "object", "properties": {"a": STRING}}),
        (
            {
                "$ref": "#/$defs/a~1b",
                "description": "outer",
                "$defs": {"a/b": {**STRING, "description": "inner"}},
            },
            {"type": "string", "description": "outer"},
        ),
        (
            {"properties": {"a": {"$ref": "#/definitions/A"}}, "definitions": {"A": STRING}},
            {"type": "object", "properties": {"a": STRING}},
        ),
        (
            {
                "allOf": [
                    {"properties": {"a": {"minimum": 1}}, "required": ["a"]},
                    {"properties": {"a": {"type": "number", "minimum": 2}, "b": STRING}, "required": ["b"]},
                ]
            },
            {
                "type": "object",
                "properties": {"a": {"type": "number", "minimum": 2}, "b": STRING},
                "required": ["a", "b"],
            },
        ),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"type": "string", "enum": ["b"]}),
        ({"allOf": [{"type": ["string", "null"]}, STRING]}, STRING),
        ({"type": "number", "allOf": [{"type": "integer"}]}, {"type": "integer"}),
        (
            {"properties": {"a": STRING}, "propertyOrdering": [{}, ["a"], "a"]},
            {"type": "object", "properties": {"a": STRING}, "propertyOrdering": ["a"]},
        ),
        (
            {"properties": {"a": STRING, "b": STRING}, "propertyOrdering": ["b", "x", "a"]},
            {"type": "object", "properties": {"a": STRING, "b": STRING}, "propertyOrdering": ["b", "a"]},
        ),
    ],
)
def test_schema_keeps_its_meaning(schema: Any, expected: Any) -> None:
    converted = to_site_schema(schema)
    if isinstance(schema, dict) and "exclusiveMinimum" in schema:
        expected = {"type": "integer", "minimum": 4, "maximum": 9}
    assert converted.schema == (schema if expected is None else expected)
    assert converted.lost == ()


@pytest.mark.parametrize(
    ("schema", "lost"),
    [
        ({"type": "string", "minLength": 2, "maxLength": 4}, ("$: maxLength", "$: minLength")),
        ({"properties": {"a": {"not": STRING}}}, ("$.a: not",)),
        ({"items": {"multipleOf": 2}}, ("$[]: multipleOf",)),
        ({"type": "array", "prefixItems": [STRING, NUMBER]}, ("$: prefixItems",)),
        ({"type": "array", "items": [STRING, NUMBER]}, ("$: prefixItems",)),
        ({"enum": [1, 5]}, ("$: enum",)),
        ({"enum": ["a", 1]}, ("$: enum",)),
        ({"const": True}, ("$: enum",)),
        ({"enum": [{"a": 1}]}, ("$: enum",)),
        ({"type": "number", "exclusiveMinimum": 1}, ("$: exclusiveMinimum",)),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, ("$: exclusiveMinimum",)),
        ({"properties": {"a": False}}, ("$.a: false",)),
        ({"type": "array", "items": False}, ("$: items",)),
        ({"type": "object", "required": ["a"]}, ("$: required (a)",)),
        ({"additionalProperties": STRING}, ("$: additionalProperties",)),
        ({"allOf": [STRING, NUMBER]}, ("$: allOf (type)",)),
        ({"type": "string", "enum": [1]}, ("$: enum",)),
        (False, ("$: false",)),
        (
            {"properties": {"a": STRING}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            ("$: required (a)", "$: required (b)"),
        ),
    ],
)
def test_lost_meaning_is_told_with_its_path(schema: Any, lost: tuple[str, ...]) -> None:
    assert to_site_schema(schema).lost == lost


def doubling(times: int) -> dict[str, Any]:
    """A schema whose size doubles with every definition."""
    defs: dict[str, Any] = {"d0": STRING}
    for at in range(times):
        inner = {"$ref": f"#/$defs/d{at}"}
        defs[f"d{at + 1}"] = {"type": "object", "properties": {"l": inner, "r": inner}}
    return {"$ref": f"#/$defs/d{times}", "$defs": defs}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = STRING
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"properties": {"child": {"$ref": "#"}}}, r"\$\.child\.child: \$ref '#' leads into itself"),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}},
            r"\$\[\]: .* leads into itself",
        ),
        ({"properties": {"a": {"$ref": "#/$defs/B"}}}, r"\$\.a: .* leads nowhere"),
        ({"$ref": "https://example.org/schema"}, r"\$: .* does not lead to a place"),
        ({"$ref": "#anchor"}, "does not lead to a place"),
        (doubling(20), "too large"),
        (nested(100), "too deep"),
        ({"properties": {"a": 5}}, r"\$\.a: int is no schema"),
    ],
)
def test_schema_that_the_site_cannot_take_is_refused_with_its_path(schema: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        to_site_schema(schema)


def check(schema: Any) -> None:
    """The site's form: known keywords with values of the right kind, everywhere."""
    assert isinstance(schema, dict)
    assert schema.keys() <= KEYWORDS
    assert schema.get("type", "string") in TYPES
    assert all(isinstance(value, str) for value in schema.get("enum", ()))
    assert set(schema.get("required", ())) <= schema.get("properties", {}).keys()
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for one in inner + ([schema["items"]] if "items" in schema else []):
        check(one)


names = st.sampled_from(["a", "b", "~/", "$ref"])
numbers = st.integers(-5, 5) | st.sampled_from([0.5, 2.0, 1e300])
scalars = st.none() | st.booleans() | numbers | st.sampled_from(["", "a", "é"])
type_names = st.sampled_from(sorted(TYPES))
references = st.sampled_from(
    ["#", "#/$defs/a", "#/$defs/~0~1", "#/properties/a", "#x", "urn:x", "#/%24defs/b"]
)


def objects_of(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    maps = st.dictionaries(names, inner, max_size=2)
    fields: dict[str, st.SearchStrategy[Any]] = {
        "type": type_names | st.lists(type_names, min_size=1, max_size=3, unique=True),
        "enum": st.lists(scalars | st.just({"a": [1]}), min_size=1, max_size=3),
        "const": scalars | st.just([1]),
        "$ref": references,
        "required": st.lists(names, unique=True),
        "minimum": numbers,
        "maximum": numbers,
        "exclusiveMinimum": numbers,
        "exclusiveMaximum": numbers,
        "minLength": st.integers(0, 3),
        "pattern": st.sampled_from(["^a", "x"]),
        "description": st.text(max_size=3),
        "format": st.sampled_from(["date", "int32"]),
        "nullable": st.booleans(),
        "propertyOrdering": st.lists(names) | st.just("a"),
        "properties": maps,
        "$defs": maps,
        "patternProperties": maps,
        "items": inner,
        "additionalProperties": inner,
        "not": inner,
    }
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        fields[keyword] = lists
    return st.fixed_dictionaries({}, optional=fields)


schemas = st.recursive(st.booleans() | objects_of(st.just({})), objects_of, max_leaves=6)


@settings(deadline=None)  # a busy machine is no fault of the schema
@given(schemas)
def test_valid_schema_converts_to_the_sites_form_or_is_refused(schema: Any) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return
    before = json.dumps(schema)
    try:
        converted = to_site_schema(schema)
    except ValueError:
        return
    check(converted.schema)
    assert "$ref" not in set(json.loads(json.dumps(converted.schema)).keys())
    assert json.dumps(schema) == before
    again = to_site_schema(converted.schema)
    assert again.lost == ()
