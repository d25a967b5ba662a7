"""Signing in by hand, the page behind it, and HTTPS under the site's own names. No browser."""

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from simulator.pages import boot
from simulator.server import Simulator
from simulator.sessions import SESSION_COOKIES
from simulator.site import PRODUCTION
from simulator.state import State
from tests.simulator.client import new_http


def action(page: httpx.Response) -> str:
    """Absolute address that the page's form posts to."""
    found = re.search(r'<form method="post" novalidate action="([^"]+)"', page.text)
    assert found is not None, page.text
    return str(page.url.join(unescape(found[1])))


async def submit(http: httpx.AsyncClient, page: httpx.Response, **form: str) -> httpx.Response:
    """Post the page's form; redirects to further sign-in pages are followed, the last one home is not."""
    answer = await http.post(action(page), data=form, follow_redirects=False)
    if "/v3/signin/" in answer.headers["location"]:
        return await http.get(str(answer.url.join(answer.headers["location"])))
    return answer


async def first_page(http: httpx.AsyncClient, simulator: Simulator, path: str) -> httpx.Response:
    return await http.get(simulator.http_url + path, follow_redirects=True)


async def test_page_without_session_sends_to_sign_in(simulator: Simulator) -> None:
    async with new_http() as http:
        response = await http.get(f"{simulator.http_url}/prompts/new_chat?model=x")
        assert response.status_code == 302
        target = urlsplit(response.headers["location"])
        assert target.path == "/ServiceLogin"
        assert parse_qs(target.query) == {"continue": [f"{simulator.http_url}/prompts/new_chat?model=x"]}
        page = await first_page(http, simulator, "/")
        assert "<title>Sign in" in page.text
        assert 'id="identifierId"' in page.text


async def test_signing_in_sets_the_cookies_and_returns(simulator: Simulator) -> None:
    async with new_http() as http:
        page = await first_page(http, simulator, "/prompts/new_chat?model=x")
        page = await submit(http, page, identifier="Ada@example.com ")
        done = await submit(http, page, Passwd="simulator")
        assert done.headers["location"] == f"{simulator.http_url}/prompts/new_chat?model=x"
        cookies = {line.split("=", 1)[0]: line for line in done.headers.get_list("set-cookie")}
        assert set(cookies) == set(SESSION_COOKIES)
        assert "HttpOnly" in cookies["SID"]
        assert "HttpOnly" not in cookies["SAPISID"]
        assert simulator.state.sessions.of_cookie(dict(http.cookies)) is not None


async def test_mistakes_are_told_and_can_be_corrected(simulator: Simulator) -> None:
    async with new_http() as http:
        page = await first_page(http, simulator, "/prompts/new_chat")
        page = await submit(http, page, identifier="<nobody>")
        assert "Couldn’t find your account" in page.text
        assert "<nobody>" not in page.text
        page = await submit(http, page, identifier="ada@example.com")
        page = await submit(http, page, Passwd="wrong")
        assert "Wrong password" in page.text
        assert (await submit(http, page, Passwd="simulator")).status_code == 303


async def test_second_step_is_asked_when_on(simulator: Simulator) -> None:
    simulator.state.scenario.second_step = True
    async with new_http() as http:
        page = await first_page(http, simulator, "/prompts/new_chat")
        page = await submit(http, page, identifier="ada@example.com")
        page = await submit(http, page, Passwd="simulator")
        assert 'autocomplete="one-time-code"' in page.text
        page = await submit(http, page, totpPin="000000")
        assert "Wrong code" in page.text
        assert (await submit(http, page, totpPin="123456")).headers["location"].startswith(simulator.http_url)


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "//evil.example", "https://aistudio.google.com/", "javascript:alert(1)", ""],
)
async def test_sign_in_never_leads_to_a_foreign_address(simulator: Simulator, target: str) -> None:
    async with new_http() as http:
        page = await http.get(
            f"{simulator.http_url}/ServiceLogin", params={"continue": target}, follow_redirects=True
        )
        page = await submit(http, page, identifier="ada@example.com")
        done = await submit(http, page, Passwd="simulator")
        assert done.headers["location"] == f"{simulator.http_url}/prompts/new_chat"


async def test_steps_cannot_be_skipped(simulator: Simulator) -> None:
    async with new_http() as http:
        page = await first_page(http, simulator, "/prompts/new_chat")
        skipped = action(page).replace("identifier", "challenge/pwd")
        answer = await http.post(skipped, data={"Passwd": "simulator"})
        assert "/ServiceLogin" in answer.headers["location"]
        assert "set-cookie" not in answer.headers


async def test_page_is_filled_with_what_it_needs(simulator: Simulator) -> None:
    cookies = {"SID": simulator.state.sessions.open().sid}
    async with new_http(cookies=cookies) as http:
        response = await http.get(f"{simulator.http_url}/prompts/new_chat")
        assert response.status_code == 200
        assert "require-trusted-types-for 'script'" in response.headers["content-security-policy"]
        found = re.search(
            r'<script type="application/json" id="boot">(.*?)</script>', response.text, re.DOTALL
        )
        assert found is not None
        values = json.loads(found[1])
        assert values["rpcBase"].startswith(f"http://localhost:{simulator.http_port}/$rpc/")
        assert values["account"]["email"] == "ada@example.com"
        assert values["page"]["era"] == "E6"
        for path in ("/", "/u/0/prompts/new_chat", "/prompts/some-id", "/library", "/u/3/prompts/new_chat"):
            again = await http.get(simulator.http_url + path, follow_redirects=True)
            assert (again.status_code, again.url.path.startswith("/v3")) == (200, False)


def test_boot_values_cannot_end_the_script(simulator: Simulator) -> None:
    state = State(simulator.state.scenario, simulator.state.initial)
    session = state.sessions.open(type(state.sessions.accounts[0])("</script><b>", "a@b", "x"))
    text = boot(state, PRODUCTION, session)
    assert "<" not in text
    assert json.loads(text)["account"]["name"] == "</script><b>"


async def test_production_hosts_are_served_over_tls(simulator: Simulator) -> None:
    assert simulator.https_url is not None
    host = {"host": "aistudio.google.com"}
    live = {"cookie": f"SID={simulator.state.sessions.open().sid}"}
    async with new_http(base_url=simulator.https_url) as http:
        gone = await http.get("/prompts/new_chat", headers=host)
        assert gone.headers["location"].startswith(
            "https://accounts.google.com/ServiceLogin?continue=https%3A"
        )
        page = await http.get("/prompts/new_chat", headers=host | live)
        assert "https://alkalimakersuite-pa.clients6.google.com/$rpc/" in page.text
        assert "Domain=.google.com" in page.headers["set-cookie"]
        assert (await http.get("/_control/stats", headers=host)).status_code == 403


async def test_logging_out_ends_the_session(simulator: Simulator) -> None:
    session = simulator.state.sessions.open()
    async with new_http(cookies={"SID": session.sid}) as http:
        await http.get(f"{simulator.http_url}/Logout")
        assert (await http.get(f"{simulator.http_url}/prompts/new_chat")).status_code == 302


async def test_static_files_are_asked_for_again_each_time(simulator: Simulator) -> None:
    async with new_http() as http:
        first = await http.get(f"{simulator.http_url}/static/favicon.svg")
        assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
        again = await http.get(str(first.url), headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        assert (await http.get(f"{simulator.http_url}/favicon.ico")).status_code == 204
