"""The deadline holds whatever the server does, on real sockets, and no thread stays behind."""

from __future__ import annotations

import socket
import time

import pytest

from tests.service import charts
from tests.service.conftest import NewClient, call, cards_of, faults_of
from tests.service.raw_server import Behaviour, drip, raw_server, respond, usual

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
DEADLINE = 0.4
SPARE = 0.5


def never(connection: socket.socket, path: str) -> None:
    time.sleep(5)


def a_byte_at_a_time(connection: socket.socket, path: str) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    drip(connection, b" " * 200)


def headers_a_byte_at_a_time(connection: socket.socket, path: str) -> None:
    drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-Header: " + b"x" * 200)


def a_chunk_a_byte_at_a_time(connection: socket.socket, path: str) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1000\r\n")
    drip(connection, b" " * 200)


def chunk_sizes_a_byte_at_a_time(connection: socket.socket, path: str) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drip(connection, b"1\r\n \r\n" * 40)


def an_endless_body(connection: socket.socket, path: str) -> None:
    connection.sendall(HEAD + b"\r\n")
    until = time.monotonic() + 5
    while time.monotonic() < until:
        connection.sendall(b" " * 1000)
        time.sleep(0.01)


def headers_without_end(connection: socket.socket, path: str) -> None:
    connection.sendall(HEAD)
    for _ in range(50):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


SLOW: list[Behaviour] = [
    never,
    a_byte_at_a_time,
    headers_a_byte_at_a_time,
    a_chunk_a_byte_at_a_time,
    chunk_sizes_a_byte_at_a_time,
    an_endless_body,
]


def only_observations(behave: Behaviour) -> Behaviour:
    def answer(connection: socket.socket, path: str) -> None:
        (behave if "/Observation" in path else usual)(connection, path)

    return answer


@pytest.mark.parametrize("behave", SLOW, ids=lambda behave: behave.__name__)
def test_a_slow_search_is_given_up_at_the_deadline_and_said(new_client: NewClient, behave: Behaviour) -> None:
    with raw_server(only_observations(behave)) as server:
        client = new_client(fhir_hosts=(server.base,), deadline=DEADLINE)
        started = time.monotonic()
        [card] = cards_of(call(client, prefetch=..., fhirServer=server.base))
        took = time.monotonic() - started
    assert took < DEADLINE + SPARE
    assert "deadline of 0.4 s reached" in card["detail"]


@pytest.mark.parametrize("behave", [*SLOW, headers_without_end], ids=lambda behave: behave.__name__)
def test_no_thread_is_held_beyond_the_deadline(new_client: NewClient, behave: Behaviour) -> None:
    with raw_server(behave) as slow, raw_server(usual) as good:
        client = new_client(fhir_hosts=(slow.base, good.base), deadline=DEADLINE, concurrency=9)
        assert call(client, prefetch=..., fhirServer=slow.base).status_code == 412
        time.sleep(0.1)
        started = time.monotonic()
        assert len(cards_of(call(client, prefetch=..., fhirServer=good.base))) == 1
        assert time.monotonic() - started < DEADLINE


def test_an_endless_fast_body_stops_at_the_byte_limit(new_client: NewClient) -> None:
    def flood(connection: socket.socket, path: str) -> None:
        connection.sendall(HEAD + b"\r\n")
        until = time.monotonic() + 5
        while time.monotonic() < until:
            connection.sendall(b" " * 100_000)

    with raw_server(only_observations(flood)) as server:
        client = new_client(fhir_hosts=(server.base,), deadline=4.0, bytes_limit=2 * 1024 * 1024)
        started = time.monotonic()
        [card] = cards_of(call(client, prefetch=..., fhirServer=server.base))
        assert time.monotonic() - started < 3
    assert "exceed the limit of 0.5 MB" in card["detail"]


def test_the_patient_is_read_although_floods_use_up_all_bytes(new_client: NewClient) -> None:
    def flood(connection: socket.socket, path: str) -> None:
        if "/Patient/" in path:
            time.sleep(0.5)
            usual(connection, path)
        else:
            connection.sendall(HEAD + b"\r\n" + b" " * 2_000_000)

    with raw_server(flood) as server:
        client = new_client(fhir_hosts=(server.base,), deadline=4.0, bytes_limit=1024 * 1024)
        assert call(client, prefetch=..., fhirServer=server.base).status_code == 200


def test_a_server_that_ends_the_connection_within_the_body_is_said(new_client: NewClient) -> None:
    def broken(connection: socket.socket, path: str) -> None:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        connection.shutdown(socket.SHUT_RDWR)

    with raw_server(only_observations(broken)) as server:
        client = new_client(fhir_hosts=(server.base,))
        [card] = cards_of(call(client, prefetch=..., fhirServer=server.base))
    assert "broke off its answer" in card["detail"]


def test_a_dead_server_is_412_at_once_and_200_with_a_prefetched_patient(new_client: NewClient) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{closed.getsockname()[1]}/fhir"
        client = new_client(fhir_hosts=(base,))
        answer = call(client, prefetch=..., fhirServer=base)
        assert faults_of(answer, 412) == ["prefetch.patient"]
        assert "could not be reached" in answer.text
        prefetch = {key: charts.full_prefetch()[key] for key in ("patient", "conditions")}
        assert len(cards_of(call(client, prefetch=prefetch, fhirServer=base))) == 1


def test_a_handshake_that_never_ends_is_given_up(new_client: NewClient) -> None:
    with raw_server(never) as server:
        base = server.base.replace("http:", "https:")
        client = new_client(fhir_hosts=(base,), deadline=DEADLINE)
        started = time.monotonic()
        assert call(client, prefetch=..., fhirServer=base).status_code == 412
        assert time.monotonic() - started < DEADLINE + SPARE


def test_searches_run_side_by_side(new_client: NewClient) -> None:
    def slowly(connection: socket.socket, path: str) -> None:
        time.sleep(0.2)
        usual(connection, path)

    with raw_server(slowly) as server:
        client = new_client(fhir_hosts=(server.base,), deadline=2.0)
        started = time.monotonic()
        assert len(cards_of(call(client, prefetch=..., fhirServer=server.base))) == 1
        assert time.monotonic() - started < 0.6  # nine searches one after the other take 1.8 s


def test_connections_are_kept_from_call_to_call(new_client: NewClient) -> None:
    with raw_server(usual) as server:
        client = new_client(fhir_hosts=(server.base,))
        for _ in range(4):
            cards_of(call(client, prefetch=..., fhirServer=server.base))
        assert server.connections <= 9


def test_rows_that_came_before_the_deadline_still_count(new_client: NewClient) -> None:
    following = "Observation?page=2"

    def second_page_never_comes(connection: socket.socket, path: str) -> None:
        if "page=2" in path:
            time.sleep(5)
        elif "/Observation" in path and "code" in path:
            respond(connection, charts.bundle(charts.upcr(), following=following))
        else:
            usual(connection, path)

    with raw_server(second_page_never_comes) as server:
        client = new_client(fhir_hosts=(server.base,), deadline=DEADLINE)
        [card] = cards_of(call(client, prefetch=..., fhirServer=server.base))
    assert "1.8 g/g" in card["detail"]
    assert "deadline of 0.4 s reached" in card["detail"]
