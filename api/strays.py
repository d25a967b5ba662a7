"""What is said to those who call an address that is not there: what they may have meant, or use instead."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from api.access.doorway import path_of
from domain.errors import NotFound, NotOffered

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

_LIVE: Final = "/ws/google.ai.generativelanguage."
_VERSIONS: Final = ("v1", "v1beta", "v1alpha")
_BEGINNINGS: Final = ("", "/v1", "/v1beta")
_MOST_LEFT_OUT: Final = 2
"""How many steps at the beginning of a path may be too many."""

_CONVERSE: Final = "send the whole conversation to POST /v1/chat/completions"
_ONE_BY_ONE: Final = "send its requests one by one"
_NO_TUNING: Final = "models are used as the site has them"
_PICTURE: Final = (
    "send the picture with a message to POST /v1/chat/completions and a model that makes pictures"
)
_SOUND: Final = "send the sound with a question to POST /v1/chat/completions"
_FILES: Final = "upload files and name them in a request"

UNSERVED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "assistants": _CONVERSE,
        "audio/speech": "no speech is made here; POST /v1/chat/completions answers in words",
        "audio/transcriptions": _SOUND,
        "audio/translations": _SOUND,
        "batches": _ONE_BY_ONE,
        "completions": _CONVERSE,
        "conversations": _CONVERSE,
        "fine_tuning": _NO_TUNING,
        "images/edits": _PICTURE,
        "images/variations": _PICTURE,
        "messages": _CONVERSE,
        "moderations": "no text is judged here; leave the call out",
        "realtime": "stream an answer of POST /v1/chat/completions",
        "responses": _CONVERSE,
        "threads": _CONVERSE,
        "uploads": "send the whole file to POST /v1/files",
        "vector_stores": _FILES,
        "videos": "no videos are made here",
        "auth_tokens": "make keys with 'launch_camoufox.py keys add NAME'",
        "cachedContents": "nothing is kept between requests; send the contents along with each",
        "corpora": _FILES,
        "fileSearchStores": _FILES,
        "interactions": "send the whole conversation to POST /v1beta/models/{model}:generateContent",
        "tunedModels": _NO_TUNING,
    }
)
"""Known addresses of OpenAI's, Anthropic's and Google's APIs by what follows the version, and what to do."""

UNSERVED_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "asyncBatchEmbedContent": "use batchEmbedContents",
        "batchGenerateContent": "send the requests one by one to generateContent",
        "bidiGenerateContent": "use streamGenerateContent",
        "predict": "use generateContent with a model that makes pictures",
        "predictLongRunning": "no videos are made here",
    }
)
"""The same of methods of a model in Google's API."""


def not_offered(scope: Scope) -> NotOffered | None:
    """What a call is told of an address that such APIs have and this one has not; `None`: it is no such."""
    path = path_of(scope)
    version, _, behind = path.removeprefix("/").partition("/")
    instead = None
    if version in _VERSIONS:
        known = (what for name, what in UNSERVED.items() if f"{behind}/".startswith(f"{name}/"))
        instead = next(known, None) or UNSERVED_METHODS.get(path.rpartition(":")[2])
    elif path.startswith(_LIVE):
        instead = UNSERVED_METHODS["bidiGenerateContent"]
    if instead is None:
        return None
    return NotOffered(f"{path} is not served by this gateway: {instead}.")


def not_found(scope: Scope, routes: Sequence[BaseRoute]) -> NotFound:
    """What a call of any other address is told, with one of `routes` that may be meant."""
    path, method = path_of(scope), scope["method"]
    served = (near for near in _near(path) if method in methods_at({**scope, "path": near}, routes))
    meant = next(served, None)
    hint = "" if meant is None else f" There is {meant!r}: look at the base URL."
    return NotFound(f"No such route: '{method} {path}'.{hint}")


def methods_at(scope: Scope, routes: Sequence[BaseRoute]) -> list[str]:
    """The HTTP methods that an address has; HEAD where there is GET."""
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return [*found, "HEAD"] if "GET" in found else found


def _near(path: str) -> Iterator[str]:
    """Paths with a version before them, or without what stands before it."""
    steps = path.split("/")[1:]
    for left_out in range(min(_MOST_LEFT_OUT, len(steps) - 1) + 1):
        rest = "/".join(["", *steps[left_out:]])
        yield from (near for begin in _BEGINNINGS if (near := begin + rest) != path)
