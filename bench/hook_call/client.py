"""One keep-alive connection that sends the same call again and again, as a process of its own.

``python -m bench.hook_call.client PORT PATH FILE EXPECTED START SECONDS`` posts FILE from START
(``time.monotonic``)
on, and prints how long each call took as JSON. Every answer must be a 200 that holds EXPECTED.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path

HOST = "127.0.0.1"
_TIMEOUT = 20.0


def request_bytes(port: int, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def call(connection: socket.socket, request: bytes, expected: bytes) -> None:
    """One request and its whole answer."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _received(connection)
    head, _, content = answer.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(content) < int(fields[b"content-length"]):
        content += _received(connection)
    if b" 200 " not in head[:20] or expected not in content:
        raise RuntimeError(f"unexpected answer: {head[:60]!r} {content[:300]!r}")


def _received(connection: socket.socket) -> bytes:
    piece = connection.recv(262_144)
    if not piece:
        raise RuntimeError("the server closed the connection")
    return piece


def seconds_of_each(port: int, request: bytes, expected: bytes, start: float, seconds: float) -> list[float]:
    """The time of every call that began between the start and the end."""
    taken = []
    with socket.create_connection((HOST, port), _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = time.monotonic()
        while now < start + seconds:
            call(connection, request, expected)
            before, now = now, time.monotonic()
            if before >= start:
                taken.append(now - before)
    return taken


def main() -> None:
    port, path, file, expected, start, seconds = sys.argv[1:]
    request = request_bytes(int(port), path, Path(file).read_bytes())
    taken = seconds_of_each(int(port), request, expected.encode(), float(start), float(seconds))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
