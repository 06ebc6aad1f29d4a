"""What a client's registration says about a FHIR server holds for the calls of that client."""

from __future__ import annotations

import socket
import ssl
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from cds_service.clients.registered import Client, FhirServer
from cds_service.fhir.allow_list import parse_base
from cds_service.fhir.fetching import Access, FhirFetcher, Wanted
from cds_service.fhir.transport import ByteBudget
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import NOT_ALLOWED, PLAIN_HTTP, access_of
from cds_service.outbound.addresses import Network
from cds_service.outbound.resolving import Resolver
from cds_service.outbound.sessions import Rule
from cds_service.settings import Settings
from mappings.needs import Query
from tests.outbound.certificates import Authority
from tests.outbound.places import LOOPBACK, Answering, NameService, place, soon
from tests.service.charts import INSTANCE
from tests.service.raw_server import usual

QUERY = Query("conditions", "Condition", ())
TWO_NETWORKS = (ip_network("127.0.0.2/32"), ip_network("127.0.0.3/32"))


def server(url: str, networks: tuple[Network, ...] = (), *, insecure_http: bool = False) -> FhirServer:
    base = parse_base(url)
    assert base is not None
    return FhirServer(base, networks, insecure_http)


def hook_call(fhir_server: str, token: str | None = None) -> HookCall:
    return HookCall(INSTANCE, "p1", "Practitioner/1", fhir_server=fhir_server, token=token)


def registered(*servers: FhirServer) -> Client:
    return Client("ehr", issuer="https://ehr.example/", fhir_servers=servers)


def a_fhir_server(connection: socket.socket, head: str) -> None:
    usual(connection, head.split(" ")[1])


def gap_of(fetcher: FhirFetcher, access: Access, seconds: float = 2.0) -> str:
    """Why a search found less than everything; "" if it found all."""
    [found] = fetcher.fetch(access, "p1", [Wanted(QUERY)], soon(seconds))
    return "" if found.gap is None else found.gap.what


# --- who may be called


def test_a_server_of_one_client_may_not_be_called_for_another() -> None:
    one, other = server("https://one.example/fhir"), server("https://other.example/fhir")
    assert access_of(hook_call(one.base.url), registered(one))[0] == Access(one.base)
    assert access_of(hook_call(one.base.url), registered(other)) == (None, NOT_ALLOWED)


@pytest.mark.parametrize(
    ("url", "declared", "client", "token", "why"),
    [
        ("https://ehr.example/fhir", False, "ehr", "t", ""),
        ("http://ehr.example/fhir", True, "ehr", "t", ""),  # declared for this server, tokens included
        ("http://ehr.example/fhir", False, "ehr", None, NOT_ALLOWED),
        ("http://ehr.example/fhir", False, "ehr", "t", NOT_ALLOWED),
        ("http://localhost/fhir", False, "ehr", None, NOT_ALLOWED),
        ("http://ehr.example/fhir", True, "demo", None, ""),
        ("http://ehr.example/fhir", True, "demo", "t", PLAIN_HTTP),
        ("http://localhost:8080/fhir", True, "demo", "t", ""),
    ],
)
def test_http_must_be_declared_and_carries_tokens_only_where_a_registration_says_so(
    url: str, declared: bool, client: str, token: str | None, why: str
) -> None:
    known = server(url, insecure_http=declared)
    caller = registered(known) if client == "ehr" else Client("demo", fhir_servers=(known,))
    access, said = access_of(hook_call(url, token), caller)
    assert said == why
    assert (access is None) is bool(why)


# --- where it may be


@pytest.mark.parametrize(
    ("networks", "address", "said"),
    [
        (LOOPBACK, "127.0.0.1", ""),
        ((), "127.0.0.1", "the address of the FHIR server may not be called"),
        ((ip_network("10.0.0.0/8"),), "127.0.0.1", "the address of the FHIR server may not be called"),
        (LOOPBACK, "169.254.169.254", "the address of the FHIR server may not be called"),
        (LOOPBACK, "8.8.8.8", "the address of the FHIR server may not be called"),
    ],
)
def test_a_server_is_read_only_where_its_registration_says_that_it_is(
    networks: tuple[Network, ...], address: str, said: str
) -> None:
    with place(behave=a_fhir_server) as ehr:
        fetcher = FhirFetcher(Settings(), Resolver(NameService([address])))
        known = server(f"http://ehr.example:{ehr.port}/fhir", networks, insecure_http=True)
        assert gap_of(fetcher, Access.to(known)).removeprefix("Condition: ") == said
        assert bool(ehr.connections) is not bool(said)


