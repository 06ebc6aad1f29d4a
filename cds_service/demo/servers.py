"""Starts and stops what the demo runs: a threaded server of its own, and the real service as a process."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
FIRST_PORT = 8090
PATIENCE_SECONDS = 30.0


class NotStartedError(RuntimeError):
    """Something of the demo did not come up."""


class QuietHandler(WSGIRequestHandler):
    """No line per request: the demo's table is what there is to read."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def choosing_ports() -> Iterator[None]:
    """While one demo chooses ports and starts on them, another that starts on this machine waits.

    Otherwise both find the same ports free, and one talks to the other's service.
    """
    with (Path(tempfile.gettempdir()) / f"trialhook-demo-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def free_ports(count: int, first: int = FIRST_PORT) -> list[int]:
    """The next free ports on this machine, from `first` up."""
    found = [port for port in range(first, first + 200) if _is_free(port)][:count]
    if len(found) < count:
        raise NotStartedError(f"No {count} free ports from {first} up.")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port that a demo has just left is free again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@contextmanager
def in_thread(app: Flask, port: int) -> Iterator[str]:
    """Serve the app on loopback, in threads, until the block ends; gives its base URL. Port 0 picks one."""
    server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def service_process(
    port: int, fhir_base: str, log: Path, *, policy: bool = False, trials: Path | None = None
) -> Iterator[str]:
    """Run `trialhook serve` as users do, with this FHIR server as its EHR; gives its URL once it answers.

    What it keeps lies beside its log. ``trials``: a folder of definitions, in place of the packaged ones.
    """
    # A setting left over in the shell must not change what a newcomer sees.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRIALHOOK_")}
    environment = {
        **inherited,
        "TRIALHOOK_FHIR_HOSTS": fhir_base,
        "TRIALHOOK_PUBLIC_URL": f"http://{HOST}:{port}",
        "TRIALHOOK_STATE_DIR": str(log.parent),
        "TRIALHOOK_DATABASE": f"sqlite:///{log.with_name('demo.sqlite')}",
        "TRIALHOOK_DEMO_SMART": "1",
    }
    if trials is not None:
        environment["TRIALHOOK_TRIALS"] = str(trials)
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--host", HOST, "--port", str(port)]
    command += ["--policy"] if policy else []
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait_for(f"http://{HOST}:{port}/cds-services", process, log)
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotStartedError(f"The service ended with status {process.returncode}:\n{_end_of(log)}")
        if _answers(url):
            return
        time.sleep(0.1)
    raise NotStartedError(f"The service did not answer within {PATIENCE_SECONDS:.0f} s:\n{_end_of(log)}")


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=1).ok
        except requests.RequestException:
            return False


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:].strip()
