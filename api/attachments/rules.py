"""How much of what callers may send along."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AttachmentRules:
    """Limits of one request. Sizes are in bytes, times in seconds."""

    max_file_bytes: int = 512 * 1024 * 1024
    """MAX_FILE_BYTES: the largest file, unpacked and decoded."""
    max_files: int = 64
    """MAX_FILES: how many files one request may name."""
    max_total_bytes: int = 1024 * 1024 * 1024
    """MAX_FILES_BYTES: all files of one request together."""
    local_roots: tuple[Path, ...] = ()
    """LOCAL_FILE_ROOTS: folders whose files may be named by their path. None: no path may be named."""
    hidden: tuple[Path, ...] = ()
    """Folders below them that the gateway keeps for itself."""
    allow_private_urls: bool = False
    """ALLOW_PRIVATE_URLS: fetch also from this machine and its private networks."""
    fetch_timeout: float = 60
    """FETCH_TIMEOUT_SECONDS: longest time for one address, redirects and content included."""
    fetch_idle: float = 15
    """Longest silence while fetching."""
