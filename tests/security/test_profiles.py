"""Saved sign-ins by the admin's routes: nobody else gets at them, and what they hold stands nowhere else."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.routes.admin.profiles import MOST_BYTES
from domain.profiles import CoolDown
from tests.api.harness import in_process
from tests.api.scripted import ScriptedDriver, ScriptedProfiles

STATE = json.dumps({"cookies": [{"name": "SID", "value": "g.secret-cookie"}]}).encode()
PATH = "/admin/api/profiles"


@pytest.fixture
def profiles() -> ScriptedProfiles:
    return ScriptedProfiles(ada=STATE, grace=STATE)


@pytest_asyncio.fixture
async def admin(profiles: ScriptedProfiles, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    driver, token_file = ScriptedDriver(), tmp_path / "token"
    driver.profiles = profiles
    async with in_process(driver, admin_token_file=token_file) as client:
        client.headers["X-Admin-Token"] = token_file.read_text().strip()
        yield client


async def test_list_tells_states_and_no_secret(admin: httpx.AsyncClient, profiles: ScriptedProfiles) -> None:
    profiles.cooling["grace"] = (CoolDown("m", 1_800_000_000.0, "insufficient_quota"),)
    response = await admin.get(PATH)
    found = response.json()
    assert (response.status_code, found["active"], found["switch"]) == (200, "ada", "manual")
    profiles.automatic = True
    assert (await admin.get("/admin/api/status")).json()["profiles"] == {
        "active": "ada",
        "switch": "on_quota",
    }
    assert [(one["name"], one["state"], one["active"]) for one in found["profiles"]] == [
        ("ada", "ok", True),
        ("grace", "cooling_down", False),
    ]
    assert found["profiles"][1]["cooling"] == [
        {"model": "m", "until": "2027-01-15T08:00:00+00:00", "why": "insufficient_quota"}
    ]
    assert "secret-cookie" not in response.text


async def test_profile_is_activated_renamed_and_retired(
    admin: httpx.AsyncClient, profiles: ScriptedProfiles
) -> None:
    assert (await admin.post(f"{PATH}/grace/activate")).json() == {"success": True, "active": "grace"}
    renamed = await admin.post(f"{PATH}/ada/rename", json={"name": "eve"})
    assert (renamed.status_code, sorted(profiles.contents)) == (200, ["eve", "grace"])
    assert (await admin.delete(f"{PATH}/eve")).status_code == 200
    assert list(profiles.contents) == ["grace"]


async def test_refusals_have_a_status_a_code_and_a_reason(
    admin: httpx.AsyncClient, profiles: ScriptedProfiles
) -> None:
    profiles.refused = frozenset({"grace"})

    async def refusal(method: str, path: str, **sent: Any) -> tuple[int, str]:
        response = await admin.request(method, f"{PATH}/{path}", **sent)
        return response.status_code, response.json()["error"]["code"]

    assert await refusal("POST", "grace/activate") == (409, "profile_refused")
    assert await refusal("POST", "nobody/activate") == (404, "not_found")
    assert await refusal("DELETE", "ada") == (409, "profile_in_use")
    assert await refusal("POST", "ada/rename", json={"name": "eve"}) == (409, "profile_in_use")
    assert await refusal("POST", "grace/rename", json={"name": "ada"}) == (400, "invalid_request")
    assert await refusal("POST", "grace/rename", json={"name": "x", "y": 1}) == (400, "invalid_request")
    assert await refusal("PUT", "new", json={"no": "state"}) == (400, "invalid_request")
    assert await refusal("PUT", "grace", content=STATE, headers={"Content-Type": "text/plain"}) == (
        400,
        "invalid_request",
    )
    assert profiles.active == "ada"


async def test_exported_profile_is_a_download_that_nobody_keeps(
    admin: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = await admin.get(f"{PATH}/grace")
    assert (response.status_code, response.content) == (200, STATE)
    assert response.headers["content-disposition"] == 'attachment; filename="grace.json"'
    assert response.headers["cache-control"] == "no-store"
    assert "grace was exported" in caplog.text
    assert "secret-cookie" not in caplog.text


async def test_profile_is_brought_in_and_stands_in_no_log(
    admin: httpx.AsyncClient, profiles: ScriptedProfiles, caplog: pytest.LogCaptureFixture
) -> None:
    kind = {"Content-Type": "application/json"}
    with caplog.at_level(logging.DEBUG):
        made = await admin.put(f"{PATH}/eve", content=STATE, headers=kind)
        again = await admin.put(f"{PATH}/eve", content=STATE, headers=kind)
        over = await admin.put(f"{PATH}/eve?replace=true", content=STATE, headers=kind)
        bad = await admin.put(f"{PATH}/mallory", content=b'{"SID": "g.secret-cookie"}', headers=kind)
    assert [one.status_code for one in (made, again, over, bad)] == [201, 400, 201, 400]
    assert profiles.contents["eve"] == STATE
    assert "secret-cookie" not in caplog.text + made.text + again.text + over.text + bad.text


async def test_oversize_profile_is_413(admin: httpx.AsyncClient, profiles: ScriptedProfiles) -> None:
    content = b'{"cookies": []}' + b" " * MOST_BYTES
    response = await admin.put(f"{PATH}/eve", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert "eve" not in profiles.contents


async def test_gateway_without_profiles_says_so(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    async with in_process(ScriptedDriver(), admin_token_file=token_file) as client:
        response = await client.get(PATH, headers={"X-Admin-Token": token_file.read_text().strip()})
    assert (response.status_code, response.json()["error"]["code"]) == (501, "not_offered")
