"""The page's CountTokens calls: what they count, and what comes of it."""

from collections.abc import Collection, Iterator
from typing import Any

from browser.wire import fields
from browser.wire.fields import kinds_at, number_at, parsed
from browser.wire.status import error_from_http
from domain.counts import TokenCount
from domain.errors import WireError


def mentions(body: str, texts: Collection[str]) -> bool:
    """Whether a request holds every one of these texts, each as a value of its own, wherever it stands.

    Line ends and what surrounds a text are the page's business.
    """
    try:
        message = parsed(body)
    except ValueError:
        return False
    return {_bare(text) for text in texts} <= {_bare(text) for text in _strings(message)}


def decode_count(status: int, body: bytes) -> TokenCount:
    """Decode `[total, …, [[modality, tokens], …]]`.

    Raises:
        GatewayError: the site refused to count.
        WireError: the answer is no count.
    """
    if status != 200:
        raise error_from_http(status, body)
    try:
        message = parsed(body.decode("utf-8").removeprefix(")]}'"))
    except ValueError as error:
        raise WireError(f"The page's token count is not JSON: {error}.") from error
    total = number_at(message, fields.COUNT_TOTAL)
    if total is None:
        raise WireError(f"The page's token count holds no number: {message!r:.80}.")
    return TokenCount(int(total), kinds_at(message, fields.COUNT_KINDS))


def _strings(message: Any) -> Iterator[str]:
    waiting = [message]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += value


def _bare(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
