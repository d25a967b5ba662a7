"""Several profiles: another one is taken into use between two answers, and nobody notices but the site."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.profiles.lock import in_use
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from browser.session import SessionState
from domain.errors import DeadlinePassed, NotFound, ProfileInUse, ProfileRefused, SignedOut
from domain.profiles import ProfileState
from settings import BrowserSettings, SignInSettings
from simulator.demo import LOOPBACK_ONLY, Site, simulated_site
from tests.e2e.driving import DEADLINES, answer, request
from tests.profiles.accounts import MODEL, accounts, new_session, sign_in_both
from tests.profiles.states import values, written
from tests.site import SiteControl
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(90)

OTHER_MODEL = "gemini-2.5-pro"
LONG = "/chunks n=60 size=20"
QUOTA = "429 quota"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site() -> AsyncIterator[Site]:
    """One whose sessions may be ended: nobody else is signed in there."""
    async with simulated_site("--quiet", "--ttft", "0.02", "--pace", "0.01") as running:
        yield running


async def test_running_answer_is_finished_and_the_next_request_is_served_by_the_new_profile(
    site: Site, tmp_path: Path
) -> None:
    async with accounts(site, tmp_path, tabs=2) as two:
        whole = await two.ask(LONG)
        await two.control.forget_requests()
        await two.control.scenario(pace=0.15)
        running = await two.begin(LONG)
        activating = asyncio.create_task(two.profiles.activate("grace"))
        await eventually(lambda: two.driver.pool.holding_back > 0)
        assert not running.done()
        queued = [asyncio.create_task(two.ask(f"/echo {number}")) for number in range(3)]
        assert await running == whole
        await activating
        assert [await one for one in queued] == ["0", "1", "2"]
        assert two.profiles.active == "grace"
        assert await two.served() == [("ada", "finished"), *[("grace", "finished")] * 3]
        assert two.counted("profile_switches") == 1
        assert two.counted("retries") == 0


async def test_count_under_way_is_made_by_the_new_profile(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path, tabs=2) as two:
        await two.control.scenario(rpc_delays={"CountTokens": 60})
        counting = asyncio.create_task(two.driver.count(request("one two three")))
        await eventually(lambda: any(one.state is SessionState.BUSY for one in two.driver.pool.sessions))
        await two.profiles.activate("grace")
        await two.control.scenario(rpc_delays={})
        assert (await counting).total > 0
        assert two.profiles.active == "grace"


async def test_old_profile_is_saved_back_and_free_for_others(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path) as two:
        before = values(two.store.file("ada"))
        assert await two.ask("/echo x") == "x"
        await two.profiles.activate("grace")
        after = values(two.store.file("ada"))
        assert (after["SID"], after["SIDCC"] != before["SIDCC"]) == (before["SID"], True)
        assert not in_use(two.store.file("ada"))
        assert in_use(two.store.file("grace"))
        await two.profiles.activate("ada")
        assert await two.ask("/echo y") == "y"
        assert await two.served() == [("ada", "finished"), ("ada", "finished")]


@pytest.mark.parametrize("bad", ["signed out", "unusable", "in use"])
async def test_profile_that_cannot_be_used_leaves_the_old_one_serving(
    site: Site, tmp_path: Path, bad: str
) -> None:
    async with accounts(site, tmp_path) as two:
        sessions = list(two.driver.pool.sessions)
        file = two.store.file("grace")
        if bad == "in use":
            with two.store.only_user(file), pytest.raises(ProfileInUse, match="another gateway"):
                await two.profiles.activate("grace")
        else:
            state = await new_session(site, "grace")
            for cookie in state["cookies"]:
                cookie["value"] = "g.nobody"
            written(file, state if bad == "signed out" else "{")
            with pytest.raises(ProfileRefused, match="'grace' is not used, 'ada' goes on"):
                await two.profiles.activate("grace")
        assert two.driver.pool.sessions == sessions
        assert await two.ask("/echo still") == "still"
        assert await two.served() == [("ada", "finished")]
        if bad == "signed out":
            assert [one.state for one in two.profiles.all()] == [ProfileState.OK, ProfileState.SIGNED_OUT]
            written(file, await new_session(site, "grace"))
            assert [one.state for one in two.profiles.all()] == [ProfileState.OK, ProfileState.OK]


async def test_drain_that_takes_too_long_is_named_and_the_old_profile_goes_on(
    site: Site, tmp_path: Path
) -> None:
    async with accounts(site, tmp_path, switch_timeout=4) as two:
        await two.control.scenario(pace=0.1)
        running = await two.begin(LONG)
        with pytest.raises(DeadlinePassed, match=r"switch stage took longer than 4 s.*'ada' goes on"):
            await two.profiles.activate("grace")
        await two.control.scenario(pace=0.001)
        running.cancel()
        assert await two.ask("/echo on") == "on"
        assert [account for account, _ in await two.served()] == ["ada", "ada"]
        assert not in_use(two.store.file("grace"))


async def test_activations_wait_for_one_another(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path) as two:
        await asyncio.gather(*(two.profiles.activate(name) for name in ("grace", "ada", "grace")))
        assert two.profiles.active == "grace"
        assert await two.ask("/echo x") == "x"
        assert await two.served() == [("grace", "finished")]
        assert two.counted("profile_switches") == 3


async def test_profile_in_use_is_not_renamed_or_retired(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path) as two:
        with pytest.raises(ProfileInUse):
            two.profiles.rename("ada", "eve")
        with pytest.raises(ProfileInUse):
            two.profiles.retire("ada")
        with pytest.raises(NotFound):
            await two.profiles.activate("eve")
        two.profiles.rename("grace", "eve")
        assert [one.name for one in two.profiles.all()] == ["ada", "eve"]
        two.profiles.retire("eve")
        assert [one.name for one in two.profiles.all()] == ["ada"]


async def test_lock_moves_with_the_switch_between_two_gateways(site: Site, tmp_path: Path) -> None:
    store = await sign_in_both(site, tmp_path / "profiles")
    written(store.file("eve"), await new_session(site))
    async with (
        accounts(site, tmp_path / "one", store=store) as one,
        accounts(site, tmp_path / "two", store=store, first="grace") as two,
    ):
        with pytest.raises(ProfileInUse):
            await two.profiles.activate("ada")
        await one.profiles.activate("eve")
        await two.profiles.activate("ada")
        assert (one.profiles.active, two.profiles.active) == ("eve", "ada")
        with pytest.raises(ProfileInUse):
            await one.profiles.activate("ada")
        assert [await each.ask("/echo x") for each in (one, two)] == ["x", "x"]


async def test_quota_switches_between_jobs_and_answers_the_same_request(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path, switch="on_quota") as two:
        await two.control.scenario(next_faults=[QUOTA])
        assert await two.ask("/echo same") == "same"
        assert [account for account, _ in await two.served()] == ["ada", "grace"]
        assert (two.profiles.active, two.counted("profile_switches")) == ("grace", 1)
        ada, grace = two.profiles.all()
        assert (ada.state, [one.model for one in ada.cooling]) == (ProfileState.COOLING_DOWN, [MODEL])
        assert grace.state is ProfileState.OK
        # Nobody is left to switch to: the site's own answer is told, and nothing is asked twice.
        await two.control.scenario(next_faults=[QUOTA])
        with pytest.raises(openai.RateLimitError) as caught:
            await two.ask("/echo other")
        assert caught.value.code == "insufficient_quota"
        assert [account for account, _ in await two.served()] == ["ada", "grace", "grace"]
        # It is tried all the same.
        assert await two.ask("/echo tried") == "tried"
        assert two.counted("profile_switches") == 1


async def test_known_cool_down_is_left_before_the_site_is_asked(site: Site, tmp_path: Path) -> None:
    store = await sign_in_both(site, tmp_path / "profiles")
    async with accounts(site, tmp_path, store=store) as two:
        await two.control.scenario(next_faults=[QUOTA])
        with pytest.raises(openai.RateLimitError):
            await two.ask("/echo x")
    async with accounts(site, tmp_path, store=store, switch="on_quota") as two:
        assert await two.ask("/echo other", OTHER_MODEL) == "other"
        assert await two.ask("/echo x") == "x"
        assert await two.served() == [("ada", "finished"), ("grace", "finished")]


async def test_without_being_asked_to_nothing_switches(site: Site, tmp_path: Path) -> None:
    async with accounts(site, tmp_path) as two:
        await two.control.scenario(next_faults=[QUOTA, QUOTA])
        for _ in range(2):
            with pytest.raises(openai.RateLimitError):
                await two.ask("/echo x")
        assert await two.ask("/echo y") == "y"
        assert [account for account, _ in await two.served()] == ["ada"] * 3
        assert two.profiles.active == "ada"
        assert two.counted("profile_switches") == 0


async def test_switching_by_itself_keeps_to_its_budget(site: Site, tmp_path: Path) -> None:
    rules: dict[str, Any] = {"switch": "on_quota", "switches_per_minute": 1, "cooldown": 0.001}
    async with accounts(site, tmp_path, **rules) as two:
        await two.control.scenario(every_fault=QUOTA)
        for _ in range(3):
            with pytest.raises(openai.RateLimitError):
                await two.ask("/echo x")
        assert [account for account, _ in await two.served()] == ["ada", "grace", "grace", "grace"]
        assert two.counted("profile_switches") == 1


@pytest.mark.parametrize("waits", [False, True])
async def test_signed_out_profile_gives_way_to_another(site: Site, tmp_path: Path, *, waits: bool) -> None:
    store = await sign_in_both(site, tmp_path / "profiles")
    async with accounts(site, tmp_path, store=store, switch="on_quota", waits=waits) as two:
        assert await two.ask("/echo 1") == "1"
        async with SiteControl(site.address) as control:
            await control.sign_out()
        written(store.file("grace"), await new_session(site, "grace"))
        assert await two.ask("/echo 2") == "2"
        await eventually(lambda: two.profiles.active == "grace")
        assert (await two.served())[-1] == ("grace", "finished")


async def signed_out_ada(site: Site, folder: Path) -> ProfileStore:
    store = await sign_in_both(site, folder)
    state = await new_session(site)
    for cookie in state["cookies"]:
        cookie["value"] = "g.nobody"
    written(store.file("ada"), state)
    return store


@pytest.mark.parametrize("unusable", [False, True])
async def test_gateway_that_starts_signed_out_takes_another_profile(
    site: Site, tmp_path: Path, *, unusable: bool
) -> None:
    store = await signed_out_ada(site, tmp_path / "profiles")
    if unusable:
        written(store.file("ada"), "{")
    async with accounts(site, tmp_path, store=store, switch="on_quota") as two:
        assert await two.ask("/echo x") == "x"
        assert await two.served() == [("grace", "finished")]


@pytest.mark.parametrize("good", [True, False])
async def test_profile_is_activated_and_tried_while_nothing_could_be_opened_yet(
    site: Site, tmp_path: Path, *, good: bool
) -> None:
    store = await signed_out_ada(site, tmp_path / "profiles")
    file = store.file("ada")
    if not good:
        written(store.file("grace"), json.loads(file.read_text()))
    settings = BrowserSettings(
        engine="chromium", ai_studio_url=site.address, auth_profile=file, tabs=1, args=(LOOPBACK_ONLY,)
    )
    with SignIn(store, lambda: file, SignInSettings()) as sign_in:
        driver = PageDriver(settings, DEADLINES, sign_in)
        with pytest.raises(SignedOut):
            await driver.open()
        opening = asyncio.create_task(driver.open())  # waits for a sign-in that is worth trying
        assert driver.profiles is not None
        if good:
            await driver.profiles.activate("grace")
            assert driver.pool.alive
            await opening
            assert await answer(driver, "/echo x") == "x"
        else:
            with pytest.raises(ProfileRefused, match="'grace' is in use now, but"):
                await driver.profiles.activate("grace")
            with pytest.raises(SignedOut):
                await opening
        await driver.close()
