"""What the OpenAPI document says of every route: the failures it may answer with."""

from typing import Any, Final

from api.errors import ANSWERS

_NULLABLE_TEXT: Final = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_OPENAI: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": _NULLABLE_TEXT,
                "code": {"type": "string"},
            },
        },
        "detail": {"type": "string"},
    },
}
_GOOGLE: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "status"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "details": {"type": "array"},
            },
        }
    },
}
_CONTENT: Final = {"application/json": {"schema": {"anyOf": [_OPENAI, _GOOGLE]}}}


def failures() -> dict[int | str, dict[str, Any]]:
    """By status; 422 is among them, so that the framework does not describe a form of its own."""
    codes: dict[int, list[str]] = {405: ["method_not_allowed"]}
    for error, answer in ANSWERS.items():
        codes.setdefault(answer.status, []).append(error.code)
    return {
        status: {"description": ", ".join(dict.fromkeys(codes[status])), "content": _CONTENT}
        for status in sorted(codes)
    }
