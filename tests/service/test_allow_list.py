"""Which URLs belong to an allowed FHIR server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from cds_service.fhir.allow_list import AllowList, parse_base

ALLOWED = AllowList(("https://ehr.example/fhir/r4", "http://[::1]:8080/fhir", "https://multi.example"))


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
    base = ALLOWED.find(asked)
    assert base is not None
    assert base.url == url


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
        "file:///fhir/r4",
    ],
)
def test_anything_else_is_not(asked: object) -> None:
    assert ALLOWED.find(asked) is None


def test_an_allow_list_with_something_that_is_not_a_url_is_refused() -> None:
    with pytest.raises(ValueError, match="not a base URL"):
        AllowList(("ehr.example",))


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
    base = parse_base(url)
    assert base is not None
    assert base.keeps_secrets is keeps
