# ruff: noqa: N999
"""Settings of the server process. In demo mode it listens on this machine only, whatever asks otherwise.

The address is checked when it is known for sure: after GUNICORN_CMD_ARGS and the command line have had
their say, once the sockets exist, and again after a reload.
"""

import gc
import socket
from typing import Any

from cds_service import request_log
from cds_service.web.loopback import is_loopback

bind = "127.0.0.1:8090"
worker_class = "gthread"
threads = 4
preload_app = True
keepalive = 5
accesslog = None
control_socket_disable = True
proxy_protocol = False


def _listens_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return False
    return address[0] == "localhost" or is_loopback(address[0])


def _refuse(what: str) -> None:
    # gunicorn prints a RuntimeError without a trace, and stops.
    raise RuntimeError(
        f"demo mode (no clients registered) answers this machine only: {what}. "
        "Use --bind 127.0.0.1:PORT, localhost:PORT or [::1]:PORT."
    )


def on_starting(server: Any) -> None:
    """Before anything listens."""
    request_log.to_stderr()
    request_log.keep_requests_out()
    if not all(_listens_here(address) for address in server.cfg.address):
        _refuse("another bind address is refused")
    if server.cfg.proxy_protocol not in (False, "off"):
        _refuse("the proxy protocol is refused")


def when_ready(server: Any) -> None:
    """Sockets may also have been inherited."""
    for listener in server.LISTENERS:
        if listener.sock.family not in (socket.AF_INET, socket.AF_INET6) or not _listens_here(
            listener.sock.getsockname()
        ):
            _refuse("a socket on another address was inherited")
    _settle_memory()


def _settle_memory() -> None:
    """Spares the collector what was loaded before the fork, and runs it per call rather than amid each body.

    Reading 150 KB of JSON makes some ten thousand objects at once, all of them needed: by default the
    collector would look through them more than ten times.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def on_reload(server: Any) -> None:
    """A reload may have brought another address."""
    on_starting(server)
    when_ready(server)
