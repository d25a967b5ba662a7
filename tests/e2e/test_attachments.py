"""Files on the page: each of them arrives, in its order, and none of them twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from browser.driver import PageDriver
from browser.flows.transcript import read_transcript
from browser.locate import find_firefox
from domain.attachments import Attachment
from domain.requests import GenerateRequest, Text, Turn
from simulator.demo import Site
from tests.e2e.attaching import KINDS, FilesMade, arrived, asking, files_in, sent, told, words
from tests.e2e.driving import answer, opened, request, run, text_of, until_idle, until_ready
from tests.site import SiteControl


@pytest.fixture
def made(tmp_path: Path) -> FilesMade:
    return files_in(tmp_path)


@pytest_asyncio.fixture(scope="module")
async def shared(site: Site) -> AsyncIterator[PageDriver]:
    async with opened(site) as driver:
        yield driver


@pytest.mark.parametrize("name", KINDS)
async def test_a_file_arrives_byte_for_byte_under_its_name_and_type(
    shared: PageDriver, control: SiteControl, made: FilesMade, name: str
) -> None:
    file = made(name)
    assert text_of(await run(shared, asking(file, Text("/echo seen")))) == "seen"
    (found,) = await arrived(control)
    assert told([found]) == sent(file)
    assert found["mime"] == file.mime_type
    assert await words(control) == "/echo seen"


@pytest.mark.parametrize("single", [True, False])
async def test_several_files_arrive_in_their_order(
    site: Site, control: SiteControl, made: FilesMade, *, single: bool
) -> None:
    await control.scenario(page={"single_file_upload": single})
    files = [made(name) for name in reversed(KINDS)]
    async with opened(site) as driver:
        await run(driver, asking(Text("/echo x"), *files))
        assert told(await arrived(control)) == sent(*files)


async def test_equal_files_are_uploaded_once(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    first, other, again = made("a.txt", b"same"), made("b.txt", b"other"), made("c.txt", b"same")
    await run(shared, asking(first, other, again, first, Text("/echo x")))
    assert told(await arrived(control)) == sent(first, other)


async def test_a_file_without_words_is_a_prompt(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    file = made("note.txt")
    assert text_of(await run(shared, asking(file)))
    assert told(await arrived(control)) == sent(file)


async def test_nothing_of_a_file_reaches_the_next_request(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    await run(shared, asking(made("note.txt"), Text("/echo x")))
    assert await answer(shared, "/echo next") == "next"
    assert await arrived(control) == []


async def test_files_of_earlier_messages_are_told_apart_by_number(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    one, two, three = made("note.txt"), made("photo.jpg"), made("data.json")
    history = (
        Turn("user", (Text("first"), one, Text("then"), two)),
        Turn.of("model", "fine"),
    )
    asked = asking(one, three, Text("/echo done"), history=history)
    assert text_of(await run(shared, asked)) == "done"
    files = (one, two, three)
    assert told(await arrived(control)) == sent(*files)
    prompt = await words(control)
    assert '\nuser attached files:\n| {"file": 1, "name": "note.txt"}\nuser:\n| then\n' in prompt
    assert read_transcript(prompt, files) == list(asked.turns)


@pytest.mark.parametrize("era", ["E3", "E4", "E5", "E6"])
async def test_every_era_of_the_page_takes_files(
    site: Site, control: SiteControl, made: FilesMade, era: str
) -> None:
    await control.scenario(page={"era": era})
    files = (made("photo.jpg"), made("note.txt"))
    async with opened(site) as driver:
        for _ in range(2):
            await run(driver, asking(*files, Text("/echo x")))
            assert told(await arrived(control)) == sent(*files)


@pytest.mark.parametrize(
    "knobs",
    [
        {"copyright_dialog": False},
        {"drive_dialog": True},
        {"drive_dialog": True, "single_file_upload": False},
        {"file_input": "page"},
        {"file_input": "page", "single_file_upload": False, "copyright_dialog": False},
        {"file_input": "chooser"},
        {"file_input": "chooser", "single_file_upload": False},
        {"lingering_backdrop": True},
        {"lingering_backdrop": True, "file_input": "chooser"},
        {"upload_delay_ms": 800},
        {"animation_ms": 0, "upload_delay_ms": 0},
        {"tick_ms": 50},
        {"hold_run_while_counting": True, "token_count_delay_ms": 300},
        {"tooltip_over_run": True},
        {"duplicate_prompt_tree": True},
    ],
    ids=lambda knobs: "-".join(f"{key}={value}" for key, value in knobs.items()),
)
async def test_every_way_of_the_page_to_take_files_is_known(
    site: Site, control: SiteControl, made: FilesMade, knobs: dict[str, object]
) -> None:
    await control.scenario(page=knobs)
    files = (made("note.txt"), made("picture.png"))
    async with opened(site) as driver:
        for n in range(2):
            assert text_of(await run(driver, asking(*files, Text(f"/echo {n}")))) == str(n)
            assert told(await arrived(control)) == sent(*files)
        assert driver.status().counters.get("healing.reload", 0) == 0


async def test_a_continued_conversation_uploads_the_new_file_alone(
    site: Site, control: SiteControl, made: FilesMade, tmp_path: Path
) -> None:
    async with opened(site, tabs=2) as driver:
        await until_ready(driver, 2)
        first = asking(made("note.txt"), Text("/echo one"))
        assert text_of(await run(driver, first)) == "one"
        await until_idle(driver)
        # A client sends everything again; its files lie elsewhere by now.
        elsewhere = tmp_path / "note.txt"
        elsewhere.write_bytes(KINDS["note.txt"][1])
        old = first.turns[0].parts[0]
        assert isinstance(old, Attachment)
        again = Attachment(elsewhere, old.name, old.mime_type, old.size, old.sha256)
        history = (Turn("user", (again, Text("/echo one"))), Turn.of("model", "one"))
        new = made("photo.jpg")
        assert text_of(await run(driver, asking(new, Text("/echo two"), history=history))) == "two"
        assert driver.status().counters["continued"] == 1
        contents = (await control.requests())[-1]["report"]["contents"]
        assert [content["role"] for content in contents] == ["user", "model", "user"]
        assert told(await arrived(control)) == sent(old, new)
        assert (await control.requests())[-1]["report"]["contents"][-1]["texts"] == ["/echo two"]


async def test_another_file_in_the_same_place_is_another_conversation(
    site: Site, control: SiteControl, made: FilesMade
) -> None:
    async with opened(site, tabs=2) as driver:
        await until_ready(driver, 2)
        await run(driver, asking(made("note.txt"), Text("/echo one")))
        await until_idle(driver)
        other = made("note.txt", b"another")
        history = (Turn("user", (other, Text("/echo one"))), Turn.of("model", "one"))
        await run(driver, asking(Text("/echo two"), history=history))
        assert "continued" not in driver.status().counters
        assert told(await arrived(control)) == sent(other)


@pytest.mark.parametrize(
    ("engine", "capture", "place"),
    [("chromium", "in_page", "menu"), ("firefox", "in_page", "menu"), ("firefox", "in_page", "chooser")],
)
async def test_files_arrive_through_every_engine_and_capture(
    site: Site, control: SiteControl, made: FilesMade, engine: str, capture: str, place: str
) -> None:
    if engine == "firefox" and find_firefox() is None:
        pytest.skip("no Firefox is installed")
    await control.scenario(page={"file_input": place})
    files = tuple(made(name) for name in ("film.mp4", "Überraschung 你好 👩‍👩‍👧.txt"))
    async with opened(site, engine=engine, capture=capture) as driver:
        for _ in range(2):
            assert text_of(await run(driver, asking(*files, Text("/echo seen")))) == "seen"
            assert told(await arrived(control)) == sent(*files)
        assert await answer(driver, "/echo next") == "next"
        assert await arrived(control) == []


async def test_a_large_file_arrives_whole(shared: PageDriver, control: SiteControl, made: FilesMade) -> None:
    file = made("film.mp4", b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 100_000)
    await run(shared, asking(file, Text("/echo x")))
    assert told(await arrived(control)) == sent(file)


async def test_files_do_not_stop_other_settings(
    shared: PageDriver, control: SiteControl, made: FilesMade
) -> None:
    asked = request("/echo x", system="be brief", temperature=0.4, stop=("END",))
    turn = Turn("user", (made("note.txt"), Text("/echo x")))
    await run(shared, GenerateRequest(asked.model, (turn,), asked.system, asked.sampling))
    report = (await control.requests())[-1]["report"]
    assert (report["temperature"], report["stopSequences"]) == (0.4, ["END"])
    assert len(report["attachments"]) == 1
