"""The doctor's table, as people read it."""

from browser.doctor.areas import EQUALS, REASONS
from browser.doctor.report import Notebook, Report
from browser.pages.selectors import load_selectors


def test_the_table_fits_a_window_of_a_hundred_columns() -> None:
    selectors = load_selectors(None)
    notes = Notebook(selectors, EQUALS, REASONS)
    for area in selectors:
        if area not in REASONS:
            notes.missed(area)
    table, _, _ = Report(notes.findings()).table().partition("\n\n")
    lines = table.splitlines()
    assert [line for line in lines if len(line) > 100] == []
    assert all(any(line.startswith(f"{area} ") for line in lines) for area in selectors)


def test_the_longest_candidates_leave_room_for_the_notes() -> None:
    selectors = load_selectors(None)
    notes = Notebook(selectors, EQUALS, REASONS)
    for area, candidates in selectors.items():
        notes.saw(area, max(candidates, key=lambda candidate: len(candidate.name)).name)
        notes.stuck(area, "was pressed, and nothing was seen to run")
    assert max(map(len, Report(notes.findings()).table().partition("\n\n")[0].splitlines())) <= 100
