"""The keys of a client: one short GET over https, from where its registration says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from cds_service.clients.registered import KeySource
from cds_service.outbound import sessions as sessions_module
from cds_service.outbound.key_fetch import MOST_BYTES, SECONDS, KeyFetcher, KeyFetchError, fetch_keys
from cds_service.outbound.resolving import Resolver
from cds_service.outbound.sessions import Sessions
from tests.outbound.certificates import Authority
from tests.outbound.places import LOOPBACK, Answering, NameService, Place, place, saying

KEYS = b'{"keys": []}'


def ok(body: bytes, *headers: str) -> Answering:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers])
    return saying(f"{head}\r\n\r\n".encode() + body)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority in the place of the public ones."""
    made = Authority(tmp_path)
    monkeypatch.setattr(sessions_module, "DEFAULT_CA_BUNDLE_PATH", str(made.file))
    return made


@contextmanager
def ehr(authority: Authority, behave: Answering) -> Iterator[tuple[Place, KeySource, KeyFetcher]]:
    """A server of keys, the source that names it, and a fetcher that finds it."""
    with place(behave=behave, context=authority.context("ehr.example")) as server:
        source = KeySource(f"https://ehr.example:{server.port}/jwks.json", LOOPBACK)
        yield server, source, KeyFetcher(Sessions(Resolver(NameService(["127.0.0.1"]))), seconds=1.0)


def test_keys_are_fetched_as_they_are(authority: Authority) -> None:
    with ehr(authority, ok(KEYS, "Content-Type: text/plain")) as (server, source, fetcher):
        assert fetcher.fetch(source) == KEYS
        [head] = server.heads
        assert head.startswith("GET /jwks.json HTTP/1.1")
        assert "Cookie" not in head
        assert "Authorization" not in head


def test_keys_may_be_just_as_long_as_the_limit(authority: Authority) -> None:
    with ehr(authority, ok(b" " * MOST_BYTES)) as (_, source, fetcher):
        assert len(fetcher.fetch(source)) == MOST_BYTES


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ok(b" " * (MOST_BYTES + 1)), "longer than 262144 bytes"),
        (saying(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 2_000_000), "longer than 262144 bytes"),
        (saying(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "status 404"),
        (saying(b"HTTP/1.1 204 No Content\r\n\r\n"), "status 204"),
        (saying(b"HTTP/1.1 302 Found\r\nLocation: /other.json\r\nContent-Length: 0\r\n\r\n"), "status 302"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "not fetched: ReadTimeoutError"),
        (saying(b"nonsense\r\n\r\n"), "not fetched: ConnectionError"),
    ],
)
def test_whatever_is_not_a_short_good_answer_is_refused(
    authority: Authority, answer: Answering, said: str
) -> None:
    with ehr(authority, answer) as (server, source, fetcher):
        with pytest.raises(KeyFetchError, match=said) as refused:
            fetcher.fetch(source)
        assert "ehr" not in str(refused.value)
        assert len(server.heads) == 1


def test_a_fetch_ends_in_time_however_slowly_the_answer_comes(authority: Authority) -> None:
    def drip(connection: socket.socket, head: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.05)

    with ehr(authority, drip) as (_, source, fetcher):
        started = time.monotonic()
        with pytest.raises(KeyFetchError):
            fetcher.fetch(source)
        assert time.monotonic() - started < 2
    assert SECONDS == 2.0


def test_a_packed_answer_is_not_unpacked(authority: Authority) -> None:
    with ehr(authority, ok(b"\x1f\x8b packed", "Content-Encoding: gzip")) as (_, source, fetcher):
        assert fetcher.fetch(source) == b"\x1f\x8b packed"


@pytest.mark.parametrize("networks", [(), (ip_network("10.0.0.0/8"),)])
def test_keys_come_from_public_addresses_or_the_networks_that_are_named(
    authority: Authority, networks: tuple[object, ...]
) -> None:
    with ehr(authority, ok(KEYS)) as (server, source, fetcher):
        with pytest.raises(KeyFetchError, match="address may not be connected to"):
            fetcher.fetch(KeySource(source.url, networks))  # type: ignore[arg-type]
        assert server.connections == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "file:///etc/hosts", "", "//127.0.0.1:{port}/"])
def test_keys_are_fetched_over_https_only(url: str) -> None:
    with place(behave=ok(KEYS)) as server:
        with pytest.raises(KeyFetchError, match="https only"):
            fetch_keys(KeySource(url.format(port=server.port), LOOPBACK))
        assert server.connections == 0


def test_a_certificate_that_is_not_the_server_s_is_refused(tmp_path: Path) -> None:
    with ehr(Authority(tmp_path), ok(KEYS)) as (server, source, fetcher):
        with pytest.raises(KeyFetchError, match="SSLError"):
            fetcher.fetch(source)
        assert server.heads == []
