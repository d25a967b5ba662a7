"""API keys: what one looks like, how it is kept, and the two files it may stand in."""

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from settings import SettingsError

SHORTEST_KEY: Final = 8
_PREFIX: Final = "sk-"
"""Some clients take nothing for a key that begins otherwise."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; never the key itself."""

    name: str
    """For people: the given name, or the place in the plain file (`key.txt:3`)."""
    digest: str
    """64 hex digits; see `digest_of`."""
    hint: str = ""
    """The key as it may stand in a log."""
    created: datetime | None = None
    requests_per_minute: int | None = None
    """`None`: as the setting says; 0: no limit."""

    @property
    def named(self) -> bool:
        """Whether it can be revoked by name."""
        return ":" not in self.name


def digest_of(key: str) -> str:
    """SHA-256, in hex.

    No salt and no slow hash: those protect words that people choose. A made key has 256 random bits, which
    nobody guesses however fast; and keys are compared on every request, where a slow hash would let anybody
    keep this process busy.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def new_key() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def masked(key: str) -> str:
    """A key as it may stand in a log: `abcd****efgh`; shorter than 12 characters, only the first two."""
    return f"{key[:4]}****{key[-4:]}" if len(key) >= 12 else f"{key[:2]}****"


def check_name(name: str) -> str:
    """The name, if a key may have it.

    Raises:
        SettingsError: the text is for the user.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r:.100} is no name for a key: take 1 to 64 letters, digits, dots, dashes and "
            "underscores, a letter or digit first."
        )
    return name


def read_plain(path: Path) -> tuple[Key, ...]:
    """The keys of a plain file: one a line, blank lines and lines that start with `#` left out.

    None if there is no file.

    Raises:
        SettingsError: a key is too short or cannot be sent in a header; the text never shows the key.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"KEY_FILE={str(path)!r} cannot be read: {error}.") from error
    return tuple(_plain_keys(lines, path))


def _plain_keys(lines: list[str], path: Path) -> Iterator[Key]:
    for number, line in enumerate(lines, start=1):
        key = line.strip()
        if not key or key.startswith("#"):
            continue
        if len(key) < SHORTEST_KEY:
            raise SettingsError(
                f"KEY_FILE={str(path)!r}, line {number}: a key needs at least {SHORTEST_KEY} characters."
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise SettingsError(
                f"KEY_FILE={str(path)!r}, line {number}: a key is made of visible ASCII characters only."
            )
        yield Key(f"{path.name}:{number}", digest_of(key), masked(key))


def read_named(path: Path) -> tuple[Key, ...]:
    """The keys of a file that `named_document` made; none if there is no file.

    Raises:
        SettingsError: it is something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise SettingsError(f"NAMED_KEYS_FILE={str(path)!r} cannot be read: {error}.") from error
    try:
        keys = tuple(_named_key(row) for row in document["keys"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"NAMED_KEYS_FILE={str(path)!r} is not a list of keys ({type(error).__name__}: {error}); "
            "move it away, and add the keys anew."
        ) from error
    if len({key.name for key in keys}) < len(keys):
        raise SettingsError(f"NAMED_KEYS_FILE={str(path)!r} has two keys of one name; take one out.")
    return keys


def _named_key(row: dict[str, Any]) -> Key:
    limit, digest = row.get("requests_per_minute"), row["sha256"]
    if not _DIGEST.fullmatch(digest) or not _NAME.fullmatch(row["name"]):
        raise ValueError("a name or a checksum is malformed")
    if limit is not None and (type(limit) is not int or limit < 0):
        raise ValueError(f"requests_per_minute is {limit!r}")
    return Key(row["name"], digest, str(row["hint"]), datetime.fromisoformat(row["created"]), limit)


def named_document(keys: tuple[Key, ...]) -> bytes:
    """What `read_named` reads."""
    rows = [
        {
            "name": key.name,
            "sha256": key.digest,
            "hint": key.hint,
            "created": (key.created or datetime.now(UTC)).isoformat(timespec="seconds"),
            "requests_per_minute": key.requests_per_minute,
        }
        for key in keys
    ]
    return json.dumps({"version": _VERSION, "keys": rows}, indent=2).encode() + b"\n"
