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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from playwright.async_api import BrowserContext, Error

from browser.pages.scripting import first_line
from browser.profiles.files import Version, sweep, version
from browser.profiles.standing import Standing, read_standing, write_standing
from browser.profiles.state import SavedState, Unfit
from browser.profiles.store import ProfileStore
from domain.errors import ProfileInUse, ProfileUnusable, SignedOut
from domain.profiles import CoolDown
from settings import SignInSettings

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0
"""How often a file that has to be replaced is looked at."""
_PATIENCE_SECONDS = 900.0
"""After so long a refused sign-in is tried once more: the site may have been wrong."""
_SAVE_SECONDS = 10.0
_SOON_DAYS = 7

NO_PROFILE = (
    "There is no saved sign-in. Sign in on the gateway's admin page (/admin/#sign-in), from any machine, or "
    "once in a browser with a window (launch_camoufox.py --debug), or bring a profile in with "
    "'launch_camoufox.py profiles import FILE'."
)


@dataclass(slots=True)
class _Place:
    """What is known of the profile in use."""

    choose: Callable[[], Path | None]
    locks: ExitStack | None = None
    file: Path | None = None
    known: SavedState | None = None
    """What the file held when it was last read or written."""
    version: Version | None = None
    refused: bool = False
    """Whether what the file held then does not sign in."""
    standing: Standing = field(default_factory=Standing)
    context: BrowserContext | None = None


