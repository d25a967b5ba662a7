"""The reference names everything that the code has."""

import re
import tomllib
from pathlib import Path

import pytest

from api.app import create_app
from api.errors import ANSWERS
from api.openai.schema import NEUTRAL, NEUTRAL_IN_MESSAGE, ChatRequest
from api.version import NAME, VERSION
from domain.ports import Deadlines
from tests.api.harness import settings_of
from tests.api.scripted import ScriptedDriver

ROOT = Path(__file__).parents[2]
HEADERS = (
    "X-Request-Id",
    "X-Gateway-Capture",
    "X-Gateway-Ignored-Params",
    "X-Gateway-Warnings",
    "Retry-After",
    "X-Should-Retry",
)


@pytest.fixture(scope="module")
def reference() -> str:
    return (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def routes() -> list[str]:
    app = create_app(*settings_of(), Deadlines(), ScriptedDriver())
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path in paths for method in paths[path]]


@pytest.mark.parametrize("route", routes())
def test_route_is_documented(reference: str, route: str) -> None:
    admin = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")
    assert f"`{route}`" in (admin if " /admin/" in route else reference)


@pytest.mark.parametrize("page", ["api.md", "admin.md"])
def test_no_route_is_documented_that_is_not_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z]+ /[^`?]*)", text, re.MULTILINE)
    assert rows
    assert set(rows) <= set(routes())


@pytest.mark.parametrize("field", [*ChatRequest.model_fields, *NEUTRAL, *NEUTRAL_IN_MESSAGE])
def test_field_is_documented(reference: str, field: str) -> None:
    parameters = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert f"`{field}" in reference + parameters


@pytest.mark.parametrize("code", sorted({cls.code for cls in ANSWERS}))
def test_error_code_is_documented_with_its_status(reference: str, code: str) -> None:
    rows = [line for line in reference.splitlines() if f"`{code}`" in line and line.startswith("| ")]
    statuses = {str(answer.status) for cls, answer in ANSWERS.items() if cls.code == code}
    assert statuses.issubset(row.split("|")[1].strip() for row in rows)


@pytest.mark.parametrize("header", HEADERS)
def test_header_is_documented(reference: str, header: str) -> None:
    assert header in reference


def test_version_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["name"], project["version"]) == (NAME, VERSION)
