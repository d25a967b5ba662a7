"""What of a storage state is a sign-in."""

import json
import time
from typing import Any

import pytest

from browser.profiles.state import Expired, SavedState, Unfit
from tests.profiles.states import HOST, YEAR, cookie, signed_in, signed_out

NOW = time.time()


def parsed(whole: object, host: str = HOST) -> SavedState:
    return SavedState.parse(json.dumps(whole).encode(), host)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (json.dumps(signed_in()).encode()[:-40], "cut short"),
        (b'{"cookies": [{"name": "SI', "cut short"),
        (b"<html>", "no JSON"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"[]", "'cookies' is expected"),
        (b"{}", "cookies: field required"),
        (b'{"cookies": {}}', "cookies: input should be a valid list"),
        (json.dumps(signed_in(domain=3)).encode(), "cookies.0.domain"),
        (json.dumps(signed_in(sameSite="no_restriction")).encode(), "cookies.0.sameSite"),
        (json.dumps({**signed_in(), "origins": [3]}).encode(), "origins.0"),
    ],
)
def test_what_is_no_storage_state_is_told_apart(content: bytes, says: str) -> None:
    with pytest.raises(Unfit) as caught:
        SavedState.parse(content, HOST)
    assert says in str(caught.value)
    assert "value-of" not in str(caught.value)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"cookies": []}, f"no cookies of {HOST}"),
        (signed_in(domain=".example.com"), f"no cookies of {HOST}"),
        (signed_in(domain="google.com"), f"no cookies of {HOST}"),
        (signed_out(), "not signed in"),
    ],
)
def test_a_state_of_a_browser_that_is_not_signed_in_is_none(state: Any, says: str) -> None:
    with pytest.raises(Unfit, match=says):
        parsed(state).require_signed_in(NOW)


def test_a_state_has_expired_when_all_of_its_sign_in_has() -> None:
    old = signed_in(expires=NOW - 1)
    with pytest.raises(Expired):
        parsed(old).require_signed_in(NOW)
    old["cookies"][3]["expires"] = NOW + 1
    parsed(old).require_signed_in(NOW)


def test_expiry_is_the_first_of_the_cookies_that_sign_in() -> None:
    state = signed_in(expires=NOW + YEAR)
    state["cookies"] += [
        cookie("NID", expires=NOW + 5),
        cookie("SID", domain=".youtube.com", expires=NOW + 6),
    ]
    state["cookies"][2]["expires"] = NOW + 100
    assert parsed(state).expires() == NOW + 100
    assert parsed(signed_in(expires=-1)).expires() is None


def test_the_host_of_the_site_decides_which_cookies_count() -> None:
    parsed(signed_in(domain="127.0.0.1"), "127.0.0.1").require_signed_in(NOW)
    parsed(signed_in(domain=HOST)).require_signed_in(NOW)
    with pytest.raises(Unfit):
        parsed(signed_in(), "google.com.example").require_signed_in(NOW)


def test_renewing_keeps_what_playwright_does_not_know() -> None:
    old = parsed({**signed_in(), "accountName": "ada@example.com", "note": {"by": "hand"}})
    fresh = {**signed_in(value="new"), "origins": [{"origin": "https://x", "localStorage": []}]}
    new = old.renewed(fresh, NOW)
    assert new.whole == {**fresh, "accountName": "ada@example.com", "note": {"by": "hand"}}
    assert new.account == "ada@example.com"


@pytest.mark.parametrize("lost", ["SAPISID", "SID", "__Secure-1PSID"])
def test_a_sign_in_is_not_renewed_by_a_browser_that_has_lost_a_part_of_it(lost: str) -> None:
    fresh = signed_in()
    fresh["cookies"] = [one for one in fresh["cookies"] if one["name"] != lost]
    with pytest.raises(Unfit, match=lost):
        parsed(signed_in()).renewed(fresh, NOW)


@pytest.mark.parametrize("fresh", [signed_out(), {"cookies": []}, signed_in(expires=NOW - 5)])
def test_a_sign_in_is_not_renewed_by_a_signed_out_browser(fresh: Any) -> None:
    with pytest.raises(Unfit):
        parsed(signed_in()).renewed(fresh, NOW)


def test_a_cookie_that_had_ended_anyway_is_not_asked_for() -> None:
    old = signed_in()
    old["cookies"].append(cookie("SIDCC", expires=NOW - 5))
    old["cookies"] = [one for one in old["cookies"] if one["name"] != "SIDCC" or one["expires"] < NOW]
    fresh = signed_in()
    fresh["cookies"] = [one for one in fresh["cookies"] if one["name"] != "SIDCC"]
    parsed(old).renewed(fresh, NOW)
