"""Unary RPCs, CORS, admission and uploads over a real socket."""

import hashlib
import json

import httpx
import pytest

from simulator.admission import API_KEY
from simulator.server import Simulator
from simulator.site import UPLOAD_PATH
from simulator.uploads import BadUploadError, read_related
from tests.simulator.client import PageClient, generate_body

ASKED_HEADERS = "authorization,content-type,x-goog-api-key,x-goog-authuser,x-user-agent,x-aistudio-visit-id"


async def preflight(client: PageClient, url: str, **changes: str) -> httpx.Response:
    headers = {
        "origin": client.site.page,
        "access-control-request-method": "POST",
        "access-control-request-headers": ASKED_HEADERS,
    }
    return await client.http.options(
        url, headers=headers | {k.replace("_", "-"): v for k, v in changes.items()}
    )


async def test_preflight_names_the_exact_origin(page_client: PageClient) -> None:
    response = await preflight(page_client, page_client.url("ListModels"))
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == page_client.site.page
    assert response.headers["access-control-allow-credentials"] == "true"
    allowed = response.headers["access-control-allow-headers"].split(",")
    assert {"authorization", "x-goog-ext-519733851-bin", "x-aistudio-g1-tier"} <= set(allowed)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"access_control_request_method": "PUT"},
        {"access_control_request_headers": "authorization,x-invented"},
    ],
)
async def test_other_preflights_get_no_permission(page_client: PageClient, change: dict[str, str]) -> None:
    response = await preflight(page_client, page_client.url("ListModels"), **change)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": None}, 401, 16),
        ({"authorization": "SAPISIDHASH 1_00"}, 401, 16),
        ({"authorization": "Bearer x"}, 401, 16),
        ({"origin": "http://evil.example"}, 403, 7),
        ({"origin": None}, 403, 7),
        ({"x_goog_api_key": None}, 403, 7),
        ({"x_goog_api_key": "wrong"}, 400, 3),
        ({"x_goog_authuser": None}, 403, 7),
        ({"x_user_agent": None}, 403, 7),
        ({"content_type": "application/json"}, 400, 3),
    ],
)
async def test_incomplete_call_is_refused(
    page_client: PageClient, change: dict[str, str | None], status: int, code: int
) -> None:
    unary = await page_client.call("ListModels", [], **change)
    assert (unary.status_code, unary.json()[0]) == (status, code)
    streamed = await page_client.call("GenerateContent", generate_body("hi"), **change)
    assert (streamed.status_code, streamed.text.startswith(f"[,[{code},")) == (status, True)


async def test_generate_needs_the_logging_header(page_client: PageClient) -> None:
    change: dict[str, str | None] = {"x_goog_ext_519733851_bin": None}
    assert (await page_client.call("ListModels", [], **change)).status_code == 200
    assert (await page_client.call("GenerateContent", generate_body("hi"), **change)).status_code == 403


async def test_dead_session_gets_the_captured_error(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.sessions.end(page_client.session.sid)
    response = await page_client.call("GenerateAccessToken", ["users/me"])
    assert (response.status_code, response.json()) == (
        401,
        [16, "Request had invalid authentication credentials"],
    )


async def test_foreign_origin_cannot_read_answers(page_client: PageClient) -> None:
    response = await page_client.call("ListModels", [], origin="http://evil.example")
    assert "access-control-allow-origin" not in response.headers


async def test_list_models_has_every_family(page_client: PageClient) -> None:
    response = await page_client.call("ListModels", [])
    assert response.headers["content-type"] == "application/json+protobuf; charset=UTF-8"
    assert response.headers["content-encoding"] == "gzip"
    names = [row[0].removeprefix("models/") for row in response.json()[0]]
    for name in (
        "gemini-2.5-pro",
        "gemini-3-pro-preview",
        "gemini-2.0-flash",
        "gemma-3-27b-it",
        "imagen-4.0-generate-001",
    ):
        assert name in names


async def test_account_may_see_other_models(simulator: Simulator, page_client: PageClient) -> None:
    simulator.state.scenario.models = ["gemini-2.0-flash", "gemini-2.5-pro"]
    rows = (await page_client.call("ListModels", [])).json()[0]
    assert [row[0] for row in rows] == ["models/gemini-2.0-flash", "models/gemini-2.5-pro"]


async def test_count_has_the_captured_shape(page_client: PageClient) -> None:
    contents = [[[[None, "x" * 68]], "user"]]
    response = await page_client.call("CountTokens", ["models/gemini-2.5-pro", contents])
    assert response.json() == [17, [], [[[16], 1]], None, None, [[1, 17]]]


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("CountTokens", ["models/none", [[[[None, "x"]], "user"]]], 404),
        ("CountTokens", "text", 400),
        ("GenerateAccessToken", [], 400),
        ("ResolveDriveResource", ["none"], 404),
        ("UpdatePrompt", [["prompts/none"]], 404),
        ("CreatePrompt", [], 400),
        ("NoSuchMethod", [], 404),
    ],
)
async def test_bad_unary_call_is_a_bare_status(
    page_client: PageClient, method: str, body: object, status: int
) -> None:
    response = await page_client.call(method, body)
    assert response.status_code == status
    assert isinstance(response.json()[0], int)


