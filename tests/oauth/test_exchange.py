"""One exchange: what comes back whole, and what is a closed word."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cds_service.oauth.exchange import LONGEST_WAIT, Asked, Exchange, Limits, seconds_of_hint
from cds_service.oauth.faults import OAuthError
from cds_service.outbound.sessions import PUBLIC, Rule
from tests.oauth.scripted import HERE, Scripted
from tests.outbound.places import place, saying

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def fault_of(url: str, rule: Rule = HERE, limits: Limits | None = None) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        Exchange(limits=limits or Limits(seconds=0.5)).send(Asked("GET", url), rule)
    return caught.value


def test_an_answer_comes_whole_with_its_status(server: Scripted) -> None:
    server.says("/it", {"a": 1}, 418, Retry_After="7")
    answer = Exchange().send(Asked("GET", f"{server.base}/it"), HERE)
    assert (answer.status, answer.document(), answer.retry_after) == (418, {"a": 1}, 7.0)


def test_nothing_of_ours_is_sent_but_what_is_asked_for(server: Scripted) -> None:
    Exchange().send(Asked("POST", f"{server.base}/it", {"X-One": "1"}, b"a=b"), HERE)
    [asked] = server.asked
    assert (asked.method, asked.body, asked.headers["X-One"]) == ("POST", b"a=b", "1")
    assert {"Cookie", "Authorization", "Referer"}.isdisjoint(asked.headers)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[1]", b'"text"', b"\xff"])
def test_what_is_not_a_json_object_is_no_document(server: Scripted, body: bytes) -> None:
    server.says("/it", body)
    answer = Exchange().send(Asked("GET", f"{server.base}/it"), HERE)
    with pytest.raises(OAuthError) as caught:
        answer.document()
    assert caught.value.word == "not_json"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(server: Scripted, status: int) -> None:
    server.says("/it", b"", status, Location=f"{server.base}/elsewhere")
    assert fault_of(f"{server.base}/it").word == "redirected"
    assert server.paths() == ["/it"]


def silence(connection: socket.socket, head: str) -> None:
    time.sleep(2)


def drip(connection: socket.socket, head: str) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)


def hang_up(connection: socket.socket, head: str) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("behave", "word"),
    [
        (silence, "too_slow"),
        (drip, "too_slow"),
        (hang_up, "broken_off"),
        (saying(HEAD + b"Content-Length: 100\r\n\r\n{}"), "too_slow"),
        (saying(HEAD + b"Content-Length: 70000\r\n\r\n" + b" " * 70000), "too_large"),
        (saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "broken_off"),
    ],
)
def test_a_server_that_misbehaves_is_a_word_in_time(
    behave: Callable[[socket.socket, str], None], word: str
) -> None:
    with place(behave=behave) as server:
        began = time.monotonic()
        fault = fault_of(f"http://127.0.0.1:{server.port}/", limits=Limits(0.5, 65536))
        assert time.monotonic() - began < 1.5
    assert (fault.word, str(fault)) == (word, word)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    fault = fault_of(f"http://127.0.0.1:{port}/")
    assert (fault.word, fault.retry) == ("unreachable", True)


def test_an_address_outside_of_the_rule_is_refused_unasked(server: Scripted) -> None:
    insecure = Rule(insecure_http=True)
    assert fault_of(f"{server.base}/it", insecure).word == "address_refused"
    assert server.asked == []


def test_plain_http_that_is_not_declared_is_never_sent(server: Scripted) -> None:
    for rule in (PUBLIC, Rule(HERE.networks)):
        assert fault_of(f"{server.base}/it", rule).word == "no_secure_connection"
    assert server.asked == []


def test_a_kept_connection_that_was_closed_is_tried_once_more_if_asked_so() -> None:
    answers: list[bytes] = []

    def once_then_hang_up(connection: socket.socket, head: str) -> None:
        answers.append(b"one")
        if len(answers) % 2:
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        else:
            connection.shutdown(socket.SHUT_RDWR)

    for again, word in ((True, ""), (False, "broken_off")):
        answers.clear()
        with place(behave=once_then_hang_up) as server:
            exchange, url = Exchange(), f"http://127.0.0.1:{server.port}/"
            exchange.send(Asked("GET", url), HERE)
            try:
                exchange.send(Asked("GET", url, again=again), HERE)
                found = ""
            except OAuthError as error:
                found = error.word
        assert found == word


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("9999999", LONGEST_WAIT),
        ("99999999999999", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_a_hint_when_to_come_back_is_taken_within_reason(text: str, seconds: float | None) -> None:
    assert seconds_of_hint(text) == seconds


def test_a_hint_may_be_a_date() -> None:
    then = datetime.now(UTC) + timedelta(seconds=100)
    found = seconds_of_hint(format_datetime(then, usegmt=True))
    assert found is not None
    assert 95 < found <= 100
