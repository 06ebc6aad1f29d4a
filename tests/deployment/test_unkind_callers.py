"""Callers that stop in the middle, and calls that are refused unread, cost nobody else anything."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deployment.running import SERVICE, service

HALF_SENT = b"POST /cds-services/x HTTP/1.1\r\nHost: x\r\nX-A: "
THREADS = 8


def test_half_sent_requests_hold_no_thread_for_long(tmp_path: Path) -> None:
    with service(tmp_path) as running, ExitStack() as connections:
        address = urlsplit(running.url)
        for _ in range(THREADS + 4):
            half = connections.enter_context(socket.create_connection((address.hostname, address.port or 0)))
            half.sendall(HALF_SENT)
        assert running.get("/healthz", seconds=40).status_code == 200


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_a_call_that_is_refused_leaves_the_connection_to_the_next(tmp_path: Path, size: int) -> None:
    """As through a proxy that keeps its connections: the next call may be another client's."""
    with service(tmp_path) as running:
        connection = HTTPConnection(urlsplit(running.url).netloc, timeout=30)
        for _ in range(5):
            connection.request("POST", SERVICE, b" " * size, {"Authorization": "Bearer x"})
            refused = connection.getresponse()
            assert (refused.status, refused.read()) == (401, b"")
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
        connection.close()


def test_no_header_moves_a_request_to_another_path(tmp_path: Path) -> None:
    """A proxy on this machine hands on what strangers send: it knows paths, and no such headers."""
    with service(tmp_path) as running:
        for name in ("SCRIPT_NAME", "PATH_INFO", "Script_Name"):
            for value, path in (("/cds-services", "/cds-services/metrics"), ("/zzz", "/healthz")):
                plain, told = _asked(running.url, path, {}), _asked(running.url, path, {name: value})
                assert told == plain, (name, path)
        assert _asked(running.url, "/cds-services/metrics", {"SCRIPT_NAME": "/cds-services"})[0] == 405


def _asked(url: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found
