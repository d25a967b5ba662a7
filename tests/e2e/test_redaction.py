"""What a doctor's bundle must not tell: whatever the page shows of its user, looked for in all its files."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page

from browser.doctor.bundle import Bundle, private_places
from browser.doctor.probe import Probe
from browser.doctor.report import Finding, Report, Result
from browser.pages.selectors import load_selectors
from simulator.demo import Site
from tests.e2e.by_hand import ask

ADDRESS = "grace.hopper@navy.example"
API_KEY = "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"
ACCESS_TOKEN = "ya29.a0AfB_byC3xQ-1qkZ7uVvT0mN8dKs5pRw2yLhG4eJfUoXiBtA9c"
COOKIE = "g.a000rQiFq7Xc2Vb9Nm4Lk1Jh8Gf5Ds6Aq3We0Rt7Yu2Io9Pz"
OFFICIAL_KEY = "sk-proj-4f9Kx2LmQ8vTz7RbN1cYh6WdJ3sPgA5uE0iOaXtVnBqZ"
PROMPT = "The launch code of the compiler is marmalade"
SHORT_PROMPT = "psst"
SECRETS = (ADDRESS, "Grace", "Hopper", API_KEY, ACCESS_TOKEN, COOKIE, OFFICIAL_KEY, "marmalade", "grace-work")
ADD = """(parts) => {
  for (const [tag, attributes, text] of parts) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(text);
    document.body.append(element);
  }
}"""
SEEN = "position:fixed; top:200px; left:300px; z-index:9999; font-size:20px; background:#fff"
SHOWN: tuple[tuple[str, dict[str, str], str], ...] = (
    ("div", {"id": "secret", "style": SEEN}, f"Signed in as {ADDRESS}"),
    ("button", {"aria-label": f"Google Account: Grace Hopper ({ADDRESS})"}, "G"),
    ("p", {}, f"Welcome back, Grace! Your key {API_KEY} and {OFFICIAL_KEY} is ready."),
    ("ms-api-key-button", {"data-api-key": API_KEY, "title": f"key={API_KEY}"}, API_KEY),
    ("section", {"data-state": f'{{"token":"{ACCESS_TOKEN}","SID":"{COOKIE}"}}'}, f"Bearer {ACCESS_TOKEN}"),
    ("a", {"href": f"https://content.example/files?key={API_KEY}#{ACCESS_TOKEN}"}, "a link"),
    ("a", {"href": f"https://content.example/download/{ACCESS_TOKEN}/file"}, "another"),
    ("img", {"alt": "portrait of Grace Hopper", "src": f"https://lh3.example/{COOKIE}"}, ""),
    ("template", {}, ACCESS_TOKEN),
)


def bundle_of(page: Page, folder: Path) -> Bundle:
    selectors = load_selectors(None)
    return Bundle(folder, page, Probe(page, selectors, patience=1), private_places(selectors))


async def bundle_of_a_page_full_of_secrets(page: Page, site: Site, folder: Path) -> Path:
    await page.context.add_cookies([{"name": "NID", "value": COOKIE, "url": site.address}])
    await page.goto(site.page)
    await ask(page, f"/echo {PROMPT}")
    await page.locator(".turn-footer").wait_for()
    await page.evaluate(ADD, SHOWN)
    await page.evaluate(
        "(text) => { document.body.append(document.createComment(text)); "
        "document.querySelector('title').textContent = text; }",
        f"{ADDRESS} {COOKIE}",
    )
    await page.locator("ms-prompt-box textarea").fill(f"next: {PROMPT}")
    bundle = bundle_of(page, folder)
    await bundle.photograph("page")
    problem = (
        f"AUTH_PROFILE='/home/grace-work/auth_profiles/{ADDRESS}.json' cannot be read; key {API_KEY}; "
        f"C:\\Users\\grace-work\\profile.json; Cookie: SID={COOKIE}"
    )
    finding = Finding("run", Result.MISSING, note=f"asked by {ADDRESS} with {ACCESS_TOKEN}")
    kept = await bundle.write(Report((finding,), problem, ("gemini-2.5-flash",), {"Chromium": "156.0.1.2"}))
    assert kept is not None
    return kept


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


async def test_no_file_of_a_bundle_tells_who_the_user_is_or_what_he_wrote(
    page: Page, site: Site, texts: Path
) -> None:
    kept = await bundle_of_a_page_full_of_secrets(page, site, texts)
    told = {path.name: path.read_bytes() for path in kept.iterdir()}
    assert {"page.html", "page.png", "report.json", "report.txt"} == set(told)
    found = [(name, secret) for name, data in told.items() for secret in SECRETS if secret.encode() in data]
    assert found == []


async def test_what_a_bug_report_needs_is_still_there(page: Page, site: Site, texts: Path) -> None:
    kept = await bundle_of_a_page_full_of_secrets(page, site, texts)
    html = (kept / "page.html").read_text()
    for needed in ("<ms-run-settings", "ms-run-button", 'aria-label="Temperature"', "settings-item"):
        assert needed in html
    assert re.search(r"gemini-\d[\w.]*-pro", html)
    told = (kept / "report.txt").read_text()
    assert "156.0.1.2" in told
    assert "AUTH_PROFILE" in told


async def test_an_address_is_painted_over_wherever_the_picture_shows_it(
    page: Page, site: Site, texts: Path
) -> None:
    kept = await bundle_of_a_page_full_of_secrets(page, site, texts)
    box = await page.locator("#secret").bounding_box()
    assert box is not None
    picture = Image.open(io.BytesIO((kept / "page.png").read_bytes())).convert("RGB")
    corners = (box["x"] + 2, box["y"] + 2, box["x"] + box["width"] - 2, box["y"] + box["height"] - 2)
    left, top, right, bottom = (round(each) for each in corners)
    colours = picture.crop((left, top, right, bottom)).getcolors()
    assert colours is not None
    assert len(colours) == 1


@pytest.mark.parametrize("prompt", [SHORT_PROMPT, PROMPT])
async def test_a_prompt_is_in_no_label_of_the_page_either(
    page: Page, site: Site, texts: Path, prompt: str
) -> None:
    await page.goto(site.page)
    await ask(page, f"/echo {prompt}")
    await page.locator(".turn-footer").wait_for()
    await page.evaluate(ADD, [("button", {"aria-label": f"/echo {prompt}"}, f"/echo {prompt}")])
    bundle = bundle_of(page, texts)
    await bundle.photograph("page")
    (html,) = (path.read_text() for path in texts.rglob("*.html"))
    assert not re.search(rf"\b{prompt}\b", html)
