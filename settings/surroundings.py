"""What the environment tells besides settings."""

import os
import sys
from collections.abc import Mapping, Sequence


def has_display(browser_args: Sequence[str] = (), env: Mapping[str, str] | None = None) -> bool:
    """Whether a browser started with these arguments could show a window to somebody."""
    env = os.environ if env is None else env
    named = any(argument.startswith("--display=") for argument in browser_args)
    return (
        named or sys.platform in {"darwin", "win32"} or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
    )
