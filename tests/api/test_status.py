"""Health, models, info; and what is answered while there is no browser."""

import asyncio
from pathlib import Path

import pytest

from api.app import create_app
from api.catalogue import Catalogue, read_excluded
from api.gateway import Gateway
from api.routes.health import health_report
from api.supervisor import Supervisor
from api.version import VERSION
from domain.errors import BrowserDown, SessionLost, SignedOut
from domain.ports import Deadlines
from settings import SettingsError
from tests.api.harness import CHAT, body, eventually, in_process, settings_of
from tests.api.scripted import MODELS, ScriptedDriver, browser_down

FLAT = ("playwright_ready", "browser_connected", "page_ready", "worker_running", "queue_length")


async def test_health_is_ok_when_a_request_could_be_served() -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.get("/health")
    report = response.json()
    assert response.status_code == 200
    assert report["status"] == "ok"
    assert [report[name] for name in FLAT] == [True, True, True, True, 0]
    assert report["details"]["engine"] == "scripted"
    assert "reason" not in report


async def test_health_is_503_with_the_reason_while_the_browser_starts() -> None:
    gate = asyncio.Event()
    async with in_process(ScriptedDriver(openings=[gate]), opened=False) as client:
        health = await client.get("/health")
        chat = await client.post(CHAT, json=body())
        models = await client.get("/v1/models")
    assert health.status_code == chat.status_code == models.status_code == 503
    assert health.json()["reason"] == "The browser is starting."
    assert chat.json()["error"]["code"] == "browser_down"
    assert chat.headers["retry-after"]


async def test_reason_of_a_failed_opening_stays_visible_and_is_what_requests_get() -> None:
    driver = ScriptedDriver(openings=[SignedOut("Sign in again."), asyncio.Event()])
    async with in_process(driver, opened=False) as client:
        await eventually(lambda: len(driver.openings) == 1)
        health = await client.get("/health")
        chat = await client.post(CHAT, json=body())
    assert health.json()["reason"] == chat.json()["error"]["message"] == "Sign in again."
    assert chat.json()["error"]["code"] == "signed_out"
    assert driver.closed == 1


async def test_opening_is_tried_again_until_it_succeeds() -> None:
    driver = ScriptedDriver(openings=[browser_down(), ZeroDivisionError("defect")])
    supervisor = Supervisor(driver, back_off=(0.0,))
    await supervisor.run()
    supervisor.require_open()
    assert supervisor.reason == ""


async def test_health_tells_what_the_driver_says_later() -> None:
    driver = ScriptedDriver()
    async with in_process(driver) as client:
        driver.reason = "The tab is being reopened."
        response = await client.get("/health")
    assert response.status_code == 503
    assert response.json()["reason"] == "The tab is being reopened."


async def test_health_is_503_when_there_is_a_browser_but_no_worker() -> None:
    driver = ScriptedDriver()
    app = create_app(*settings_of(), Deadlines(), driver)
    gateway = app.state.gateway
    assert isinstance(gateway, Gateway)
    await gateway.supervisor.run()
    report = health_report(gateway)
    assert report["status"] == "unavailable"
    assert report["reason"] == "The worker is not running."


async def test_model_list_has_chat_models_only_in_the_pages_order() -> None:
    async with in_process(ScriptedDriver()) as client:
        first = (await client.get("/v1/models")).json()
        second = (await client.get("/v1/models")).json()
    assert [model["id"] for model in first["data"]] == ["gemini-2.5-flash", "gemini-2.5-pro"]
    assert first == second
    model = first["data"][0]
    assert (model["object"], model["owned_by"]) == ("model", "google")
    assert isinstance(model["created"], int)
    assert (model["context_window"], model["max_output_tokens"]) == (1_048_576, 65_536)


@pytest.mark.parametrize("model_id", ["gemini-2.5-pro", "models/gemini-2.5-pro"])
async def test_model_is_found_with_and_without_prefix(model_id: str) -> None:
    async with in_process(ScriptedDriver()) as client:
        response = await client.get(f"/v1/models/{model_id}")
    assert response.json()["id"] == "gemini-2.5-pro"


async def test_excluded_model_is_neither_listed_nor_served(tmp_path: Path) -> None:
    excluded = tmp_path / "excluded.txt"
    excluded.write_text("# not these\n\nmodels/gemini-2.5-pro  # slow\n", encoding="utf-8")
    async with in_process(ScriptedDriver(), excluded_models_file=excluded) as client:
        listed = await client.get("/v1/models")
        served = await client.post(CHAT, json=body(model="gemini-2.5-pro"))
    assert [model["id"] for model in listed.json()["data"]] == ["gemini-2.5-flash"]
    assert served.status_code == 404


def test_list_of_excluded_models_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="EXCLUDED_MODELS_FILE"):
        read_excluded(tmp_path)


async def test_list_that_the_page_does_not_tell_is_503() -> None:
    driver = ScriptedDriver()
    driver.cards = SessionLost("The tab crashed.")
    async with in_process(driver) as client:
        assert (await client.get("/v1/models")).status_code == 503
        assert (await client.post(CHAT, json=body())).status_code == 503
        driver.cards = MODELS
        assert (await client.post(CHAT, json=body())).status_code == 200


async def test_page_is_asked_once_however_many_callers_wait() -> None:
    driver = ScriptedDriver()
    catalogue = Catalogue(driver, frozenset())
    await asyncio.gather(*(catalogue.cards() for _ in range(5)))
    assert driver.model_reads == 1


async def test_last_list_stands_in_while_the_page_cannot_tell_it() -> None:
    driver = ScriptedDriver()
    catalogue = Catalogue(driver, frozenset(), fresh_for=0.0)
    cards = await catalogue.cards()
    driver.cards = BrowserDown("gone")
    assert await catalogue.cards() == cards


async def test_info_describes_the_gateway() -> None:
    async with in_process(ScriptedDriver(), queue_size=5) as client:
        info = (await client.get("/api/info")).json()
    assert info["version"] == VERSION
    assert info["base_url"] == "http://127.0.0.1:2048/v1"
    assert f"POST {CHAT}" in info["endpoints"]
    assert info["auth_required"] is False
    assert "temperature" in info["supported_parameters"]
    assert info["limits"]["queue_size"] == 5
