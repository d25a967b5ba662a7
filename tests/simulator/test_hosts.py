"""The site under its own host names, in a real Chromium: sign-in by hand, then an answer across origins."""

import json

from playwright.async_api import Page, async_playwright

from browser.locate import find_chromium
from simulator.server import Simulator
from simulator.site import PRODUCTION, SERVICE_PATH
from tests.simulator.client import Heard, generate_body

ASK = """async ([url, key, body]) => {
  const secret = document.cookie.split('; ').find((each) => each.startsWith('SAPISID=')).slice(8);
  const second = Math.floor(Date.now() / 1000);
  const text = new TextEncoder().encode(`${second} ${secret} ${location.origin}`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', text));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const xhr = new XMLHttpRequest();
  xhr.open('POST', url);
  xhr.withCredentials = true;
  const headers = {
    'Authorization': `SAPISIDHASH ${second}_${hex}`,
    'Content-Type': 'application/json+protobuf',
    'X-Goog-Api-Key': key,
    'X-Goog-AuthUser': '0',
    'X-User-Agent': 'grpc-web-javascript/0.1',
    'X-Goog-Ext-519733851-bin': 'CAASAUIwATgEQABQBFgDYgJVUw==',
  };
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  return new Promise((resolve) => {
    xhr.onloadend = () => resolve(xhr.responseText);
    xhr.send(body);
  });
}"""


async def sign_in(page: Page) -> None:
    await page.fill("#identifierId", "ada@example.com")
    await page.click("#identifierNext button")
    await page.fill('input[name="Passwd"]', "simulator")
    await page.click("#passwordNext button")
    await page.wait_for_url(f"{PRODUCTION.page}/**")


async def test_production_addresses_work_unchanged(simulator: Simulator) -> None:
    rule = f"--host-resolver-rules=MAP * 127.0.0.1:{simulator.https_port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", rule]
        )
        context = await browser.new_context(ignore_https_errors=True)
        page = await context.new_page()
        await page.goto(f"{PRODUCTION.page}/prompts/new_chat?model=gemini-2.5-pro", wait_until="commit")
        assert page.url.startswith(f"{PRODUCTION.accounts}/")
        assert "Sign in" in await page.title()
        await sign_in(page)
        assert page.url == f"{PRODUCTION.page}/prompts/new_chat?model=gemini-2.5-pro"
        names = {cookie.get("name") for cookie in await context.cookies(PRODUCTION.page)}
        assert {"SID", "SAPISID", "__Secure-1PSID", "__Secure-3PSID"} <= names
        boot = await page.evaluate("JSON.parse(document.getElementById('boot').textContent)")
        assert boot["rpcBase"] == PRODUCTION.rpc + SERVICE_PATH
        body = json.dumps(generate_body("/echo across origins 你好"))
        answer = await page.evaluate(ASK, [f"{boot['rpcBase']}/GenerateContent", boot["apiKey"], body])
        assert Heard(answer).text == "across origins 你好"
        await browser.close()
