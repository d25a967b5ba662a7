"""The admin's routes open to the admin, from the admin's own page, and to nobody and nothing else."""

import asyncio
import logging
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.access.admin import Admin
from api.access.backoff import FREE, LONGEST_SECONDS, BackOff
from api.app import create_app
from domain.errors import TooManyRequests
from domain.ports import Deadlines
from settings import SettingsError
from tests.api.harness import CHAT, body, in_process, settings_of
from tests.api.scripted import Script, ScriptedDriver

KEY = "correct-key-1"
OWN = "http://127.0.0.1:2048"


def admin_routes() -> list[tuple[str, str]]:
    app = create_app(*settings_of(), Deadlines(), ScriptedDriver())
    return [
        (method.upper(), path.replace("{name}", "laptop").replace("{req_id}", "abc"))
        for path, methods in app.openapi()["paths"].items()
        if path.startswith("/admin/api") and not path.endswith("/login")
        for method in methods
    ]


ROUTES = admin_routes()


@dataclass(frozen=True)
class Desk:
    client: httpx.AsyncClient
    token: str
    driver: ScriptedDriver

    async def sign_in(self, **headers: str) -> httpx.Response:
        return await self.client.post("/admin/api/login", json={"token": self.token}, headers=headers)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.txt"
    path.write_text(f"{KEY}\n")
    return path


@pytest_asyncio.fixture
async def desk(tmp_path: Path, key_file: Path) -> AsyncIterator[Desk]:
    driver, token_file = ScriptedDriver(), tmp_path / "admin_token"
    async with in_process(
        driver, key_file=key_file, admin_token_file=token_file, cors_origins=("https://chat.example",)
    ) as client:
        yield Desk(client, token_file.read_text().strip(), driver)


def as_admin(token: str, **headers: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **{k.replace("_", "-"): v for k, v in headers.items()}}


