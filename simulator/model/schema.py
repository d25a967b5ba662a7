"""Values that fit a positional Schema (public numbering), always the same for the same schema."""

from typing import Any

STRING, NUMBER, INTEGER, BOOLEAN, ARRAY, OBJECT, NULL = range(1, 8)
DEPTH_LIMIT = 32


def filled(schema: list[Any], name: str = "value", depth: int = 0) -> Any:
    """A value for `schema`; strings say the property's name, enums take their first entry."""
    options = _slot(schema, 17)
    if options:
        return filled(options[0], name, depth)
    kind = _slot(schema, 0)
    if depth > DEPTH_LIMIT or kind == NULL:
        return None
    if kind == OBJECT:
        return {key: filled(inner, key, depth + 1) for key, inner in _properties(schema)}
    if kind == ARRAY:
        return [filled(_slot(schema, 5) or [STRING], name, depth + 1)]
    return _scalar(kind, schema, name)


def _scalar(kind: int | None, schema: list[Any], name: str) -> Any:
    enum = _slot(schema, 4)
    if enum:
        return enum[0]
    low = _slot(schema, 10)
    if kind == INTEGER:
        return 1 if low is None else int(low)
    if kind == NUMBER:
        return 1.5 if low is None else float(low)
    if kind == BOOLEAN:
        return True
    return f"simulated {name}"


def _properties(schema: list[Any]) -> list[tuple[str, list[Any]]]:
    """Properties in the order that slot 22 asks for; those it does not name follow."""
    listed = [(key, inner) for key, inner in _slot(schema, 6) or []]
    order = {key: place for place, key in enumerate(_slot(schema, 22) or [])}
    return sorted(listed, key=lambda item: order.get(item[0], len(order)))


def _slot(schema: list[Any], index: int) -> Any:
    return schema[index] if index < len(schema) else None
