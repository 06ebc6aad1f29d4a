"""An IPv4 address in an ISATAP address (RFC 5214), whether its universal bit is set or not."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from cds_service.outbound.addresses import may_connect


@pytest.mark.parametrize("identifier", ["0:5efe", "200:5efe"])
@pytest.mark.parametrize(
    ("ipv4", "allowed"),
    [
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("192.168.7.7", False),
        ("8.8.8.8", True),
    ],
)
def test_an_isatap_address_leads_to_no_private_ipv4_address(
    identifier: str, ipv4: str, allowed: bool
) -> None:
    assert may_connect(ip_address(f"2a00:1450:4001:81b:{identifier}:{ipv4}")) is allowed


@pytest.mark.parametrize("identifier", ["0:5eff", "201:5efe", "200:5eff"])
def test_another_interface_identifier_holds_no_address(identifier: str) -> None:
    assert may_connect(ip_address(f"2a00:1450:4001:81b:{identifier}:10.0.0.1"))