def test_two_clients_with_one_server_in_different_networks_share_no_connection() -> None:
    with place("127.0.0.2", a_fhir_server) as one, place("127.0.0.3", a_fhir_server, port=one.port) as other:
        fetcher = FhirFetcher(Settings(), Resolver(NameService(["127.0.0.2", "127.0.0.3"])))
        url = f"http://ehr.example:{one.port}/fhir"
        for network in (*TWO_NETWORKS, *TWO_NETWORKS):
            assert gap_of(fetcher, Access.to(server(url, (network,), insecure_http=True))) == ""
        assert (one.connections, other.connections) == (1, 1)
        assert (len(one.heads), len(other.heads)) == (2, 2)


def test_a_name_service_that_hangs_costs_no_more_than_the_deadline() -> None:
    def hang() -> list[str]:
        time.sleep(3)
        return ["127.0.0.1"]

    fetcher = FhirFetcher(Settings(deadline=0.3), Resolver(NameService(hang)))
    started = time.monotonic()
    said = gap_of(fetcher, Access.to(server("https://ehr.example/fhir", LOOPBACK)), seconds=0.3)
    assert "deadline of 0.3 s reached" in said
    assert time.monotonic() - started < 1.5


def test_a_name_that_nobody_knows_is_a_server_that_cannot_be_reached() -> None:
    fetcher = FhirFetcher(Settings(), Resolver(NameService(socket.gaierror(-2, "unknown"))))
    assert "could not be reached" in gap_of(fetcher, Access.to(server("https://ehr.example/fhir")))


def test_a_redirect_to_a_metadata_service_is_not_followed() -> None:
    def redirect(connection: socket.socket, head: str) -> None:
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
        )

    names = NameService(["127.0.0.1"])
    with place(behave=redirect) as ehr:
        fetcher = FhirFetcher(Settings(), Resolver(names))
        known = server(f"http://ehr.example:{ehr.port}/fhir", LOOPBACK, insecure_http=True)
        assert "redirected elsewhere" in gap_of(fetcher, Access.to(known))
    assert {host for host, _ in names.asked} == {"ehr.example"}


# --- its certificate


def reading(authority: Authority, context: ssl.SSLContext, behave: Answering = a_fhir_server) -> str:
    with place(behave=behave, context=context) as ehr:
        fetcher = FhirFetcher(Settings(), Resolver(NameService(["127.0.0.1"])))
        base = parse_base(f"https://ehr.example:{ehr.port}/fhir")
        assert base is not None
        return gap_of(fetcher, Access(base, "s3cret", Rule(LOOPBACK, ca_file=authority.file)))


def test_a_hospital_s_own_authority_is_trusted_for_its_server(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    assert reading(authority, authority.context("ehr.example")) == ""


def test_a_token_is_not_sent_to_a_server_that_is_not_who_it_says(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    heads: list[str] = []
    said = reading(authority, authority.context("other.example"), lambda _, head: heads.append(head))
    assert "no secure connection" in said
    assert heads == []


def test_an_authority_whose_file_is_gone_is_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    base = parse_base("https://ehr.example/fhir")
    assert base is not None
    access = Access(base, None, Rule(ca_file=tmp_path / "gone.pem"))
    assert "could not be reached" in gap_of(FhirFetcher(Settings()), access)


def test_a_reader_of_a_bare_base_reads_public_addresses_only() -> None:
    with place(behave=a_fhir_server) as ehr:
        base = parse_base(f"http://127.0.0.1:{ehr.port}/fhir")
        assert base is not None
        reader = FhirFetcher(Settings()).reader(Access(base), soon(), ByteBudget(1000))
        with pytest.raises(Exception, match="could not be reached"):
            reader.read("Patient/p1")
        assert ehr.connections == 0
