"""The section of the admin page in a real browser: page, gateway, its second browser, and the site."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from simulator.demo import Site
from tests.profiles.remote import Admin, Eyes, admin_elsewhere
from tests.site import SiteControl

pytestmark = pytest.mark.timeout(90)
ADDRESS, PASSWORD, CODE = "ada@example.com", "simulator", "123456"


@pytest_asyncio.fixture
async def admin(site: Site, tmp_path: Path) -> AsyncIterator[Admin]:
    async with admin_elsewhere(site, tmp_path) as one:
        yield one


@pytest_asyncio.fixture
async def page(chromium: Browser, admin: Admin) -> AsyncIterator[Page]:
    """The section, signed in as admin; complaints of scripts and of the page's policy fail the test."""
    complaints: list[str] = []
    context = await chromium.new_context(viewport={"width": 900, "height": 700}, device_scale_factor=2)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    await page.goto(f"{admin.gateway.address}/admin/#sign-in")
    await page.get_by_label("Admin token").fill(admin.token)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Open the sign-in")).to_be_visible()
    yield page
    await context.close()
    assert complaints == []


async def opened(page: Page) -> Locator:
    """The picture, once there is one."""
    await page.get_by_role("button", name="Open the sign-in").click()
    await expect(page.get_by_text("Waiting for you")).to_be_visible(timeout=20_000)
    await expect(page.locator(".remote:not(.empty-yet)")).to_be_visible(timeout=20_000)
    return page.locator(".remote")


async def click_what_is_there(picture: Locator, eyes: Eyes, selector: str) -> None:
    """Where a person sees it: in the picture, drawn smaller than it is."""
    point = await eyes.middle(selector)
    box = await picture.locator("img").bounding_box()
    assert box is not None
    assert box["width"] < 1000
    scale = box["width"] / 1024
    offset = await picture.bounding_box()
    assert offset is not None
    x, y = box["x"] - offset["x"] + point["x"] * scale, box["y"] - offset["y"] + point["y"] * scale
    await picture.click(position={"x": x, "y": y})


async def test_somebody_signs_in_on_the_page(page: Page, admin: Admin, control: SiteControl) -> None:
    await control.scenario(second_step=True)
    await page.get_by_label("Save as profile").fill("work")
    picture = await opened(page)
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await eyes.do("document.activeElement.blur()")
        await click_what_is_there(picture, eyes, "[name=identifier]")
        await eyes.until_field("identifier")
        await page.keyboard.type("mistake")
        await eyes.until("document.activeElement.value === 'mistake'")
        await page.keyboard.press("Control+A")
        await page.keyboard.type(ADDRESS)
        await eyes.until(f"document.activeElement.value === '{ADDRESS}'")
        await click_what_is_there(picture, eyes, "#identifierNext button")
        await eyes.until_field("Passwd")
        await page.keyboard.press("F6")
        await page.get_by_label("Hide it").check()
        field = page.get_by_label("Type this into the page")
        assert await field.get_attribute("type") == "password"
        await field.fill(PASSWORD)
        await field.press("Enter")
        await eyes.until_field("totpPin")
        assert await field.input_value() == ""
        await page.keyboard.press("F6")
        await page.evaluate(
            "document.activeElement.dispatchEvent(Object.assign(new Event('paste'), "
            f"{{clipboardData: {{getData: () => '{CODE}'}}}}))"
        )
        await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved as the profile work.")).to_be_visible(timeout=20_000)
    await expect(page.get_by_text("The gateway uses it")).to_be_visible()
    assert (admin.folder / "profiles" / "work.json").is_file()


async def compose(page: Page, text: str) -> None:
    """As an input method does: a text that grows, and is then taken."""
    session = await page.context.new_cdp_session(page)
    for length in range(1, len(text) + 1):
        part = {"text": text[:length], "selectionStart": length, "selectionEnd": length}
        await session.send("Input.imeSetComposition", part)
    await session.send("Input.insertText", {"text": text})
    await session.detach()


async def test_keys_of_every_kind_arrive(page: Page, admin: Admin) -> None:
    picture = await opened(page)
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await click_what_is_there(picture, eyes, "[name=identifier]")
        field = "document.querySelector('[name=identifier]')"
        await page.keyboard.type("abc")
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("Backspace")
        await page.keyboard.insert_text("密é👋")
        await compose(page, "にほ")
        await eyes.until(f"{field}.value === 'a密é👋にほc'")
        await page.keyboard.press("Home")
        await page.keyboard.press("Delete")
        await eyes.until(f"{field}.value === '密é👋にほc'")
        await page.keyboard.press("Tab")
        await eyes.until(f"document.activeElement !== {field}")
        await page.keyboard.press("Shift+Tab")
        await eyes.until(f"document.activeElement === {field}")
        assert await eyes.value(f"{field}.value") == "密é👋にほc"


async def test_the_wheel_and_a_drag_arrive_where_they_were_made(page: Page, admin: Admin) -> None:
    picture = await opened(page)
    async with admin.eyes() as eyes:
        await eyes.until_field("identifier")
        await eyes.do(
            "document.body.style.height = '4000px'; window.seen = [];"
            "const note = (event) => (event.type !== 'mousemove' || event.buttons === 1) &&"
            " seen.push([event.type, event.clientX, event.clientY]);"
            "['mousedown', 'mousemove', 'mouseup'].forEach((kind) => document.addEventListener(kind, note))"
        )
        image = picture.locator("img")
        await image.scroll_into_view_if_needed()
        box = await image.bounding_box()
        assert box is not None
        scale = box["width"] / 1024
        await page.mouse.move(box["x"] + 20 * scale, box["y"] + 40 * scale)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 220 * scale, box["y"] + 90 * scale, steps=3)
        await page.mouse.up()
        await eyes.until("seen.at(-1)?.[0] === 'mouseup'")
        first, *way, last = json.loads(await eyes.value("JSON.stringify(seen)"))
        assert [first[0], last[0]] == ["mousedown", "mouseup"]
        assert first[1:] + last[1:] == pytest.approx([20, 40, 220, 90], abs=2)
        assert len(way) > 3
        await page.mouse.wheel(0, 300)
        await eyes.until("scrollY > 0")


async def test_stopping_shows_so_and_another_can_be_begun(page: Page, admin: Admin) -> None:
    await opened(page)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text("It was stopped; nothing was saved.")).to_be_visible()
    assert (await admin.status())["stage"] == "cancelled"
    await expect(page.get_by_role("button", name="Open the sign-in")).to_be_enabled()


async def test_a_reloaded_page_goes_on_with_the_sign_in(page: Page) -> None:
    await opened(page)
    await page.reload()
    await expect(page.locator(".remote:not(.empty-yet)")).to_be_visible(timeout=20_000)


async def test_points_are_found_in_a_picture_of_any_size(page: Page) -> None:
    found = await page.evaluate(
        """async () => {
          const { toPicture } = await import("./static/remote_screen.js");
          const picture = { width: 1000, height: 500 };
          const box = { left: 10, top: 20, width: 500, height: 500 };  // bars above and below
          const at = (x, y) => toPicture(box, picture, x, y);
          return [at(10, 145), at(260, 270), at(260, 30)];
        }"""
    )
    assert found == [{"x": 0, "y": 0}, {"x": 500, "y": 250}, None]
