# ruff: noqa: N999
"""Settings of the server process. In demo mode it listens on this machine only, whatever asks otherwise.

The address is checked when it is known for sure: after GUNICORN_CMD_ARGS and the command line have had
their say, once the sockets exist, and again after a reload.
"""

import gc
import os
import shutil
import socket
import struct
import tempfile
from typing import Any

# Where the workers' metrics meet. Before anything else: the metrics look for it when they are imported.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="trialhook-metrics-")
    _OUR_FOLDER = os.environ["PROMETHEUS_MULTIPROC_DIR"]
else:
    _OUR_FOLDER = ""

from prometheus_client import multiprocess

from cds_service.observing import logs
from cds_service.serving import TEMPORARY
from cds_service.web.loopback import is_loopback

bind = "127.0.0.1:8090"
worker_class = "gthread"
threads = 4
preload_app = True
keepalive = 5
accesslog = None
control_socket_disable = True
proxy_protocol = False
# The path of the request line decides, and nothing that a proxy hands on: by default gunicorn believes a
# SCRIPT_NAME header from this machine, and with it /cds-services/metrics would be /metrics.
forwarder_headers = ""
forwarded_allow_ips = ""
graceful_timeout = 30
limit_request_line = 8190  # a sign-in may come back with a long code
limit_request_fields = 64
limit_request_field_size = 16 * 1024

# Seconds for the next piece of a request, and for the taking of an answer; gunicorn sets none. Each wait
# is bounded, not their sum: what is slow on purpose is for the proxy to hold off.
_PATIENCE = struct.pack("ll", 10, 0)

_DEMO = not os.environ.get("TRIALHOOK_CLIENTS", "").strip()


def _listens_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return False
    return address[0] == "localhost" or is_loopback(address[0])


def _refuse(what: str) -> None:
    # gunicorn prints a RuntimeError without a trace, and stops.
    raise RuntimeError(
        f"demo mode (no clients registered) answers this machine only: {what}. "
        "Use --bind 127.0.0.1:PORT, localhost:PORT or [::1]:PORT, or register clients (TRIALHOOK_CLIENTS)."
    )


def on_starting(server: Any) -> None:
    """Before anything listens."""
    logs.to_stderr()
    logs.keep_requests_out()
    if server.cfg.workers < 1:  # calls would be taken, and nobody would answer them
        raise RuntimeError("at least one worker is needed: see WEB_CONCURRENCY and --workers")
    if _DEMO and not all(_listens_here(address) for address in server.cfg.address):
        _refuse("another bind address is refused")
    if _DEMO and server.cfg.proxy_protocol not in (False, "off"):
        _refuse("the proxy protocol is refused")


def when_ready(server: Any) -> None:
    """Sockets may also have been inherited."""
    for listener in server.LISTENERS if _DEMO else ():
        if listener.sock.family not in (socket.AF_INET, socket.AF_INET6) or not _listens_here(
            listener.sock.getsockname()
        ):
            _refuse("a socket on another address was inherited")
    for listener in server.LISTENERS:  # accepted sockets inherit it
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, _PATIENCE)
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


def post_worker_init(worker: Any) -> None:
    """What a worker does before its first call."""
    _do("trialhook-begin", worker)


def worker_exit(_server: Any, worker: Any) -> None:
    """What a worker has recorded and not yet written is written before it goes."""
    _do("trialhook-close", worker)


def _do(what: str, worker: Any) -> None:
    action = getattr(getattr(worker, "wsgi", None), "extensions", {}).get(what)
    if action is not None:
        action()


def child_exit(_server: Any, worker: Any) -> None:
    """A worker's gauges go with it; what it counted stays."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Folders that were made for this run alone."""
    state = os.environ.get("TRIALHOOK_STATE_DIR", "")
    for folder in (_OUR_FOLDER, state if TEMPORARY in state else ""):
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
