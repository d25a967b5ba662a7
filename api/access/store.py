"""Named keys: adding and revoking, from the command line and while the gateway runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from api.access.keys import Key, check_name, digest_of, masked, named_document, new_key, read_named
from api.access.private import sweep, write_private
from settings import SettingsError

_LOCK_SECONDS: Final = 5.0


class KeyStore:
    """The file of named keys. Two processes may change it at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """Raises SettingsError: the file is broken."""
        return read_named(self.path)

    def add(self, name: str, requests_per_minute: int | None = None) -> tuple[str, Key]:
        """Make a key. Its text is returned here and kept nowhere.

        Raises:
            SettingsError: no name, one that is taken, or a file that cannot be used.
        """
        check_name(name)
        with self._locked():
            keys = self.read()
            if any(key.name == name for key in keys):
                raise SettingsError(f"There is a key named {name!r} already; revoke it first.")
            text = new_key()
            key = Key(name, digest_of(text), masked(text), _now(), requests_per_minute)
            self._write((*keys, key))
        return text, key

    def revoke(self, name: str) -> Key:
        """Take a key away.

        Raises:
            KeyError: there is none of that name.
            SettingsError: the file cannot be used.
        """
        with self._locked():
            keys = self.read()
            gone = next((key for key in keys if key.name == name), None)
            if gone is None:
                raise KeyError(name)
            self._write(tuple(key for key in keys if key is not gone))
        return gone

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS, mode=0o600):
                yield
        except Timeout:
            raise SettingsError(
                f"NAMED_KEYS_FILE={str(self.path)!r} is being changed by another process; try again."
            ) from None
        except OSError as error:
            raise self._unusable(error) from error

    def _write(self, keys: tuple[Key, ...]) -> None:
        sweep(self.path)
        write_private(self.path, named_document(keys))

    def _unusable(self, error: OSError) -> SettingsError:
        return SettingsError(f"NAMED_KEYS_FILE={str(self.path)!r} cannot be changed: {error.strerror}.")


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
