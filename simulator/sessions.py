"""Who is signed in: accounts, live sessions with their cookies, and the proof that an RPC carries.

The proof is `SAPISIDHASH <seconds>_<sha1 hex of "seconds SAPISID origin">`, computed by the page from the
one session cookie that it can read.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from simulator.site import Site

COOKIE_LIFETIME = 400 * 24 * 3600
PAGE_READABLE = ("APISID", "SAPISID", "SIDCC")
SESSION_COOKIES = ("SID", "HSID", "SSID", "APISID", "SAPISID", "SIDCC", "__Secure-1PSID", "__Secure-3PSID")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `code` is the answer to the second step."""

    name: str
    email: str
    password: str
    code: str = "123456"


DEFAULT_ACCOUNT = Account("Ada Example", "ada@example.com", "simulator")
OTHER_ACCOUNT = Account("Grace Example", "grace@example.com", "simulator")


@dataclass(slots=True)
class Session:
    """One sign-in: cookie values by name, and the access token handed out for uploads."""

    account: Account
    cookies: dict[str, str]
    access_token: str

    @property
    def sid(self) -> str:
        return self.cookies["SID"]


@dataclass(slots=True)
class Sessions:
    """All live sessions."""

    accounts: tuple[Account, ...] = (DEFAULT_ACCOUNT, OTHER_ACCOUNT)
    live: dict[str, Session] = field(default_factory=dict)

    def account(self, email: str) -> Account | None:
        wanted = email.strip().lower()
        return next((account for account in self.accounts if account.email == wanted), None)

    def open(self, account: Account | None = None) -> Session:
        cookies = {name: _secret() for name in SESSION_COOKIES}
        session = Session(account or self.accounts[0], cookies, f"ya29.{secrets.token_urlsafe(32)}")
        self.live[session.sid] = session
        return session

    def end(self, sid: str) -> None:
        self.live.pop(sid, None)

    def end_all(self) -> int:
        """How many sessions were ended."""
        count = len(self.live)
        self.live.clear()
        return count

    def of_cookie(self, cookies: dict[str, str]) -> Session | None:
        return self.live.get(cookies.get("SID", ""))

    def of_token(self, authorization: str) -> Session | None:
        """The session whose access token a `Bearer` header carries."""
        token = authorization.removeprefix("Bearer ")
        return next((s for s in self.live.values() if hmac.compare_digest(s.access_token, token)), None)

    def of_proof(self, authorization: str, origin: str) -> Session | None:
        """The session that a `SAPISIDHASH …` header proves to belong to, for a page at `origin`."""
        scheme, _, rest = authorization.partition(" ")
        stamp, _, digest = rest.partition(" ")[0].partition("_")
        if scheme != "SAPISIDHASH" or not stamp.isdecimal():
            return None
        return next((s for s in self.live.values() if digest == proof(s, stamp, origin)), None)


def proof(session: Session, stamp: str, origin: str) -> str:
    text = f"{stamp} {session.cookies['SAPISID']} {origin}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def browser_cookies(session: Session, site: Site) -> list[dict[str, Any]]:
    """The session's cookies as Playwright's storage state has them."""
    expires = int(time.time()) + COOKIE_LIFETIME
    return [
        {
            "name": name,
            "value": value,
            "domain": site.cookie_domain or site.page_host,
            "path": "/",
            "expires": expires,
            "httpOnly": name not in PAGE_READABLE,
            "secure": site.secure or name.startswith("__Secure-"),
            "sameSite": "None" if site.secure and name == "__Secure-3PSID" else "Lax",
        }
        for name, value in session.cookies.items()
    ]


def set_cookie_headers(session: Session, site: Site) -> list[str]:
    """`Set-Cookie` values that sign a browser in."""
    return [_set_cookie(cookie, session, site) for cookie in browser_cookies(session, site)]


def rotated_cookie(session: Session, site: Site) -> str:
    """`Set-Cookie` of a new SIDCC, which the site hands out whenever the page is opened."""
    session.cookies["SIDCC"] = _secret()
    cookies = browser_cookies(session, site)
    return next(_set_cookie(cookie, session, site) for cookie in cookies if cookie["name"] == "SIDCC")


def _secret() -> str:
    return f"g.{secrets.token_urlsafe(24)}"


def _set_cookie(cookie: dict[str, Any], session: Session, site: Site) -> str:
    words = [f"{cookie['name']}={session.cookies[cookie['name']]}", "Path=/", f"Max-Age={COOKIE_LIFETIME}"]
    if site.cookie_domain:
        words.append(f"Domain={site.cookie_domain}")
    if cookie["httpOnly"]:
        words.append("HttpOnly")
    if cookie["secure"]:
        words.append("Secure")
    words.append(f"SameSite={cookie['sameSite']}")
    return "; ".join(words)


def storage_state(session: Session, sites: list[Site], preferences: str | None = None) -> dict[str, Any]:
    """A Playwright storage state signed in on all `sites`; `preferences` is the page's own saved JSON."""
    stored = [] if preferences is None else [{"name": "aiStudioUserPreference", "value": preferences}]
    return {
        "cookies": [cookie for site in sites for cookie in browser_cookies(session, site)],
        "origins": [{"origin": site.page, "localStorage": stored} for site in sites] if stored else [],
        "accountName": session.account.email,
    }