class SignIn:
    """One profile in use; as a context manager, with nobody else using it.

    `choose` tells the file, and is asked again while it tells none. Without `rules` nothing is saved back.
    """

    def __init__(
        self, store: ProfileStore, choose: Callable[[], Path | None], rules: SignInSettings | None = None
    ) -> None:
        self.store = store
        self.rules = rules
        self.place = _Place(choose)
        self.steady = asyncio.Lock()
        """Held while a tab is opened: reading the state may open a page, too, which could be taken for it."""
        self.counters: Counter[str] = Counter()
        """Since start: `profile_saves`, `profile_saves_refused`, `profile_saves_failed`."""

    def __enter__(self) -> Self:
        """Raises `ProfileInUse` where another gateway uses the profile."""
        self.place.locks = ExitStack()
        try:
            self.file()
        except BaseException:
            self.place.locks.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.place.locks is not None:
            self.place.locks.close()

    def another(self, file: Path) -> "SignIn":
        """The same for another profile of the folder, not in use yet."""
        other = SignIn(self.store, lambda: file, self.rules)
        other.steady, other.counters = self.steady, self.counters
        return other

    def trade_places(self, other: "SignIn") -> None:
        """Each goes on with the profile of the other: who has this one keeps it. `steady` must be held."""
        self.place, other.place = other.place, self.place
        for one in (self, other):
            one.note_use()

    def file(self) -> Path | None:
        """The profile's file, once one is chosen.

        Raises:
            ProfileInUse: it is another gateway's.
        """
        if self.place.file is None and (chosen := self.place.choose()) is not None:
            if self.place.locks is not None:
                self._lock(chosen, self.place.locks)
            self.place.file, self.place.standing = chosen, read_standing(chosen)
        return self.place.file

    @property
    def expires(self) -> float | None:
        """When the first of the cookies that sign in ends, in seconds since 1970, where that is known."""
        return self.place.known.expires() if self.place.known else None

    def load(self) -> dict[str, Any]:
        """What a new context starts with; the file is read anew.

        Raises:
            SignedOut: there is no profile.
            ProfileUnusable: the file is none.
            ProfileInUse: it is another gateway's.
        """
        self.place.refused, self.place.version = True, None
        file = self.file()
        if file is None:
            raise SignedOut(NO_PROFILE)
        self.place.version = version(file)
        try:
            self.place.known, self.place.version = self.store.load(file)
        except ProfileUnusable as error:
            _log.error("%s", error.detail)
            raise
        self.place.refused = False
        self._tell_expiry()
        return dict(self.place.known.whole)

    def _tell_expiry(self) -> None:
        if (ends := self.expires) is not None:
            days = (ends - self.store.now()) / 86_400
            level = logging.WARNING if days < _SOON_DAYS else logging.INFO
            _log.log(level, "the sign-in of %s lasts %.0f more days", self.place.file, max(days, 0))

    def refused(self) -> None:
        """The site does not let a fresh context in with what `load` told."""
        self.place.refused = True
        self._note(replace(self.place.standing, refused=self.place.version))

    async def until_worth_trying(self) -> None:
        """Return at once, but after a refusal when there is another file, or after a quarter of an hour."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self.place.refused and not self._replaced():  # noqa: ASYNC110 a file tells nobody
                    await asyncio.sleep(_LOOK_SECONDS)
        self.place.refused = False

    def attach(self, context: BrowserContext) -> None:
        """From now on this context, which the site has let in, is what is saved."""
        self.place.context = context
        if self.place.standing.refused is not None:
            self._note(replace(self.place.standing, refused=None))

    @property
    def name(self) -> str:
        """Of the profile in use; empty without one."""
        return self.place.file.stem if self.place.file else ""

    def cools(self, model: str) -> bool:
        """Whether the site wants less of this account for a model."""
        return self.place.standing.cools(model, self.store.now())

    def uses(self, file: Path) -> bool:
        """Whether this is the profile in use."""
        return self.place.file is not None and self.place.file.resolve() == file.resolve()

    @property
    def alone(self) -> bool:
        """Whether the profile is kept from others, so that it may be changed, and exchanged."""
        return self.place.locks is not None

    def cool_down(self, cool_down: CoolDown) -> None:
        self._note(self.place.standing.cooled(cool_down, self.store.now()))

    def note_use(self) -> None:
        self._note(replace(self.place.standing, used=self.store.now()))

    def _note(self, standing: Standing) -> None:
        self.place.standing = standing
        if self.place.file is not None and self.alone:
            write_standing(self.place.file, standing)

    async def detach(self) -> None:
        """Save for the last time: the context is about to be closed."""
        await self.save()
        self.forget()

    def forget(self) -> None:
        """The context is lost, or signed out: there is nothing to be saved of it."""
        self.place.context = None

    async def save(self) -> bool:
        """Write what the browser holds now; whether that was done. A failure is logged and counted."""
        async with self.steady:
            context, known, file = self.place.context, self.place.known, self.place.file
            if context is None or known is None or file is None or self.rules is None:
                return False
            return await self._save(context, known, file)

    async def _save(self, context: BrowserContext, known: SavedState, file: Path) -> bool:
        try:
            async with asyncio.timeout(_SAVE_SECONDS):
                fresh = await context.storage_state(indexed_db=True)
            renewed = known.renewed(dict(fresh), self.store.now())
            if self._replaced():
                _log.info("the profile %s was replaced and is not saved over", file)
                return False
            if context is not self.place.context:  # signed out or lost meanwhile
                return False
            self.place.version = await asyncio.to_thread(self.store.write, file, renewed)
        except Unfit as error:
            return self._not_saved("profile_saves_refused", str(error))
        except (Error, TimeoutError) as error:
            said = first_line(error) if isinstance(error, Error) else "the browser does not tell its state"
            return self._not_saved("profile_saves_failed", said)
        except OSError as error:
            return self._not_saved("profile_saves_failed", error.strerror or str(error))
        self.place.known = renewed
        self.counters["profile_saves"] += 1
        return True

    async def lost_cookies(self) -> frozenset[str]:
        """Which of the cookies that sign in the browser has no more; a look that the site does not notice."""
        if self.place.context is None or self.place.known is None:
            return frozenset()
        try:
            cookies = await self.place.context.cookies()
        except Error:
            return frozenset()
        now = self.store.now()
        held = SavedState.of({"cookies": [dict(one) for one in cookies]}, self.store.host)
        return self.place.known.auth_cookies(now) - held.auth_cookies(now)

    def _replaced(self) -> bool:
        """Whether the file is not the one that was last read or written."""
        with suppress(ProfileInUse):
            file = self.file()
            return file is not None and version(file) != self.place.version
        return False

    def _not_saved(self, counter: str, why: str) -> bool:
        self.counters[counter] += 1
        _log.error("the profile %s was not saved and stays as it was: %s", self.place.file, why)
        return False

    def _lock(self, file: Path, locks: ExitStack) -> None:
        try:
            locks.enter_context(self.store.only_user(file))
        except OSError as error:
            _log.warning("nobody can be kept from using %s as well: %s", file, error.strerror)
        else:
            sweep(file)
