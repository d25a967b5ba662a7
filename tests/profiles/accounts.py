"""A gateway with the profiles of two people: ada, which is in use, and grace."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from browser.driver import PageDriver
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from domain.ports import Deadlines
from domain.profiles import Profiles
from settings import BrowserSettings, SignInSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.driving import DEADLINES
from tests.gateway import RunningGateway, running_gateway
from tests.profiles.states import written
from tests.site import SiteControl

MODEL = "gemini-2.5-flash"
PEOPLE = ("ada", "grace")


async def new_session(site: Site, person: str = "ada") -> dict[str, Any]:
    """A storage state of somebody who has just signed in."""
    async with httpx.AsyncClient() as client:
        reply = await client.post(
            f"{site.address}/_control/storage-state", json={"account": f"{person}@example.com"}
        )
        found: dict[str, Any] = reply.raise_for_status().json()
        return found


async def sign_in_both(site: Site, folder: Path) -> ProfileStore:
    """Their profiles in `folder`."""
    for person in PEOPLE:
        written(folder / f"{person}.json", await new_session(site, person))
    return ProfileStore(folder, site.address)


class Accounts:
    """A gateway that uses one of several profiles."""

    def __init__(
        self, gateway: RunningGateway, driver: PageDriver, store: ProfileStore, control: SiteControl
    ) -> None:
        self.gateway = gateway
        self.driver = driver
        self.store = store
        self.control = control

    @property
    def profiles(self) -> Profiles:
        assert self.driver.profiles is not None
        return self.driver.profiles

    async def ask(self, text: str, model: str = MODEL) -> str:
        async with self.gateway.openai() as client:
            answer = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": text}]
            )
        return answer.choices[0].message.content or ""

    async def begin(self, text: str) -> "asyncio.Task[str]":
        """Ask for a stream; returns when the first piece of the answer has come."""
        begun = asyncio.Event()
        asking = asyncio.create_task(self._stream(text, begun), name="stream")
        waiting = asyncio.create_task(begun.wait(), name="first piece")
        await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return asking

    async def _stream(self, text: str, begun: asyncio.Event) -> str:
        said = ""
        async with self.gateway.openai() as client:
            stream = await client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": text}], stream=True
            )
            async for chunk in stream:
                said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
                if said:
                    begun.set()
        return said

    async def served(self) -> list[tuple[str, str]]:
        """Who was asked what became of it, oldest first: (account, outcome)."""
        found = await self.control.requests()
        return [((one["account"] or "").partition("@")[0], one["outcome"]) for one in found]

    def counted(self, name: str) -> int:
        return self.driver.status().counters.get(name, 0)


@asynccontextmanager
async def accounts(
    site: Site,
    folder: Path,
    *,
    store: ProfileStore | None = None,
    first: str = "ada",
    deadlines: Deadlines = DEADLINES,
    tabs: int = 1,
    waits: bool = False,
    **rules: Any,
) -> AsyncIterator[Accounts]:
    """`rules` are of `SignInSettings`."""
    store = store or await sign_in_both(site, folder / "profiles")
    folder.mkdir(exist_ok=True)
    file = store.file(first)
    settings = BrowserSettings(
        engine="chromium",
        ai_studio_url=site.address,
        auth_profile=file,
        auth_profiles_dir=store.folder,
        tabs=tabs,
        args=(LOOPBACK_ONLY,),
        when_signed_out="wait" if waits else "fail",
    )
    rare: dict[str, Any] = {"save_minutes": 1000, "save_every": 0, "check_minutes": 1000, **rules}
    with SignIn(store, lambda: file, SignInSettings(**rare)) as sign_in:
        driver = PageDriver(settings, deadlines, sign_in)
        async with (
            running_gateway(driver, deadlines, folder) as gateway,
            SiteControl(site.address) as control,
        ):
            await control.reset()
            await control.forget_requests()
            yield Accounts(gateway, driver, store, control)


def account_of(file: Path) -> str:
    """Whose profile a file is, by the address that the simulator notes."""
    found: str = json.loads(file.read_text())["accountName"]
    return found.partition("@")[0]
