"""Whose session it is, without a page."""

from browser.driver import PageDriver
from browser.engine import Engine
from browser.foreground import Foreground
from browser.pages.scripting import ScriptLibrary
from browser.pages.selectors import load_selectors
from browser.session import Session, SessionState
from domain.ports import Deadlines
from settings import BrowserSettings


def session() -> Session:
    """A session whose tab has never been opened: enough to be taken and given back."""
    settings = BrowserSettings(engine="chromium")
    engine = Engine(settings)
    return Session(
        engine,
        None,  # type: ignore[arg-type]  # no context: nothing here opens a tab
        settings,
        Deadlines(),
        ScriptLibrary(load_selectors(None), lambda _: None),
        foreground=Foreground(),
        count=lambda _: None,
        on_change=lambda: None,
    )


async def test_an_old_lease_does_not_touch_the_next_owners_tab() -> None:
    tab = session()
    old = tab.take()
    tab.break_("lost while it was used")
    tab.state = SessionState.READY  # brought back
    tab.take()
    await tab.clean(old)
    assert tab.state is SessionState.BUSY


async def test_a_tab_that_cannot_be_cleaned_is_broken_and_says_why() -> None:
    tab = session()
    await tab.clean(tab.take())
    assert tab.state is SessionState.BROKEN
    assert tab.reason


async def test_a_driver_that_was_not_opened_says_so() -> None:
    driver = PageDriver(BrowserSettings(engine="chromium"), Deadlines())
    status = driver.status()
    assert not status.page_ready
    assert "not been started" in status.reason
    await driver.close()
    await driver.close()
