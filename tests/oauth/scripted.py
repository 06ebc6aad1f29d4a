"""A server on a real socket that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, NamedTuple

import orjson
from flask import Flask, Response, request

from cds_service.demo.servers import in_thread
from cds_service.outbound.sessions import Rule

HERE = Rule((ip_network("127.0.0.0/8"),), insecure_http=True)
"""What lets an exchange reach a server of these tests."""


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]
    body: bytes


Answering = Callable[[Asked], Response]


@dataclass
class Scripted:
    """Answers by path; 404 for the rest."""

    answers: dict[str, Answering] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    base: str = ""

    def says(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Lets a path answer the same each time: JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        kind = "text/html" if isinstance(body, bytes) else "application/json"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[path] = lambda _: Response(raw, status, named, mimetype=kind)

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A scripted server that is up during the block."""
    server, app = Scripted(), Flask("scripted")
    methods = ["GET", "POST", "PUT"]

    @app.route("/<path:path>", methods=methods)
    def answer(path: str) -> Response:
        asked = Asked(
            request.method,
            f"/{path}",
            request.args.to_dict(),
            dict(request.headers),
            request.form.to_dict(),
            request.get_data(),
        )
        server.asked.append(asked)
        found = server.answers.get(f"/{path}")
        return found(asked) if found else Response("no", 404)

    with in_thread(app, 0) as base:
        server.base = base
        yield server
