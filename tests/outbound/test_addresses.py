"""Which network addresses a FHIR server or a key set may be at."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.outbound.addresses import Address, Network, may_connect

ANYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "223.255.255.1",
)
PRIVATE = (
    *("10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.1.1", "100.64.0.1", "100.127.255.254"),
    *("127.0.0.1", "127.8.9.10", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.9", "240.0.0.1", "255.255.255.254"),
)
NEVER = (
    *("169.254.169.254", "169.254.170.2", "169.254.0.1", "169.254.255.255"),
    *("168.63.129.16", "100.100.100.200", "192.0.0.192"),
    *("0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "239.255.255.255"),
)


def mapped(address: str) -> str:
    return f"::ffff:{address}"


def translated(address: str) -> str:
    return f"::ffff:0:{address}"


def compatible(address: str) -> str:
    return f"::{address}"


def nat64(address: str) -> str:
    return f"64:ff9b::{address}"


def six_to_four(address: str) -> str:
    return str(IPv6Address(0x2002 << 112 | int(IPv4Address(address)) << 80 | 1))


def teredo_client(address: str) -> str:
    hidden = int(IPv4Address(address)) ^ 0xFFFFFFFF
    return str(IPv6Address(0x20010000 << 96 | int(IPv4Address("8.8.8.8")) << 64 | hidden))


def teredo_server(address: str) -> str:
    hidden = int(IPv4Address("8.8.8.8")) ^ 0xFFFFFFFF
    return str(IPv6Address(0x20010000 << 96 | int(IPv4Address(address)) << 64 | hidden))


FORMS = (str, mapped, translated, compatible, nat64, six_to_four, teredo_client, teredo_server)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_connected_to_in_all_its_forms(address: str, form: type[str]) -> None:
    assert may_connect(ip_address(form(address)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_may_be_only_where_networks_say_so(address: str, form: type[str]) -> None:
    judged = ip_address(form(address))
    assert not may_connect(judged)
    assert may_connect(judged, (ip_network(f"{address}/32"), ip_network("8.8.8.8/32")))
    assert not may_connect(judged, (ip_network("10.99.0.0/16"),))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("address", NEVER)
def test_link_local_metadata_and_multicast_never_may_whatever_is_declared(
    address: str, form: type[str]
) -> None:
    judged = ip_address(form(address))
    assert not may_connect(judged)
    assert not may_connect(judged, ANYWHERE)
    assert not may_connect(judged, (ip_network(f"{address}/32"), ip_network(judged), *ANYWHERE))


@pytest.mark.parametrize(
    ("address", "by_default", "anywhere"),
    [
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("2a00:1450:4001:82b::200e", True, True),
        ("2001:4860:4860::8888", True, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("fc00::1", False, True),
        ("fec0::1", False, True),  # site-local, deprecated
        ("2001:db8::1", False, True),  # documentation
        ("3fff::1", False, True),
        ("2001:10::1", False, True),  # protocol assignments
        ("4000::1", False, True),  # not allocated
        ("100::1", False, True),  # discard
        ("5f00::1", False, True),  # segment routing
        ("64:ff9b:1::808:808", False, True),  # NAT64 of a network's own
        ("::", False, False),
        ("fe80::1", False, False),
        ("fe80::a9fe:a9fe", False, False),
        ("febf::1", False, False),
        ("fe80::1%eth0", False, False),
        ("fd00::1%eth0", False, False),
        ("::ffff:10.0.0.1%eth0", False, False),
        ("ff02::1", False, False),
        ("ff0e::1", False, False),
        ("fd00:ec2::254", False, False),  # Amazon
        ("fd00:ec2::23", False, False),
        ("fd20:ce::254", False, False),  # Google
        ("fd00:c1::a9fe:a9fe", False, False),  # Oracle
        ("fd00:42::42", False, False),  # Scaleway
        ("64:ff9b:1::a9fe:a9fe", False, False),  # link-local behind NAT64 of a network's own
        ("2a00:1450::5efe:a00:1", False, True),  # ISATAP: a private address in a public one
        ("2a00:1450::200:5efe:808:808", True, True),
        ("2a00:1450::5efe:a9fe:a9fe", False, False),
        ("fd00::5efe:a9fe:a9fe", False, False),
    ],
)
def test_ipv6_addresses(address: str, by_default: bool, anywhere: bool) -> None:
    assert may_connect(ip_address(address)) is by_default
    assert may_connect(ip_address(address), ANYWHERE) is anywhere


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [
        ("10.1.2.3", ("10.1.0.0/16",), True),
        ("10.2.2.3", ("10.1.0.0/16",), False),
        ("10.2.2.3", ("10.1.0.0/16", "10.2.0.0/16"), True),
        ("8.8.8.8", ("10.1.0.0/16",), False),  # networks say where the server is, and it is nowhere else
        ("8.8.8.8", ("8.8.8.0/24",), True),
        ("127.0.0.1", ("127.0.0.1/32",), True),
        ("::1", ("127.0.0.0/8",), False),
        ("::1", ("::1/128",), True),
        ("fd12::1", ("fd12::/16",), True),
        ("::ffff:10.1.2.3", ("10.1.0.0/16",), True),
        ("::ffff:10.1.2.3", ("::/0",), False),  # it is an IPv4 address, however it is written
        ("64:ff9b::10.1.2.3", ("64:ff9b::/96",), False),
        ("64:ff9b::10.1.2.3", ("10.1.0.0/16",), True),
    ],
)
def test_networks_are_the_only_places_where_a_server_may_be(
    address: str, networks: tuple[str, ...], may: bool
) -> None:
    assert may_connect(ip_address(address), tuple(map(ip_network, networks))) is may


addresses = st.one_of(
    st.ip_addresses(),
    st.builds(
        lambda form, address: ip_address(form(address)), st.sampled_from(FORMS), st.ip_addresses(v=4).map(str)
    ),
)


def leads_to(address: Address) -> Address:
    """Where Python's own reading of an address says that it leads."""
    if isinstance(address, IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour, address.teredo and address.teredo[1]):
            if inner:
                return inner
    return address


@given(addresses)
def test_nothing_is_public_that_python_calls_private(address: Address) -> None:
    if may_connect(address):
        inner = leads_to(address)
        assert inner.is_global or inner in ip_network("64:ff9b::/96") or inner in ip_network("::/95")
        assert not inner.is_multicast
        assert not inner.is_loopback


@given(addresses)
def test_declaring_everything_allows_all_but_what_never_may(address: Address) -> None:
    if may_connect(address):
        assert may_connect(address, ANYWHERE)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        assert not may_connect(address, ANYWHERE)


@given(addresses, st.ip_addresses(v=4))
def test_networks_allow_nothing_outside_of_them(address: Address, only: IPv4Address) -> None:
    if may_connect(address, (ip_network(only),)):
        assert str(only) in {
            str(address),
            str(leads_to(address)),
            str(IPv4Address(int(address) & 0xFFFFFFFF)),
        }


@pytest.mark.parametrize(
    "written",
    ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0xa9.254.0xa9.254", "169.16689662"],
)
def test_whatever_way_of_writing_an_address_the_system_understands_it_is_judged_as_that(written: str) -> None:
    """A form that only the system reads is resolved like a name: what comes of that is judged."""
    for row in socket.getaddrinfo(written, 443, type=socket.SOCK_STREAM):
        assert str(row[4][0]) == "169.254.169.254"
        assert not may_connect(ip_address(row[4][0]), ANYWHERE)
