"""Which addresses belong to the open internet, and which names lead to them.

Ranges are IANA's special-purpose registries for IPv4 and IPv6; what the standard library's tables leave out
is listed here.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Final

Resolver = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""(host in ASCII, port) to its addresses, best first; raises OSError or UnicodeError."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_SHARED: Final = ipaddress.ip_network("100.64.0.0/10")
"""Between a provider and its customers, and what overlay networks use."""
_SPECIAL: Final = (
    ipaddress.ip_network("192.0.0.0/24"),  # protocol assignments
    ipaddress.ip_network("192.88.99.0/24"),  # relays from IPv6
    ipaddress.ip_network("3fff::/20"),  # documentation
)
_METADATA: Final = (
    ipaddress.ip_network("169.254.0.0/16"),
    ipaddress.ip_network("fe80::/10"),
    ipaddress.ip_network("fd00:ec2::/32"),
    ipaddress.ip_network("100.100.100.200/32"),
    ipaddress.ip_network("168.63.129.16/32"),
    ipaddress.ip_network("192.0.0.192/32"),
)
"""Where clouds hand a machine's secrets to whoever asks from inside it, all link-local addresses included."""


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """Every address of a host as the system knows it, in the system's order, without duplicates.

    Raises:
        OSError: nobody knows the host.
        UnicodeError: it cannot be a host's name.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    """Whether an address, also one wrapped in another, is a single machine of the open internet.

    Raises:
        ValueError: it is no address.
    """
    ip = _unwrapped(ipaddress.ip_address(address))
    if isinstance(ip, ipaddress.IPv6Address) and (ip.scope_id is not None or ip not in _UNICAST):
        return False
    if any(ip in network for network in (*_SPECIAL, *_METADATA)):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def is_private(address: str) -> bool:
    """Whether an address is this machine's own or one of its private networks': what a lab lives on.

    Link-local addresses are neither public nor private.

    Raises:
        ValueError: it is no address.
    """
    ip = _unwrapped(ipaddress.ip_address(address))
    if ip.is_unspecified or ip.is_multicast or any(ip in network for network in _METADATA):
        return False
    return ip.is_loopback or ip in _SHARED or (ip.is_private and not ip.is_reserved)


def is_public_or_private(address: str) -> bool:
    """What a lab needs: everything but link-local addresses, clouds' metadata and groups of machines."""
    return is_public(address) or is_private(address)


def _unwrapped(ip: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if ip in _NAT64 or ip in _COMPATIBLE:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo[1] if ip.teredo is not None else None
    return ip.ipv4_mapped or ip.sixtofour or teredo or ip
