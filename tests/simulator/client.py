"""Calls the simulator the way the page does, and reads answers the way JSPB is written."""

import hashlib
import json
import ssl
import time
from typing import Any, Self

import httpx

from simulator.admission import API_KEY
from simulator.sessions import Session
from simulator.site import SERVICE_PATH, Site

TOKEN = "!" + "a" * 800
HARM_SETTINGS = [[None, None, 7, 4], [None, None, 8, 4], [None, None, 9, 4], [None, None, 10, 3]]


def generate_body(text: str, *, model: str = "gemini-2.5-flash", **slots: Any) -> list[Any]:
    """A GenerateContent body; `slots` are `s3=[…]` for the value at index 3."""
    body: list[Any] = [f"models/{model}", [[[[None, text]], "user"]], HARM_SETTINGS, None, TOKEN]
    body += [None] * 9
    for name, value in slots.items():
        body[int(name[1:])] = value
    return body


def config(**slots: Any) -> list[Any]:
    """A generation config with `c4=0.5` at index 4 and so on."""
    places = {int(name[1:]): value for name, value in slots.items()}
    return [places.get(index) for index in range(max(places) + 1)]


def new_http(**options: Any) -> httpx.AsyncClient:
    """A client with cookies of its own; quick to make, since it loads no list of authorities."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return httpx.AsyncClient(verify=context, timeout=10, **options)


class PageClient:
    """One signed-in page without a browser."""

    def __init__(self, site: Site, session: Session) -> None:
        self.site = site
        self.session = session
        self.http = new_http()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    def url(self, method: str) -> str:
        return f"{self.site.rpc}{SERVICE_PATH}/{method}"

    def headers(self, **changes: str | None) -> dict[str, str]:
        """Headers of an RPC; a change to None leaves one out (underscores stand for hyphens)."""
        stamp = str(int(time.time()))
        secret = self.session.cookies["SAPISID"]
        digest = hashlib.sha1(
            f"{stamp} {secret} {self.site.page}".encode(), usedforsecurity=False
        ).hexdigest()
        value = f"{stamp}_{digest}"
        headers: dict[str, str | None] = {
            "authorization": f"SAPISIDHASH {value} SAPISID1PHASH {value} SAPISID3PHASH {value}",
            "origin": self.site.page,
            "content-type": "application/json+protobuf",
            "x-goog-api-key": API_KEY,
            "x-goog-authuser": "0",
            "x-user-agent": "grpc-web-javascript/0.1",
            "x-goog-ext-519733851-bin": "CAASAUIwATgEQABQBFgDYgJVUw==",
            "x-aistudio-visit-id": "v1_dGVzdA",
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in headers.items() if value is not None}

    async def call(self, method: str, body: Any, **headers: str | None) -> httpx.Response:
        return await self.http.post(
            self.url(method), content=json.dumps(body), headers=self.headers(**headers)
        )

    async def generate(self, text: str, **slots: Any) -> httpx.Response:
        return await self.call("GenerateContent", generate_body(text, **slots))

    async def answer(self, text: str, **slots: Any) -> "Heard":
        """The whole answer to a prompt, which must succeed."""
        response = await self.generate(text, **slots)
        assert response.status_code == 200, response.text
        return Heard(response.text)


class Heard:
    """A StreamBody, read by position."""

    def __init__(self, text: str) -> None:
        body = json.loads("[null" + text[1:] if text.startswith("[,") else text)
        self.events: list[list[Any]] = body[0] or []
        self.status: list[Any] | None = body[1] if len(body) > 1 else None

    @property
    def candidates(self) -> list[list[Any]]:
        return [event[0][0] for event in self.events if event[0]]

    @property
    def parts(self) -> list[list[Any]]:
        return [part for candidate in self.candidates for part in candidate[0][0]]

    @property
    def text(self) -> str:
        return "".join(slot(part, 1) or "" for part in self.parts if not slot(part, 12))

    @property
    def thoughts(self) -> str:
        return "".join(slot(part, 1) or "" for part in self.parts if slot(part, 12))

    @property
    def finish(self) -> int | None:
        return next((c[1] for c in reversed(self.candidates) if slot(c, 1) is not None), None)

    @property
    def usage(self) -> list[Any]:
        usage: list[Any] = [event for event in self.events if slot(event, 2)][-1][2]
        return usage


def slot(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None
