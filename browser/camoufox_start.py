"""Camoufox, started with what the settings say. An extra: its package is looked up by name.

Nothing is downloaded here that is not there yet: what is missing is named with the command that fetches it.
"""

import importlib
from typing import Any

from playwright.async_api import Browser, Error, Playwright, ProxySettings

from browser.locate import Camoufox, find_camoufox
from domain.errors import BrowserDown
from settings import BrowserSettings, shown

_MODES: dict[str, bool | str] = {"headless": True, "headed": False, "virtual": "virtual"}
_DISPLAY = "--display="
_NO_GEOIP = (
    "CAMOUFOX_GEOIP needs a package that is not installed; "
    "run: python -m pip install -r requirements/camoufox.txt"
)
_NO_DATABASE = (
    "CAMOUFOX_GEOIP needs Camoufox's database of places, which has not been downloaded; "
    "run: python -c 'from camoufox.geolocation import download_mmdb; download_mmdb()'"
)


async def launch_camoufox(
    playwright: Playwright, settings: BrowserSettings, proxy: ProxySettings | None
) -> Browser:
    """Start a Camoufox.

    Raises:
        BrowserDown: something of it is missing, or it does not start as the settings want it.
    """
    found = find_camoufox()
    if not found.ready and (found is Camoufox.NO_PACKAGE or settings.executable is None):
        raise BrowserDown(found.problem)
    if settings.camoufox_geoip:
        _require_geoip()
    launch = importlib.import_module("camoufox.async_api").AsyncNewBrowser
    try:
        browser: Browser = await launch(playwright, **camoufox_options(settings, proxy))
    except Error:  # Playwright's own: told as with any engine
        raise
    except _failures() as error:
        said = shown("", f"{type(error).__name__}: {error}".splitlines()[0])  # it may name the proxy
        raise BrowserDown(f"Camoufox did not start: {said}") from error
    return browser


def camoufox_options(settings: BrowserSettings, proxy: ProxySettings | None) -> dict[str, Any]:
    """The keyword arguments of `AsyncNewBrowser`; what is not set is left to Camoufox."""
    options: dict[str, Any] = {
        "headless": _MODES[settings.mode],
        "main_world_eval": True,
        "args": [arg for arg in settings.args if not arg.startswith(_DISPLAY)],
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
        "locale": list(settings.camoufox_locales) or None,
        "geoip": settings.camoufox_geoip or None,
        "proxy": proxy,
        "executable_path": settings.executable,
    }
    if display := next((arg for arg in settings.args if arg.startswith(_DISPLAY)), None):
        # A display of a real size is there already; Camoufox's own would be one pixel wide.
        options |= {"headless": False, "virtual_display": display.removeprefix(_DISPLAY)}
    return {name: value for name, value in options.items() if value is not None}


def _require_geoip() -> None:
    geolocation = importlib.import_module("camoufox.geolocation")
    if not geolocation.ALLOW_GEOIP:
        raise BrowserDown(_NO_GEOIP)
    if not geolocation.get_mmdb_path().exists():
        raise BrowserDown(_NO_DATABASE)


def _failures() -> tuple[type[Exception], ...]:
    """What Camoufox's start raises: its errors have no common base, those of its downloads are `OSError`."""
    own = vars(importlib.import_module("camoufox.exceptions"))
    named = [kind for kind in own.values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (ImportError, OSError, ValueError, RuntimeError, *named)
