"""Signing in from another machine: implements `domain.sign_in.RemoteSignIn`.

The browser is one of its own, with a context that is signed in to nothing. Google distrusts browsers without
a window more than others; where an X server without a screen is installed, it has a window there.
"""

import asyncio
import itertools
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from browser.display import display_for
from browser.engine import Engine
from browser.profiles.naming import file_of_account, free_file, suggested_name
from browser.profiles.person import Person, site_opened
from browser.profiles.screen import AllowedHosts, Screen
from browser.profiles.state import Unfit
from browser.profiles.store import ProfileStore
from domain.errors import GatewayError, NotFound, SignInUnderWay
from domain.sign_in import UNDER_WAY, Action, Picture, SignInStage, SignInStatus
from settings import BrowserSettings, SettingsError, SignInSettings

_log = logging.getLogger(__name__)


class RemoteSignIns:
    """Has at most one attempt under way; leaving the context ends it.

    `in_use` tells the file in use. `starting` is held while a browser starts; see `Engine`.
    """

    def __init__(
        self,
        browser: BrowserSettings,
        rules: SignInSettings,
        store: ProfileStore,
        in_use: Callable[[], Path | None],
        starting: asyncio.Lock,
    ) -> None:
        self._browser = browser
        self._starting = starting
        self._rules = rules
        self._store = store
        self._in_use = in_use
        self._versions = itertools.count(1)
        self._attempt: _Attempt | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self, name: str | None, *, replace: bool, by: str) -> SignInStatus:
        if (old := self._attempt) is not None and not old.task.done():
            raise SignInUnderWay(
                f"Somebody at {old.by} began to sign in at {_clock(old.started)}; stop that first, or wait "
                f"until it ends by itself in {old.status().seconds_left or 0:.0f} s."
            )
        self._store.require_room()
        file = None
        if name is not None:
            file = self._store.file(name) if replace else self._store.free(name)
        screen = Screen(
            self._browser.ai_studio_url,
            AllowedHosts(self._browser.ai_studio_url, self._rules.hosts),
            self._versions,
        )
        starts = _Start(self._browser, self._starting)
        self._attempt = _Attempt(starts, self._rules, self._store, screen, file, by, replace=replace)
        return self.status()

    def status(self) -> SignInStatus:
        if self._attempt is None:
            return SignInStatus()
        return self._attempt.status(self._uses(self._attempt.saved))

    async def picture(self, after: int, seconds: float) -> Picture | None:
        return None if self._attempt is None else await self._attempt.screen.picture(after, seconds)

    async def act(self, actions: Sequence[Action]) -> SignInStatus:
        attempt = self._attempt
        for action in actions:
            if attempt is None or attempt.stage is not SignInStage.WAITING:
                raise NotFound("No sign-in waits for anybody now; start one.")
            attempt.put_off()
            await attempt.screen.act(action)
        return self.status()

    async def stop(self) -> SignInStatus:
        self.give_up()
        if self._attempt is not None:
            await asyncio.wait({self._attempt.task})
        return self.status()

    def give_up(self) -> None:
        """Begin to end what is under way; whoever waits for a picture is told at once."""
        if self._attempt is not None and not self._attempt.task.done():
            self._attempt.screen.close()
            self._attempt.task.cancel()

    def _uses(self, file: Path | None) -> bool:
        with suppress(GatewayError):
            return file is not None and self._in_use() == file
        return False


