"""Which URLs belong to an allowed FHIR server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from cds_service.clients.registered import FhirServer
from cds_service.fhir.allow_list import AllowList, FhirBase, parse_base
from cds_service.fhir.fetching import Access
from cds_service.outbound.sessions import Rule


def base_of(url: str) -> FhirBase:
    base = parse_base(url)
    assert base is not None
    return base


def server(url: str, *networks: str, insecure_http: bool = False) -> FhirServer:
    return FhirServer(base_of(url), tuple(map(ip_network, networks)), insecure_http)


ALLOWED = AllowList(
    (
        server("https://ehr.example/fhir/r4"),
        server("http://[::1]:8080/fhir", insecure_http=True),
        server("https://multi.example"),
        server("http://plain.example/fhir"),
    )
)


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        ("https://ehr.example/fhir/r4", "https://ehr.example/fhir/r4"),
        ("https://ehr.example/fhir/r4/", "https://ehr.example/fhir/r4"),
        ("HTTPS://EHR.example:443/fhir/r4", "https://ehr.example/fhir/r4"),
        ("https://ehr.example/fhir/r4/tenant-7", "https://ehr.example/fhir/r4/tenant-7"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080/fhir"),
        ("https://multi.example/any/where", "https://multi.example/any/where"),
    ],
)
def test_an_allowed_server_is_found_in_its_normal_form(asked: str, url: str) -> None:
    found = ALLOWED.find(asked)
    assert found is not None
    assert found.base.url == url


@pytest.mark.parametrize(
    "asked",
    [
        None,
        7,
        "",
        "https://ehr.example/fhir",
        "https://ehr.example/fhir/r4x",
        "https://ehr.example/fhir/r4/../../admin",
        "https://ehr.example/fhir/r4/%2e%2e/admin",
        "https://ehr.example/fhir/r4/%2E./admin",
        "https://ehr.example/fhir/r4%2f..%2fadmin",
        "https://ehr.example/fhir/r4//x",
        "https://ehr.example/fhir/r4?x=1",
        "https://ehr.example/fhir/r4#x",
        "https://user@ehr.example/fhir/r4",
        "https://ehr.example@evil.example/fhir/r4",
        "https://ehr.example\\@evil.example/fhir/r4",
        "https://ehr.example:8443/fhir/r4",
        "https://ehr.example:0443/fhir/r4:x",
        "https://ehr.example.evil.example/fhir/r4",
        "https://evil.example/https://ehr.example/fhir/r4",
        "http://ehr.example/fhir/r4",
        "https://ehr.example /fhir/r4",
        "https://ehr.example\r\nX: y/fhir/r4",
        "\thttps://ehr.example/fhir/r4",
        "https://\uff45hr.example/fhir/r4",
        "http://127.0.0.1:8080/fhir",
        "http://plain.example/fhir",  # http was not declared
        "https://plain.example/fhir",
        "https://ehr.example./fhir/r4",
        "https://ehr.example%00.evil.example/fhir/r4",
        "https://[::1%25lo]:8080/fhir",
        "http://[::1%lo]:8080/fhir",
        "http://[0:0:0:0:0:0:0:1]:8080/fhir",  # the same address, written otherwise
        "http://0x7f000001:8080/fhir",
        "http://2130706433:8080/fhir",
        "file:///fhir/r4",
    ],
)
def test_anything_else_is_not(asked: object) -> None:
    assert ALLOWED.find(asked) is None


def test_a_server_comes_with_what_is_declared_for_it() -> None:
    hospital = server("https://ehr.example/fhir", "10.1.0.0/16", "fd12::/32")
    lab = server("http://ehr.example/lab", "10.2.0.0/16", insecure_http=True)
    allowed = AllowList((hospital, lab))
    assert allowed.find("https://ehr.example/fhir/") == hospital
    assert allowed.find("HTTP://EHR.example:80/lab") == lab
    assert allowed.find("https://ehr.example/fhir/tenant") == server(
        "https://ehr.example/fhir/tenant", "10.1.0.0/16", "fd12::/32"
    )
    assert AllowList(()).find("https://ehr.example/fhir") is None


def test_of_two_servers_the_one_that_is_nearer_says_where_it_is() -> None:
    outer, inner = (
        server("https://ehr.example", "10.1.0.0/16"),
        server("https://ehr.example/fhir", "10.2.0.0/16"),
    )
    for allowed in (AllowList((outer, inner)), AllowList((inner, outer))):
        found = allowed.find("https://ehr.example/fhir/r4")
        assert found is not None
        assert found.networks == inner.networks


def test_access_to_a_server_is_by_its_own_rule() -> None:
    hospital = server("http://ehr.example/fhir", "10.1.0.0/16", insecure_http=True)
    assert Access.to(hospital, "t").rule == Rule((ip_network("10.1.0.0/16"),), insecure_http=True)
    assert Access.to(server("https://ehr.example/fhir")).rule == Rule()
    assert Access(hospital.base).rule == Rule()  # without a rule: public addresses and https only


@given(st.text(alphabet="htps:/@\\.?#%2eE[]:exampl 0\t", max_size=40).map(lambda text: f"https://{text}"))
def test_what_is_accepted_means_the_same_host_to_the_library_that_connects(text: str) -> None:
    base = parse_base(text)
    if base is not None:
        assert (parse_url(text).host or "").lower() == base.host


@pytest.mark.parametrize(
    ("url", "keeps"),
    [
        ("https://ehr.example/fhir", True),
        ("http://localhost:8080/fhir", True),
        ("http://127.0.0.1/fhir", True),
        ("http://[::1]/fhir", True),
        ("http://ehr.example/fhir", False),
        ("http://127.0.0.1.evil.example/fhir", False),
    ],
)
def test_a_token_is_safe_where_it_is_encrypted_or_does_not_leave_the_machine(url: str, keeps: bool) -> None:
    assert base_of(url).keeps_secrets is keeps
