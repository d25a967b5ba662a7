"""Files that nobody else may read, written whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

_MARK: Final = 8
"""Characters behind the name of a file that is being written."""


def write_private(path: Path, content: bytes) -> None:
    """Put `content` into the place of whatever `path` is, readable by this user only.

    Raises:
        OSError: nothing has changed.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(_MARK // 2)}")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def sweep(path: Path) -> None:
    """Remove what writers of this file left behind that were killed; nobody may be writing it now."""
    for left in path.parent.glob(f".{path.name}.{'[0-9a-f]' * _MARK}"):
        with suppress(OSError):
            left.unlink()
