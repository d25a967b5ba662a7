"""A decoded GenerateContent request: what arrived, by name."""

import json
from dataclasses import dataclass, field
from typing import Any

from simulator.tokens import TOKENS_PER_MEDIUM, token_count

TEXT = 1
MODALITY_OF_MIME = {"image": 2, "video": 3, "audio": 4, "application/pdf": 5}
"""Public numbering, by MIME type or its first half; anything else is text."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A medium that came with the prompt, inline or as an uploaded file."""

    kind: str
    """`inline` or `file`."""
    name: str
    mime: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """One content of the conversation. `texts` are its text parts, byte-exact."""

    role: str
    texts: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    calls: tuple[dict[str, Any], ...] = ()
    responses: tuple[dict[str, Any], ...] = ()

    @property
    def text(self) -> str:
        return "".join(self.texts)


@dataclass(frozen=True, slots=True)
class Thinking:
    """Slot 16 of the generation config. `level`: 1 low, 2 medium, 3 high, 4 minimal."""

    include: bool = False
    budget: int | None = None
    unknown: Any = None
    level: int | None = None

    @property
    def on(self) -> bool:
        """Whether thoughts are to be shown."""
        return self.include and self.budget != 0


@dataclass(frozen=True, slots=True)
class Config:
    """Generation config. None means that the slot did not arrive."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] = ()
    mime_type: str | None = None
    schema: list[Any] | None = None
    modalities: tuple[int, ...] = ()
    speech: list[Any] | None = None
    thinking: Thinking | None = None
    media_resolution: int | None = None
    seed: int | None = None
    image: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything that the model may look at: nothing else decides an answer."""

    model: str
    contents: tuple[Content, ...]
    system: str | None = None
    config: Config = field(default_factory=Config)
    safety: tuple[tuple[int, int], ...] = ()
    """(category, threshold)"""
    tools: tuple[dict[str, Any], ...] = ()
    """`{"name": "google_search"}`, `{"name": "functions", "functions": [names]}`, …"""
    attestation_length: int = 0
    previous_response_id: str | None = None
    client_context: list[Any] | None = None

    @property
    def last_user(self) -> Content:
        """The last content with role user; an empty one if there is none."""
        return next((c for c in reversed(self.contents) if c.role == "user"), Content(role="user"))

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(medium for content in self.contents for medium in content.attachments)

    @property
    def prompt_tokens(self) -> int:
        return sum(self.prompt_kinds.values())

    @property
    def prompt_kinds(self) -> dict[int, int]:
        """Tokens of the prompt by modality: texts, system instruction and declarations are text."""
        texts = [text for content in self.contents for text in content.texts]
        declared = [
            json.dumps(f, ensure_ascii=False) for tool in self.tools for f in tool.get("functions", [])
        ]
        kinds = {TEXT: sum(map(token_count, [*texts, self.system or "", *declared]))}
        for medium in self.attachments:
            kind = _modality(medium.mime)
            kinds[kind] = kinds.get(kind, 0) + TOKENS_PER_MEDIUM
        return {kind: tokens for kind, tokens in kinds.items() if tokens}


def _modality(mime: str) -> int:
    return MODALITY_OF_MIME.get(mime) or MODALITY_OF_MIME.get(mime.split("/", maxsplit=1)[0], TEXT)
