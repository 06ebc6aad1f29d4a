"""The real service as a process of its own, and the same reading and assessing in this process.

A hook call answers with cards alone. What is behind them is had by the service's own code on the same server.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

import requests

from cds_service.assessing import assess_resources, definitions, served_trials
from cds_service.clients.reading import demo_clients
from cds_service.fhir.fetching import FhirFetcher
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import Gathered, gather
from cds_service.settings import Settings
from mappings.needs import Query, needs_of
from mappings.results import Assessment
from mappings.units import load_ucum
from tests.hapi.run_data import Json

PATIENT_VIEW = "/cds-services/trial-match-patient-view"
USER = "Practitioner/trialhook-test"
# The longest that may be set: these tests ask what comes, not how fast, on a machine that does other work.
LONGEST_DEADLINE = 60.0
CALL_LIMIT = 120.0
START_LIMIT = 90.0


def noon_zone() -> tuple[str, date]:
    """A time zone in which it is about noon, and the day there: no midnight falls into a run of the tests."""
    now = datetime.now(UTC)
    ahead = 12 - now.hour
    # POSIX counts the other way round: five hours ahead of UTC is Etc/GMT-5. The day is that of UTC.
    return f"Etc/GMT{-ahead:+d}", now.date()


ZONE, TODAY = noon_zone()


@dataclass(frozen=True)
class Service:
    """A running service that may read one FHIR server."""

    url: str
    fhir_base: str

    def call(self, patient_id: str) -> requests.Response:
        """Open a chart: patient-view without prefetch, so that the service has to pull everything."""
        body: Json = {
            "hook": "patient-view",
            "hookInstance": str(uuid.uuid4()),
            "context": {"userId": USER, "patientId": patient_id},
            "fhirServer": self.fhir_base,
        }
        return requests.post(f"{self.url}{PATIENT_VIEW}", json=body, timeout=CALL_LIMIT)

    def cards(self, patient_id: str) -> list[Json]:
        """The cards for a patient; a failed call raises with what the service said."""
        answer = self.call(patient_id)
        if not answer.ok:
            raise RuntimeError(f"patient-view: {answer.status_code} {answer.text[:1000]}")
        cards: list[Json] = answer.json()["cards"]
        return cards


@contextmanager
def running_service(fhir_base: str, **settings: str) -> Iterator[Service]:
    """`trialhook serve` on a free port; settings go by the end of their names, such as PAGE_LIMIT."""
    port = _free_port()
    own = {"FHIR_HOSTS": fhir_base, "TIME_ZONE": ZONE, "DEADLINE": f"{LONGEST_DEADLINE:.0f}"} | settings
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRIALHOOK_")}
    environment = kept | {f"TRIALHOOK_{name}": value for name, value in own.items()}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "service.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_ready(process, f"http://127.0.0.1:{port}/cds-services", log)
            yield Service(f"http://127.0.0.1:{port}", fhir_base)
        finally:
            _stop(process)


@dataclass(frozen=True)
class Reader:
    """Reads and assesses patients as the service does, with its settings."""

    settings: Settings

    @classmethod
    def of(cls, fhir_base: str) -> Reader:
        """A reader with as much patience as the service of these tests."""
        load_ucum()
        return cls(Settings(fhir_hosts=(fhir_base,), deadline=LONGEST_DEADLINE))

    def limited(self, *, pages: int | None = None, seconds: float | None = None) -> Reader:
        """The same with less patience."""
        less = replace(
            self.settings,
            page_limit=pages or self.settings.page_limit,
            deadline=seconds or self.settings.deadline,
        )
        return replace(self, settings=less)

    def pull(self, patient_id: str) -> Gathered:
        """What the service gets for a hook call without prefetch."""
        base = self.settings.fhir_hosts[0]
        call = HookCall(str(uuid.uuid4()), patient_id, USER, fhir_server=base)
        until = monotonic() + self.settings.deadline
        (client,) = demo_clients(self.settings)
        return gather(call, service_queries(), FhirFetcher(self.settings), until, client)

    def assess(self, patient_id: str) -> Assessment:
        """The assessment behind the cards for a patient."""
        pulled = self.pull(patient_id)
        (assessment,) = assess_resources(
            pulled.resources,
            TODAY,
            patient_id=patient_id,
            gaps=pulled.gaps,
            full_urls=pulled.full_urls,
        )
        return assessment

    def assess_file(self, resources: Sequence[Json], patient_id: str) -> Assessment:
        """The assessment of resources that no server has touched."""
        (assessment,) = assess_resources(resources, TODAY, patient_id=patient_id)
        return assessment


def verdicts_of(assessment: Assessment) -> dict[str, tuple[str, str]]:
    """Verdict and reason of each criterion."""
    return {one.id: (one.verdict.value, one.reason.value) for one in assessment.criteria}


def counts_of(assessment: Assessment) -> str:
    """The counts in the words of a card's summary."""
    met, unknown, not_met = assessment.counts()
    return f"{met} of {met + unknown + not_met} applicable criteria met, {unknown} to check"


def counts_in_summary(card: Json) -> str:
    """What a card's summary says after the trial's name."""
    return str(card["summary"]).rpartition(". ")[2]


def service_queries() -> tuple[Query, ...]:
    """The searches that the service makes for a patient of whom nothing was prefetched."""
    catalog = definitions()
    return needs_of(served_trials(catalog, serve_drafts=True), catalog).queries()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"The service did not start (exit code {process.poll()}):\n{tail}")
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
