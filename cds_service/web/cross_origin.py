"""CORS: which web pages may read our answers.

A preflight carries no token and does not say whose page it is, so any origin that some client registered is
allowed; the token decides what is answered after. What a server before us refuses on its own (gunicorn a
request that is not HTTP, a proxy a call while we are away) has none of these headers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Request, Response

from cds_service.clients.registered import Clients

SANDBOX = "https://sandbox.cds-hooks.org"
_LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")
_METHODS = "GET, POST, OPTIONS"


@dataclass(frozen=True, slots=True)
class Origins:
    """The web origins whose pages may read answers.

    In demo mode also all pages on this machine and the public sandbox, and only there may a public page
    reach into a private network.
    """

    registered: frozenset[str]
    demo: bool = False

    @classmethod
    def of(cls, clients: Clients) -> Origins:
        """The union of all clients' origins."""
        return cls(clients.origins, clients.demo)

    def allow(self, origin: str) -> bool:
        """Whether a page of this origin, as browsers write it, may read answers."""
        if origin in self.registered:
            return True
        return self.demo and (origin == SANDBOX or _LOCAL.fullmatch(origin) is not None)


def preflight() -> Response:
    """The answer to OPTIONS on any path, known or not, before anything else about the request is checked."""
    return Response(status=200, headers={"Allow": _METHODS})


def allow_origin(request: Request, response: Response, origins: Origins) -> None:
    """Adds the headers that let an allowed page read any answer, errors and preflights included.

    Never a wildcard, and never credentials: a browser's own cookies mean nothing here.
    """
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or not origins.allow(origin):
        return
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    if request.method != "OPTIONS":
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        return
    headers["Access-Control-Allow-Methods"] = _METHODS
    headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
    headers["Access-Control-Max-Age"] = "600"
    if origins.demo and request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
