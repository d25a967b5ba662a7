"""Which step comes next, and after which pause."""

import pytest

from browser.ladder import RULES, Damage, Ladder, Rung, next_rung, stage_of
from domain.errors import (
    BrowserDown,
    GatewayError,
    PageDrift,
    PermissionDenied,
    SessionLost,
    SignedOut,
    UpstreamUnavailable,
)

LOST = Damage(failure=SessionLost("gone"))
OUT = SignedOut("sign in")
REGION = PermissionDenied("not here")
DOWN = BrowserDown("no answer")


@pytest.mark.parametrize(
    ("reached", "tries", "damage", "expected"),
    [
        (Rung.PAGE, 0, Damage(), Rung.PAGE),
        (Rung.PAGE, 2, LOST, Rung.PAGE),
        (Rung.PAGE, 3, LOST, Rung.CONTEXT),
        (Rung.CONTEXT, 1, LOST, Rung.CONTEXT),
        (Rung.CONTEXT, 2, LOST, Rung.BROWSER),
        (Rung.BROWSER, 99, LOST, Rung.BROWSER),
        (Rung.PAGE, 0, Damage(browser_gone=True), Rung.BROWSER),
        (Rung.PAGE, 0, Damage(browser_gone=True, others_serve=True), Rung.BROWSER),
        (Rung.PAGE, 0, Damage(failure=DOWN), Rung.BROWSER),
        (Rung.PAGE, 0, Damage(failure=DOWN, others_serve=True), Rung.PAGE),
        (Rung.PAGE, 0, Damage(context_gone=True), Rung.CONTEXT),
        (Rung.CONTEXT, 2, Damage(context_gone=True), Rung.BROWSER),
        (Rung.PAGE, 9, Damage(failure=SessionLost("gone"), others_serve=True), Rung.PAGE),
        (Rung.PAGE, 1, Damage(failure=OUT), Rung.CONTEXT),
        (Rung.CONTEXT, 9, Damage(failure=OUT), Rung.CONTEXT),
        (Rung.CONTEXT, 9, Damage(failure=REGION), Rung.CONTEXT),
        (Rung.PAGE, 1, Damage(failure=OUT, others_serve=True), Rung.PAGE),
        (Rung.PAGE, 1, Damage(failure=PageDrift("prompt")), Rung.PAGE),
    ],
)
def test_the_next_rung_is_the_least_that_may_help(
    reached: Rung, tries: int, damage: Damage, expected: Rung
) -> None:
    assert next_rung(reached, tries, damage) is expected


def test_a_page_that_keeps_failing_leads_to_a_new_context_and_then_to_a_new_browser() -> None:
    ladder = Ladder()
    steps = [ladder.climb(LOST) for _ in range(9)]
    assert [step.rung for step in steps] == [Rung.PAGE] * 3 + [Rung.CONTEXT] * 2 + [Rung.BROWSER] * 4
    assert [step.pause for step in steps] == [0, 1, 2, 0, 3, 0, 2, 5, 10]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (Damage(failure=OUT, others_serve=True), Rung.PAGE),
        (Damage(failure=OUT), Rung.CONTEXT),
        (Damage(context_gone=True), Rung.CONTEXT),
        (Damage(browser_gone=True), Rung.BROWSER),
    ],
)
def test_what_broke_during_the_pause_of_a_step_is_heeded(now: Damage, expected: Rung) -> None:
    ladder = Ladder()
    for _ in range(3):
        assert ladder.climb(Damage(failure=OUT, others_serve=True)).rung is Rung.PAGE
    assert ladder.look_again(now) is expected


def test_a_step_stays_where_nothing_more_is_broken_after_its_pause() -> None:
    ladder = Ladder()
    for _ in range(9):
        assert ladder.climb(LOST).rung is ladder.look_again(LOST)


def test_pauses_grow_to_their_last_value_and_stay_there() -> None:
    ladder = Ladder()
    pauses = [ladder.climb(Damage(failure=OUT)).pause for _ in range(20)]
    assert pauses[:4] == list(RULES[Rung.CONTEXT].pauses)
    assert set(pauses[4:]) == {30}


def test_a_loss_of_what_was_just_brought_back_goes_on_where_the_climbing_stood() -> None:
    ladder = Ladder()
    for _ in range(3):
        ladder.climb(LOST)
        ladder.mended()
    assert ladder.climb(Damage()).rung is Rung.CONTEXT
    ladder.mended()
    ladder.proved()
    assert ladder.climb(Damage()).rung is Rung.PAGE


def test_failures_in_a_row_are_counted_until_all_is_back() -> None:
    ladder = Ladder()
    ladder.failed()
    ladder.failed()
    assert ladder.failures == 2
    ladder.mended()
    assert ladder.failures == 0


@pytest.mark.parametrize(
    ("failure", "stage"),
    [
        (OUT, "sign_in"),
        (REGION, "site"),
        (SessionLost("x"), "page"),
        (SessionLost("x", stage="capture"), "capture"),
        (DOWN, "browser"),
        (PageDrift("prompt"), "page"),
        (UpstreamUnavailable("x"), "page"),
        (None, "page"),
    ],
)
def test_a_failure_names_the_stage_at_fault(failure: GatewayError | None, stage: str) -> None:
    assert stage_of(failure) == stage
