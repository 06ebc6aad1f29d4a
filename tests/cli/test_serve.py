"""trialhook serve: gunicorn on this machine only, whatever asks otherwise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from cds_service.demo import samples
from cds_service.serving import APPLICATION, GUNICORN_SETTINGS, BadSetUpError, check_workers
from tests.cli.conftest import Run

SERVE = [sys.executable, "-m", "cds_service.cli", "serve"]
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", str(GUNICORN_SETTINGS)]
ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TRIALHOOK_", "GUNICORN"))
    }
    return {**inherited, **more}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], **more: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**more),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_up(url: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if session.get(f"{url}/healthz", timeout=1).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
    raise AssertionError("the service did not come up")


def hook_body(today: date) -> dict[str, Any]:
    bundle = samples.ALL[0].build(today)
    patient = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient")
    return {
        "hook": "patient-view",
        "hookInstance": "0b5ffb0a-6a5a-4f0f-9a4f-6f8f2b3f7c11",
        "context": {"userId": "Practitioner/dr1", "patientId": patient["id"]},
        "prefetch": {"patient": patient, "conditions": bundle},
    }


def test_it_answers_on_loopback_and_logs_a_line_without_the_patient(today: date) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running([*SERVE, "--port", str(port)], WEB_CONCURRENCY="2") as process:
        wait_until_up(url)
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(f"{url}/cds-services", timeout=5).json()["services"]
            body = hook_body(today)
            answer = session.post(f"{url}/cds-services/trial-match-patient-view", json=body, timeout=10)
            assert answer.status_code == 200
            assert session.get(f"{url}/secretpath", timeout=5).status_code == 404
            refused = session.get(f"{url}/cds-services", headers={"X-Forwarded-For": "10.0.0.1"}, timeout=5)
            assert refused.status_code == 403
        process.terminate()
        log = process.communicate(timeout=20)[1]
    assert '"service":"trial-match-patient-view"' in log
    assert log.count("Booting worker") == 2
    assert "secretpath" not in log
    assert samples.ALL[0].id not in log


def send(port: int, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HOOK = (
    b"POST /cds-services/trial-match-patient-view HTTP/1.1\r\n"
    b"Host: localhost\r\nContent-Type: application/json\r\n"
)


def test_requests_that_are_not_http_are_refused_and_not_quoted_in_the_log() -> None:
    port = free_port()
    with running([*SERVE, "--port", str(port)]) as process:
        wait_until_up(f"http://127.0.0.1:{port}")
        for raw, status in (
            (b"GET /secretpatient?x=secretvalue HTTP/7.0\r\n\r\n", b"400"),
            (b"secretvalue\r\n\r\n", b"400"),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nsecret value: 1\r\n\r\n", b"400"),
            (HOOK + b"Content-Length: 100\r\n\r\n{secretvalue", b"400"),
            (HOOK + b"Transfer-Encoding: chunked\r\n\r\nsecretvalue\r\n", b"400"),
            (HOOK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{sec", b"400"),
            (b"GET /cds-services HTTP/1.1\r\nHost: secretvalue.example\r\n\r\n", b"403"),
            (b"GET /cds-services HTTP/1.0\r\n\r\n", b"403"),
        ):
            assert status in send(port, raw).split(b"\r\n", 1)[0], raw
        process.terminate()
        log = process.communicate(timeout=20)[1]
    assert "not valid HTTP" in log
    assert "secret" not in log
    assert "Traceback" not in log


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ([*SERVE, "--host", "0.0.0.0"], {}),
        ([*SERVE, "--host", "::"], {}),
        ([*GUNICORN, "--bind", "0.0.0.0:0", APPLICATION], {}),
        ([*GUNICORN, "--bind", "127.0.0.1:0", "--bind", "0.0.0.0:0", APPLICATION], {}),
        ([*GUNICORN, "--bind", ":0", APPLICATION], {}),
        ([*GUNICORN, APPLICATION], {"GUNICORN_CMD_ARGS": "--bind 0.0.0.0:0"}),
        ([*GUNICORN, APPLICATION], {"GUNICORN_CMD_ARGS": "--bind unix:trialhook-test.sock"}),
        ([*GUNICORN, APPLICATION], {"GUNICORN_CMD_ARGS": "--bind 127.0.0.1:0 --proxy-protocol v1"}),
    ],
)  # fmt: skip
def test_any_address_but_loopback_is_refused(command: list[str], more: dict[str, str]) -> None:
    port = ["--port", str(free_port())] if command[: len(SERVE)] == SERVE else []
    with running([*command, *port], **more) as process:
        log = process.communicate(timeout=30)[1]
    assert process.returncode not in (0, None)
    assert "answers this machine only" in log
    assert "Traceback" not in log
    assert "Listening at" not in log


def test_a_bad_setting_is_told_before_anything_starts() -> None:
    with running([*SERVE, "--port", str(free_port())], TRIALHOOK_DEADLINES="3") as process:
        log = process.communicate(timeout=30)[1]
    assert process.returncode == 2
    assert "did you mean TRIALHOOK_DEADLINE?" in log
    assert "Traceback" not in log


@pytest.mark.parametrize("workers", ["0", "-1", "1.5", "x", "300", "\u0664"])
def test_a_number_of_workers_that_cannot_be_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", workers)
    with pytest.raises(BadSetUpError, match="WEB_CONCURRENCY must be a whole number from 1 to 256"):
        check_workers()


@pytest.mark.parametrize("workers", [None, "", " ", "1", " 4 ", "256"])
def test_a_number_of_workers_that_can_be_is_taken(
    monkeypatch: pytest.MonkeyPatch, workers: str | None
) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    if workers is not None:
        monkeypatch.setenv("WEB_CONCURRENCY", workers)
    check_workers()


def test_no_worker_is_refused_and_a_blank_is_one() -> None:
    with running([*SERVE, "--port", str(free_port())], WEB_CONCURRENCY="0") as process:
        log = process.communicate(timeout=30)[1]
    assert process.returncode == 1
    assert "WEB_CONCURRENCY must be" in log
    assert "Traceback" not in log
    port = free_port()
    with running([*SERVE, "--port", str(port)], WEB_CONCURRENCY=" "):
        wait_until_up(f"http://127.0.0.1:{port}")


def test_the_help_names_every_command(run: Run) -> None:
    result = run("--help")
    for command in ("serve", "demo", "assess", "trials"):
        assert command in result.stdout
    assert "WEB_CONCURRENCY" in run("serve", "--help").stdout
