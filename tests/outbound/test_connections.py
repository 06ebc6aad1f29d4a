"""Connections go to an address that was checked, on real sockets."""

from __future__ import annotations

import gzip
import socket
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
import requests

from cds_service.outbound.connections import Dialler, RefusedAddressError
from cds_service.outbound.deadlines import deadline
from cds_service.outbound.resolving import KEPT_SECONDS, Resolver
from cds_service.outbound.sessions import PUBLIC, Rule, Sessions
from tests.outbound.places import LOOPBACK, OK, Clock, NameService, place, saying, soon

HERE = Rule(LOOPBACK, insecure_http=True)


def sessions(*answers: object, clock: Clock | None = None) -> tuple[Sessions, NameService]:
    names = NameService(*answers)
    return Sessions(Resolver(names, clock) if clock else Resolver(names)), names


def get(session: requests.Session, url: str, seconds: float = 5.0) -> requests.Response:
    with deadline(soon(seconds)):
        return session.get(url, timeout=seconds, allow_redirects=False)


def test_the_name_is_resolved_once_and_the_address_that_was_checked_is_connected_to() -> None:
    """A name that changes between a check and a connection (DNS rebinding) changes nothing."""
    with place("127.0.0.2") as good, place("127.0.0.1", port=good.port) as other:
        only_good = Rule((ip_network("127.0.0.2/32"),), insecure_http=True)
        found, names = sessions(["127.0.0.2"], ["127.0.0.1"])
        assert get(found.of(only_good), f"http://ehr.example:{good.port}/fhir").content == b"{}"
        assert names.asked == [("ehr.example", good.port)]
        assert (good.connections, other.connections) == (1, 0)
        assert f"Host: ehr.example:{good.port}" in good.heads[0]


def test_a_name_that_changes_later_is_refused_and_kept_connections_stay_where_they_are() -> None:
    with place("127.0.0.2") as good, place("127.0.0.1", port=good.port) as other:
        clock = Clock()
        only_good = Rule((ip_network("127.0.0.2/32"),), insecure_http=True)
        found, _ = sessions(["127.0.0.2"], ["127.0.0.1"], clock=clock)
        session, url = found.of(only_good), f"http://ehr.example:{good.port}/"
        get(session, url)
        clock.now += KEPT_SECONDS + 1
        get(session, url)
        assert (good.connections, len(good.heads)) == (1, 2)
        good.close()
        with pytest.raises((RefusedAddressError, requests.ConnectionError)):
            get(session, url)  # the kept connection has ended
        with pytest.raises(RefusedAddressError):
            get(session, url)
        assert other.connections == 0


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["fe80::1"],
     ["0.0.0.0"], ["127.0.0.1", "10.0.0.1", "::1"], ["not an address"]],
)  # fmt: skip
def test_without_networks_only_public_addresses_are_connected_to(answer: list[str]) -> None:
    with place("127.0.0.1") as server:
        found, _ = sessions(answer)
        with pytest.raises(RefusedAddressError) as refused:
            get(found.of(Rule(insecure_http=True)), f"http://ehr.example:{server.port}/")
        assert server.connections == 0
        assert "127" not in str(refused.value)
        assert "ehr" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0x7f.1"]
)
def test_an_address_in_the_url_is_judged_too(host: str) -> None:
    with place("127.0.0.1") as server:
        with pytest.raises(RefusedAddressError):
            get(Sessions().of(Rule(insecure_http=True)), f"http://{host}:{server.port}/")
        assert server.connections == 0


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "224.0.0.1"]
)
def test_networks_that_hold_everything_do_not_hold_what_never_may_be_called(address: str) -> None:
    found, _ = sessions([address])
    everywhere = Rule((ip_network("0.0.0.0/0"), ip_network("::/0")), insecure_http=True)
    with pytest.raises(RefusedAddressError):
        get(found.of(everywhere), "http://metadata.example/latest")


def test_addresses_that_may_not_be_called_are_left_out_of_several() -> None:
    with place("127.0.0.3") as good:
        found, _ = sessions(["169.254.169.254", "10.0.0.1", "127.0.0.3"])
        assert get(found.of(HERE), f"http://ehr.example:{good.port}/").ok


def test_addresses_are_tried_in_order_until_one_answers() -> None:
    with place("127.0.0.3") as third:
        found, names = sessions(["127.0.0.1", "127.0.0.2", "127.0.0.3"])
        assert get(found.of(HERE), f"http://ehr.example:{third.port}/").ok
        assert len(names.asked) == 1


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[str, float]] = []

    class Silent(socket.socket):
        def connect(self, address: object) -> None:
            assert isinstance(address, tuple)
            tried.append((address[0], self.gettimeout() or 0))
            if address[0] != "127.0.0.3":
                time.sleep(self.gettimeout() or 0)
                raise TimeoutError
            super().connect(address)

    with place("127.0.0.3") as third:
        resolver = Resolver(NameService(["127.0.0.1", "127.0.0.2", "127.0.0.3"]))
        monkeypatch.setattr(socket, "socket", Silent)
        with deadline(soon(0.6)):
            Dialler(resolver, LOOPBACK).dial("ehr.example", third.port, ()).close()
    assert [address for address, _ in tried] == ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    assert all(0.1 < seconds <= 0.21 for _, seconds in tried)


def test_when_no_address_answers_the_name_is_looked_up_anew_next_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found, names = sessions(["127.0.0.1"], ["127.0.0.2"])
    with pytest.raises(requests.ConnectionError):
        get(found.of(HERE), f"http://ehr.example:{port}/")
    with place("127.0.0.2", port=port):
        assert get(found.of(HERE), f"http://ehr.example:{port}/").ok
    assert len(names.asked) == 2


