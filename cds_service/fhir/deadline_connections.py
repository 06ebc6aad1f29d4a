"""HTTP connections on which a total deadline holds, whatever the server does.

A socket's timeout starts anew with every byte that arrives, so a server that sends a byte a second is never
too late. Here each wait for the network, from the status line to the last byte of the body, may only last
until the deadline of the call that the thread is in.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import requests.adapters
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_CALL = threading.local()


@contextmanager
def deadline(until: float) -> Iterator[None]:
    """Everything that this thread reads inside must be over at ``until`` (``time.monotonic``)."""
    _CALL.until = until
    try:
        yield
    finally:
        _CALL.until = None


def seconds_left(until: float) -> float:
    """Seconds until then; TimeoutError if there are none."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError("deadline reached")
    return left


class _DeadlineReader(io.RawIOBase):
    """A socket's stream whose every read waits until the deadline at most."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(seconds_left(self._until))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        until = getattr(_CALL, "until", None)
        if until is not None:
            self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock, until))


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(requests.adapters.HTTPAdapter):
    """An adapter for requests whose connections keep the deadline. Never retries by itself."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
