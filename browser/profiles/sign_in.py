"""The sign-in that browser contexts start with, and what is saved back of it while they live.

The site hands out new cookies all the time; a file that is never saved back ages until it is refused. A
signed-out browser never replaces a good file, and a file that somebody else has replaced meanwhile stays as
it is: the next context starts with it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from playwright.async_api import BrowserContext, Error

from browser.pages.scripting import first_line
from browser.profiles.files import Version, sweep, version
from browser.profiles.state import SavedState, Unfit
from browser.profiles.store import ProfileStore
from domain.errors import ProfileInUse, ProfileUnusable, SignedOut
from settings import SignInSettings

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
"""How often a file that has to be replaced is looked at."""
_PATIENCE_SECONDS = 900.0
"""After so long a refused sign-in is tried once more: the site may have been wrong."""
_SAVE_SECONDS = 10.0
_SOON_DAYS = 7

NO_PROFILE = (
    "There is no saved sign-in. Sign in once in a browser with a window (launch_camoufox.py --debug, also on "
    "another machine), or bring a profile in with 'launch_camoufox.py profiles import FILE'."
)


class SignIn:
    """One profile in use; as a context manager, with nobody else using it.

    `choose` tells the file, and is asked again while it tells none. Without `rules` nothing is saved back.
    """

    def __init__(
        self, store: ProfileStore, choose: Callable[[], Path | None], rules: SignInSettings | None = None
    ) -> None:
        self._store = store
        self._choose = choose
        self.rules = rules
        self._locks: ExitStack | None = None
        self._file: Path | None = None
        self._known: SavedState | None = None
        """What the file held when it was last read or written."""
        self._version: Version | None = None
        self._refused = False
        """Whether what the file held then does not sign in."""
        self._context: BrowserContext | None = None
        self.steady = asyncio.Lock()
        """Held while a tab is opened: reading the state may open a page, too, which could be taken for it."""
        self.counters: Counter[str] = Counter()
        """Since start: `profile_saves`, `profile_saves_refused`, `profile_saves_failed`."""

    def __enter__(self) -> Self:
        """Raises `ProfileInUse` where another gateway uses the profile."""
        self._locks = ExitStack()
        try:
            self.file()
        except BaseException:
            self._locks.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._locks is not None:
            self._locks.close()

    def file(self) -> Path | None:
        """The profile's file, once one is chosen.

        Raises:
            ProfileInUse: it is another gateway's.
        """
        if self._file is None and (chosen := self._choose()) is not None:
            if self._locks is not None:
                self._lock(chosen, self._locks)
            self._file = chosen
        return self._file

    @property
    def expires(self) -> float | None:
        """When the first of the cookies that sign in ends, in seconds since 1970, where that is known."""
        return self._known.expires() if self._known else None

    def load(self) -> dict[str, Any]:
        """What a new context starts with; the file is read anew.

        Raises:
            SignedOut: there is no profile.
            ProfileUnusable: the file is none.
            ProfileInUse: it is another gateway's.
        """
        self._refused, self._version = True, None
        file = self.file()
        if file is None:
            raise SignedOut(NO_PROFILE)
        self._version = version(file)
        try:
            self._known, self._version = self._store.load(file)
        except ProfileUnusable as error:
            _log.error("%s", error.detail)
            raise
        self._refused = False
        self._tell_expiry()
        return dict(self._known.whole)

    def _tell_expiry(self) -> None:
        if (ends := self.expires) is not None:
            days = (ends - self._store.now()) / 86_400
            level = logging.WARNING if days < _SOON_DAYS else logging.INFO
            _log.log(level, "the sign-in of %s lasts %.0f more days", self._file, max(days, 0))

    def refused(self) -> None:
        """The site does not let a fresh context in with what `load` told."""
        self._refused = True

    async def until_worth_trying(self) -> None:
        """Return at once, but after a refusal when there is another file, or after a quarter of an hour."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self._refused and not self._replaced():  # noqa: ASYNC110 a file tells nobody
                    await asyncio.sleep(_LOOK_SECONDS)
        self._refused = False

    def attach(self, context: BrowserContext) -> None:
        """From now on this context, which the site has let in, is what is saved."""
        self._context = context

    async def detach(self) -> None:
        """Save for the last time: the context is about to be closed."""
        await self.save()
        self.forget()

    def forget(self) -> None:
        """The context is lost, or signed out: there is nothing to be saved of it."""
        self._context = None

    async def save(self) -> bool:
        """Write what the browser holds now; whether that was done. A failure is logged and counted."""
        async with self.steady:
            context, known, file = self._context, self._known, self._file
            if context is None or known is None or file is None or self.rules is None:
                return False
            return await self._save(context, known, file)

    async def _save(self, context: BrowserContext, known: SavedState, file: Path) -> bool:
        try:
            async with asyncio.timeout(_SAVE_SECONDS):
                fresh = await context.storage_state(indexed_db=True)
            renewed = known.renewed(dict(fresh), self._store.now())
            if self._replaced():
                _log.info("the profile %s was replaced and is not saved over", file)
                return False
            if context is not self._context:  # signed out or lost meanwhile
                return False
            self._version = await asyncio.to_thread(self._store.write, file, renewed)
        except Unfit as error:
            return self._not_saved("profile_saves_refused", str(error))
        except (Error, TimeoutError) as error:
            said = first_line(error) if isinstance(error, Error) else "the browser does not tell its state"
            return self._not_saved("profile_saves_failed", said)
        except OSError as error:
            return self._not_saved("profile_saves_failed", error.strerror or str(error))
        self._known = renewed
        self.counters["profile_saves"] += 1
        return True

    async def lost_cookies(self) -> frozenset[str]:
        """Which of the cookies that sign in the browser has no more; a look that the site does not notice."""
        if self._context is None or self._known is None:
            return frozenset()
        try:
            cookies = await self._context.cookies()
        except Error:
            return frozenset()
        now = self._store.now()
        held = SavedState.of({"cookies": [dict(one) for one in cookies]}, self._store.host)
        return self._known.auth_cookies(now) - held.auth_cookies(now)

    def _replaced(self) -> bool:
        """Whether the file is not the one that was last read or written."""
        with suppress(ProfileInUse):
            file = self.file()
            return file is not None and version(file) != self._version
        return False

    def _not_saved(self, counter: str, why: str) -> bool:
        self.counters[counter] += 1
        _log.error("the profile %s was not saved and stays as it was: %s", self._file, why)
        return False

    def _lock(self, file: Path, locks: ExitStack) -> None:
        try:
            locks.enter_context(self._store.only_user(file))
        except OSError as error:
            _log.warning("nobody can be kept from using %s as well: %s", file, error.strerror)
        else:
            sweep(file)
