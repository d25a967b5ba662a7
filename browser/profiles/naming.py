"""What a new profile is called when nobody says, and which one an account has already."""

import itertools
import time
from pathlib import Path

from browser.profiles.files import Untrusted, read_private
from browser.profiles.state import SavedState, Unfit
from browser.profiles.store import ProfileStore, checked_name
from domain.errors import BadRequest

_LONGEST = 60
"""Leaves room for a number behind it."""


def suggested_name(account: str) -> str:
    """The account's address, where that can be a name, else the day's date."""
    today = time.strftime("profile-%Y%m%d")
    try:
        return checked_name(account) if account else today
    except BadRequest:
        return today


def free_file(store: ProfileStore, name: str) -> Path:
    """Where a profile of that name would lie, or of the first name with a number behind that is free."""
    numbered = (name[:_LONGEST] + (f"-{number}" if number > 1 else "") for number in itertools.count(1))
    return next(file for file in map(store.file, numbered) if not file.exists())


def file_of_account(store: ProfileStore, account: str) -> Path | None:
    """The profile that was saved for an account, whether or not it still signs in."""
    return next(
        (file for file in store.files() if account and _account_in(file, store.host) == account), None
    )


def _account_in(file: Path, host: str) -> str:
    try:
        return SavedState.parse(read_private(file)[0], host).account
    except (OSError, Untrusted, Unfit):
        return ""
