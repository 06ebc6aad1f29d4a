"""The demo answers this machine only: a peer, or a Host header, from anywhere else is refused."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, abort, request

NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(address: str | None) -> bool:
    """Whether this network address is the machine itself."""
    try:
        return address is not None and ip_address(address).is_loopback
    except ValueError:
        return False


def answer_loopback_only(app: Flask) -> None:
    """Refuse with 403 what does not come from, or was not addressed to, this machine."""

    @app.before_request
    def refuse_strangers() -> None:
        # The Host check stops a web page elsewhere that made its own name resolve to 127.0.0.1.
        if not is_loopback(request.remote_addr) or urlsplit(f"//{request.host}").hostname not in NAMES:
            abort(403, "The demo answers only on this machine, by the name localhost or 127.0.0.1.")
