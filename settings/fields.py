"""The kinds of values that settings have: paths, addresses, words."""

import shlex
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic import ValidationInfo as Info

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder: where relative paths start and `.env` is looked for."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def _rooted(path: Path, info: Info) -> Path:
    root: Path = (info.context or {}).get("root", ROOT)
    return root / path.expanduser()


def _profile_file(path: Path, info: Info) -> Path:
    found = _rooted(path, info)
    if not found.is_file():
        raise ValueError(
            f"there is no file {str(found)!r}; sign in with --debug --save-profile-as {found.stem}, or bring "
            "one in with 'profiles import'"
        )
    return found


def _existing(path: Path, info: Info) -> Path:
    found = _rooted(path, info)
    if not found.is_file():
        raise ValueError(f"there is no file {str(found)!r}")
    return found


def _profile(value: object, info: Info) -> object:
    """A bare name means a file of the profiles' folder; with a slash, or where such a file is, a path."""
    if not isinstance(value, str) or "/" in value or "\\" in value:
        return value
    root: Path = (info.context or {}).get("root", ROOT)
    if value.endswith(".json") and (root / value).is_file():
        return value
    folder: Path = info.data.get("auth_profiles_dir", root / "auth_profiles")
    return folder / (value if value.endswith(".json") else f"{value}.json")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("give an address like 'https://aistudio.google.com'")
    return value.rstrip("/")


def _socket_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname:
        raise ValueError("give an address like 'ws://127.0.0.1:9222/' (ws, wss, http or https)")
    return value


def _proxy_address(value: str, info: Info) -> str:
    """No browser signs in to a SOCKS proxy, and a running one has made its choice."""
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https", "socks5"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
    ):
        raise ValueError("give an address like 'http://user:password@host:3128' (http, https or socks5)")
    try:
        known = parts.port
    except ValueError:
        known = None
    if not known:
        raise ValueError("give the proxy's port as well, like 'http://host:3128'")
    if parts.scheme == "socks5" and parts.username is not None:
        raise ValueError("browsers cannot sign in to a SOCKS proxy; give one without a password, or http")
    if info.data.get("ws_endpoint"):
        raise ValueError("a running browser (BROWSER_WS_ENDPOINT) keeps the proxy it was started with")
    return value.rstrip("/")


def _page_origin(word: str) -> str:
    """What browsers send as `Origin`; `null` is that of a page on disk."""
    parts = urlsplit(word)
    whole = parts.scheme and parts.netloc and not (parts.path.strip("/") or parts.query)
    if not whole and word not in {"*", "null"}:
        raise ValueError(f"{word!r} is no origin; give them like 'https://chat.example', or '*' for any")
    if parts.netloc.endswith(_DEFAULT_PORTS.get(parts.scheme, " ")):
        raise ValueError(f"{word!r} is never sent; browsers leave a scheme's own port away")
    return word


def _host_name(word: str) -> str:
    if set(word) & set("/?#@") or (":" in word and not word.startswith("[")):
        raise ValueError(f"{word!r} is no name; give them like 'chat.example' or '*.example', without a port")
    return word


def each_once(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if words.count(word) > 1:
            raise ValueError(f"{word!r} is named twice")
    return words


def proxied_here(value: int, info: Info) -> int:
    """The stream proxy stands between the site and a browser that is started with it."""
    if value and info.data.get("ws_endpoint"):
        raise ValueError("a running browser (BROWSER_WS_ENDPOINT) does not use the stream proxy; set it to 0")
    if value and str(info.data.get("proxy")).startswith("socks5:"):
        raise ValueError("the stream proxy cannot use a SOCKS proxy (UNIFIED_PROXY_CONFIG); set it to 0")
    return value


def needs_stream_port(words: tuple[str, ...], info: Info) -> tuple[str, ...]:
    if "proxy" in words and not info.data.get("stream_port"):
        raise ValueError("'proxy' is the stream proxy; set STREAM_PORT as well, or leave it out")
    return words


def needs_endpoint(words: tuple[str, ...], info: Info) -> tuple[str, ...]:
    if "helper" in words and not info.data.get("helper_endpoint"):
        raise ValueError("'helper' is an external program; set GUI_DEFAULT_HELPER_ENDPOINT to its address")
    return words


RootedPath = Annotated[Path, AfterValidator(_rooted)]
ExistingFile = Annotated[Path, AfterValidator(_existing)]
ProfileFile = Annotated[Path, AfterValidator(_profile_file), BeforeValidator(_profile)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
ProxyAddress = Annotated[str, AfterValidator(_proxy_address)]
SocketAddress = Annotated[str, AfterValidator(_socket_address)]
PageOrigin = Annotated[str, AfterValidator(_page_origin)]
HostName = Annotated[str, AfterValidator(_host_name)]
Words = BeforeValidator(lambda value: tuple(shlex.split(value)) if isinstance(value, str) else value)
LowerCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)
UpperCase = BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value)
