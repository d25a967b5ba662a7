"""What a caller's name for a model stands for."""

from pathlib import Path

import pytest

from api.catalogue import Catalogue, read_aliases
from domain.errors import UnknownModel
from domain.models import ModelCard
from settings import SettingsError
from tests.api.harness import in_process
from tests.api.scripted import ScriptedDriver


def card(model: str, *aliases: str, paid: bool = False) -> ModelCard:
    return ModelCard(model, model, methods=("generateContent",), aliases=aliases, needs_paid_key=paid)


CARDS = (
    card("gemini-3.1-pro-preview"),
    card("gemini-3-flash-preview"),
    card("gemini-4-pro", paid=True),
    card("gemini-2.5-pro", "gemini-1.5-pro"),
    card("gemini-2.5-flash", "gemini-1.5-flash"),
    card("gemini-3-flash"),
    card("gemini-10.2-flash-preview-09-2025"),
    card("gemini-2.5-flash-lite-preview-06-17"),
    card("gemini-99-flash-preview-tts"),
    card("gemini-99-flash-image"),
    card("gemini-flash-lite-latest"),
    card("gemma-low"),
    card("gemini-2.0-flash-thinking"),
)


def catalogue(aliases: dict[str, str] | None = None) -> Catalogue:
    driver = ScriptedDriver()
    driver.cards = CARDS
    return Catalogue(driver, frozenset(), aliases or {})


@pytest.mark.parametrize(
    ("name", "model", "effort"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash", None),
        ("models/gemini-2.5-flash", "gemini-2.5-flash", None),
        ("gemini-1.5-pro", "gemini-2.5-pro", None),
        ("gemini-flash-lite-latest", "gemini-flash-lite-latest", None),
        ("gemini-2.5-pro-latest", "gemini-2.5-pro", None),
        ("gemini-1.5-flash-latest", "gemini-2.5-flash", None),
        ("gemini-pro-latest", "gemini-3.1-pro-preview", None),
        ("models/gemini-flash-latest", "gemini-10.2-flash-preview-09-2025", None),
        ("gemini-3.1-pro", "gemini-3.1-pro-preview", None),
        ("gemini-3-flash", "gemini-3-flash", None),
        ("gemini-2.5-flash-thinking", "gemini-2.5-flash", "auto"),
        ("gemini-2.0-flash-thinking", "gemini-2.0-flash-thinking", None),
        ("gemini-2.5-flash-nothinking", "gemini-2.5-flash", "none"),
        ("gemini-2.5-flash-minimal", "gemini-2.5-flash", "minimal"),
        ("gemini-3.1-pro-low", "gemini-3.1-pro-preview", "low"),
        ("gemini-2.5-pro-medium", "gemini-2.5-pro", "medium"),
        ("gemini-pro-latest-high", "gemini-3.1-pro-preview", "high"),
        ("gemma-low", "gemma-low", None),
    ],
)
async def test_name_stands_for_a_model_and_perhaps_an_effort(
    name: str, model: str, effort: str | None
) -> None:
    found = await catalogue().find(name)
    assert (found.card.id, found.effort) == (model, effort)


@pytest.mark.parametrize(
    "name",
    ["gemini-9-pro", "gpt-4o", "gemini-ultra-latest", "-high", "models/", "gemini-9-pro-high", "x" * 100_000],
)
async def test_unknown_model_is_refused_with_close_matches(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        await catalogue().find(name)
    assert caught.value.param == "model"
    assert len(caught.value.public_message) < 300


async def test_close_matches_are_models_and_aliases() -> None:
    with pytest.raises(UnknownModel, match=r"gemini-2\.5-flash"):
        await catalogue().find("gemini-2.5-flush")
    with pytest.raises(UnknownModel, match="my-model"):
        await catalogue({"my-model": "gemini-2.5-pro"}).find("my-modell")


async def test_aliases_of_the_file_win_and_may_ask_for_thinking() -> None:
    found = await catalogue({"gpt-4o": "gemini-2.5-pro-high", "gemma-low": "gemini-2.5-flash"}).find("gpt-4o")
    assert (found.card.id, found.effort) == ("gemini-2.5-pro", "high")
    assert (
        await catalogue({"gemma-low": "gemini-2.5-flash"}).find("gemma-low")
    ).card.id == "gemini-2.5-flash"


def test_aliases_are_read_without_comments_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "aliases.txt"
    path.write_text(
        "\ufeff# mine\n\ngpt-4o = smart  # for old tools\nsmart=models/gemini-2.5-pro\nx = x\n",
        encoding="utf-8",
    )
    assert read_aliases(path) == {"gpt-4o": "gemini-2.5-pro", "smart": "gemini-2.5-pro", "x": "x"}
    assert read_aliases(tmp_path / "missing") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = b\nnonsense\n", "line 2: 'nonsense'"),
        ("= b", "line 1"),
        ("a =", "line 1"),
        ("a = b = c", "line 1"),
        ("a b = c", "line 1"),
        ("a = b\n\na = c", "line 3: 'a' already"),
        ("a = b\nb = c\nc = a", "'a = b = c = a' goes round"),
    ],
)
def test_bad_aliases_stop_the_start_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "aliases.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as caught:
        read_aliases(path)
    assert str(path) in str(caught.value)


def test_aliases_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MODEL_ALIASES_FILE"):
        read_aliases(tmp_path)


async def test_one_model_is_found_under_every_name_of_it() -> None:
    async with in_process(ScriptedDriver()) as client:
        for name in ("gemini-2.5-pro-high", "gemini-2.5-pro-latest", "gemini-pro-latest"):
            assert (await client.get(f"/v1/models/{name}")).json()["id"] == "gemini-2.5-pro"
        assert (await client.get("/v1/models/gemini-2.5-prox")).status_code == 404
