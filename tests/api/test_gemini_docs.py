"""The page about Google's API says what the code does."""

import pytest
from fastapi import FastAPI

from api.gemini.errors import GOOGLE_ANSWERS, GoogleAnswer
from api.routes.gemini import router
from tests.gemini_docs import PAGE, documented


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_tables_are_the_decoders(page: str) -> None:
    assert page == documented(page), "run python -m tests.gemini_docs"


@pytest.mark.parametrize("answer", sorted(set(GOOGLE_ANSWERS.values()), key=str), ids=str)
def test_error_is_documented_with_its_status(page: str, answer: GoogleAnswer) -> None:
    assert f"`{answer.status} {answer.name}`" in page


def routes() -> list[str]:
    app = FastAPI()
    app.include_router(router)
    paths = app.openapi()["paths"]
    return [f"{method.upper()} {path}" for path in paths for method in paths[path]]


def test_every_address_is_described_once() -> None:
    assert len(routes()) == 7


@pytest.mark.parametrize("route", routes())
def test_route_is_documented(page: str, route: str) -> None:
    assert f"`{route}`" in page
