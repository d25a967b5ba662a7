"""How many tokens a request may have, where nobody who knows can be asked."""

import json
from collections.abc import Mapping
from typing import Any, Final

from domain.attachments import Attachment, FileReference
from domain.events import ToolCall
from domain.requests import GenerateRequest, Part, Text, ToolResult

BYTES_PER_TOKEN: Final = 4
"""Of UTF-8: four letters of English, two of Cyrillic, one or two signs of Chinese."""

TOKENS_PER_FILE: Final = 258
"""What a small picture counts; longer files have more, which their size does not tell."""


def estimated(request: GenerateRequest) -> int:
    """Tokens of everything that is asked, at least 1."""
    texts = [request.system, *(_text(part) for turn in request.turns for part in turn.parts)]
    texts += [
        f"{function.name} {function.description} {_json(function.schema or {})}"
        for function in request.functions
    ]
    files = sum(isinstance(part, FileReference | Attachment) for turn in request.turns for part in turn.parts)
    return max(1, sum(tokens_of(text) for text in texts) + files * TOKENS_PER_FILE)


def tokens_of(text: str) -> int:
    """Tokens of a text, rounded up; none of an empty one."""
    return -(-len(text.encode(errors="replace")) // BYTES_PER_TOKEN)


def _text(part: Part) -> str:
    match part:
        case Text():
            return part.text
        case ToolCall():
            return f"{part.name} {_json(part.args)}"
        case ToolResult():
            return f"{part.name} {part.content}"
    return ""


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False)
