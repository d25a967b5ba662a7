"""Which browsers this machine has. Looks, and neither installs nor starts anything.

Order for Chromium: the one that was named, installed Chrome, Chromium and Edge, then Playwright's own.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

CHROMIUM_NAMES = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
)
FIREFOX_NAMES = ("firefox-esr", "firefox")

MAC_CHROMIUM = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS_CHROMIUM = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)
WINDOWS_FIREFOX = (r"Mozilla Firefox\firefox.exe",)


class Camoufox(Enum):
    """How far Camoufox is installed."""

    READY = ""
    NO_PACKAGE = "Camoufox is not installed; run: python -m pip install -r requirements/camoufox.txt"
    NOT_FETCHED = "Camoufox's browser has not been downloaded; run: python -m camoufox fetch"

    @property
    def ready(self) -> bool:
        """Whether it can be started without downloading anything."""
        return self is Camoufox.READY

    @property
    def problem(self) -> str:
        """What is missing and how to get it; empty when nothing is."""
        return self.value


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: program names by `which`, and files at usual places."""

    chromium_files: tuple[Path, ...] = ()
    firefox_files: tuple[Path, ...] = ()
    path: str | None = None
    """A search path like `PATH`; `None` is the one of this process."""

    @classmethod
    def of(cls, platform: str = sys.platform, home: Path | None = None) -> "Places":
        """The usual places of `sys.platform` names `linux`, `darwin` and `win32`."""
        home = Path.home() if home is None else home
        if platform == "darwin":
            roots = (Path("/Applications"), home / "Applications")
            return cls(
                tuple(root / f"{app}.app/Contents/MacOS/{app}" for app in MAC_CHROMIUM for root in roots),
                tuple(root / "Firefox.app/Contents/MacOS/firefox" for root in roots),
            )
        if platform == "win32":
            drives = (Path(r"C:\Program Files"), Path(r"C:\Program Files (x86)"), home / r"AppData\Local")
            return cls(
                tuple(root / file for file in WINDOWS_CHROMIUM for root in drives),
                tuple(root / file for file in WINDOWS_FIREFOX for root in drives),
            )
        return cls(
            (Path("/opt/google/chrome/chrome"), Path("/snap/bin/chromium")),
            (Path("/snap/bin/firefox"),),
        )


def chromium_programs(
    named: Path | None = None,
    *,
    own: Callable[[], str] | None = None,
    places: Places | None = None,
) -> Iterator[Path]:
    """Every Chromium of this machine, best first.

    `named` is the user's choice: given, it is the only one. `own` tells where Playwright would keep its own
    (`playwright.chromium.executable_path`); it is asked last because the answer takes a started Playwright.
    """
    if named is not None:
        yield named
        return
    places = places or Places.of()
    yield from _installed(CHROMIUM_NAMES, places.chromium_files, places.path)
    if own is not None and _is_program(bundled := Path(own())):
        yield bundled


def find_chromium(
    named: Path | None = None,
    *,
    own: Callable[[], str] | None = None,
    places: Places | None = None,
) -> Path | None:
    """The best of `chromium_programs`, or `None`."""
    return next(chromium_programs(named, own=own, places=places), None)


def find_firefox(named: Path | None = None, *, places: Places | None = None) -> Path | None:
    """A Firefox of this machine, which can stand in where Camoufox's engine matters, or `None`."""
    if named is not None:
        return named
    places = places or Places.of()
    return next(_installed(FIREFOX_NAMES, places.firefox_files, places.path), None)


def find_xvfb(path: str | None = None) -> Path | None:
    """The X server without a screen, or `None`."""
    found = shutil.which("Xvfb", path=path)
    return Path(found) if found else None


def find_camoufox() -> Camoufox:
    """How far Camoufox, the engine for the real site, is installed."""
    try:
        versions = importlib.import_module("camoufox.multiversion")
    except ImportError:
        return Camoufox.NO_PACKAGE
    return Camoufox.READY if versions.get_active_path() else Camoufox.NOT_FETCHED


def _installed(names: tuple[str, ...], files: tuple[Path, ...], path: str | None) -> Iterator[Path]:
    for name in names:
        if found := shutil.which(name, path=path):
            yield Path(found)
    yield from (file for file in files if _is_program(file))


def _is_program(file: Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)
