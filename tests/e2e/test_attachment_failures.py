"""Files that the page does not take, and files that must not stay there: nothing is generated with either."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from domain.errors import ControlFailed, PageDrift
from domain.ports import Deadlines
from domain.requests import Text
from simulator.demo import Site
from tests.e2e.attaching import FilesMade, arrived, asking, files_in, sent, told
from tests.e2e.driving import answer, opened, run, text_of
from tests.site import SiteControl


@pytest.fixture
def made(tmp_path: Path) -> FilesMade:
    return files_in(tmp_path)


@pytest_asyncio.fixture(scope="module")
async def shared(site: Site) -> AsyncIterator[PageDriver]:
    async with opened(site) as driver:
        yield driver


FAULTS = {
    "toast": r"'data\.json'.*refused it.*says 'Failed to upload data\.json: this type is not supported'",
    "silent": r"'data\.json'.*did not show it in time",
    "chip": r"'data\.json'.*refused it.*data\.json",
    "stuck": r"'data\.json'.*did not finish processing it in time",
}


@pytest.mark.parametrize(("fault", "single"), [*((fault, True) for fault in FAULTS), ("toast", False)])
async def test_a_file_that_the_page_does_not_take_fails_the_request_by_name(
    site: Site, control: SiteControl, made: FilesMade, fault: str, *, single: bool
) -> None:
    faults = [None, fault]
    await control.scenario(page={"upload_faults": faults, "single_file_upload": single})
    files = (made("note.txt"), made("data.json"))
    async with opened(site, deadlines=Deadlines(ready=4)) as driver:
        with pytest.raises(ControlFailed, match=FAULTS[fault]) as caught:
            await run(driver, asking(*files, Text("/echo x")))
        assert caught.value.area == "attachment"
        assert str(files[1].path.parent) not in caught.value.public_message
        assert await control.requests() == []
        await control.scenario(page={"upload_faults": []})
        with suppress(ControlFailed):  # a page that was loaded before still has the fault
            await run(driver, asking(made("song.mp3"), Text("/echo x")))
        assert await answer(driver, "/echo clean") == "clean"
        assert await arrived(control) == []


async def test_why_a_file_went_is_not_taken_from_what_the_page_had_said_before(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    await control.scenario(page={"upload_faults": ["late_toast"]}, rpc_faults={"CountTokens": 403})
    async with opened(site) as driver:
        page = driver.pool.sessions[0].tab.page
        await page.locator("ms-prompt-box textarea").fill("x")
        await page.locator("div.toast.error").wait_for()
        with pytest.raises(ControlFailed, match=r"took it away again.*'Failed to upload"):
            await run(driver, asking(made("data.json"), Text("/echo x")))


async def test_an_upload_that_the_site_refuses_is_told_in_its_words(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    async with opened(site) as driver:
        file = made("note.txt")
        page = driver.pool.sessions[0].tab.page
        await page.route("**/upload/**", lambda route: route.fulfill(status=403, body="{}"))
        with pytest.raises(ControlFailed, match=r"'note\.txt'.*Failed to upload"):
            await run(driver, asking(file, Text("/echo x")))
        await page.unroute_all()
        await run(driver, asking(file, Text("/echo x")))
        assert told(await arrived(control)) == sent(file)


async def test_a_file_that_is_gone_is_named_without_its_place(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    file = made("note.txt")
    file.path.unlink()
    with pytest.raises(ControlFailed, match=r"'note\.txt' could not be given") as caught:
        await run(shared, asking(file, Text("/echo x")))
    assert str(file.path.parent) not in caught.value.public_message
    assert await control.requests() == []
    assert await answer(shared, "/echo next") == "next"


async def test_a_page_without_a_way_for_files_is_drift(
    site: Site, control: SiteControl, made: FilesMade, tmp_path: Path
) -> None:
    own = tmp_path / "selectors.json"
    own.write_text('{"media_menu": [{"name": "mine", "css": "not-there"}]}')
    async with opened(site, selectors_file=own) as driver:
        with pytest.raises(PageDrift, match="'media_menu'"):
            await run(driver, asking(made("note.txt"), Text("/echo x")))
        assert await control.requests() == []
        assert await answer(driver, "/echo next") == "next"


@pytest.mark.parametrize("after", [0.1, 0.3, 0.5, 0.8])
async def test_cancelled_in_the_middle_of_an_upload_nothing_of_it_stays(
    site: Site, control: SiteControl, made: FilesMade, after: float
) -> None:
    await control.scenario(page={"upload_delay_ms": 400})
    async with opened(site) as driver:
        files = (made("note.txt"), made("data.json"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(after):
                await run(driver, asking(*files, Text("/chunks n=500 every=0.05")))
        other = made("photo.jpg")
        assert text_of(await run(driver, asking(other, Text("/echo next")))) == "next"
        assert told(await arrived(control)) == sent(other)


async def test_a_prepared_request_that_is_not_run_takes_its_files_along(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    async with opened(site) as driver:
        async with driver.prepare(asking(made("note.txt"), made("data.json"), Text("/echo x"))):
            pass
        assert driver.status().counters.get("healing.reload", 0) == 0
        assert await answer(driver, "/echo next") == "next"
        assert await arrived(control) == []


async def test_a_file_that_comes_up_late_is_noticed_and_removed(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    await control.scenario(page={"file_input": "page", "copyright_dialog": False})
    async with opened(site) as driver:
        page = driver.pool.sessions[0].tab.page
        await page.locator("input[type=file]").set_input_files(made("note.txt").path)
        await page.locator("ms-media-chip").wait_for()
        assert await answer(driver, "/echo next") == "next"
        assert driver.status().counters["retries"] == 1
        assert await arrived(control) == []


async def test_a_file_that_disappears_before_run_fails_the_request(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    async with opened(site) as driver:
        page = driver.pool.sessions[0].tab.page
        await page.evaluate(
            """document.addEventListener("input", ({ target }) => {
              if (target.matches("textarea")) document.querySelector("[aria-label='Remove media']")?.click();
            }, true)"""
        )
        with pytest.raises(ControlFailed, match=r"0 files instead of 1"):
            await run(driver, asking(made("note.txt"), Text("/echo x")))
        assert await control.requests() == []
        assert await answer(driver, "/echo next") == "next"


async def test_a_page_that_does_not_let_files_go_is_loaded_anew(
    site: Site, control: SiteControl, made: FilesMade, tmp_path: Path
) -> None:
    own = tmp_path / "selectors.json"
    own.write_text('{"chip_remove": [{"name": "mine", "css": "not-there"}]}')
    async with opened(site, selectors_file=own) as driver:
        async with driver.prepare(asking(made("note.txt"), Text("/echo x"))):
            pass
        assert driver.status().counters["healing.reload"] == 1
        assert await answer(driver, "/echo next") == "next"
        assert await arrived(control) == []
