"""A HAPI FHIR server of our own, for as long as a test needs it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.hapi.maven import SERVER, build

HEAP = "1g"
START_LIMIT = 180.0
STOP_LIMIT = 20.0


@contextmanager
def start_hapi(port: int | None = None) -> Iterator[str]:
    """Build and start the server, on a free port if none is named; yield its base URL; stop it at the end."""
    target = build(SERVER)
    port = _reserve(port)
    base_url = f"http://127.0.0.1:{port}/fhir"
    log = target / f"server-{port}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(_command(target, port), stdout=output, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(server, base_url, log)
        yield base_url
        if server.poll() is not None:
            raise RuntimeError(_account("The HAPI server stopped by itself", server, log))
    finally:
        _stop(server)


def _command(target: Path, port: int) -> list[str]:
    # The serial collector keeps the process a fifth smaller and was no slower on two cores.
    return [
        "java",
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",
        # The suite runs in a time zone of its own; what a date search finds must not depend on it.
        "-Duser.timezone=UTC",
        "-jar",
        str(target / "hapi-server.jar"),
        f"--port={port}",
        "--address=127.0.0.1",
    ]


def _reserve(port: int | None) -> int:
    """A free port; OSError if the one named is taken, because another server there would answer for ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port or 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: "subprocess.Popen[bytes]", base_url: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not _answers(base_url):
        if server.poll() is not None:
            raise RuntimeError(_account("The HAPI server did not start", server, log))
        if time.monotonic() > deadline:
            raise TimeoutError(_account(f"The HAPI server was not ready in {START_LIMIT:.0f} s", server, log))
        time.sleep(0.3)


def _answers(base_url: str) -> bool:
    try:
        return requests.get(f"{base_url}/metadata", timeout=30).ok
    except requests.RequestException:
        return False


def _account(what: str, server: "subprocess.Popen[bytes]", log: Path) -> str:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
    return f"{what} (exit code {server.poll()}). The end of its log:\n{tail}"


def _stop(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
