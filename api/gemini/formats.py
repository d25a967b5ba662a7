"""The form of the answer: `responseMimeType` with either kind of schema."""

from dataclasses import dataclass
from typing import Any, Final

from api.gemini.refusals import invalid
from api.gemini.schema import GenerationConfig
from api.gemini.schemas import json_schema_of
from api.schemas import check_size, loss_note, site_schema_of
from domain.errors import BadRequest
from domain.requests import OutputFormat

_PATH: Final = "generationConfig"
_PLAIN: Final = "text/plain"
_JSON: Final = "application/json"
_ENUM: Final = "text/x.enum"


@dataclass(frozen=True, slots=True)
class FormatWish:
    output: OutputFormat | None = None
    """`None`: plain text."""
    unquoted: bool = False
    """The answer is a JSON string that is to be sent as the text it stands for."""
    notes: tuple[str, ...] = ()


def read_format(config: GenerationConfig) -> FormatWish:
    """Raises BadRequest: no such type, or a schema that is none or has no JSON to be about."""
    kind = (config.response_mime_type or _PLAIN).strip().lower()
    schema, path = _schema(config)
    if kind not in (_PLAIN, _JSON, _ENUM):
        reason = f"it is none of {_PLAIN}, {_JSON} and {_ENUM}"
        raise invalid(f"{_PATH}.responseMimeType", reason, config.response_mime_type)
    if schema is None:
        if kind == _ENUM:
            raise BadRequest(f"{_ENUM} needs a responseSchema with an enum.", param=f"{_PATH}.responseSchema")
        return FormatWish(OutputFormat() if kind == _JSON else None)
    if kind == _PLAIN:
        raise BadRequest(f"{path} is for JSON; set responseMimeType to '{_JSON}' along with it.", param=path)
    if kind == _ENUM and not isinstance(schema.get("enum"), list):
        raise invalid(path, f"{_ENUM} needs an enum of strings", schema)
    check_size(schema, path)
    if kind == _ENUM:
        schema = {"type": "string", **schema}
    site = site_schema_of(schema, path)
    return FormatWish(OutputFormat(schema, site.schema or None), kind == _ENUM, loss_note(site.lost, path))


def _schema(config: GenerationConfig) -> tuple[dict[str, Any] | None, str]:
    if config.response_schema is not None and config.response_json_schema is not None:
        raise BadRequest(
            "responseSchema and responseJsonSchema are two forms of one thing; send one of them.",
            param=f"{_PATH}.responseJsonSchema",
        )
    if config.response_schema is not None:
        path = f"{_PATH}.responseSchema"
        return json_schema_of(config.response_schema, path), path
    path, schema = f"{_PATH}.responseJsonSchema", config.response_json_schema
    if schema is not None and not isinstance(schema, dict):
        raise invalid(path, "it must be a JSON schema, which is an object", schema)
    return schema, path
