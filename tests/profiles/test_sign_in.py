"""A sign-in in use: saved back, watched over, lost and found again."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.profiles.files import write_private
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from domain.errors import ProfileInUse
from settings import BrowserSettings, SignInSettings
from simulator.demo import LOOPBACK_ONLY, Site, simulated_site
from tests.e2e.driving import DEADLINES
from tests.gateway import RunningGateway, running_gateway
from tests.profiles.states import values, written
from tests.site import SiteControl
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(90)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[Site]:
    """One whose sessions may be ended: nobody else is signed in there."""
    async with simulated_site("--quiet", "--ttft", "0.02", "--pace", "0.001") as running:
        yield running


async def new_session(site: Site) -> dict[str, Any]:
    """A storage state of somebody who has just signed in."""
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"{site.address}/_control/storage-state", json={})
        found: dict[str, Any] = reply.raise_for_status().json()
        return found


class Kept:
    """A gateway whose sign-in is a file of its own."""

    def __init__(self, gateway: RunningGateway, driver: PageDriver, file: Path) -> None:
        self.gateway = gateway
        self.driver = driver
        self.file = file

    async def ask(self, text: str) -> str:
        async with self.gateway.openai() as client:
            answer = await client.chat.completions.create(
                model="gemini-2.5-flash", messages=[{"role": "user", "content": text}]
            )
        return answer.choices[0].message.content or ""

    async def health(self) -> dict[str, Any]:
        async with self.gateway.http() as client:
            found: dict[str, Any] = (await client.get("/health")).json()
            return found

    def counted(self, name: str) -> int:
        return self.driver.status().counters.get(name, 0)


@asynccontextmanager
async def kept(site: Site, folder: Path, file: Path | None = None, **rules: Any) -> AsyncIterator[Kept]:
    """`rules` are of `SignInSettings`; nothing is saved or looked at unless they say so."""
    file = file or folder / "profiles" / "me.json"
    if not file.exists():
        written(file, {**await new_session(site), "note": "kept"})
    settings = BrowserSettings(
        engine="chromium", ai_studio_url=site.address, auth_profile=file, tabs=1, args=(LOOPBACK_ONLY,)
    )
    store = ProfileStore(file.parent, site.address)
    rare: dict[str, Any] = {"save_minutes": 1000, "save_every": 0, "check_minutes": 1000, **rules}
    with SignIn(store, lambda: file, SignInSettings(**rare)) as sign_in:
        driver = PageDriver(settings, DEADLINES, sign_in)
        async with running_gateway(driver, DEADLINES, folder) as gateway:
            yield Kept(gateway, driver, file)


async def test_a_sign_in_is_saved_back_after_answers_and_when_it_stops(site: Site, tmp_path: Path) -> None:
    async with kept(site, tmp_path, save_every=2) as one:
        before = values(one.file)
        assert await one.ask("/echo 1") == "1"
        assert values(one.file) == before
        assert await one.ask("/echo 2") == "2"
        await eventually(lambda: one.counted("profile_saves") == 1)
        after = values(one.file)
        assert after["SIDCC"] != before["SIDCC"]
        assert after["SID"] == before["SID"]
        assert json.loads(one.file.read_text())["note"] == "kept"
    assert one.counted("profile_saves") == 2


async def test_a_sign_in_is_saved_back_by_time(site: Site, tmp_path: Path) -> None:
    async with kept(site, tmp_path, save_minutes=0.005) as one:
        await eventually(lambda: one.counted("profile_saves") >= 2)
        assert await one.ask("/echo x") == "x"


async def test_expiry_is_shown_without_names(site: Site, tmp_path: Path) -> None:
    async with kept(site, tmp_path) as one:
        found = await one.health()
    assert found["details"]["sign_in_expires"].startswith("20")
    assert found["details"]["stage"] == ""
    assert "me.json" not in json.dumps(found)
    assert "example.com" not in json.dumps(found)


async def test_a_sign_out_is_told_saves_nothing_and_is_mended_by_a_new_file(
    site: Site, tmp_path: Path
) -> None:
    async with kept(site, tmp_path, save_minutes=0.005) as one:
        assert await one.ask("/echo in") == "in"
        await _end_sessions(site)
        for _ in range(2):
            with pytest.raises(openai.InternalServerError) as caught:
                await one.ask("/echo out")
            assert (caught.value.status_code, caught.value.code) == (503, "signed_out")
        await eventually(lambda: one.driver.status().stage == "sign_in")
        found = await one.health()
        assert (found["status"], found["details"]["stage"]) == ("unavailable", "sign_in")
        assert "profiles import" in found["reason"]
        write_private(one.file, json.dumps(await new_session(site)).encode())
        new = values(one.file)["SID"]
        await eventually(lambda: one.driver.status().page_ready)
        assert await one.ask("/echo back") == "back"
    assert values(one.file)["SID"] == new


async def test_a_file_that_was_replaced_is_not_saved_over(site: Site, tmp_path: Path) -> None:
    async with kept(site, tmp_path, save_every=1) as one:
        write_private(one.file, json.dumps(await new_session(site)).encode())
        new = values(one.file)
        assert await one.ask("/echo x") == "x"
    assert values(one.file) == new
    assert one.counted("profile_saves") == 0


async def test_a_browser_that_lost_its_sign_in_while_idle_gets_it_back_from_the_file(
    site: Site, tmp_path: Path
) -> None:
    async with kept(site, tmp_path, check_minutes=0.005) as one:
        assert one.driver.healer._context is not None
        await one.driver.healer._context.clear_cookies()
        await eventually(lambda: one.counted("healing.context") == 1 and one.driver.status().page_ready)
        assert await one.ask("/echo back") == "back"


async def test_a_sign_in_that_is_refused_is_not_tried_again_and_again(site: Site, tmp_path: Path) -> None:
    async with kept(site, tmp_path) as one:
        await _end_sessions(site)
        with pytest.raises(openai.InternalServerError):
            await one.ask("/echo out")
        await eventually(lambda: one.counted("healing.context") == 1)
        await eventually(lambda: one.driver.status().stage == "sign_in" and not one.driver.pool.lame)
        with pytest.raises(TimeoutError):
            await eventually(lambda: one.counted("healing.context") > 1, 2.5)
        assert one.counted("healing.context") == 1


async def test_a_gateway_without_a_profile_runs_and_takes_one_when_it_comes(
    site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "me.json"
    store = ProfileStore(tmp_path, site.address)
    settings = BrowserSettings(engine="chromium", ai_studio_url=site.address, tabs=1, args=(LOOPBACK_ONLY,))
    with SignIn(store, lambda: next(iter(store.files()), None), SignInSettings()) as sign_in:
        driver = PageDriver(settings, DEADLINES, sign_in)
        serving = asyncio.create_task(_first_answer(driver, tmp_path / "files"), name="serving")
        await eventually(lambda: "no saved sign-in" in driver.status().reason)
        assert driver.status().stage == "sign_in"
        store.add("me", json.dumps(await new_session(site)).encode())
        assert await serving == "at last"
        with pytest.raises(ProfileInUse), store.only_user(file):
            pass


async def test_an_unusable_file_is_a_reason_until_it_is_replaced(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = written(tmp_path / "me.json", '{"cookies": [')
    store = ProfileStore(tmp_path, site.address)
    settings = BrowserSettings(engine="chromium", ai_studio_url=site.address, tabs=1, args=(LOOPBACK_ONLY,))
    with SignIn(store, lambda: file, SignInSettings()) as sign_in:
        driver = PageDriver(settings, DEADLINES, sign_in)
        serving = asyncio.create_task(_first_answer(driver, tmp_path / "files"), name="serving")
        await eventually(lambda: "cut short" in driver.status().reason)
        assert str(tmp_path) not in driver.status().reason
        assert str(file) in caplog.text
        store.add("me", json.dumps(await new_session(site)).encode(), replace=True)
        assert await serving == "at last"


async def test_a_full_disk_costs_no_answer_and_no_file(site: Site, tiny_disk: Path, tmp_path: Path) -> None:
    file = written(tiny_disk / "me.json", await new_session(site))
    async with kept(site, tmp_path, file, save_every=1) as one:
        before = values(file)
        with pytest.raises(OSError, match="space"):
            (tiny_disk / "ballast").write_bytes(b"x" * 100_000)
        assert await one.ask("/echo x") == "x"
        await eventually(lambda: one.counted("profile_saves_failed") == 1)
        assert await one.ask("/echo y") == "y"
    assert values(file) == before
    left = sorted(left.name for left in tiny_disk.iterdir() if left.suffix != ".lock")
    assert left == ["ballast", "me.json"]


async def _end_sessions(site: Site) -> None:
    async with SiteControl(site.address) as control:
        await control.sign_out()


async def _first_answer(driver: PageDriver, folder: Path) -> str:
    async with running_gateway(driver, DEADLINES, folder) as gateway:
        return await Kept(gateway, driver, folder).ask("/echo at last")
