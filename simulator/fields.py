"""Typed reading of positional messages; a value of another type is refused the way the site refuses it."""

from typing import Any, TypeVar

from simulator.rejection import wrong_shape

T = TypeVar("T")


class Fields:
    """A positional message under a field path that error texts name. Missing slots and nulls read as None."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_shape(path, "MESSAGE", value)
        self.values: list[Any] = value
        self.path = path

    def raw(self, index: int) -> Any:
        return self.values[index] if index < len(self.values) else None

    def text(self, index: int, name: str) -> str | None:
        value = self._typed(index, name, str, "TYPE_STRING")
        try:
            b"" if value is None else value.encode()
        except UnicodeEncodeError as error:
            raise wrong_shape(self._name(name), "TYPE_STRING, invalid UTF-8", "a lone surrogate") from error
        return value

    def integer(self, index: int, name: str) -> int | None:
        value = self.raw(index)
        if isinstance(value, str) and value.lstrip("-").isdecimal():
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return self._typed(index, name, int, "TYPE_INT32")

    def number(self, index: int, name: str) -> float | None:
        value = self.raw(index)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._typed(index, name, float, "TYPE_FLOAT")

    def flag(self, index: int, name: str) -> bool:
        value = self.raw(index)
        if value not in (None, 0, 1):
            raise wrong_shape(self._name(name), "TYPE_BOOL", value)
        return bool(value)

    def items(self, index: int, name: str) -> list[Any]:
        """A repeated field; absent reads as empty."""
        return self._typed(index, name, list, "LIST") or []

    def message(self, index: int, name: str) -> "Fields | None":
        value = self.raw(index)
        return None if value is None else Fields(value, self._name(name))

    def _typed(self, index: int, name: str, kind: type[T], label: str) -> T | None:
        value = self.raw(index)
        if value is None or (isinstance(value, kind) and not isinstance(value, bool)):
            return value
        raise wrong_shape(self._name(name), label, value)

    def _name(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
