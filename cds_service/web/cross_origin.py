"""CORS: which web pages may read our answers. Pages on this machine, and the public CDS Hooks sandbox."""

from __future__ import annotations

import re

from flask import Request, Response

SANDBOX = "https://sandbox.cds-hooks.org"
_LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")


def allow_origin(request: Request, response: Response) -> None:
    """Adds the headers that let an allowed page read any answer, errors and preflights included."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or not (origin == SANDBOX or _LOCAL.fullmatch(origin)):
        return
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
        headers["Access-Control-Max-Age"] = "600"
        if request.headers.get("Access-Control-Request-Private-Network") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
