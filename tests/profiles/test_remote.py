"""Signing in from another machine, through the admin's routes, in a real browser."""

import asyncio
import io
import json
import logging
import stat
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from browser.profiles.screen import SIZE, AllowedHosts
from simulator.demo import Site
from tests.profiles.remote import ROUTE, Admin, admin_elsewhere, pressed, typed
from tests.profiles.states import signed_in, values, written
from tests.site import SiteControl
from tests.waiting import eventually, found

pytestmark = pytest.mark.timeout(90)
ADDRESS, PASSWORD, CODE = "ada@example.com", "simulator", "123456"
WRONG = "hunter2-in-vain"


@pytest_asyncio.fixture
async def admin(site: Site, tmp_path: Path) -> AsyncIterator[Admin]:
    async with admin_elsewhere(site, tmp_path) as one:
        yield one


@pytest.fixture
def trace(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """All lines of all libraries."""
    with caplog.at_level(logging.NOTSET):
        yield caplog


async def test_admin_signs_in_by_pictures_and_the_gateway_serves_with_it(
    admin: Admin, control: SiteControl
) -> None:
    await control.scenario(second_step=True)
    health = await admin.health()
    assert health["details"]["stage"] == "sign_in"
    await admin.waiting()
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await admin.act(typed(ADDRESS), pressed("Enter"))
        await eyes.until_field("Passwd")
        await admin.act(typed(PASSWORD))
        where = await eyes.middle("#passwordNext button")
        await admin.act({"do": "click", **where})
        await eyes.until_field("totpPin")
        await admin.act(typed(CODE), pressed("Tab"), pressed("Tab"), pressed("Enter"))
    done = await admin.until("saved", "failed")
    assert (done["stage"], done["profile"], done["account"], done["in_use"]) == (
        "saved",
        ADDRESS,
        ADDRESS,
        True,
    )
    file = admin.folder / "profiles" / f"{ADDRESS}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["accountName"] == ADDRESS
    await found(admin.is_healthy)
    assert (await admin.health())["details"]["stage"] == ""
    async with admin.gateway.openai() as client:
        answer = await client.chat.completions.create(
            model="gemini-2.5-flash", messages=[{"role": "user", "content": "/echo from afar"}]
        )
    assert answer.choices[0].message.content == "from afar"
    assert (await admin.picture(wait=0)).status_code == 204


async def test_pictures_are_of_the_page_and_come_soon_after_an_act(admin: Admin) -> None:
    await admin.waiting()
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
    first = await admin.picture()
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["cache-control"] == "no-store"
    size = int(first.headers["x-picture-width"]), int(first.headers["x-picture-height"])
    assert size == SIZE == Image.open(io.BytesIO(first.content)).size
    took = []
    version = int(first.headers["x-picture-version"])
    for letter in "abcde":
        waiting = asyncio.create_task(admin.picture(version))
        began = time.monotonic()
        await admin.act(typed(letter))
        version = int((await waiting).headers["x-picture-version"])
        took.append(time.monotonic() - began)
    assert sorted(took)[2] < 1.0, took


async def test_wrong_password_goes_on_waiting_and_stands_in_no_log(
    admin: Admin, trace: pytest.LogCaptureFixture
) -> None:
    await admin.waiting(name="work")
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await admin.act(typed(ADDRESS), pressed("Enter"))
        await eyes.until_field("Passwd")
        await admin.act(typed(WRONG), pressed("Enter"))
        await eyes.until("document.querySelector('#problem')?.textContent.includes('Wrong password')")
        assert (await admin.status())["stage"] == "waiting"
        await eyes.until_field("Passwd")
        await admin.act(typed(PASSWORD), pressed("Enter"))
    assert (await admin.until("saved", "failed"))["profile"] == "work"
    assert (admin.folder / "profiles" / "work.json").is_file()
    assert {"api", "browser"} <= {record.name.partition(".")[0] for record in trace.records}
    assert WRONG not in trace.text
    assert ADDRESS not in trace.text


async def test_only_one_at_a_time_and_the_second_is_told_who(admin: Admin) -> None:
    await admin.waiting(name="work")
    second = await admin.start()
    assert second.status_code == 409
    assert second.json()["error"]["code"] == "sign_in_under_way"
    assert "127.0.0.1" in second.json()["error"]["message"]
    watching = asyncio.create_task(admin.picture(wait=20))
    stopped = await admin.http.delete(ROUTE)
    assert stopped.json()["stage"] == "cancelled"
    assert (await watching).status_code in {200, 204}
    assert (await admin.act(typed("x"))).status_code == 404
    assert not list(admin.folder.glob("profiles/*.json"))
    assert (await admin.start()).status_code == 202


async def test_it_ends_when_nobody_does_anything(site: Site, tmp_path: Path) -> None:
    async with admin_elsewhere(site, tmp_path, idle_seconds=1.5) as admin:
        await admin.waiting()
        await admin.act(typed("x"))
        assert 0 < (await admin.status())["seconds_left"] <= 1.5
        ended = await admin.until("expired", "failed")
        assert ended["stage"] == "expired"
        assert "Nothing was done for 1.5 s" in ended["reason"]


async def test_it_ends_after_the_whole_time_too(site: Site, tmp_path: Path) -> None:
    async with admin_elsewhere(site, tmp_path, timeout=0.5) as admin:
        await admin.start()
        assert "after 0.5 s" in (await admin.until("expired", "failed"))["reason"]


async def test_it_does_not_begin_where_nothing_could_be_saved(site: Site, tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text("no folder")
    async with admin_elsewhere(site, tmp_path) as admin:
        refused = await admin.start()
        assert refused.status_code == 501
        assert "AUTH_PROFILES_DIR (a file is in its place)" in refused.json()["error"]["message"]
        assert (await admin.status())["stage"] == "none"


async def test_a_profile_is_replaced_only_when_told(admin: Admin) -> None:
    old = written(admin.folder / "profiles" / "work.json", signed_in(domain="127.0.0.1"))
    refused = await admin.start(name="work")
    assert refused.status_code == 400
    assert "'work' already" in refused.json()["error"]["message"]
    assert (await admin.start(name="../x")).status_code == 400
    before = values(old)["SID"]
    await admin.waiting(name="work", replace=True)
    await admin.http.delete(ROUTE)
    assert values(old)["SID"] == before
    await admin.waiting(name="work", replace=True)
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await admin.act(typed(ADDRESS), pressed("Enter"))
        await eyes.until_field("Passwd")
        await admin.act(typed(PASSWORD), pressed("Enter"))
    assert (await admin.until("saved", "failed"))["stage"] == "saved"
    assert values(old)["SID"] != before


async def test_a_sign_out_is_mended_under_the_account_s_old_name(site: Site, tmp_path: Path) -> None:
    state: dict[str, Any] = {**signed_in(domain="127.0.0.1"), "accountName": ADDRESS}
    old = written(tmp_path / "profiles" / "mine.json", state)
    async with admin_elsewhere(site, tmp_path) as admin:
        await admin.waiting()
        async with admin.eyes() as eyes:
            await eyes.until_field("identifier")
            await admin.act(typed(ADDRESS), pressed("Enter"))
            await eyes.until_field("Passwd")
            await admin.act(typed(PASSWORD), pressed("Enter"))
        done = await admin.until("saved", "failed")
        assert (done["profile"], done["in_use"]) == ("mine", True)
        await eventually(lambda: admin.gateway.driver.status().page_ready)
    assert [file.name for file in old.parent.glob("*.json")] == ["mine.json"]


NO_ACTIONS: tuple[dict[str, Any], ...] = (
    {"do": "type"},
    {"do": "type", "text": ""},
    {"do": "type", "text": "secret-x" * 1000},
    {"do": "type", "text": 5},
    {"do": "press", "key": "secret-x"},
    {"do": "click", "x": -1, "y": 2},
    {"do": "click", "x": "secret-x", "y": 2},
    {"do": "click", "x": 1, "y": 2, "count": 9},
    {"do": "goto", "url": "https://example.com"},
    {"do": "reload", "secret": "secret-x"},
    {},
)


async def test_what_is_no_action_is_refused_without_repeating_it(admin: Admin) -> None:
    for action in NO_ACTIONS:
        refused = await admin.act(action)
        assert refused.status_code == 400, action
        assert "secret-x" not in refused.text
    assert (await admin.act()).status_code == 400
    assert (await admin.act(*[pressed("Tab")] * 65)).status_code == 400
    half = await admin.http.post(
        f"{ROUTE}/actions",
        content=b'{"actions": [{"do": "type", "text": "\\ud800"}]}',
        headers={"Content-Type": "application/json"},
    )
    assert half.status_code == 400


def test_only_the_site_and_its_sign_in_are_shown() -> None:
    hosts = AllowedHosts("https://aistudio.google.com", ("login.company.example",))
    for url in (
        "https://aistudio.google.com/prompts/new_chat",
        "https://accounts.google.com/v3/signin",
        "https://google.com/",
        "https://login.company.example/x",
        "about:blank",
    ):
        assert hosts.allow(url), url
    for url in (
        "https://evil-google.com/",
        "https://accounts.google.com.evil.example/",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:2048/admin/",
        "file:///etc/passwd",
        "https://company.example/",
    ):
        assert not hosts.allow(url), url
    assert AllowedHosts("http://127.0.0.1:1").allow("http://127.0.0.1:2/")
    assert not AllowedHosts("http://127.0.0.1:1").allow("http://10.0.0.1/")


async def test_another_site_is_left_and_never_shown(admin: Admin) -> None:
    await admin.waiting()
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        shown = await admin.picture()
        await eyes.go(admin.gateway.address.replace("127.0.0.1", "localhost") + "/health")
        await eyes.until("location.hostname === 'localhost'")
        found = await admin.picture(int(shown.headers["x-picture-version"]))
        assert found.status_code == 200
        await eyes.until_field("identifier")
    told = await admin.status()
    assert "localhost is not part of signing in" in told["reason"]
    assert told["site"] == "127.0.0.1"


async def test_a_window_of_the_sign_in_is_followed(admin: Admin) -> None:
    await admin.waiting()
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await eyes.do("window.open('about:blank')")
        await found(admin.shows_no_site)
        await admin.act(typed(ADDRESS), pressed("Enter"))
        assert await eyes.value("document.querySelector('[name=identifier]').value") == ""


async def test_serving_goes_on_while_somebody_signs_in_and_after(site: Site, tmp_path: Path) -> None:
    async with httpx.AsyncClient() as client:
        state = (await client.post(f"{site.address}/_control/storage-state", json={})).json()
    written(tmp_path / "profiles" / "mine.json", state)
    async with admin_elsewhere(site, tmp_path, status=200) as admin, admin.gateway.openai() as openai:

        async def ask(text: str) -> None:
            answer = await openai.chat.completions.create(
                model="gemini-2.5-flash", messages=[{"role": "user", "content": f"/echo {text}"}]
            )
            assert answer.choices[0].message.content == text

        await admin.start()
        await ask("while it starts")
        await admin.until("waiting")
        await ask("while it waits")
        await admin.http.delete(ROUTE)
        await ask("after it")
        assert admin.gateway.driver.status().counters.get("browser_disconnects", 0) == 0