@pytest.mark.parametrize(
    "method",
    ["GetLoggingContext", "GetUserPreferences", "GetAiStudioBenefitTier", "ListPromos", "ListCloudApiKeys"],
)
async def test_start_up_calls_are_answered(page_client: PageClient, method: str) -> None:
    assert (await page_client.call(method, [])).status_code == 200


async def test_chosen_method_fails_as_the_scenario_says(
    simulator: Simulator, page_client: PageClient
) -> None:
    simulator.state.scenario = simulator.state.scenario.changed({"rpc_faults": {"CountTokens": 403}})
    contents = [[[[None, "x"]], "user"]]
    response = await page_client.call("CountTokens", ["models/gemini-2.5-pro", contents])
    assert (response.status_code, response.json()) == (403, [7, "The caller does not have permission"])


async def test_saved_prompt_can_be_listed_and_resolved(page_client: PageClient) -> None:
    turns = [[["hi", *[None] * 7, "user"]], []]
    prompt = [None, None, None, [1, None, "models/gemini-2.5-pro"], ["My chat"], *[None] * 7, [], turns]
    created = (await page_client.call("CreatePrompt", [prompt])).json()[0]
    drive_id = created[0].removeprefix("prompts/")
    assert (await page_client.call("ResolveDriveResource", [drive_id])).json() == [created]
    created[4][0] = "New title"
    await page_client.call("UpdatePrompt", [created])
    listed = (await page_client.call("ListPrompts", [100])).json()[0]
    assert [(row[0], row[4][0], len(row)) for row in listed] == [(created[0], "New title", 5)]


async def test_title_is_made_of_the_first_words(page_client: PageClient) -> None:
    assert (await page_client.call("GenerateTitle", ["what is\nthis", "an answer"])).json() == [
        "what is this"
    ]


async def upload(client: PageClient, token: str, data: bytes, **headers: str) -> httpx.Response:
    metadata = json.dumps({"name": "a.bin", "mimeType": "application/x-test"}).encode()
    body = b"--b\r\nContent-Type: application/json\r\n\r\n" + metadata
    body += b"\r\n--b\r\nContent-Type: application/x-test\r\n\r\n" + data + b"\r\n--b--"
    sent = {
        "origin": client.site.page,
        "authorization": f"Bearer {token}",
        "content-type": 'multipart/related; boundary="b"',
    }
    url = f"{client.site.upload}{UPLOAD_PATH}?uploadType=multipart&key={API_KEY}"
    return await client.http.post(url, content=body, headers=sent | headers)


async def test_uploaded_file_reaches_the_model(page_client: PageClient) -> None:
    token = (await page_client.call("GenerateAccessToken", ["users/me"])).json()[0]
    data = bytes(range(256)) + b"\r\n--b not a boundary\r\n"
    stored = (await upload(page_client, token, data)).json()
    assert (stored["kind"], stored["name"], stored["mimeType"]) == (
        "drive#file",
        "a.bin",
        "application/x-test",
    )
    parts = [[None, "/report"], [None, None, None, None, None, [stored["id"]]]]
    heard = await page_client.answer("", s1=[[parts, "user"]])
    digest = hashlib.sha256(data).hexdigest()
    expected = {
        "kind": "file",
        "name": "a.bin",
        "mime": "application/x-test",
        "size": len(data),
        "sha256": digest,
    }
    assert json.loads(heard.text)["attachments"] == [expected]


async def test_upload_needs_a_token_and_the_right_shape(page_client: PageClient) -> None:
    token = page_client.session.access_token
    assert (await upload(page_client, "wrong", b"x")).status_code == 401
    assert (await upload(page_client, token, b"x", origin="http://evil.example")).status_code == 403
    assert (await upload(page_client, token, b"x", **{"content-type": "text/plain"})).status_code == 400
    url = page_client.site.upload + UPLOAD_PATH
    assert (
        await preflight(page_client, url, access_control_request_headers="authorization")
    ).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"nothing",
        b"--b\r\nno headers\r\n--b\r\n\r\nx\r\n--b--",
        b"--b\r\n\r\n{bad\r\n--b\r\n\r\nx\r\n--b--",
        b"--b\r\n\r\n[]\r\n--b\r\n\r\nx\r\n--b--",
    ],
)
def test_unreadable_upload_is_refused(body: bytes) -> None:
    with pytest.raises(BadUploadError):
        read_related("multipart/related; boundary=b", body)


def test_encoded_upload_is_decoded() -> None:
    part = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\naGk="
    body = b'--b\r\nContent-Type: application/json\r\n\r\n{"name": "n"}\r\n--b\r\n' + part + b"\r\n--b--\r\n"
    assert read_related("multipart/related; boundary=b", body) == ("n", "image/png", b"hi")


async def test_foreign_host_is_not_served(simulator: Simulator, page_client: PageClient) -> None:
    response = await page_client.http.get(simulator.http_url, headers={"host": "evil.example"})
    assert response.status_code == 421