def test_there_are_routes_to_guard() -> None:
    assert len(ROUTES) >= 8


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_admin_route_refuses_everybody_else(desk: Desk, method: str, path: str) -> None:
    async def status(**headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await desk.client.request(method, path, headers=sent)
        assert not any(name.startswith("access-control") for name in response.headers)
        assert response.headers["cache-control"] == "no-store"
        return response.status_code

    right = f"Bearer {desk.token}"
    assert await status() == 401
    assert await status(authorization="Bearer wrong-token-of-some-length") == 401
    assert await status(authorization=f"Bearer {KEY}") == 401
    assert await status(x_api_key=KEY) == 401
    assert await status(x_api_key=desk.token) == 401
    assert await status(cookie="gateway_admin_2048=guessed") == 401
    assert await status(authorization=right, origin="https://evil.example") == 403
    assert await status(authorization=right, origin="https://chat.example") == 403
    assert await status(authorization=right, origin="http://127.0.0.1:3000") == 403
    assert await status(authorization=right, origin="null") == 403
    assert await status(authorization=right, sec_fetch_site="cross-site") == 403
    assert await status(authorization=right, sec_fetch_site="same-site") == 403
    assert await status(authorization=right, host="evil.example") == 403
    assert await status(x_api_key=KEY, host="evil.example") == 403


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_admin_route_has_no_cors(desk: Desk, method: str, path: str) -> None:
    asked = {"Origin": "https://chat.example", "Access-Control-Request-Method": method}
    response = await desk.client.options(path, headers=asked)
    assert response.status_code == 405
    assert not any(name.startswith("access-control") for name in response.headers)


async def test_admin_token_opens_no_chat(desk: Desk) -> None:
    response = await desk.client.post(CHAT, json=body(), headers=as_admin(desk.token))
    assert response.status_code == 401
    assert desk.driver.records == []


@pytest.mark.parametrize("name", ["Authorization", "X-Admin-Token"])
async def test_token_opens_the_routes(desk: Desk, name: str) -> None:
    value = f"Bearer {desk.token}" if name == "Authorization" else desk.token
    response = await desk.client.get("/admin/api/status", headers={name: value})
    assert response.status_code == 200
    assert response.json()["keys"]["in_force"] == 1
    assert KEY not in response.text


# --- the page's session


async def test_session_is_a_cookie_that_scripts_and_other_sites_never_get(desk: Desk) -> None:
    response = await desk.sign_in(Origin=OWN)
    cookie = response.headers["set-cookie"].lower()
    assert response.status_code == 200
    assert {"httponly", "samesite=strict", "path=/admin"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie
    assert desk.token not in response.text + cookie
    assert (await desk.client.get("/admin/api/queue")).status_code == 200


async def test_cookie_is_for_https_only_where_https_is_spoken(tmp_path: Path) -> None:
    token_file = tmp_path / "admin_token"
    async with in_process(ScriptedDriver(), admin_token_file=token_file) as client:
        client.base_url = httpx.URL("https://127.0.0.1")
        response = await client.post("/admin/api/login", json={"token": token_file.read_text().strip()})
    assert "secure" in response.headers["set-cookie"].lower()


async def test_session_changes_things_from_its_own_page_only(desk: Desk) -> None:
    await desk.sign_in(Origin=OWN)

    async def reload(**headers: str) -> int:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await desk.client.post("/admin/api/reload", headers=sent)).status_code

    assert await reload(Origin=OWN) == 200
    assert await reload(Sec_Fetch_Site="same-origin") == 200
    assert await reload() == 403
    assert await reload(Sec_Fetch_Site="none") == 403
    assert await reload(Origin="https://evil.example") == 403
    assert await reload(Origin="http://localhost:2048") == 403


async def test_session_ends_with_signing_out_and_with_another_token(desk: Desk, tmp_path: Path) -> None:
    await desk.sign_in(Origin=OWN)
    assert (await desk.client.post("/admin/api/logout", headers={"Origin": OWN})).status_code == 200
    assert (await desk.client.get("/admin/api/queue")).status_code == 401
    await desk.sign_in(Origin=OWN)
    (tmp_path / "admin_token").write_text("another-token-of-some-length\n")
    assert (await desk.client.post("/admin/api/reload", headers={"Origin": OWN})).status_code == 200
    assert (await desk.client.get("/admin/api/queue")).status_code == 401


async def test_login_of_another_site_is_refused_whatever_it_knows(desk: Desk) -> None:
    assert (await desk.sign_in(Origin="https://evil.example")).status_code == 403
    assert (await desk.sign_in(**{"Sec-Fetch-Site": "cross-site"})).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_login_takes_json_only(desk: Desk, kind: str) -> None:
    response = await desk.client.post(
        "/admin/api/login", content=f'{{"token": "{desk.token}"}}', headers={"Content-Type": kind}
    )
    assert response.status_code == 400
    assert "set-cookie" not in response.headers
    assert desk.token not in response.text


async def test_guesses_are_slowed_down_and_logged_without_the_guess(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        statuses = [
            (await desk.client.post("/admin/api/login", json={"token": f"guess-{number}"})).status_code
            for number in range(FREE + 2)
        ]
    assert statuses == [401] * (FREE + 1) + [429]
    refused = await desk.sign_in()
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    bearer = await desk.client.get("/admin/api/status", headers=as_admin(desk.token))
    assert bearer.status_code == 429
    assert "guess-" not in caplog.text


def test_pauses_double_up_to_a_quarter_of_an_hour_and_end_with_a_success() -> None:
    now = 0.0
    back_off = BackOff(lambda: now)
    pauses = []
    for _ in range(FREE + 14):
        back_off.failed("a")
        try:
            back_off.check("a")
        except TooManyRequests as error:
            pauses.append(error.retry_after)
            now += error.retry_after or 0
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_SECONDS
    back_off.check("b")
    back_off.passed("a")
    back_off.failed("a")
    back_off.check("a")


# --- the token


def test_token_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "admin_token"
    first = Admin(path)
    assert first.new_token == first.token
    assert len(first.token) > 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    again = Admin(path)
    assert (again.new_token, again.token) == ("", first.token)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_link_to_the_token_leads_to_is_not_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "secret"
    target.write_text("0123456789abcdef0123")
    target.chmod(0o644)
    (tmp_path / "token").symlink_to(target)
    assert Admin(tmp_path / "token").token == "0123456789abcdef0123"
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert "others may read" in caplog.text


@pytest.mark.parametrize("content", ["", "short", "two words of which one is long", "schlüssel-der-lang-ist"])
def test_file_without_a_usable_token_stops_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "admin_token"
    path.write_text(content)
    with pytest.raises(SettingsError, match="ADMIN_TOKEN_FILE") as caught:
        Admin(path)
    assert not content or content not in str(caught.value)


# --- what the routes do


async def test_keys_are_made_listed_counted_and_revoked(desk: Desk) -> None:
    headers = as_admin(desk.token)
    made = await desk.client.post(
        "/admin/api/keys", json={"name": "laptop", "requests_per_minute": 7}, headers=headers
    )
    key = made.json()["key"]
    assert made.status_code == 201
    again = await desk.client.post("/admin/api/keys", json={"name": "laptop"}, headers=headers)
    assert again.status_code == 400
    used = await desk.client.post(CHAT, json=body(), headers={"X-API-Key": key})
    assert used.status_code == 200
    listed = await desk.client.get("/admin/api/keys", headers=headers)
    rows = {row["name"]: row for row in listed.json()["keys"]}
    assert (rows["laptop"]["requests"], rows["laptop"]["prompt_tokens"]) == (1, 3)
    assert rows["laptop"]["requests_per_minute"] == 7
    assert rows["laptop"]["last_used"]
    assert not rows["key.txt:1"]["revocable"]
    assert key not in listed.text
    assert KEY not in listed.text
    usage = (await desk.client.get("/admin/api/usage", headers=headers)).json()
    assert usage["total"] == {"requests": 1, "prompt_tokens": 3, "answer_tokens": 2}
    gone = await desk.client.delete("/admin/api/keys/laptop", headers=headers)
    assert gone.status_code == 200
    assert (await desk.client.post(CHAT, json=body(), headers={"X-API-Key": key})).status_code == 401


@pytest.mark.parametrize(
    ("name", "status"),
    [("nobody", 404), ("key.txt:1", 400), ("..", 404), ("..%2f..%2fetc%2fpasswd", 404), ("a%0d%0ab", 404)],
)
async def test_name_that_is_no_revocable_key_is_refused(desk: Desk, name: str, status: int) -> None:
    response = await desk.client.delete(f"/admin/api/keys/{name}", headers=as_admin(desk.token))
    assert response.status_code == status


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"name": ""},
        {"name": "../x"},
        {"name": 1},
        {"name": "a", "requests_per_minute": -1},
        {"name": "a", "x": 1},
        [],
    ],
)
async def test_key_that_cannot_be_made_is_400(desk: Desk, document: Any) -> None:
    response = await desk.client.post("/admin/api/keys", json=document, headers=as_admin(desk.token))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


