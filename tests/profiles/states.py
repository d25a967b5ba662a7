"""Storage states for tests, and files of them."""

import json
import time
from pathlib import Path
from typing import Any

from browser.profiles.state import AUTH_COOKIES

SITE = "https://aistudio.google.com"
HOST = "aistudio.google.com"
YEAR = 365 * 24 * 3600.0


def cookie(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "value": f"value-of-{name}",
        "domain": ".google.com",
        "path": "/",
        "expires": time.time() + YEAR,
        "httpOnly": True,
        "secure": True,
        "sameSite": "Lax",
        **changes,
    }


def signed_in(**changes: Any) -> dict[str, Any]:
    """A state that signs in; `changes` are of every cookie."""
    return {"cookies": [cookie(name, **changes) for name in sorted(AUTH_COOKIES)], "origins": []}


def signed_out() -> dict[str, Any]:
    """What a browser holds after signing out: the site's cookies, none of an account."""
    return {"cookies": [cookie("NID")], "origins": []}


def written(file: Path, state: object, mode: int = 0o600) -> Path:
    file.parent.mkdir(exist_ok=True, parents=True)
    file.write_text(state if isinstance(state, str) else json.dumps(state), encoding="utf-8")
    file.chmod(mode)
    return file


def values(file: Path) -> dict[str, str]:
    """Cookie values by name."""
    return {one["name"]: one["value"] for one in json.loads(file.read_text())["cookies"]}
