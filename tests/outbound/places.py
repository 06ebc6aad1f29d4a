"""Servers on several loopback addresses, and a name service that says what a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_network
from time import monotonic
from typing import Any

from cds_service.outbound.addresses import Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

Answering = Callable[[socket.socket, str], None]


def saying(answer: bytes) -> Answering:
    def send(connection: socket.socket, head: str) -> None:
        connection.sendall(answer)

    return send


class Place:
    """A server at one address. Keeps the heads of requests, and counts connections."""

    def __init__(self, address: str, port: int, behave: Answering, context: ssl.SSLContext | None) -> None:
        self.behave, self._context = behave, context
        self.heads: list[str] = []
        self.connections = 0
        self.names: list[str] = []
        self._open: list[socket.socket] = []
        self._closed = False
        self._listener = socket.create_server((address, port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        if context is not None:
            context.sni_callback = lambda sock, name, _: self.names.append(name)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._keep(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._keep(connection)
            buffered = b""
            while True:
                while b"\r\n\r\n" not in buffered:
                    received = connection.recv(65536)
                    if not received:
                        return
                    buffered += received
                head, _, buffered = buffered.partition(b"\r\n\r\n")
                self.heads.append(head.decode())
                self.behave(connection, self.heads[-1])

    def _keep(self, connection: socket.socket) -> None:
        """To be closed with the place, which may be closed by now."""
        self._open.append(connection)
        if self._closed:
            connection.close()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def place(
    address: str = "127.0.0.1",
    behave: Answering | None = None,
    *,
    port: int = 0,
    context: ssl.SSLContext | None = None,
) -> Iterator[Place]:
    server = Place(address, port, behave or saying(OK), context)
    try:
        yield server
    finally:
        server.close()


class NameService:
    """Answers each lookup with the next of its answers, and the last one from then on.

    An answer is a list of addresses; one that can be called is called first; an exception is raised.
    """

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        self.asked.append((host, port))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if callable(answer):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return [row(address, port) for address in answer]


def row(address: str, port: int) -> tuple[Any, ...]:
    """One row of what getaddrinfo answers."""
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def soon(seconds: float = 5.0) -> float:
    """A deadline that a test does not reach unless it should."""
    return monotonic() + seconds