def test_a_name_service_that_hangs_is_a_timeout() -> None:
    def hang() -> list[str]:
        time.sleep(3)
        return ["127.0.0.1"]

    found, _ = sessions(hang)
    started = time.monotonic()
    with pytest.raises(requests.ConnectTimeout):
        get(found.of(HERE), "http://ehr.example/", seconds=0.2)
    assert time.monotonic() - started < 1.5


def test_no_connection_is_used_outside_of_a_deadline() -> None:
    with place() as server, pytest.raises(RuntimeError, match="deadline"):
        Sessions().of(HERE).get(f"http://127.0.0.1:{server.port}/", timeout=1)


# --- sessions


def test_sessions_of_different_rules_share_no_connection() -> None:
    with place() as server:
        found, url = Sessions(), f"http://127.0.0.1:{server.port}/"
        rules = (HERE, Rule((ip_network("127.0.0.1/32"),), insecure_http=True))
        for rule in (*rules, *rules):
            get(found.of(rule), url)
        assert server.connections == 2
        with pytest.raises(RefusedAddressError):
            get(found.of(Rule(insecure_http=True)), url)
        assert found.of(HERE) is found.of(Rule(LOOPBACK, insecure_http=True))


def test_plain_http_must_be_declared() -> None:
    with place() as server:
        with pytest.raises(requests.exceptions.InvalidSchema):
            get(Sessions().of(Rule(LOOPBACK)), f"http://127.0.0.1:{server.port}/")
        assert server.connections == 0


@pytest.mark.parametrize("scheme", ["file:///etc/hosts", "ftp://127.0.0.1/", "data:,x"])
def test_nothing_but_http_is_spoken(scheme: str) -> None:
    with pytest.raises(requests.exceptions.InvalidSchema):
        get(Sessions().of(HERE), scheme)


def test_the_environment_says_nothing_about_proxies_passwords_or_certificates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with place("127.0.0.1") as server, place("127.0.0.2") as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.2:{proxy.port}")
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        get(Sessions().of(HERE), f"http://127.0.0.1:{server.port}/")
        assert (server.connections, proxy.connections) == (1, 0)
        assert "Authorization" not in server.heads[0]


def test_nothing_of_one_call_is_in_the_next() -> None:
    with place(
        behave=saying(b"HTTP/1.1 200 OK\r\nSet-Cookie: s=1; Path=/\r\nContent-Length: 0\r\n\r\n")
    ) as server:
        session, url = Sessions().of(HERE), f"http://127.0.0.1:{server.port}/"
        with deadline(soon()):
            session.get(url, headers={"Authorization": "Bearer x"}, timeout=5)
        get(session, url)
        assert server.connections == 1
        assert "Authorization" in server.heads[0]
        assert "Authorization" not in server.heads[1]
        assert "ookie" not in server.heads[1]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_even_if_somebody_asks_for_it(status: int) -> None:
    with place("127.0.0.2") as elsewhere:
        location = f"http://127.0.0.2:{elsewhere.port}/"
        answer = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        with place(behave=saying(answer.encode())) as server, deadline(soon()):
            response = Sessions().of(HERE).get(f"http://127.0.0.1:{server.port}/", timeout=5)
            assert response.status_code == status
        assert elsewhere.connections == 0


def test_the_body_of_a_redirect_is_not_read() -> None:
    """requests would unpack all of it, however large, to find out where it leads."""
    bomb = gzip.compress(b" " * 50_000_000, 1)
    head = "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Encoding: gzip\r\n"
    answer = f"{head}Content-Length: {len(bomb)}\r\n\r\n".encode() + bomb
    with place(behave=saying(answer)) as server, deadline(soon()):
        session = Sessions().of(HERE)
        with session.get(
            f"http://127.0.0.1:{server.port}/", timeout=5, stream=True, allow_redirects=False
        ) as response:
            assert response.raw.tell() == 0


def test_the_default_rule_is_https_at_public_addresses() -> None:
    assert Rule() == PUBLIC == Rule((), insecure_http=False, ca_file=None)
    with place(behave=saying(OK)) as server, pytest.raises(RefusedAddressError):
        get(Sessions().of(PUBLIC), f"https://127.0.0.1:{server.port}/")


def test_a_socket_has_all_the_time_that_is_left_once_it_is_connected() -> None:
    """For the handshake of TLS: an address had only its share of the time to answer."""
    with place() as server, deadline(soon(3.0)):
        resolver = Resolver(NameService(["127.0.0.1", "127.0.0.2", "127.0.0.3"]))
        with Dialler(resolver, LOOPBACK).dial("ehr.example", server.port, ()) as connected:
            assert 2.0 < (connected.gettimeout() or 0) <= 3.0


def test_a_socket_that_connected_at_the_last_moment_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody gets nobody closes: it would stay open until Python collects it."""
    made: list[socket.socket] = []

    class Slow(socket.socket):
        def connect(self, address: object) -> None:
            assert isinstance(address, tuple)
            made.append(self)
            super().connect(address)
            time.sleep(self.gettimeout() or 0)

    with place() as server:
        monkeypatch.setattr(socket, "socket", Slow)
        with deadline(soon(0.2)), pytest.raises(TimeoutError):
            Dialler(Resolver(NameService(["127.0.0.1"])), LOOPBACK).dial("ehr.example", server.port, ())
    assert [one.fileno() for one in made] == [-1]
