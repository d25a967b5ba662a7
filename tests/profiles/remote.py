"""A gateway that nobody is signed in to, and an admin on another machine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from browser.driver import PageDriver
from browser.profiles.remote import RemoteSignIns
from browser.profiles.sign_in import SignIn
from browser.profiles.store import ProfileStore
from domain.ports import Backstage
from settings import BrowserSettings, SignInSettings
from simulator.demo import LOOPBACK_ONLY, Site
from tests.e2e.driving import DEADLINES, free_port
from tests.gateway import RunningGateway, running_gateway
from tests.profiles.person import Person, person_at
from tests.waiting import found

ROUTE = "/admin/api/sign-in"


class Admin:
    """Signs in by pictures and acts alone; `eyes` is where a test looks for what a person would see."""

    def __init__(self, gateway: RunningGateway, http: httpx.AsyncClient, folder: Path, devtools: int) -> None:
        self.gateway = gateway
        self.http = http
        self.folder = folder
        self.devtools = devtools

    @property
    def token(self) -> str:
        return (self.folder / "admin_token").read_text().strip()

    async def start(self, **asked: Any) -> httpx.Response:
        return await self.http.post(ROUTE, json=asked)

    async def status(self) -> dict[str, Any]:
        told: dict[str, Any] = (await self.http.get(ROUTE)).raise_for_status().json()
        return told

    async def until(self, *stages: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            told = await self.status()
            return told if told["stage"] in stages else None

        told = await found(look)
        assert told is not None
        return told

    async def waiting(self, **asked: Any) -> None:
        (await self.start(**asked)).raise_for_status()
        told = await self.until("waiting", "failed")
        assert told["stage"] == "waiting", told

    async def act(self, *actions: dict[str, Any]) -> httpx.Response:
        return await self.http.post(f"{ROUTE}/actions", json={"actions": actions})

    async def picture(self, after: int = 0, wait: float = 10) -> httpx.Response:
        asked = {"after": str(after), "wait": str(wait)}
        return await self.http.get(f"{ROUTE}/picture", params=asked)

    async def shows_no_site(self) -> bool:
        """Whether a blank page is in front."""
        return not (await self.status())["site"]

    async def is_healthy(self) -> bool:
        async with self.gateway.http() as client:
            return (await client.get("/health")).is_success

    async def health(self) -> dict[str, Any]:
        async with self.gateway.http() as client:
            told: dict[str, Any] = (await client.get("/health")).json()
            return told

    @asynccontextmanager
    async def eyes(self) -> AsyncIterator["Eyes"]:
        async with person_at(self.devtools) as person:
            yield Eyes(person)


class Eyes:
    def __init__(self, person: Person) -> None:
        self._person = person

    async def until(self, expression: str) -> None:
        await found(lambda: self._person.sees(expression))

    async def until_field(self, name: str) -> None:
        await self.until(f"document.activeElement?.name === {json.dumps(name)}")

    async def do(self, expression: str) -> None:
        await self._person.call("Runtime.evaluate", expression=expression, userGesture=True)

    async def value(self, expression: str) -> Any:
        told = await self._person.call("Runtime.evaluate", expression=expression)
        return told["result"].get("value")

    async def go(self, url: str) -> None:
        """What a link on the page would do."""
        await self.do(f"location.href = {json.dumps(url)}")

    async def middle(self, selector: str) -> dict[str, float]:
        """Where a person would click."""
        rect = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        told = await self._person.call("Runtime.evaluate", expression=f"JSON.stringify({rect})")
        box = json.loads(told["result"]["value"])
        return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def typed(text: str) -> dict[str, str]:
    return {"do": "type", "text": text}


def pressed(key: str) -> dict[str, str]:
    return {"do": "press", "key": key}


@asynccontextmanager
async def admin_elsewhere(
    site: Site, folder: Path, *, status: int = 503, **rules: Any
) -> AsyncIterator[Admin]:
    """`rules` are of `SignInSettings`. Entering waits for `status` of `/health`: there is no profile."""
    devtools = free_port()
    settings = BrowserSettings(
        engine="chromium", ai_studio_url=site.address, tabs=1, args=(LOOPBACK_ONLY,), auth_profile=None
    )
    own = settings.model_copy(update={"args": (*settings.args, f"--remote-debugging-port={devtools}")})
    store = ProfileStore(folder / "profiles", site.address)
    kept = SignInSettings(**rules)

    def only_one() -> Path | None:
        return store.files()[0] if len(store.files()) == 1 else None

    with SignIn(store, only_one, kept) as sign_in:
        starting = asyncio.Lock()
        async with RemoteSignIns(own, kept, store, sign_in.file, starting) as remote:
            driver = PageDriver(settings, DEADLINES, sign_in, starting)
            backstage = Backstage(sign_in=remote)
            async with (
                running_gateway(driver, DEADLINES, folder, backstage=backstage, status=status) as gateway,
                gateway.http() as http,
            ):
                http.headers["X-Admin-Token"] = (folder / "admin_token").read_text().strip()
                yield Admin(gateway, http, folder, devtools)
