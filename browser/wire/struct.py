"""google.protobuf.Struct in positional form -> plain Python values.

Struct = [[["key", Value], …]]
Value  = [null|0] null · [null, n] number · [null, null, "s"] string · [null×3, 1|0] bool
         [null×4, Struct] object · [null×5, [[Value, …]]] list
"""

from typing import Any

from browser.wire.fields import at
from domain.errors import WireError


def decode_struct(message: Any) -> dict[str, Any]:
    """Decode a Struct; an empty array is an empty object.

    Raises:
        WireError: the message has no such shape.
    """
    if not isinstance(message, list):
        raise WireError(f"Function arguments are not a struct: {message!r:.80}.")
    pairs = _unwrap_pairs(message)
    return {pair[0]: decode_value(at(pair, 1)) for pair in pairs}


def decode_value(message: Any) -> Any:  # noqa: PLR0911 one return a shape
    """Decode a Value; the slot that is set tells the type."""
    if not isinstance(message, list):
        return message
    match len(message):
        case 0 | 1:
            return None
        case 2:
            return _number(message[1])
        case 3:
            return message[2]
        case 4:
            return bool(message[3])
        case 5:
            return decode_struct(message[4])
        case 6:
            return [decode_value(item) for item in _unwrap_items(message[5])]
        case _:
            raise WireError(f"A function argument has an unknown shape: {message!r:.80}.")


def _number(value: Any) -> Any:
    """NaN and infinities travel as strings."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError as error:
        raise WireError(f"A function argument is no number: {value!r:.80}.") from error


def _is_pair(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and isinstance(item[0], str)


def _unwrap_pairs(message: list[Any]) -> list[Any]:
    """Peel single-element wrappers until the list of pairs appears; some messages carry extra ones."""
    while message and not all(_is_pair(item) for item in message):
        if len(message) != 1 or not isinstance(message[0], list):
            raise WireError(f"Function arguments are not a struct: {message!r:.80}.")
        message = message[0]
    return message


def _unwrap_items(message: Any) -> list[Any]:
    """A ListValue is `[[Value, …]]`; an empty one `[]`."""
    if not isinstance(message, list):
        raise WireError(f"A list argument has an unknown shape: {message!r:.80}.")
    items = message[0] if message else []
    return items if isinstance(items, list) else []
