"""A log file that its owner alone can read, also after it was rotated."""

import os
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path


class PrivateRotatingFile(RotatingFileHandler):
    """For one process: two gateways need a file each.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, most_bytes: int, kept: int) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(path, maxBytes=most_bytes, backupCount=kept, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if sys.platform != "win32":
            os.fchmod(handle, 0o600)  # one that was there before may be open to others
        return TextIOWrapper(os.fdopen(handle, "ab", buffering=0), encoding=self.encoding, write_through=True)
