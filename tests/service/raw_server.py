"""A server on a real socket that misbehaves in time: what a mock cannot show."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import orjson

from tests.service import charts

Behaviour = Callable[[socket.socket, str], None]


def respond(connection: socket.socket, resource: object) -> None:
    """A proper answer; the connection stays open."""
    body = orjson.dumps(resource)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def drip(connection: socket.socket, data: bytes, pause: float = 0.05) -> None:
    """One byte after the other, each well within any socket timeout."""
    for number in range(len(data)):
        connection.sendall(data[number : number + 1])
        time.sleep(pause)


def usual(connection: socket.socket, path: str) -> None:
    """A clear candidate; every other search finds nothing."""
    kind = path.split("/fhir/")[1].split("?", maxsplit=1)[0].split("/", maxsplit=1)[0]
    found = {"Patient": charts.patient(), "Condition": charts.bundle(charts.condition())}
    respond(connection, found.get(kind, charts.bundle()))


class RawServer:
    """Accepts connections and lets ``behave`` answer each request that comes on them."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}/fhir"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, IndexError):
            buffered = b""
            while True:
                while b"\r\n\r\n" not in buffered:
                    received = connection.recv(65536)
                    if not received:
                        return
                    buffered += received
                head, _, buffered = buffered.partition(b"\r\n\r\n")
                self.behave(connection, head.decode().split(" ")[1])

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


@contextmanager
def raw_server(behave: Behaviour) -> Iterator[RawServer]:
    server = RawServer(behave)
    try:
        yield server
    finally:
        server.close()
