"""What a saved sign-in holds and whether it can still sign in. No I/O, no clock.

The site is signed in to by cookies of its own domain; which ones matter is second-hand knowledge, as is that
`SAPISID` is what the page's requests are signed with.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

AUTH_COOKIES = frozenset(
    {"SID", "HSID", "SSID", "APISID", "SAPISID", "SIDCC", "__Secure-1PSID", "__Secure-3PSID"}
)


class Unfit(Exception):
    """Not a sign-in; the text says what is wrong, without a file's name and without any value of it."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Cookie(_Lenient):
    name: str = Field(min_length=1)
    value: str
    domain: str = Field(min_length=1)
    path: str
    expires: float = -1
    httpOnly: bool = False  # noqa: N815 as Playwright writes it
    secure: bool = False
    sameSite: Literal["Strict", "Lax", "None"] = "Lax"  # noqa: N815


class _Item(_Lenient):
    name: str
    value: str


class _Origin(_Lenient):
    origin: str
    localStorage: list[_Item] = []  # noqa: N815


class _Shape(_Lenient):
    cookies: list[_Cookie]
    origins: list[_Origin] = []


@dataclass(frozen=True, slots=True)
class SavedState:
    """A Playwright storage state of the right shape, for the site at `host`."""

    whole: Mapping[str, Any]
    """As it was read, with keys that Playwright does not know."""
    host: str

    @classmethod
    def parse(cls, content: bytes, host: str) -> Self:
        """Read a file's content.

        Raises:
            Unfit: it is empty, cut short, no JSON, or not of the right shape.
        """
        if not content.strip():
            raise Unfit("it is empty")
        try:
            whole = json.loads(content)
        except UnicodeDecodeError:
            raise Unfit("it is not text in UTF-8") from None
        except RecursionError:
            raise Unfit("it is nested too deeply") from None
        except json.JSONDecodeError as error:
            text = error.doc.strip()
            cut = text.startswith("{") and not text.endswith("}")
            raise Unfit(f"it is {'cut short' if cut else 'no JSON'} (line {error.lineno})") from None
        return cls.of(whole, host)

    @classmethod
    def of(cls, whole: object, host: str) -> Self:
        """Check a state that was decoded already.

        Raises:
            Unfit: it is not of the right shape.
        """
        if not isinstance(whole, dict):
            raise Unfit("it is no Playwright storage state: an object with 'cookies' is expected")
        try:
            _Shape.model_validate(whole)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise Unfit(f"it is no Playwright storage state: {place}: {first['msg'].lower()}") from None
        return cls(whole, host)

    @property
    def account(self) -> str:
        """The account's address, where whoever saved it noted that; else empty."""
        found = self.whole.get("accountName")
        return found if isinstance(found, str) else ""

    def auth_cookies(self, now: float) -> frozenset[str]:
        """Names of the cookies that sign in to the site and have not ended."""
        return frozenset(name for name, end in self._ends().items() if end == -1 or end > now)

    def expires(self) -> float | None:
        """When the first of the cookies that sign in ends; `None`: none says when."""
        return min((end for end in self._ends().values() if end != -1), default=None)

    def require_signed_in(self, now: float) -> None:
        """Raise what is in the way of signing in with it.

        Raises:
            Unfit: no cookie of the site, none that signs in, or all of those have ended.
        """
        if not any(_belongs(cookie["domain"], self.host) for cookie in self.whole["cookies"]):
            raise Unfit(f"it has no cookies of {self.host}")
        if not self._ends():
            raise Unfit(f"it is of a browser that was not signed in: no cookie signs in to {self.host}")
        if not self.auth_cookies(now):
            raise Expired("its sign-in has expired")

    def renewed(self, fresh: Mapping[str, Any], now: float) -> Self:
        """This state with what a browser holds now; keys that are not Playwright's own stay.

        Raises:
            Unfit: the browser is not signed in any more, so that saving would lose the sign-in.
        """
        new = type(self).of(dict(fresh), self.host)
        new.require_signed_in(now)
        if lost := self.auth_cookies(now) - new.auth_cookies(now):
            raise Unfit(f"the browser is not signed in any more (without {_listed(lost)})")
        return type(self)({**self.whole, **new.whole}, self.host)

    def dump(self) -> bytes:
        return json.dumps(self.whole, ensure_ascii=False, indent=1).encode()

    def _ends(self) -> dict[str, float]:
        """When each cookie that signs in ends, by name; -1: with the browser. The last of several counts."""
        ends: dict[str, float] = {}
        for cookie in self.whole["cookies"]:
            if cookie["name"] in AUTH_COOKIES and _belongs(cookie["domain"], self.host):
                end = float(cookie.get("expires", -1))
                known = ends.get(cookie["name"], end)
                ends[cookie["name"]] = -1 if -1 in (end, known) else max(end, known)
        return ends


class Expired(Unfit):
    """It was a sign-in once."""


def _belongs(domain: str, host: str) -> bool:
    """Whether a browser sends a cookie of `domain` to `host`; a leading dot includes hosts below."""
    bare = domain.removeprefix(".").lower()
    return host == bare or (domain.startswith(".") and host.endswith(f".{bare}"))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
