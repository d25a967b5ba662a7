"""Profiles of a real folder by the admin's routes: no name leads out of it, no file goes in unseen."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from domain.ports import Deadlines
from settings import BrowserSettings, SignInSettings
from tests.api.harness import in_process
from tests.api.scripted import ScriptedDriver
from tests.profiles.states import SITE, signed_in, written

PATH = "/admin/api/profiles"


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    store = ProfileStore(tmp_path / "outer" / "profiles", SITE)
    written(tmp_path / "outer" / "secret.json", signed_in())
    for name in ("ada", "grace"):
        written(store.file(name), signed_in())
    return store


@pytest_asyncio.fixture
async def admin(store: ProfileStore, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    file = store.file("ada")
    with SignIn(store, lambda: file, SignInSettings()) as sign_in:
        settings = BrowserSettings(auth_profile=file, auth_profiles_dir=store.folder, ai_studio_url=SITE)
        driver = ScriptedDriver()
        driver.profiles = PageDriver(settings, Deadlines(), sign_in).profiles
        async with in_process(driver, admin_token_file=tmp_path / "token") as client:
            client.headers["X-Admin-Token"] = (tmp_path / "token").read_text().strip()
            yield client


def everything(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.suffix == ".json"}


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".hidden",
        "..%2Fsecret",
        "..%2F..%2Fetc%2Fpasswd",
        "%2Fetc%2Fpasswd",
        "retired%2Fada",
        "con",
        "a%00b",
        "a%0D%0Ab",
        "x" * 65,
    ],
)
async def test_name_that_leads_elsewhere_reads_and_writes_nothing(
    admin: httpx.AsyncClient, tmp_path: Path, name: str
) -> None:
    before = everything(tmp_path / "outer")
    path = f"{PATH}/{name}"
    replies = [
        await admin.get(path),
        await admin.delete(path),
        await admin.put(path, json=signed_in()),
        await admin.put(f"{path}?replace=true", json=signed_in()),
        await admin.post(f"{path}/activate"),
        await admin.post(f"{path}/rename", json={"name": "eve"}),
        await admin.post(f"{PATH}/grace/rename", json={"name": unquote(name)}),
    ]
    assert [reply.status_code for reply in replies if reply.status_code not in {400, 404, 405}] == []
    assert everything(tmp_path / "outer") == before


async def test_profile_is_taken_over_after_a_look_at_it(
    admin: httpx.AsyncClient, store: ProfileStore
) -> None:
    empty: dict[str, Any] = {"cookies": []}
    for bad in ({}, empty, {"cookies": [{"name": "SID"}]}, signed_in(domain=".example.com")):
        refused = await admin.put(f"{PATH}/eve", json=bad)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")
    assert [file.stem for file in store.files()] == ["ada", "grace"]
    assert (await admin.put(f"{PATH}/eve", json=signed_in())).status_code == 201
    assert store.file("eve").stat().st_mode & 0o777 == 0o600
    assert (await admin.get(f"{PATH}/eve")).json() == json.loads(store.file("eve").read_text())
    assert (await admin.put(f"{PATH}/eve", json=signed_in())).status_code == 400
    assert (await admin.put(f"{PATH}/eve?replace=true", json=signed_in())).status_code == 201


async def test_profile_in_use_stays_and_others_can_go(admin: httpx.AsyncClient, store: ProfileStore) -> None:
    listed = (await admin.get(PATH)).json()
    assert [(one["name"], one["active"], one["in_use"]) for one in listed["profiles"]] == [
        ("ada", True, True),
        ("grace", False, False),
    ]
    assert (await admin.delete(f"{PATH}/ada")).status_code == 409
    assert (await admin.post(f"{PATH}/ada/rename", json={"name": "eve"})).status_code == 409
    assert (await admin.post(f"{PATH}/grace/activate")).status_code == 503
    assert (await admin.post(f"{PATH}/grace/rename", json={"name": "eve"})).status_code == 200
    assert (await admin.delete(f"{PATH}/eve")).status_code == 200
    assert [file.stem for file in store.files()] == ["ada"]
