"""Which addresses an MCP endpoint may have: the rules against requests into the own network."""

from dataclasses import dataclass
from typing import Final

from httpx2 import URL, InvalidURL

from api.network.addresses import is_public, resolve
from domain.errors import BadRequest, McpError

_PORTS: Final = {"http": 80, "https": 443}
_SETTING: Final = "MCP_ALLOWED_HOSTS"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked address: every connection goes to one of `addresses`, whatever the name means later."""

    url: URL
    addresses: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        return shown(self.url)


def shown(url: URL) -> str:
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


class AddressRules:
    """`allowed` are hosts, each with or without a port; when there are any, only they may be used.

    Addresses of the machine or of its network may be used only when they are listed.
    """

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)

    async def check(self, address: str) -> Endpoint:
        """Resolve the host of an address, once.

        Raises:
            BadRequest: not an HTTP address, or not an allowed one.
            McpError: a host that nobody knows.
        """
        url = _parsed(address)
        port = url.port or _PORTS[url.scheme]
        listed = self._lists(url.host, port)
        if self._allowed and not listed:
            raise _refused(url, f"is not in {_SETTING}; add {url.host!r} there to allow it")
        addresses = await _resolved(url, port)
        if not listed:
            addresses = tuple(one for one in addresses if is_public(one))
        if not addresses:
            raise _refused(
                url,
                f"leads to this machine or its network; add {url.host!r} to {_SETTING} to allow it",
            )
        return Endpoint(url, addresses)

    def _lists(self, host: str, port: int) -> bool:
        name = f"[{host}]" if ":" in host else host
        return not self._allowed.isdisjoint({host.lower(), name.lower(), f"{name}:{port}".lower()})


def _parsed(address: str) -> URL:
    try:
        url = URL(address)
    except (InvalidURL, ValueError) as error:
        raise BadRequest(
            f"mcp_endpoint={address!r:.200} is not an address: {error}.", param="mcp_endpoint"
        ) from None
    if url.scheme not in _PORTS or not url.host:
        raise BadRequest(
            f"mcp_endpoint={shown(url)!r} must be an http:// or https:// address.", param="mcp_endpoint"
        )
    return url


async def _resolved(url: URL, port: int) -> tuple[str, ...]:
    try:
        return await resolve(url.raw_host.decode("ascii"), port)
    except (OSError, UnicodeError) as error:
        raise McpError(
            f"The host of mcp_endpoint={shown(url)!r} could not be found: {error}.", param="mcp_endpoint"
        ) from None


def _refused(url: URL, why: str) -> BadRequest:
    return BadRequest(f"mcp_endpoint={shown(url)!r} {why}.", param="mcp_endpoint")
