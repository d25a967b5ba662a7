"""Addresses that are almost right, and those that other servers of these APIs have."""

from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.addresses import Addresses
from api.strays import UNSERVED, UNSERVED_METHODS
from tests.api.gemini_harness import GENERATE, MODEL, MODELS, google_http, says
from tests.api.harness import CHAT, body, in_process
from tests.api.scripted import ScriptedDriver

GOOGLE: dict[str, str] = {"X-Goog-Api-Key": "12345678"}


async def send(method: str, path: str, **options: Any) -> httpx.Response:
    async with in_process(ScriptedDriver()) as client:
        return await client.request(method, f"http://127.0.0.1:2048{path}", **options)


@pytest.mark.parametrize("path", [f"/{CHAT}", f"{CHAT}/", "/v1//chat///completions"])
async def test_slashes_that_are_too_many_do_no_harm(path: str) -> None:
    assert (await send("POST", path, json=body())).status_code == 200


@pytest.mark.parametrize("origin", ["http://127.0.0.1:2048", "HTTPS://other.example"])
async def test_address_may_be_whole_as_for_a_proxy(origin: str) -> None:
    paths: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        paths.append(scope["path"])

    async def nothing(*_: Any) -> Any: ...

    await Addresses(app)({"type": "http", "path": f"{origin}{CHAT}"}, nothing, nothing)
    assert paths == [CHAT]


@pytest.mark.parametrize("path", ["/v1beta/models/", "//v1beta/models", f"/v1/models/{MODEL}/", "/health"])
async def test_head_is_answered_like_get_without_content(path: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        told = await client.head(f"http://127.0.0.1:2048{path}")
        whole = await client.get(f"http://127.0.0.1:2048{path}")
    assert (told.status_code, told.content) == (200, b"")
    assert whole.content
    assert told.headers["content-type"] == whole.headers["content-type"]


async def test_head_of_what_only_takes_posts_is_refused() -> None:
    reply = await send("HEAD", CHAT)
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/v1/files", "/v1beta/files"])
async def test_every_method_that_an_address_has_is_allowed(path: str) -> None:
    reply = await send("PATCH", path)
    allowed = "GET, POST, HEAD" if path == "/v1/files" else "GET, HEAD"
    assert (reply.status_code, reply.headers["allow"]) == (405, allowed)
    assert allowed in reply.json()["error"]["message"]


@pytest.mark.parametrize("joint", [":", "/"])
async def test_get_of_a_models_method_is_no_unknown_model(joint: str) -> None:
    reply = await send("GET", f"{MODELS}{joint}generateContent")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("model", [f"models/{MODEL}", f"models%2F{MODEL}"])
async def test_models_may_be_named_with_their_prefix(model: str) -> None:
    async with google_http() as client:
        assert (await client.get(f"/v1beta/models/{model}")).json()["name"] == f"models/{MODEL}"
        answer = await client.post(f"/v1beta/models/{model}:generateContent", json=says())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/chat/completions", CHAT),
        ("/v1/v1/chat/completions", CHAT),
        ("/v1beta/chat/completions", CHAT),
        ("/openai/v1/chat/completions", CHAT),
        (f"/v1{GENERATE}", GENERATE),
        (f"/v1beta{GENERATE}", GENERATE),
        (f"/models/{MODEL}:generateContent", GENERATE.replace("v1beta", "v1")),
    ],
)
async def test_wrong_base_url_is_told_with_the_address_that_is_meant(path: str, meant: str) -> None:
    reply = await send("POST", path, json={})
    assert reply.status_code == 404
    assert f"There is {meant!r}" in reply.json()["error"]["message"]


@pytest.mark.parametrize("prefix", ["", "/below"])
async def test_bare_address_leads_people_to_the_admin_page_and_programs_to_the_api(prefix: str) -> None:
    async with in_process(ScriptedDriver(), base_path=prefix) as client:
        address = f"http://127.0.0.1:2048{prefix}/"
        person = await client.get(address, headers={"Accept": "text/html,*/*;q=0.8"})
        assert (person.status_code, person.headers["location"]) == (307, f"{prefix}/admin/")
        assert (await client.get(f"http://127.0.0.1:2048{person.headers['location']}")).status_code == 200
        program = (await client.get(address)).json()
    assert program["base_url"] == f"http://127.0.0.1:2048{prefix}/v1"


@pytest.mark.parametrize(("method", "path"), [("GET", "/wp-login.php"), ("POST", f"{MODELS}:frobnicate")])
async def test_what_is_like_nothing_has_no_hint(method: str, path: str) -> None:
    reply = await send(method, path)
    assert reply.status_code == 404
    assert reply.json()["error"]["message"] == f"No such route: '{method} {path}'."


@pytest.mark.parametrize("name", UNSERVED)
async def test_known_addresses_that_are_not_served_say_what_to_use(name: str) -> None:
    for path in (f"/v1/{name}", f"/v1beta/{name}/some-id"):
        reply = await send("POST", path, json={})
        assert reply.status_code == 501
        assert UNSERVED[name] in reply.json()["error"]["message"]
    assert reply.json()["error"]["status"] == "UNIMPLEMENTED"


@pytest.mark.parametrize("method", UNSERVED_METHODS)
async def test_known_methods_of_models_that_are_not_served_say_what_to_use(method: str) -> None:
    for version in ("v1beta", "v1"):
        path = f"/{version}/models/{MODEL}:{method}"
        reply = await send("POST", path, json={}, headers=GOOGLE)
        assert (reply.status_code, reply.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
        assert UNSERVED_METHODS[method] in reply.json()["error"]["message"]


async def test_live_sessions_are_refused_at_once() -> None:
    path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent?key=12345678"
    reply = await send("GET", path, headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert (reply.status_code, reply.json()["error"]["status"]) == (501, "UNIMPLEMENTED")
    assert "streamGenerateContent" in reply.json()["error"]["message"]


@pytest.mark.parametrize(("path", "status"), [("/v1/cachedContents", 501), ("/v1/nothing", 404)])
async def test_googles_clients_are_told_in_their_words_below_shared_versions(path: str, status: int) -> None:
    reply = await send("POST", path, json={}, headers=GOOGLE)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, status)
    other = await send("POST", path, json={})
    assert other.json()["error"]["code"] in {"not_offered", "not_found"}
