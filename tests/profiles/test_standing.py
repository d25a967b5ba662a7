"""What is remembered of how the site treats an account."""

import stat
import time
from pathlib import Path

import pytest

from browser.profiles.standing import (
    Standing,
    cool_down_of,
    read_standing,
    standing_file,
    write_standing,
)
from browser.profiles.store import ProfileStore
from domain.errors import GatewayError, PermissionDenied, QuotaExhausted, RateLimited, UpstreamUnavailable
from domain.profiles import CoolDown, ProfileState
from launch_camoufox import main
from tests.profiles.states import SITE, signed_in, written

QUOTA = CoolDown("m", time.time() + 86_400, "insufficient_quota")


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    store = ProfileStore(tmp_path / "profiles", SITE)
    written(store.file("me"), signed_in())
    write_standing(store.file("me"), Standing((QUOTA,), used=5.0))
    return store


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (QuotaExhausted("x"), CoolDown("m", 150.0, "insufficient_quota")),
        (QuotaExhausted("x", retry_after=7), CoolDown("m", 107.0, "insufficient_quota")),
        (RateLimited("x", retry_after=60), CoolDown("", 160.0, "rate_limit_exceeded")),
        (PermissionDenied("x"), CoolDown("m", 150.0, "upstream_permission_denied")),
        (UpstreamUnavailable("x", retry_after=5), None),
    ],
)
def test_error_tells_how_long_an_account_cools_down_and_for_what(
    error: GatewayError, expected: CoolDown | None
) -> None:
    assert cool_down_of(error, "m", now=100.0, default=50.0) == expected


def test_cool_down_ends_and_a_newer_one_of_a_model_takes_its_place() -> None:
    known = Standing().cooled(CoolDown("m", 10.0), 0.0).cooled(CoolDown("", 5.0), 0.0)
    known = known.cooled(CoolDown("m", 20.0), 0.0)
    assert [known.cools(model, 15.0) for model in ("m", "n")] == [True, False]
    assert [known.cools(model, 4.0) for model in ("m", "n")] == [True, True]
    assert known.now_cooling(20.0) == ()


def test_it_lies_beside_the_profile_for_its_owner_alone(store: ProfileStore) -> None:
    file = standing_file(store.file("me"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_standing(store.file("me")) == Standing((QUOTA,), used=5.0)
    [profile] = store.all()
    assert (profile.state, profile.cooling) == (ProfileState.COOLING_DOWN, (QUOTA,))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cooling": [{"model": 1}]}'])
def test_what_cannot_be_read_is_forgotten(store: ProfileStore, content: str) -> None:
    written(standing_file(store.file("me")), content)
    assert read_standing(store.file("me")) == Standing()
    assert store.all()[0].state is ProfileState.OK


def test_it_goes_where_its_profile_goes(store: ProfileStore) -> None:
    store.rename("me", "you")
    assert read_standing(store.file("me")) == Standing()
    assert read_standing(store.file("you")) == Standing((QUOTA,), used=5.0)
    store.retire("you")
    assert not standing_file(store.file("you")).exists()


def test_list_tells_it(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH_PROFILES_DIR", str(store.folder))
    monkeypatch.setenv("AI_STUDIO_URL", SITE)
    assert main(["profiles", "list"]) == 0
    said = capsys.readouterr().out
    assert "cooling_down" in said
    assert "me cools down for m until " in said
