"""Which addresses belong to the open internet."""

import pytest

from api.network.addresses import is_private, is_public, is_public_or_private

PUBLIC = [
    "8.8.8.8",
    "64:ff9b::5db8:d822",
    "1.1.1.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "192.168.0.1",
    "172.16.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:5ef5:79fd::f5ff:fffe",
    "100.64.0.1",
    "::1",
    "fd12::1",
    "::ffff:10.0.0.1",
]
NEVER = [
    "169.254.169.254",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
    "fec0::1",
    "192.88.99.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_allowed(address: str) -> None:
    assert is_public(address)
    assert not is_private(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_is_allowed_in_a_lab_only(address: str) -> None:
    assert not is_public(address)
    assert is_public_or_private(address)


@pytest.mark.parametrize("address", NEVER)
def test_address_of_no_single_machine_or_of_metadata_is_never_allowed(address: str) -> None:
    assert not is_public(address)
    assert not is_private(address)
