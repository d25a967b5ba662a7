"""Embeddings through Google's own library, with the user's own key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NoReturn

import httpx2
from fastapi import Request
from google import genai
from google.genai import errors as sdk_errors
from google.genai import types as sdk

from domain.errors import (
    BadRequest,
    GatewayError,
    NotConfigured,
    PermissionDenied,
    RateLimited,
    UnknownModel,
    UpstreamError,
    UpstreamUnavailable,
)
from domain.tokens import tokens_of

MOST_AT_ONCE: Final = 100
"""Texts that the endpoint takes in one request."""

_VERSION: Final = "v1beta"
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class EmbeddingRules:
    """Where embeddings come from. Without a key there are none."""

    api_key: str = ""
    base_url: str = ""
    """Empty: Google's own."""
    timeout: float = 60.0
    """Seconds for one request of the endpoint."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is to be embedded."""

    task_type: str | None = None
    title: str | None = None
    dimensions: int | None = None


@dataclass(frozen=True, slots=True)
class Embedded:
    vectors: tuple[tuple[float, ...], ...]
    """In the order of the texts."""
    tokens: int
    """As the endpoint counts them, or else as they are estimated."""
    estimated: bool


class Embeddings:
    """One connection to the endpoint. Close it at the end."""

    def __init__(self, rules: EmbeddingRules) -> None:
        self._rules = rules
        self._http: httpx2.AsyncClient | None = None
        self._client: genai.Client | None = None
        if rules.api_key:
            self._http = httpx2.AsyncClient(timeout=rules.timeout)
            options = sdk.HttpOptions(
                api_version=_VERSION, base_url=rules.base_url or None, httpx_async_client=self._http
            )
            self._client = genai.Client(vertexai=False, api_key=rules.api_key, http_options=options)

    async def aclose(self) -> None:
        if self._client is not None:
            self._client.close()
        if self._http is not None:
            await self._http.aclose()

    async def embed(self, model: str, texts: Sequence[tuple[str, Manner]]) -> Embedded:
        """One vector for each text.

        Raises:
            NotConfigured: there is no key.
            UnknownModel: the endpoint has no such model.
            BadRequest: it does not take the texts, or not in this manner.
            UpstreamError: it refuses, fails, or answers something else.
        """
        client = self._client
        if client is None:
            raise NotConfigured(
                "AI Studio's page has no embeddings. Set EMBEDDINGS_API_KEY to a Gemini API key of your own "
                "(and EMBEDDINGS_BASE_URL, if they come from another address than Google's)."
            )
        vectors: list[tuple[float, ...]] = []
        counted: list[int | None] = []
        for manner, some in _batches(texts):
            response = await self._ask(client, model, manner, some)
            vectors += _vectors(response, len(some))
            usage = response.usage_metadata
            counted.append(None if usage is None else usage.prompt_token_count)
        told = [count for count in counted if count is not None]
        estimated = len(told) < len(counted)
        tokens = sum(tokens_of(text) for text, _ in texts) if estimated else sum(told)
        return Embedded(tuple(vectors), tokens, estimated)

    async def _ask(
        self, client: genai.Client, model: str, manner: Manner, texts: list[str]
    ) -> sdk.EmbedContentResponse:
        config = sdk.EmbedContentConfig(
            task_type=manner.task_type, title=manner.title, output_dimensionality=manner.dimensions
        )
        contents: list[Any] = [sdk.Content(parts=[sdk.Part(text=text)]) for text in texts]
        try:
            return await client.aio.models.embed_content(model=model, contents=contents, config=config)
        except sdk_errors.APIError as error:
            _refuse(error, model)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UpstreamUnavailable(
                f"The endpoint of EMBEDDINGS_BASE_URL cannot be reached ({type(error).__name__}).",
                retry_after=5,
            ) from error


def embeddings_of(request: Request) -> Embeddings:
    service: Embeddings = request.app.state.embeddings
    return service


def _batches(texts: Sequence[tuple[str, Manner]]) -> Iterator[tuple[Manner, list[str]]]:
    for manner, group in groupby(texts, key=lambda entry: entry[1]):
        some = [text for text, _ in group]
        for start in range(0, len(some), MOST_AT_ONCE):
            yield manner, some[start : start + MOST_AT_ONCE]


def _vectors(response: sdk.EmbedContentResponse, wanted: int) -> list[tuple[float, ...]]:
    vectors = [tuple(embedding.values or ()) for embedding in response.embeddings or []]
    if len(vectors) != wanted or not all(vectors):
        raise UpstreamError(f"The endpoint gave {len(vectors)} embeddings for {wanted} texts.")
    return vectors


def _refuse(error: sdk_errors.APIError, model: str) -> NoReturn:
    reason = str(error.message or error.status or "without a reason")[:_LONGEST_REASON]
    words = f"The endpoint of the embeddings refused the request: {reason}"
    failures: dict[int, type[GatewayError]] = {
        400: BadRequest,
        401: PermissionDenied,
        403: PermissionDenied,
        429: RateLimited,
    }
    if error.code == 404:
        raise UnknownModel(f"The endpoint has no embedding model {model!r:.200}.", param="model") from error
    if "API key" in reason:
        raise PermissionDenied(f"{words} (EMBEDDINGS_API_KEY).") from error
    other = UpstreamUnavailable if error.code >= 500 else UpstreamError
    raise failures.get(error.code, other)(words) from error
