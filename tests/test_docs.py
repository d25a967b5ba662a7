"""The documentation says what the code does."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import ROOT, Settings, setting_names
from tests.settings_docs import CONFIGURATION, EXAMPLE, documented, example

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("#"):
            yield target.partition("#")[0]


def test_every_setting_is_documented_as_it_is() -> None:
    page = CONFIGURATION.read_text(encoding="utf-8")
    assert page == documented(page), "run: make docs"


def test_example_has_every_setting_with_its_default() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example(), "run: make docs"


def test_example_with_all_comments_taken_away_is_the_default(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    (tmp_path / ".env").write_text("\n".join(re.sub(r"^#(?=[A-Z])", "", line) for line in lines))
    settings = Settings.load({}, root=tmp_path)
    assert settings.effective() == Settings.load({}, dotenv=tmp_path / "none", root=tmp_path).effective()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_a_page_names_exists(page: Path) -> None:
    names = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", page.read_text(encoding="utf-8")))
    assert names - set(setting_names()) == set()


def test_every_flag_is_documented() -> None:
    shown = subprocess.run(
        [sys.executable, ROOT / "launch_camoufox.py", "--help"], capture_output=True, text=True, check=True
    ).stdout
    page = CONFIGURATION.read_text(encoding="utf-8")
    flags = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}
    assert flags
    assert {flag for flag in flags if f"`{flag}" not in page} == set()


def test_every_make_target_is_known_to_contributors() -> None:
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in targets[0].split() if name != "help" and f"make {name}" not in page} == set()