async def test_admin_sees_whose_requests_run_and_can_cancel_them(tmp_path: Path, key_file: Path) -> None:
    token_file = tmp_path / "admin_token"
    driver = ScriptedDriver(Script([asyncio.Event()]))
    async with in_process(driver, key_file=key_file, admin_token_file=token_file) as client:
        headers = as_admin(token_file.read_text().strip())
        asking = asyncio.create_task(client.post(CHAT, json=body(), headers={"X-API-Key": KEY}))
        await (await driver.record(0)).running.wait()
        [row] = (await client.get("/admin/api/queue", headers=headers)).json()["items"]
        assert row["key"] == "key.txt:1"
        public = (await client.get("/v1/queue")).json()["items"][0]
        assert "key" not in public
        cancelled = await client.post(f"/admin/api/cancel/{row['req_id']}", headers=headers)
        assert cancelled.json()["was"] == "running"
        assert (await asking).status_code == 499


async def test_reload_tells_why_the_old_keys_stay(desk: Desk, key_file: Path) -> None:
    key_file.write_text("short\n")
    response = await desk.client.post("/admin/api/reload", headers=as_admin(desk.token))
    assert response.status_code == 400
    assert "line 1" in response.json()["error"]["message"]
    status = await desk.client.get("/admin/api/status", headers=as_admin(desk.token))
    assert "line 1" in status.json()["keys"]["problem"]
    answer = await desk.client.post(CHAT, json=body(), headers={"X-API-Key": KEY})
    assert answer.status_code == 200


# --- the page


@pytest.mark.parametrize("base", ["", "/antigravity"])
async def test_page_is_served_with_a_policy_that_allows_no_inline_script(base: str) -> None:
    async with in_process(ScriptedDriver(), base_path=base) as client:
        moved = await client.get(f"{base}/admin")
        page = await client.get(f"{base}/admin/")
        script = await client.get(f"{base}/admin/static/main.js")
    assert moved.headers["location"] == f"{base}/admin/"
    assert page.status_code == script.status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert "javascript" in script.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    [
        "../index.html",
        "..%2f..%2fapp.py",
        "%2e%2e/%2e%2e/app.py",
        "....//app.py",
        "/etc/passwd",
        "..%5c..%5capp.py",
        "main.js%00.png",
        "sections",
    ],
)
async def test_static_files_are_never_others(path: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.get(f"/admin/static/{path}")
    assert response.status_code in {404, 400}
    assert "import" not in response.text
