"""Which network addresses may be connected to. Pure: an address and the networks declared for the server.

The tables are ours and not ``ipaddress.is_global``, whose answers differ between versions of Python; a test
holds the one against the other. Sources: the IANA special-purpose address registries (IPv4 and IPv6), and
the documentation of the clouds for their metadata services.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_NEVER: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "::/128"),  # unspecified: an operating system takes it for itself
            *("169.254.0.0/16", "fe80::/10"),  # link-local, and the metadata services of nearly all clouds
            *("224.0.0.0/4", "ff00::/8", "255.255.255.255/32"),  # multicast, broadcast
            "168.63.129.16/32",  # Azure, its platform's own address
            "100.100.100.200/32",  # Alibaba Cloud
            "192.0.0.192/32",  # Oracle Cloud, formerly
            "fd00:ec2::/32",  # Amazon: metadata ::254, name server, time, credentials of containers
            "fd20:ce::/64",  # Google Cloud
            "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
            "fd00:42::42/128",  # Scaleway
        ),
    )
)
"""Never connected to, whatever is declared: nothing there is a FHIR server, and much of it gives secrets."""

_NOT_PUBLIC: tuple[Network, ...] = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # private
            *("100.64.0.0/10", "127.0.0.0/8"),  # shared by a provider's customers, this machine
            *("192.0.0.0/24", "192.88.99.0/24"),  # protocol assignments, relays of 6to4
            *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"),  # documentation
            *("198.18.0.0/15", "240.0.0.0/4"),  # measurement, reserved
            *("2001::/23", "2001:db8::/32", "3fff::/20"),  # protocol assignments, documentation
        ),
    )
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
"""All that IANA has allocated as global unicast. What embeds IPv4 is judged by that."""

_IPV4_IN_THE_LAST_BITS: tuple[IPv6Network, ...] = tuple(
    map(
        IPv6Network,
        (
            "::ffff:0:0/96",  # mapped: the operating system sends IPv4
            "::ffff:0:0:0/96",  # translated (SIIT)
            "::/96",  # compatible, deprecated
            "64:ff9b::/96",  # NAT64
        ),
    )
)
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (0x00005EFE, 0x02005EFE)


def may_connect(address: Address, networks: Sequence[Network] = ()) -> bool:
    """Whether a server may be at this address.

    Without ``networks`` only public unicast addresses are allowed; with them, only what lies in one. Link-
    local, metadata, multicast, broadcast and unspecified addresses never are. An IPv6 address that carries
    an IPv4 address in it (mapped, NAT64, 6to4, Teredo) is judged by that one: that is where packets go.
    """
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False  # a zone is part of link-local addresses only
    judged, hidden = _judged_by(address), tuple(_perhaps_embedded(address))
    if any(_is_in(_NEVER, one) for one in (address, *judged, *hidden)):
        return False
    if networks:
        return all(_is_in(networks, one) for one in judged)
    return all(map(_is_public, (*judged, *hidden)))


def _is_public(address: Address) -> bool:
    return not _is_in(_NOT_PUBLIC, address) and (address.version == 4 or address in _PUBLIC_IPV6)


def _is_in(networks: Sequence[Network], address: Address) -> bool:
    return any(address in network for network in networks)


def _judged_by(address: Address) -> tuple[Address, ...]:
    """The IPv4 addresses that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return (address,)
    if int(address) <= 1:
        return (address,)  # unspecified and loopback look like IPv4-compatible ones
    bits = int(address)
    if any(address in network for network in _IPV4_IN_THE_LAST_BITS):
        return (_ipv4(bits),)
    if address in _6TO4:
        return (_ipv4(bits >> 80),)
    if address in _TEREDO:
        return (_ipv4(bits >> 64), _ipv4(~bits))  # its server, and the client behind that
    return (address,)


def _perhaps_embedded(address: Address) -> Iterator[Address]:
    """IPv4 addresses that an address may lead to in some networks: enough to refuse, not enough to allow."""
    if isinstance(address, IPv6Address):
        bits = int(address)
        if address in _LOCAL_NAT64 or bits >> 32 & 0xFFFFFFFF in _ISATAP:
            yield _ipv4(bits)


def _ipv4(bits: int) -> IPv4Address:
    return IPv4Address(bits & 0xFFFFFFFF)
