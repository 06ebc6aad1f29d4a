"""`trialhook serve` as an operator starts it: registered clients, several workers, and a way to call it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from cds_service.demo import samples
from tests.cli.test_serve import SERVE, environment, free_port, wait_until_up

ROOT = Path(__file__).resolve().parents[2]
TRY_IT = ROOT / "docs/samples/try_it.py"
SERVICE = "/cds-services/trial-match-patient-view"
CANDIDATE = next(sample for sample in samples.ALL if sample.expects_card)


@dataclass
class Service:
    """A running service whose one client is that of docs/samples/try_it.py."""

    url: str
    process: subprocess.Popen[str]
    folder: Path
    settings: Mapping[str, str]

    def get(self, path: str, seconds: float = 60) -> requests.Response:
        """On a connection of its own, so that any worker may answer."""
        return _send("GET", f"{self.url}{path}", seconds=seconds)

    def call(self, body: Mapping[str, Any], path: str = SERVICE, token: str = "") -> requests.Response:
        """A signed call."""
        token = token or self.token(path)
        return _send("POST", f"{self.url}{path}", body, {"Authorization": f"Bearer {token}"})

    def token(self, path: str = SERVICE) -> str:
        return try_it(self.folder, "token", f"{self.url}{path}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of `trialhook` with the settings of the service."""
        command = [sys.executable, "-m", "cds_service.cli", *arguments]
        return subprocess.run(
            command,
            env=environment(**self.settings),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def metric(self, line: str) -> float:
        """The value of one line of /metrics; 0 if it is not there."""
        found = re.search(rf"^{re.escape(line)} (\S+)$", self.get("/metrics").text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def workers(self) -> list[int]:
        """The process ids of the workers."""
        listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
        pairs = [line.split() for line in listed.stdout.splitlines()]
        return [int(pid) for pid, parent in pairs if int(parent) == self.process.pid]

    def stop(self) -> str:
        """Ends it as a service manager does; what it logged."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1]


def _send(
    method: str,
    url: str,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, json=body, headers=headers, timeout=seconds)


def try_it(folder: Path, *arguments: str) -> str:
    """What docs/samples/try_it.py prints, with its key in a folder."""
    return subprocess.run(
        [sys.executable, str(TRY_IT), *arguments],
        env={**os.environ, "TRY_IT_KEY": str(folder / "try-it.pem")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def register(folder: Path, fhir_base: str = "http://127.0.0.1:9/fhir") -> Path:
    """The sample's clients.yaml with the key that the sample's program makes, as docs/operate.md says."""
    sample = (ROOT / "docs/samples/compose-clients.yaml").read_text(encoding="utf-8")
    own = re.sub(r"^( *)jwks: .*$", lambda m: m[1] + try_it(folder, "key").strip(), sample, flags=re.M)
    own = own.replace("http://hapi:8080/fhir", fhir_base).replace("10.0.0.0/8", "127.0.0.0/8")
    file = folder / "clients.yaml"
    file.write_text(own, encoding="utf-8")
    return file


def key_line() -> str:
    """The line of settings that `trialhook keys new` prints."""
    command = [sys.executable, "-m", "cds_service.cli", "keys", "new"]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@contextmanager
def service(folder: Path, fhir_base: str = "http://127.0.0.1:9/fhir", **more: str) -> Iterator[Service]:
    """The service in a folder, with two workers, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "TRIALHOOK_CLIENTS": str(register(folder, fhir_base)),
        "TRIALHOOK_PUBLIC_URL": url,
        "TRIALHOOK_KEYS": key_line().partition("=")[2].strip('"'),
        "TRIALHOOK_STATE_DIR": str(folder / "state"),
        "TRIALHOOK_SERVE_DRAFTS": "1",
        "WEB_CONCURRENCY": "2",
        **more,
    }
    with subprocess.Popen(
        [*SERVE, "--port", str(port)],
        cwd=ROOT,
        env=environment(**settings),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            wait_until_up(url)
            yield Service(url, process, folder, settings)
        finally:
            process.kill() if process.poll() is None and _is_stuck(process) else process.wait()


def _is_stuck(process: subprocess.Popen[str]) -> bool:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        return True
    return False


def until(what: str, seconds: float = 30) -> Iterator[None]:
    """Turns until a time is over, a tenth of a second apart; then the test fails with these words."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds:g} s")


def chart(fhir_server: str = "", **members: Any) -> dict[str, Any]:
    """A call for a possible candidate: with everything prefetched, or with a FHIR server to read."""
    body: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": f"Practitioner/{uuid4()}", "patientId": CANDIDATE.id},
    }
    if fhir_server:
        return {**body, "fhirServer": fhir_server, **members}
    resources = [entry["resource"] for entry in CANDIDATE.build(date.today())["entry"]]  # noqa: DTZ011
    patient = next(one for one in resources if one["resourceType"] == "Patient")
    everything = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
    # One key holds it all: what is not of the type that was asked for is read as well.
    return {**body, "prefetch": {"patient": patient, "conditions": everything}, **members}
