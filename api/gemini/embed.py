"""Google's forms of an embeddings request."""

from typing import Any, Final

from api.embeddings.service import Manner
from api.gemini.refusals import invalid, read
from api.gemini.schema import BatchEmbedContentsRequest, Content, EmbedContentRequest
from domain.errors import BadRequest, Unsupported

_PREFIX: Final = "models/"

Texts = list[tuple[str, Manner]]


def decode_embed(document: Any, model: str) -> Texts:
    """Raises BadRequest: not of the form, no text, something else than text, or another model."""
    return [_text(read(EmbedContentRequest, document), model, "")]


def decode_batch(document: Any, model: str) -> Texts:
    """Raises BadRequest: as for `decode_embed`."""
    batch = read(BatchEmbedContentsRequest, document)
    return [_text(asked, model, f"requests[{at}].") for at, asked in enumerate(batch.requests)]


def _text(asked: EmbedContentRequest, model: str, path: str) -> tuple[str, Manner]:
    if asked.model is not None and asked.model.removeprefix(_PREFIX) != model.removeprefix(_PREFIX):
        raise invalid(f"{path}model", f"the address names '{model:.100}'", asked.model)
    manner = Manner(asked.task_type, asked.title, asked.output_dimensionality)
    return _words(asked.content, f"{path}content"), manner


def _words(content: Content, path: str) -> str:
    texts = [part.text for part in content.parts]
    if any(text is None for text in texts):
        raise Unsupported(f"{path}.parts: only text is embedded.", param=f"{path}.parts")
    words = "".join(text for text in texts if text is not None)
    if not words:
        raise BadRequest(f"{path} contains an empty Part.", param=f"{path}.parts")
    return words
