"""Camoufox's options and what is said when a part of it is missing; its package is stood in for."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from browser.engine import Engine
from domain.errors import BrowserDown
from settings import BrowserSettings

PACKAGE = {
    "__init__.py": "",
    "multiversion.py": "def get_active_path():\n    return {active!r}\n",
    "exceptions.py": "class InvalidIP(Exception):\n    pass\n",
    "geolocation.py": (
        "from pathlib import Path\nALLOW_GEOIP = {geoip!r}\n"
        "def get_mmdb_path():\n    return Path({database!r})\n"
    ),
    "async_api.py": (
        "import json\nfrom camoufox.exceptions import InvalidIP\n"
        "class Started:\n"
        "    version = '0'\n"
        "    async def close(self):\n"
        "        with open({told!r}, 'a') as file:\n"
        "            file.write('\\n')\n"
        "async def AsyncNewBrowser(playwright, **options):\n"
        "    assert playwright.firefox.name == 'firefox'\n"
        "    with open({told!r}, 'w') as file:\n"
        "        json.dump(options, file, default=str)\n"
        "    if {failure!r}:\n"
        "        raise InvalidIP({failure!r})\n"
        "    return Started()\n"
    ),
}
"""What the gateway uses of the package: it notes what it was told, and starts nothing."""
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a package where Python finds it; the file that holds what it was told."""

    def _install(**changes: Any) -> Path:
        told = tmp_path / "told.json"
        facts = {
            "active": str(tmp_path),
            "geoip": True,
            "database": str(tmp_path),
            "failure": "",
            "told": str(told),
            **changes,
        }
        (tmp_path / "camoufox").mkdir()
        for name, source in PACKAGE.items():
            (tmp_path / "camoufox" / name).write_text(source.format(**facts))
        monkeypatch.syspath_prepend(str(tmp_path))
        return told

    for name in [name for name in sys.modules if name.partition(".")[0] == "camoufox"]:
        monkeypatch.delitem(sys.modules, name)
    return _install


@pytest.fixture(autouse=True)
def _forget() -> Any:
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "camoufox"]:
        del sys.modules[name]


async def start(**settings: Any) -> None:
    async with Engine(BrowserSettings(engine="camoufox", **settings)):
        pass


async def complaint(**settings: Any) -> str:
    with pytest.raises(BrowserDown) as caught:
        await start(**settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def test_everything_that_was_set_reaches_camoufox(install: Install) -> None:
    told = install()
    await start(
        mode="headed",
        proxy="http://me:p%40ss@proxy.example:3128",
        camoufox_locales=("en-US", "de-DE"),
        camoufox_geoip=True,
        args=("-safe-mode",),
    )
    options = json.loads(told.read_text())
    assert options == {
        "headless": False,
        "main_world_eval": True,
        "args": ["-safe-mode"],
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
        "locale": ["en-US", "de-DE"],
        "geoip": True,
        "proxy": {
            "server": "http://proxy.example:3128",
            "bypass": "localhost,127.0.0.1,[::1]",
            "username": "me",
            "password": "p@ss",
        },
    }


async def test_a_camoufox_that_was_started_is_closed(install: Install) -> None:
    told = install()
    await start()
    assert told.read_text().endswith("\n")


async def test_what_was_not_set_is_left_to_camoufox(install: Install) -> None:
    told = install()
    await start()
    assert not {"locale", "geoip", "proxy", "executable_path"} & json.loads(told.read_text()).keys()


async def test_camoufox_gets_the_display_that_was_started_for_it(install: Install) -> None:
    told = install()
    await start(mode="virtual", args=("--display=:77",))
    options = json.loads(told.read_text())
    assert (options["headless"], options["virtual_display"], options["args"]) == (False, ":77", [])


async def test_missing_parts_are_named_with_the_command_that_gets_them(install: Install) -> None:
    assert "pip install -r requirements/camoufox.txt" in await complaint()
    install(active=None)
    assert "python -m camoufox fetch" in await complaint()


async def test_missing_geoip_parts_are_named_with_the_command_that_gets_them(install: Install) -> None:
    install(geoip=False)
    assert "pip install -r requirements/camoufox.txt" in await complaint(camoufox_geoip=True)


async def test_missing_database_of_places_is_named_with_the_command_that_gets_it(install: Install) -> None:
    install(database="/no/such/file.mmdb")
    assert "download_mmdb()" in await complaint(camoufox_geoip=True)


async def test_failure_of_camoufox_is_told_without_the_proxys_password(install: Install) -> None:
    install(failure="Failed to get IP address: http://me:s3cret@proxy.example:1 is closed\nmore")
    said = await complaint(camoufox_geoip=True)
    assert "Failed to get IP address" in said
    assert "s3cret" not in said
