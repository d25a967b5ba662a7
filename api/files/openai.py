"""OpenAI's shape of a file."""

import re
from typing import Any, Final

from api.files.records import StoredFile
from api.files.references import OPENAI_PREFIX
from domain.errors import BadRequest

PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
LIFETIMES: Final = range(3600, 2_592_000 + 1)
"""What `expires_after` may say, in seconds."""


def file_object(file: StoredFile) -> dict[str, Any]:
    """`expires_at` is always there: this gateway keeps no file for ever."""
    return {
        "id": openai_id(file),
        "object": "file",
        "bytes": file.size,
        "created_at": int(file.created),
        "expires_at": int(file.expires),
        "filename": file.name or file.id,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def openai_id(file: StoredFile) -> str:
    return f"{OPENAI_PREFIX}{file.id}"


def purpose_of(value: str) -> str:
    """
    Raises:
        BadRequest: OpenAI's API has no such purpose.
    """  # noqa: D205, D212 - the raised error is all there is to say
    if value not in PURPOSES:
        raise BadRequest(f"purpose must be one of {', '.join(PURPOSES)}, not {value!r}.", param="purpose")
    return value


def lifetime_of(anchor: str | None, seconds: str | None, default: float) -> float:
    """Seconds that `expires_after[anchor]` and `expires_after[seconds]` grant; `default` without them.

    Raises:
        BadRequest: another anchor than `created_at`, or not 3600 to 2592000 seconds.
    """
    if anchor is None and seconds is None:
        return default
    if anchor != "created_at":
        raise BadRequest(
            f"expires_after.anchor must be 'created_at', not {anchor!r}.", param="expires_after.anchor"
        )
    if seconds is None or not re.fullmatch("[0-9]{4,7}", seconds) or int(seconds) not in LIFETIMES:
        raise BadRequest(
            f"expires_after.seconds must be {LIFETIMES[0]} to {LIFETIMES[-1]}, not {seconds!r}.",
            param="expires_after.seconds",
        )
    return float(seconds)
