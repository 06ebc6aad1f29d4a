"""One keep-alive connection that sends the same call again and again, as a process of its own.

``python -m bench.hook_call.client PORT PATH FILE EXPECTED START SECONDS [TOKENS]`` posts FILE from START
(``time.monotonic``) on, and prints how long each call took as JSON. Every answer must be a 200 that holds
EXPECTED. TOKENS is a file with a bearer token on each line; each call takes the next.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from pathlib import Path

HOST = "127.0.0.1"
_TIMEOUT = 20.0


def requests_of(port: int, path: str, body: bytes, tokens: Sequence[str]) -> Iterator[bytes]:
    """The same request again and again; with tokens, as often as there are."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    if not tokens:
        yield from repeat(f"{head}\r\n".encode() + body)
    for token in tokens:
        yield f"{head}Authorization: Bearer {token}\r\n\r\n".encode() + body
    raise RuntimeError("there are no tokens left")


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


def seconds_of_each(
    port: int, requests: Iterator[bytes], expected: bytes, start: float, seconds: float
) -> list[float]:
    """The time of every call that began between the start and the end."""
    taken = []
    with socket.create_connection((HOST, port), _TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        now = time.monotonic()
        while now < start + seconds:
            call(connection, next(requests), expected)
            before, now = now, time.monotonic()
            if before >= start:
                taken.append(now - before)
    return taken


def main() -> None:
    port, path, file, expected, start, seconds, *rest = sys.argv[1:]
    tokens = Path(rest[0]).read_text(encoding="utf-8").split() if rest else []
    requests = requests_of(int(port), path, Path(file).read_bytes(), tokens)
    taken = seconds_of_each(int(port), requests, expected.encode(), float(start), float(seconds))
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
