"""Reads a GenerateContent or CountTokens body by position.

Shapes only: whether the values suit the model is decided in `request_rules`. Raises Rejection (400) for
what the site would not parse.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from simulator.ask import Ask, Attachment, Config, Content, Thinking
from simulator.fields import Fields
from simulator.rejection import Rejection, invalid_field

FileFinder = Callable[[str], Attachment | None]
"""Drive file id -> what was uploaded under it."""

TOOL_NAMES = {0: "code_execution", 1: "functions", 3: "google_search", 7: "url_context", 10: "google_maps"}


def read_generate(body: Any, find_file: FileFinder) -> Ask:
    """A GenerateContent body as an Ask."""
    top = Fields(body, "")
    token = top.text(4, "attestation_token") or ""
    if not token.startswith("!"):
        raise Rejection(403)
    return Ask(
        model=_model_name(top),
        contents=_contents(top.items(1, "contents"), find_file),
        system=_system(top.message(5, "system_instruction"), find_file),
        config=_config(top.message(3, "generation_config")),
        safety=_safety(top.items(2, "safety_settings")),
        tools=tuple(_tool(tool, index) for index, tool in enumerate(top.items(6, "tools"))),
        attestation_length=len(token),
        previous_response_id=top.text(11, "previous_response_id"),
        client_context=top.items(13, "client_context") or None,
    )


def read_count(body: Any, find_file: FileFinder) -> Ask:
    """A CountTokens body: contents at 1, or a wrapped request at 2 when system, tools or media count too."""
    top = Fields(body, "")
    wrapped = top.message(2, "generate_content_request")
    if wrapped is None:
        return Ask(model=_model_name(top), contents=_contents(top.items(1, "contents"), find_file))
    inner = wrapped if wrapped.values and isinstance(wrapped.raw(0), str) else wrapped.message(0, "request")
    if inner is None:
        raise invalid_field("generate_content_request", "must not be empty")
    return Ask(
        model=_model_name(top),
        contents=_contents(inner.items(1, "contents"), find_file),
        system=_system(inner.message(5, "system_instruction"), find_file),
        tools=tuple(_tool(tool, index) for index, tool in enumerate(inner.items(6, "tools"))),
    )


def _model_name(top: Fields) -> str:
    name = top.text(0, "model")
    if not name:
        raise invalid_field("model", "model is required")
    if not name.startswith("models/"):
        raise invalid_field("model", f"unexpected model name format {name!r}")
    return name


def _contents(values: list[Any], find_file: FileFinder) -> tuple[Content, ...]:
    if not values:
        raise invalid_field("contents", "contents is not specified")
    return tuple(_content(Fields(v, f"contents[{i}]"), find_file) for i, v in enumerate(values))


def _content(content: Fields, find_file: FileFinder) -> Content:
    role = content.text(1, "role") or "user"
    if role not in ("user", "model"):
        raise invalid_field(f"{content.path}.role", f"please use a valid role: user, model; got {role!r}")
    parts = content.items(0, "parts")
    if not parts:
        raise invalid_field(f"{content.path}.parts", "must include at least one parts field")
    read = [Fields(part, f"{content.path}.parts[{index}]") for index, part in enumerate(parts)]
    texts = [part.text(1, "text") for part in read]
    media = [_attachment(part, find_file) for part in read]
    return Content(
        role=role,
        texts=tuple(text for text in texts if text is not None),
        attachments=tuple(medium for medium in media if medium is not None),
        calls=tuple(_call(call) for part in read if (call := part.message(10, "function_call"))),
        responses=tuple(_call(call) for part in read if (call := part.message(11, "function_response"))),
    )


def _attachment(part: Fields, find_file: FileFinder) -> Attachment | None:
    if inline := part.message(2, "inline_data"):
        return _inline(inline)
    if file := part.message(5, "file_data"):
        file_id = file.text(0, "file_id") or ""
        found = find_file(file_id)
        if found is None:
            raise Rejection(400, f"File {file_id!r} does not exist or is not accessible.")
        return found
    return None


def _inline(inline: Fields) -> Attachment:
    mime, encoded = inline.text(0, "mime_type"), inline.text(1, "data")
    if not mime:
        raise invalid_field(f"{inline.path}.mime_type", "must not be empty")
    try:
        data = base64.b64decode(encoded or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_field(f"{inline.path}.data", "Base64 decoding failed") from error
    name = inline.text(2, "display_name") or ""
    return Attachment("inline", name, mime, len(data), hashlib.sha256(data).hexdigest())


def _call(call: Fields) -> dict[str, Any]:
    """A function call or response as `{"name", "args", "id"}`."""
    return {"name": call.text(0, "name"), "args": read_struct(call.raw(1)), "id": call.text(2, "id")}


def _system(content: Fields | None, find_file: FileFinder) -> str | None:
    if content is None or not content.values:
        return None
    return _content(content, find_file).text


def _config(config: Fields | None) -> Config:
    if config is None:
        return Config()
    stops = config.items(1, "stop_sequences")
    if any(not isinstance(stop, str) for stop in stops):
        raise invalid_field("generation_config.stop_sequences", f"expected strings, got {stops!r}")
    return Config(
        temperature=config.number(4, "temperature"),
        top_p=config.number(5, "top_p"),
        top_k=config.integer(6, "top_k"),
        max_output_tokens=config.integer(3, "max_output_tokens"),
        stop_sequences=tuple(stops),
        mime_type=config.text(7, "response_mime_type"),
        schema=config.items(8, "response_schema") or None,
        modalities=tuple(config.items(14, "response_modalities")),
        speech=config.items(15, "speech_config") or None,
        thinking=_thinking(config.message(16, "thinking_config")),
        media_resolution=config.integer(17, "media_resolution"),
        seed=config.integer(18, "seed"),
        image=config.items(26, "image_config") or None,
    )


def _thinking(config: Fields | None) -> Thinking | None:
    if config is None:
        return None
    return Thinking(
        include=config.flag(0, "include_thoughts"),
        budget=config.integer(1, "thinking_budget"),
        unknown=config.raw(2),
        level=config.integer(3, "thinking_level"),
    )


def _safety(values: list[Any]) -> tuple[tuple[int, int], ...]:
    settings = [Fields(value, f"safety_settings[{index}]") for index, value in enumerate(values)]
    return tuple((s.integer(2, "category") or 0, s.integer(3, "threshold") or 0) for s in settings)


def _tool(value: Any, index: int) -> dict[str, Any]:
    tool = Fields(value, f"tools[{index}]")
    slot = next((slot for slot in TOOL_NAMES if tool.raw(slot) is not None), None)
    if slot is None:
        raise invalid_field(tool.path, "tool_type is required")
    if slot != 1:
        return {"name": TOOL_NAMES[slot]}
    declared = [Fields(each, f"{tool.path}.function_declarations") for each in tool.items(1, "functions")]
    functions = [
        {
            "name": each.text(0, "name"),
            "description": each.text(1, "description"),
            "parameters": each.raw(2),
        }
        for each in declared
    ]
    return {"name": "functions", "functions": functions}


def read_struct(value: Any) -> Any:
    """google.protobuf.Struct as a JSON object."""
    if not value:
        return {}
    return {entry[0]: read_value(entry[1]) for entry in value[0]}


def read_value(value: list[Any]) -> Any:
    """google.protobuf.Value as JSON: the last slot that is filled tells the type."""
    slot = len(value) - 1
    filled = value[slot] if value else None
    match slot:
        case 3:
            return bool(filled)
        case 4:
            return read_struct(filled)
        case 5:
            return [read_value(item) for item in filled[0]] if filled else []
        case 1 | 2:
            return filled
        case _:
            return None
