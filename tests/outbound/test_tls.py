"""The certificate must be that of the host name, whatever address was dialled."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path

import pytest
import requests

from cds_service.outbound.deadlines import deadline
from cds_service.outbound.resolving import Resolver
from cds_service.outbound.sessions import Rule, Sessions
from tests.outbound.certificates import Authority
from tests.outbound.places import LOOPBACK, NameService, place, soon


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("hospital"))


def get(rule: Rule, url: str, *answers: object) -> requests.Response:
    with deadline(soon()):
        found = Sessions(Resolver(NameService(*(answers or (["127.0.0.1"],)))))
        return found.of(rule).get(url, timeout=5)


def refusal(rule: Rule, url: str) -> str:
    """The library's own words for why a connection was not secure."""
    with pytest.raises(requests.exceptions.SSLError) as refused:
        get(rule, url)
    return str(refused.value)


def test_the_name_is_proven_and_sent_and_the_checked_address_is_dialled(hospital: Authority) -> None:
    with (
        place("127.0.0.2", context=hospital.context("ehr.example")) as server,
        place("127.0.0.1", port=server.port, context=hospital.context("ehr.example")) as other,
    ):
        rule = Rule(LOOPBACK, ca_file=hospital.file)
        url = f"https://ehr.example:{server.port}/fhir"
        assert get(rule, url, ["127.0.0.2"], ["127.0.0.1"]).content == b"{}"
        assert server.names == ["ehr.example"]
        assert f"Host: ehr.example:{server.port}" in server.heads[0]
        assert other.connections == 0


@pytest.mark.parametrize(
    "written_for", ["other.example", "127.0.0.1", "ehr.example.evil.example", "*.ehr.example"]
)
def test_a_certificate_for_another_name_is_refused_even_if_it_fits_the_address(
    hospital: Authority, written_for: str
) -> None:
    with place(context=hospital.context(written_for)) as server:
        said = refusal(Rule(LOOPBACK, ca_file=hospital.file), f"https://ehr.example:{server.port}/")
        assert "ostname mismatch" in said
        assert server.heads == []


def test_a_server_that_is_named_by_its_address_needs_a_certificate_for_that(hospital: Authority) -> None:
    rule = Rule(LOOPBACK, ca_file=hospital.file)
    with place(context=hospital.context("127.0.0.1")) as server:
        assert get(rule, f"https://127.0.0.1:{server.port}/").ok
        assert server.names == [None]
    with place(context=hospital.context("ehr.example")) as server:
        assert "mismatch" in refusal(rule, f"https://127.0.0.1:{server.port}/")


def test_an_authority_that_was_not_named_is_not_trusted(hospital: Authority, tmp_path: Path) -> None:
    with place(context=hospital.context("ehr.example")) as server:
        for rule in (Rule(LOOPBACK), Rule(LOOPBACK, ca_file=Authority(tmp_path, "another").file)):
            assert "CERTIFICATE_VERIFY_FAILED" in refusal(rule, f"https://ehr.example:{server.port}/")
        assert server.heads == []


def test_a_named_authority_counts_instead_of_the_public_ones(hospital: Authority) -> None:
    public, own = Sessions(), Sessions()
    contexts = [
        one.of(rule).get_adapter("https://ehr.example").poolmanager.connection_pool_kw["ssl_context"]  # type: ignore[attr-defined]
        for one, rule in ((public, Rule()), (own, Rule(ca_file=hospital.file)))
    ]
    assert len(contexts[0].get_ca_certs()) > 50
    assert [dict(pair[0] for pair in one["subject"]) for one in contexts[1].get_ca_certs()] == [
        {"commonName": "hospital"}
    ]


def test_the_environment_names_no_authorities(hospital: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(hospital.file))
    with place(context=hospital.context("ehr.example")) as server:
        assert "VERIFY_FAILED" in refusal(Rule(LOOPBACK), f"https://ehr.example:{server.port}/")


def test_a_certificate_that_has_expired_is_refused(hospital: Authority) -> None:
    with place(context=hospital.context("ehr.example", days_old=30)) as server:
        said = refusal(Rule(LOOPBACK, ca_file=hospital.file), f"https://ehr.example:{server.port}/")
        assert "expired" in said


def test_asking_for_no_verification_changes_nothing(hospital: Authority) -> None:
    with place(context=hospital.context("other.example")) as server, deadline(soon()):
        session = Sessions(Resolver(NameService(["127.0.0.1"]))).of(Rule(LOOPBACK))
        session.verify = False
        with pytest.raises(requests.exceptions.SSLError):
            session.get(f"https://ehr.example:{server.port}/", timeout=5, verify=False)


@pytest.mark.parametrize(
    ("newest", "spoken"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
)
def test_tls_is_at_least_1_2(hospital: Authority, newest: ssl.TLSVersion, spoken: bool) -> None:
    context = hospital.context("ehr.example")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
    rule = Rule(LOOPBACK, ca_file=hospital.file)
    with place(context=context) as server:
        url = f"https://ehr.example:{server.port}/"
        if spoken:
            assert get(rule, url).ok
        else:
            assert "alert protocol version" in refusal(rule, url).lower().replace("_", " ")


def test_an_authority_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Sessions().of(Rule(ca_file=tmp_path / "none.pem"))
