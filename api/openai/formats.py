"""`response_format` in its forms."""

from dataclasses import dataclass
from typing import Any, Final

from api.complaints import short
from api.openai.refusals import type_name
from api.schemas import check_size, loss_note, site_schema_of
from domain.errors import BadRequest, Unsupported
from domain.requests import OutputFormat

_PATH: Final = "response_format"
_WRAPPER: Final = frozenset({"name", "schema", "strict", "description"})


@dataclass(frozen=True, slots=True)
class FormatWish:
    output: OutputFormat | None
    """`None`: plain text."""
    notes: tuple[str, ...] = ()


def read_format(value: Any) -> FormatWish:
    """Raises BadRequest: no such format, or a schema that is none."""
    if isinstance(value, str):
        value = {"type": value}
    if value is None:
        return FormatWish(None)
    if not isinstance(value, dict):
        raise BadRequest(f"{_PATH} must be a string or an object, not {type_name(value)}.", param=_PATH)
    given = {name: item for name, item in value.items() if item is not None}
    _refuse_others(given)
    match given.get("type"):
        case "text" if len(given) == 1:
            return FormatWish(None)
        case "json_object" if "schema" not in given and "json_schema" not in given:
            return FormatWish(OutputFormat())
        case "json_object" | "json_schema":
            return _with_schema(*_schema_of(given))
        case None:
            raise BadRequest(
                f"{_PATH}.type is required: text, json_object or json_schema.", param=f"{_PATH}.type"
            )
        case "text":
            raise BadRequest(f"{_PATH}: a schema needs the type 'json_schema', not 'text'.", param=_PATH)
        case other:
            raise _type_refusal(other)


def _refuse_others(given: dict[str, Any]) -> None:
    for name in given.keys() - {"type", "json_schema", "schema", "strict", "name", "description"}:
        raise Unsupported(
            f"The parameter {_PATH + '.' + name[:100]!r} is not supported.", param=f"{_PATH}.{name[:100]}"
        )


def _type_refusal(kind: Any) -> BadRequest:
    words = f"{_PATH}.type = {short(kind)} is none of text, json_object and json_schema."
    return (Unsupported if isinstance(kind, str) else BadRequest)(words, param=f"{_PATH}.type")


def _schema_of(given: dict[str, Any]) -> tuple[Any, str]:
    """The schema and its path: in OpenAI's wrapper, bare in `json_schema`, or beside `type`."""
    if "json_schema" not in given:
        if "schema" not in given:
            raise BadRequest(f"{_PATH}.json_schema is required.", param=f"{_PATH}.json_schema")
        return given["schema"], f"{_PATH}.schema"
    inner = given["json_schema"]
    if isinstance(inner, dict) and inner.keys() <= _WRAPPER and inner.keys() & {"name", "schema"}:
        return inner.get("schema"), f"{_PATH}.json_schema.schema"
    return inner, f"{_PATH}.json_schema"


def _with_schema(schema: Any, path: str) -> FormatWish:
    """OpenAI's wrapper may come without a schema, which asks for any JSON object."""
    if schema is None:
        return FormatWish(OutputFormat())
    check_size(schema, path)
    site = site_schema_of(schema, path)
    return FormatWish(OutputFormat(schema, site.schema or None), loss_note(site.lost, path))