class _Attempt:
    """One person's sign-in, from the start of the browser until it is saved or given up."""

    def __init__(
        self,
        start: "_Start",
        rules: SignInSettings,
        store: ProfileStore,
        screen: Screen,
        file: Path | None,
        by: str,
        *,
        replace: bool,
    ) -> None:
        self._start = start
        self._rules = rules
        self._store = store
        self.screen = screen
        self._file = file
        self._replace = replace
        self.by = by
        self.started = time.time()
        self.stage = SignInStage.STARTING
        self.saved: Path | None = None
        self._account = ""
        self._reason = ""
        self._end = asyncio.get_running_loop().time() + rules.timeout
        self._limit = asyncio.timeout_at(self._end)
        self.task = asyncio.create_task(self._run(), name="remote sign-in")
        self.task.add_done_callback(_tell_defect)

    def status(self, in_use: bool = False) -> SignInStatus:
        when = self._limit.when() if self.stage in UNDER_WAY else None
        file = self.saved or self._file
        return SignInStatus(
            stage=self.stage,
            started=self.started,
            started_by=self.by,
            seconds_left=None if when is None else max(0.0, when - asyncio.get_running_loop().time()),
            site=self.screen.host,
            profile=file.stem if file else "",
            account=self._account,
            in_use=in_use,
            reason=self._reason or (self.screen.notice if self.stage in UNDER_WAY else ""),
        )

    def put_off(self) -> None:
        """Somebody is there: the end for idleness is later now."""
        now = asyncio.get_running_loop().time()
        if now < (self._limit.when() or 0.0):
            self._limit.reschedule(min(self._end, now + self._rules.idle_seconds))

    async def _run(self) -> None:
        try:
            self.saved = await self._save(await self._signed_in())
            self.stage = SignInStage.SAVED
            _log.info("signed in from another machine; saved as %s", self.saved)
        except TimeoutError:
            self._fail(SignInStage.EXPIRED, self._why_expired())
        except Unfit as error:
            self._fail(
                SignInStage.FAILED, f"The page works, but what the browser holds is no sign-in: {error}."
            )
        except OSError as error:
            self._fail(SignInStage.FAILED, f"The profile could not be saved: {error.strerror}.")
        except (GatewayError, SettingsError) as error:
            self._fail(SignInStage.FAILED, str(error))
        except asyncio.CancelledError:
            self._fail(SignInStage.CANCELLED, "It was stopped; nothing was saved.")
            raise
        finally:
            if self.stage in UNDER_WAY:
                self._fail(SignInStage.FAILED, "The gateway failed for a reason of its own; its log has it.")
            self.screen.close()

    async def _signed_in(self) -> Person:
        async with AsyncExitStack() as stack:
            limit = await stack.enter_async_context(self._limit)
            engine = await self._start.engine(stack)
            visit = await stack.enter_async_context(site_opened(engine, self._start.browser))
            showing = asyncio.create_task(self.screen.show(visit.context), name="sign-in pictures")
            stack.push_async_callback(_ended, showing)
            self.stage = SignInStage.WAITING
            self.put_off()
            person = await visit.person()
            limit.reschedule(None)  # closing the browser takes none of the person's time
            return person
        raise AssertionError("it returns or raises")

    async def _save(self, person: Person) -> Path:
        self._account = person.account
        state: dict[str, Any] = {
            **person.state,
            **({"accountName": person.account} if person.account else {}),
        }
        file = self._file
        if file is None:
            file = file_of_account(self._store, person.account)
            file = file or free_file(self._store, suggested_name(person.account))
        elif not self._replace and file.exists():  # since it was begun; the person's work is not lost
            file = free_file(self._store, file.stem)
        await asyncio.to_thread(self._store.save, file, state)
        return file

    def _why_expired(self) -> str:
        if asyncio.get_running_loop().time() >= self._end:
            return f"Nobody had signed in after {self._rules.timeout:g} s; start again to have more time."
        return f"Nothing was done for {self._rules.idle_seconds:g} s; start again."

    def _fail(self, stage: SignInStage, reason: str) -> None:
        self.stage, self._reason = stage, reason
        _log.info("a sign-in from another machine ended without a profile: %s", reason)


class _Start:
    """Starts a browser beside the one that serves."""

    def __init__(self, browser: BrowserSettings, starting: asyncio.Lock) -> None:
        mode = "virtual" if browser.mode == "headless" and shutil.which("Xvfb") else browser.mode
        # The port of the stream proxy is taken, and nothing is generated here.
        self.browser = browser.model_copy(update={"mode": mode, "stream_port": 0})
        self._starting = starting

    async def engine(self, stack: AsyncExitStack) -> Engine:
        """With a display of its own, if need be; both end with `stack`."""
        async with self._starting:
            settings = await stack.enter_async_context(display_for(self.browser))
        return await stack.enter_async_context(Engine(settings, starting=self._starting))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _tell_defect(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (defect := task.exception()) is not None:
        _log.error("a sign-in from another machine failed unexpectedly", exc_info=defect)


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S UTC")
