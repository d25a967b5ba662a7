"""The proxy that a browser reaches the site through, as each engine wants to be told.

This machine itself is never reached through it: the gateway and a simulator are here, and a proxy elsewhere
could not find them.
"""

from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.async_api import ProxySettings

from domain.errors import BrowserDown

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def proxy_option(address: str | None, *, bypass: tuple[str, ...] = LOOPBACK) -> ProxySettings | None:
    """Playwright's own form of an address like `http://user:password@host:3128`; `None` for none."""
    if address is None:
        return None
    parts = urlsplit(address)
    option = ProxySettings(
        server=f"{parts.scheme}://{host_of(address)}:{parts.port}", bypass=",".join(bypass)
    )
    if parts.username is not None:
        option["username"] = unquote(parts.username)
        option["password"] = unquote(parts.password or "")
    return option


def firefox_preferences(address: str | None) -> dict[str, str | float | bool]:
    """Preferences of a stock Firefox: told by Playwright, it would send https past an http proxy.

    Raises:
        BrowserDown: Firefox cannot use such a proxy without being asked by hand.
    """
    if address is None:
        return {}
    parts = urlsplit(address)
    if parts.username is not None or parts.scheme == "https":
        raise BrowserDown(
            "BROWSER=firefox cannot use a UNIFIED_PROXY_CONFIG that is https or has a password; "
            "choose BROWSER=chromium or BROWSER=camoufox."
        )
    kinds = ("socks",) if parts.scheme == "socks5" else ("http", "ssl")
    preferences: dict[str, Any] = {
        "network.proxy.type": 1,
        "network.proxy.no_proxies_on": ",".join(LOOPBACK),
        "network.proxy.socks_version": 5,
        "network.proxy.socks_remote_dns": True,
    }
    for kind in kinds:
        preferences[f"network.proxy.{kind}"] = host_of(address).strip("[]")
        preferences[f"network.proxy.{kind}_port"] = parts.port
    return preferences


def host_of(address: str) -> str:
    """The host of an address, in brackets where it has colons."""
    host = urlsplit(address).hostname or ""
    return f"[{host}]" if ":" in host else host
