"""The servers that are compared, each as a process of its own on a free loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.hook_call.client import HOST
from cds_service.serving import APPLICATION, GUNICORN_SETTINGS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
HEALTHCHAIN = "healthchain==0.16.1"
_VENV = BUILD / "healthchain-venv"
_MARK = _VENV / "installed.txt"
_START_LIMIT = 60.0
_STOP_LIMIT = 10.0
_INSTALL_LIMIT = 180.0


@contextmanager
def service(fhir_hosts: str = "") -> Iterator[int]:
    """The real service under gunicorn: one worker with four threads; yields its port."""
    settings = {"TRIALHOOK_FHIR_HOSTS": fhir_hosts, "TRIALHOOK_SERVE_DRAFTS": "1", "TRIALHOOK_DEADLINE": "20"}
    port = free_port()
    with running("service", gunicorn(APPLICATION, port), port, settings):
        yield port


@contextmanager
def serving(name: str, port: int, settings: Mapping[str, str]) -> Iterator[None]:
    """`trialhook serve`, as an operator runs it, with these settings."""
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
    with running(name, command, port, settings):
        yield


@contextmanager
def floor() -> Iterator[int]:
    """Flask and orjson without evaluation, under the same gunicorn settings."""
    port = free_port()
    with running("floor", gunicorn("bench.hook_call.floor_app:create_app()", port), port, {}):
        yield port


@contextmanager
def healthchain() -> Iterator[int]:
    """HealthChain with an empty handler under uvicorn, one worker; RuntimeError if it cannot be installed."""
    install_healthchain()
    port = free_port()
    server = [
        str(_VENV / "bin" / "uvicorn"),
        "healthchain_app:app",
        "--app-dir",
        str(ROOT / "bench" / "hook_call"),
    ]
    quiet = ["--log-level", "warning", "--no-access-log", "--workers", "1"]
    with running("healthchain", [*server, *quiet, "--host", HOST, "--port", str(port)], port, {}):
        yield port


def gunicorn(application: str, port: int) -> list[str]:
    """One worker, with the settings with which the service runs."""
    command = [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_SETTINGS), "--workers", "1"]
    return [*command, "--bind", f"{HOST}:{port}", application]


def install_healthchain() -> None:
    """Into a virtual environment of its own, once: it pins older libraries than ours."""
    if _MARK.exists() and _MARK.read_text(encoding="utf-8") == HEALTHCHAIN:
        return
    python = str(_VENV / "bin" / "python")
    _do([sys.executable, "-m", "venv", "--clear", str(_VENV)])
    _do([python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet", HEALTHCHAIN])
    _MARK.write_text(HEALTHCHAIN, encoding="utf-8")


def _do(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_LIMIT)
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{' '.join(command[1:4])} failed: {error.stderr.strip()[-300:]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"{' '.join(command[1:4])} failed: {error}") from None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, command: Sequence[str], port: int, settings: Mapping[str, str]) -> Iterator[None]:
    """The server until the block ends. What is set in the shell for a service does not count."""
    BUILD.mkdir(exist_ok=True)
    log = BUILD / f"bench-{name}.log"
    ours = ("TRIALHOOK_", "GUNICORN_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment = {**inherited, "WEB_CONCURRENCY": "1", **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(port, process, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_LIMIT
    while process.poll() is None and time.monotonic() < until:
        connection = HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse()
            return
        except (OSError, HTTPException):
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError(f"{log.stem} did not start: {log.read_text(errors='replace')[-1000:]}")
