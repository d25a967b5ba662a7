"""The page as it differs between accounts, weeks and bad days."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.async_api import Route

from domain.errors import ControlFailed, DeadlinePassed, GatewayError, PageDrift, SessionLost, SignedOut
from domain.ports import Deadlines
from settings import SettingsError
from simulator.demo import Site
from tests.e2e.driving import answer, driver_for, opened, request, run
from tests.site import SiteControl


@pytest.mark.parametrize("era", ["E3", "E4", "E5", "E6"])
async def test_every_era_of_the_page_takes_every_setting(site: Site, control: SiteControl, era: str) -> None:
    await control.scenario(page={"era": era})
    async with opened(site) as driver:
        for temperature in (0.3, 0.4):
            asked = request(
                "/echo x",
                model="gemini-2.5-pro",
                system=f"rule {temperature}",
                temperature=temperature,
                top_p=0.5,
                max_output_tokens=999,
                stop=("END",),
            )
            await run(driver, asked)
            report = (await control.requests())[-1]["report"]
            assert report["model"].endswith("gemini-2.5-pro")
            assert (report["temperature"], report["topP"], report["maxOutputTokens"]) == (
                temperature,
                0.5,
                999,
            )
            assert report["stopSequences"] == ["END"]
            assert f"rule {temperature}" in str(report["system"])


@pytest.mark.parametrize(
    "knobs",
    [
        {"tooltip_over_run": True},
        {"lingering_backdrop": True},
        {"cookie_bar": True, "survey_iframe": True},
        {"welcome_dialog": True},
        {"announcement": True},
        {"autosave_dialog_after_ms": 0},
        {"preference_vote": True},
        {"hold_run_while_counting": True, "token_count_delay_ms": 400},
        {"duplicate_prompt_tree": True},
        {"drop_settings_on_new_chat": True},
        {"new_chat_loads_page": True},
        {"thought_layout": "separate-turn", "footer_before_text": True},
        {"stop_commit": "blur"},
        {"tick_ms": 50},
        {"slow_ms": 5},
    ],
    ids="-".join,
)
async def test_an_obstacle_on_the_page_does_not_stop_the_chat(
    site: Site, control: SiteControl, knobs: dict[str, object]
) -> None:
    await control.scenario(page=knobs)
    async with opened(site) as driver:
        for n, temperature in enumerate((0.2, 0.3)):
            assert await answer(driver, f"/echo {n}", temperature=temperature, stop=(f"S{n}",)) == str(n)
            report = (await control.requests())[-1]["report"]
            assert (report["temperature"], report["stopSequences"]) == (temperature, [f"S{n}"])
        assert len(await control.requests()) == 2


async def test_a_sheet_that_always_says_saved_is_left_when_it_has_saved(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"system_saved_from_the_start": True})
    async with opened(site) as driver:
        for rule in ("be brief", "be kind"):
            await run(driver, request("/echo x", system=rule))
            assert rule in str((await control.requests())[-1]["report"]["system"])


async def test_a_page_that_goes_somewhere_by_itself_is_loaded_all_the_same(site: Site) -> None:
    async with opened(site) as driver:
        tab = driver.pool.sessions[0].tab

        async def hold(_: Route) -> None:
            """Until the page has taken its place."""

        await tab.page.route("**/prompts/new_chat", hold, times=1)
        await tab.page.evaluate("setTimeout(() => location.assign('/prompts/new_chat'), 200)")
        await tab.load(10)
        assert await answer(driver, "/echo x") == "x"


@pytest.mark.parametrize(("control_name", "area"), [("prompt_textarea", "prompt"), ("run_button", "run")])
async def test_a_missing_main_control_is_named_and_shown(
    site: Site, control: SiteControl, tmp_path: Path, control_name: str, area: str
) -> None:
    await control.scenario(page={"missing": [control_name]})
    with pytest.raises(PageDrift) as caught:
        async with opened(site, deadlines=Deadlines(ready=5), evidence_dir=tmp_path) as driver:
            await run(driver, request("/echo x"))
    assert caught.value.area == area
    (place,) = tmp_path.iterdir()
    assert place.name.endswith(area)
    assert (place / "page.png").read_bytes().startswith(b"\x89PNG")
    assert "ms-run-settings" in (place / "page.html").read_text()
    assert (place / "page.html").stat().st_mode & 0o077 == 0


async def test_a_missing_secondary_control_fails_what_was_asked_and_warns_otherwise(
    site: Site, control: SiteControl
) -> None:
    await control.scenario(page={"missing": ["temperature"]})
    async with opened(site) as driver:
        with pytest.raises(GatewayError, match="temperature"):
            await run(driver, request("/echo x", temperature=0.5))
        async with driver.prepare(request("/echo x")) as generation:
            assert any("temperature" in warning for warning in generation.warnings)
            events = [event async for event in generation.events()]
        assert events


async def test_strict_controls_fail_where_a_default_cannot_be_set(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"missing": ["temperature"]})
    async with opened(site, strict_controls=True) as driver:
        with pytest.raises(ControlFailed, match="temperature"):
            await run(driver, request("/echo x"))


async def test_a_selectors_file_takes_the_place_of_the_built_in_selectors(site: Site, tmp_path: Path) -> None:
    own = tmp_path / "selectors.json"
    own.write_text(json.dumps({"run": [{"name": "mine", "css": "ms-prompt-box ms-run-button button"}]}))
    async with opened(site, selectors_file=own) as driver:
        assert await answer(driver, "/echo x") == "x"
    own.write_text(json.dumps({"run": [{"name": "mine", "css": "not-on-the-page"}]}))
    async with opened(site, selectors_file=own) as driver:
        with pytest.raises(PageDrift, match=r"'run' control \(tried: mine\)"):
            await run(driver, request("/echo x"))


async def test_a_control_that_only_its_rows_words_tell_is_found_by_an_inner_selector(
    site: Site, control: SiteControl, tmp_path: Path
) -> None:
    row = {"css": ".settings-item, .settings-item-column", "inner": "input[inputmode]"}
    own = tmp_path / "selectors.json"
    own.write_text(
        json.dumps(
            {
                "temperature": [
                    {"name": "nowhere", "css": "not-on-the-page", "inner": "input"},
                    {"name": "other-words", "text": "^Creativity", **row},
                    {"name": "mine", "text": "^Temperature", **row},
                ]
            }
        )
    )
    async with opened(site, selectors_file=own) as driver:
        await run(driver, request("/echo x", temperature=0.4))
        counters = driver.status().counters
    assert (await control.requests())[-1]["report"]["temperature"] == 0.4
    assert counters["drift.temperature"]
    assert not [name for name in counters if name.startswith("missing.")]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "the file: Invalid JSON"),
        ('{"temprature": [{"name": "x", "css": "y"}]}', "'temprature' (meant is 'temperature'?)"),
        ('{"run": []}', "run: "),
        ('{"run": [{"name": "x"}]}', "run.0.css: Field required"),
        ('{"run": [{"name": "x", "css": "y", "inne": "z"}]}', "run.0.inne: Extra inputs"),
        ('{"run": {"name": "x", "css": "y"}}', "run: "),
    ],
)
def test_a_selectors_file_that_cannot_be_used_is_named_with_the_place_and_a_remedy(
    site: Site, tmp_path: Path, content: str, named: str
) -> None:
    own = tmp_path / "selectors.json"
    own.write_text(content)
    with pytest.raises(SettingsError, match=r"SELECTORS_FILE.*(docs/doctor\.md|--doctor)") as caught:
        driver_for(site, selectors_file=own)
    assert named in str(caught.value)
    assert str(own) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ({"css": "div["}, "'div[' is not a valid selector"),
        ({"css": ".settings-item", "inner": ">> input"}, "'>> input' is not a valid selector"),
        ({"css": "button", "text": "("}, "Unterminated group"),
    ],
)
async def test_a_selector_that_is_none_is_told_at_once_with_its_area(
    site: Site, tmp_path: Path, candidate: dict[str, str], said: str
) -> None:
    own = tmp_path / "selectors.json"
    own.write_text(json.dumps({"upload_toast": [{"name": "mine", **candidate}]}))
    named = r"area 'upload_toast', candidate 'mine'.*Mend SELECTORS_FILE"
    with pytest.raises(SessionLost, match=named) as caught:
        async with asyncio.timeout(15), opened(site, selectors_file=own):
            raise AssertionError("it must not open")
    assert said in caught.value.public_message


async def test_a_renamed_picker_falls_back_to_the_address(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"renamed": {"model_rows": True}})
    async with opened(site) as driver:
        await run(driver, request("/echo x", model="gemini-2.5-pro"))
    assert (await control.requests())[-1]["model"] == "gemini-2.5-pro"


async def test_run_without_a_request_is_a_named_deadline(site: Site, control: SiteControl) -> None:
    await control.scenario(page={"run_sends_nothing": True})
    async with opened(site, deadlines=Deadlines(submit=3)) as driver:
        with pytest.raises(DeadlinePassed, match="submit"):
            await run(driver, request("/echo x"))


SWALLOW_ONE_CLICK = """() => {
  const swallow = (event) => {
    if (!event.target.closest("ms-run-button")) return;
    event.stopImmediatePropagation();
    document.removeEventListener("click", swallow, true);
  };
  document.addEventListener("click", swallow, true);
}"""


async def test_a_click_that_the_page_lost_is_made_again_once(site: Site, control: SiteControl) -> None:
    async with opened(site) as driver:
        page = driver.pool.sessions[0].tab.page
        await page.evaluate(SWALLOW_ONE_CLICK)
        assert await answer(driver, "/echo heard") == "heard"
        assert len(await control.requests()) == 1


async def test_signing_out_is_told_as_such(site: Site, control: SiteControl) -> None:
    async with opened(site) as driver:
        assert await answer(driver, "/echo x") == "x"
    await control.scenario(rpc_faults={})
    with pytest.raises(SignedOut):
        async with opened(site, auth_profile=None):
            pass


async def test_an_unknown_model_is_refused_by_the_page(site: Site, control: SiteControl) -> None:
    await control.forget_requests()
    async with opened(site) as driver:
        with pytest.raises(GatewayError):
            await run(driver, request("/echo x", model="gemini-0-nothing"))
        assert await answer(driver, "/echo next") == "next"
