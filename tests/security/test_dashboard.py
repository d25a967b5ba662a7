"""The admin page in a real browser, under its own policy."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.api.harness import CHAT, body
from tests.api.scripted import HELLO, Script, ScriptedDriver, ScriptedProfiles
from tests.security.serving import Serving, serving


@pytest_asyncio.fixture
async def gate() -> asyncio.Event:
    """Holds the first request on its page."""
    return asyncio.Event()


@pytest.fixture
def profiles() -> ScriptedProfiles:
    return ScriptedProfiles(ada=b'{"cookies": []}', grace=b'{"cookies": []}')


@pytest_asyncio.fixture
async def gateway(gate: asyncio.Event, profiles: ScriptedProfiles, tmp_path: Path) -> AsyncIterator[Serving]:
    driver = ScriptedDriver(Script((gate, *HELLO)))
    driver.profiles = profiles
    async with serving(
        driver, admin_token_file=tmp_path / "token", named_keys_file=tmp_path / "k.json"
    ) as it:
        yield it


@pytest_asyncio.fixture
async def page(chromium: Browser, gateway: Serving, tmp_path: Path) -> AsyncIterator[Page]:
    """Signed in; complaints of the page's policy and of its scripts fail the test."""
    complaints: list[str] = []
    context = await chromium.new_context()
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    await page.goto(f"{gateway.address}/admin")
    await page.get_by_label("Admin token").fill((tmp_path / "token").read_text().strip())
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    yield page
    await context.close()
    assert complaints == []


async def test_wrong_token_is_told_and_another_try_is_possible(chromium: Browser, gateway: Serving) -> None:
    page = await chromium.new_page()
    await page.goto(f"{gateway.address}/admin/")
    await page.get_by_label("Admin token").fill("not-the-token")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This is not the admin token")).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in")).to_be_enabled()
    await page.close()


async def test_owner_sees_status_and_cancels_a_request(page: Page, gateway: Serving) -> None:
    async with httpx.AsyncClient(base_url=gateway.address) as client:
        asking = asyncio.create_task(client.post(CHAT, json=body(), timeout=20))
        await expect(page.get_by_text("Ready", exact=True)).to_be_visible()
        await expect(page.get_by_text("running", exact=True)).to_be_visible()
        await page.get_by_role("button", name="Cancel").click()
        assert (await asking).status_code == 499
    await expect(page.get_by_text("Nothing waits or runs.")).to_be_visible()


async def test_owner_makes_a_key_that_works_and_revokes_it(
    page: Page, gateway: Serving, gate: asyncio.Event
) -> None:
    gate.set()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_label("Name").fill("laptop")
    await page.get_by_role("button", name="Make a key").click()
    key = await page.locator(".secret code").inner_text()
    async with httpx.AsyncClient(base_url=gateway.address, headers={"X-API-Key": key}) as client:
        assert (await client.post(CHAT, json=body())).status_code == 200
        await page.get_by_role("button", name="Revoke").click()
        await expect(page.get_by_text("The key laptop is revoked.")).to_be_visible()
        assert (await client.post(CHAT, json=body())).status_code == 401


async def test_signing_out_ends_the_session_and_shows_nothing_more(page: Page) -> None:
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Admin token")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Admin token")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
async def test_page_fits_a_telephone_and_a_desk(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    for section in ("status", "profiles", "sign-in", "keys"):
        await page.evaluate(f"location.hash = '#{section}'")
        await expect(page.locator("nav a[aria-current]")).to_have_attribute("href", f"#{section}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ends = "(links) => links.map((link) => link.getBoundingClientRect().right)"
    assert max(await page.locator("nav a").evaluate_all(ends)) <= width
    lines = (
        "(links) => links.map((link) => { const text = document.createRange(); "
        "text.selectNodeContents(link); return text.getClientRects().length; })"
    )
    assert await page.locator("nav a").evaluate_all(lines) == [1] * 4


async def test_sign_in_that_lies_elsewhere_is_named(page: Page, profiles: ScriptedProfiles) -> None:
    profiles.active = "carol"
    await page.get_by_role("link", name="Sign-ins").click()
    await expect(page.get_by_text("In use is carol, whose file is not in this folder.")).to_be_visible()


async def test_owner_takes_profiles_in_and_out_of_use(page: Page, profiles: ScriptedProfiles) -> None:
    profiles.refused = frozenset({"eve"})
    names = iter(["eve"])
    page.on("dialog", lambda dialog: dialog.accept(next(names, "")))
    await expect(page.locator("dd", has_text="ada")).to_be_visible()
    await page.get_by_role("link", name="Sign-ins").click()
    await expect(page.get_by_text("PROFILE_SWITCH=manual")).to_be_visible()
    row = page.get_by_role("row", name="grace")
    async with page.expect_download() as download:
        await row.get_by_role("link", name="Export").click()
    assert (await download.value).suggested_filename == "grace.json"
    await row.get_by_role("button", name="Rename").click()
    row = page.get_by_role("row", name="eve")
    await row.get_by_role("button", name="Use").click()
    await expect(page.get_by_text("The profile 'eve' is not used, 'ada' goes on.")).to_be_visible()
    profiles.refused = frozenset()
    await row.get_by_role("button", name="Use").click()
    await expect(row.get_by_text("in use")).to_be_visible()
    await page.get_by_role("row", name="ada").get_by_role("button", name="Retire").click()
    await expect(page.get_by_text("ada is retired.")).to_be_visible()
    assert list(profiles.contents) == ["eve"]


async def test_owner_brings_a_profile_in_and_is_told_what_is_wrong_with_it(
    page: Page, profiles: ScriptedProfiles
) -> None:
    await page.get_by_role("link", name="Sign-ins").click()

    async def bring_in(content: bytes) -> None:
        await page.get_by_label("Name").fill("work")
        file = {"name": "state.json", "mimeType": "application/json", "buffer": content}
        await page.get_by_label("Storage-state file").set_input_files(file)  # type: ignore[arg-type]
        await page.get_by_role("button", name="Bring in").click()

    await bring_in(b"no json")
    await expect(page.get_by_text("state.json is no JSON.")).to_be_visible()
    await bring_in(b'{"a": 1}')
    await expect(page.get_by_text("This is no profile.")).to_be_visible()
    await bring_in(b'{"cookies": []}')
    await expect(page.get_by_text("work is kept as a profile.")).to_be_visible()
    await expect(page.get_by_role("row", name="work")).to_be_visible()
    assert "work" in profiles.contents
