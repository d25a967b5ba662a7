"""The answer to one native request: its object, or its stream in either framing."""

from collections.abc import Sequence

from api.gemini.encode import AnswerStyle, ChunkEncoder, response_object
from api.gemini.errors import google_envelope
from api.gemini.objects import Json
from api.gemini.streams import Framing
from domain.completion import Completion
from domain.errors import GatewayError, Refused
from domain.events import Event


class AnswerWriter:
    """Writes one answer; warnings that come late have no place in Google's chunks and are left out."""

    def __init__(self, request_id: str, model: str, style: AnswerStyle, framing: Framing) -> None:
        self._id = request_id
        self._model = model
        self._style = style
        self._framing = framing
        self._encoder = ChunkEncoder(request_id, model, style)

    def whole(self, answers: Sequence[Completion]) -> Json:
        return response_object(self._id, self._model, answers, self._style)

    def refused(self, error: Refused) -> Json:
        """To Google a blocked prompt is an answer without candidates."""
        return self._encoder.blocked(error)

    def opening(self) -> list[bytes]:
        """Nothing: the headers tell that the stream lives, and readers take every chunk for an answer."""
        return []

    def keep_alive(self) -> bytes:
        return self._framing.keep_alive()

    def event(self, index: int, event: Event, _warnings: tuple[str, ...]) -> list[bytes]:
        return [self._framing.chunk(chunk) for chunk in self._encoder.event(index, event)]

    def closing(self) -> list[bytes]:
        end = self._framing.end()
        return [end] if end else []

    def failure(self, error: GatewayError) -> bytes:
        told = self._encoder.blocked(error) if isinstance(error, Refused) else google_envelope(error)
        return self._framing.chunk(told) + self._framing.end()
