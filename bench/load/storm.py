"""60 seconds in which everything around the service fails in turn, under steady load.

Four workers, PostgreSQL, ES384, recording. The FHIR server goes slow, dead, garbage and back; PostgreSQL is
stopped and started; a worker is killed. What must hold: no wrong card; no 5xx but 503 on feedback while the
database is away; nothing unanswered but what the killed worker was at; every acknowledged feedback is there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from statistics import median, quantiles

import requests
from sqlalchemy import create_engine, text

from bench.hook_call import servers
from bench.hook_call.client import HOST
from bench.load.callers import Callers, Chart, Seen
from bench.load.registration import Registration
from bench.results import Part, Row, prose
from cds_service.clock import today_in
from cds_service.demo import samples
from cds_service.demo.ehr.hooks import fill
from cds_service.demo.fhir.client import FhirClient
from mappings.trial_definition import Catalog
from tests.storage.postgres import Cluster

SECONDS = 60.0
RATE = 25.0
THREADS = 8
WORKERS = 4
TIMELINE: tuple[tuple[float, str], ...] = (
    (8, "FHIR slow"),
    (16, "FHIR dead"),
    (24, "FHIR garbage"),
    (32, "FHIR well"),
    (36, "PostgreSQL stopped"),
    (46, "PostgreSQL started"),
    (52, "worker killed"),
)
_SHOWN = 5
_IN_FLIGHT = 1.5
"""Seconds around a kill within which a call without an answer was that worker's."""

_METHOD = prose(
    f"""
    {WORKERS} workers of 4 threads, PostgreSQL, every call signed with ES384 and recorded; {RATE:g}
    chart openings a second from {THREADS} threads for {SECONDS:g} s, half of them prefetched, of all
    sample patients; every card is answered by a feedback of its own. The FHIR server answers after
    3 s from second 8, closes every connection from 16, sends HTML from 24, and is well again from 32;
    PostgreSQL is stopped at 36 and started at 46; a worker is killed (SIGKILL) at 52. A wrong card:
    one for a patient who gets none, one that says that more is met than on a good day, or none where
    all was prefetched. (It may say less: a drug that is only referred to is read from the FHIR
    server.) The callers share the two cores with everything else.
    """
)


def storm(_catalog: Catalog, _today: date) -> Part:
    """Runs the storm; one row for each thing that must hold, and what was measured."""
    today = today_in("UTC")
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="trialhook-storm-")))
        cluster = running.enter_context(Cluster())
        mode = folder / "mode"
        mode.write_text("well", encoding="utf-8")
        fhir_base = running.enter_context(_fhir_server(folder, today))
        port = servers.free_port()
        registration = Registration(folder, f"http://localhost:{port}", fhir_base)
        settings = registration.environment(
            TRIALHOOK_DATABASE=cluster.url,
            TRIALHOOK_STATE_DIR=str(folder / "state"),
            TRIALHOOK_DEADLINE="1",
            WEB_CONCURRENCY=str(WORKERS),
        )
        running.enter_context(servers.serving("storm", port, settings))
        base = f"http://{HOST}:{port}"
        charts = _charts(base, fhir_base, registration)
        callers = Callers(base, fhir_base, registration, charts)
        events = _Events(mode, cluster, port)
        timer = threading.Thread(target=events.run)
        timer.start()
        callers.run(THREADS, RATE, SECONDS)
        timer.join()
        return Part(
            "Under load, with everything failing in turn", _METHOD, _rows(callers.seen, events, cluster)
        )


@contextmanager
def _fhir_server(folder: Path, today: date) -> Iterator[str]:
    port = servers.free_port()
    command = [sys.executable, "-m", "bench.load.faulty_fhir", str(port), str(folder), today.isoformat()]
    with servers.running("faulty-fhir", command, port, {}):
        yield f"http://{HOST}:{port}/fhir"


def _charts(base: str, fhir_base: str, registration: Registration) -> list[Chart]:
    """Every sample patient with the prefetch that discovery asks for, and the card of a good day."""
    fhir = FhirClient(fhir_base)
    services = requests.get(f"{base}/cds-services", timeout=10).json()["services"]
    templates = next(one["prefetch"] for one in services if one["hook"] == "patient-view")
    charts = []
    for sample in samples.ALL:
        context = {"userId": "Practitioner/1", "patientId": sample.id}
        chart = Chart(sample.id, fill(templates, context, fhir.get), "")
        charts.append(chart._replace(summary=_summary(base, fhir_base, registration, chart)))
        if bool(charts[-1].summary) != sample.expects_card:
            raise RuntimeError(f"{sample.id}: before the storm, the card is not as the story expects")
    return charts


def _summary(base: str, fhir_base: str, registration: Registration, chart: Chart) -> str:
    one = Callers(base, fhir_base, registration, [chart])
    cards = one.open_once(chart)
    return str(cards[0]["summary"]) if cards else ""


class _Events:
    """What happens when, and when it did."""

    def __init__(self, mode: Path, cluster: Cluster, port: int) -> None:
        self._mode, self._cluster, self._port = mode, cluster, port
        self.happened: dict[str, float] = {}

    def run(self) -> None:
        began = time.monotonic()
        for at, what in TIMELINE:
            time.sleep(max(0.0, began + at - time.monotonic()))
            self.happened[what] = time.monotonic()
            self._do(what)
            self.happened[f"{what}, done"] = time.monotonic()

    def _do(self, what: str) -> None:
        if what.startswith("FHIR "):
            self._mode.write_text(what.removeprefix("FHIR "), encoding="utf-8")
        elif what == "PostgreSQL stopped":
            self._cluster.stop()
        elif what == "PostgreSQL started":
            self._cluster.start()
        else:
            os.kill(_a_worker(self._port), signal.SIGKILL)


def _a_worker(port: int) -> int:
    """The process id of a worker of the service on this port: a child of gunicorn's."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()[1:]]
    ours = [(int(pid), int(parent)) for pid, parent, args in rows if f"{HOST}:{port}" in args]
    pids = {pid for pid, _ in ours}
    return next(pid for pid, parent in ours if parent in pids)


def _rows(seen: Seen, events: _Events, cluster: Cluster) -> Sequence[Row]:
    killed = events.happened["worker killed"]
    elsewhere = [at for at in seen.unanswered if not killed - _IN_FLIGHT <= at <= killed + _IN_FLIGHT]
    faults = {
        status: count
        for status, count in seen.statuses.items()
        if status.split()[1].startswith("5") and status != "feedback 503"
    }
    for wrong in seen.wrong[:_SHOWN]:
        print(f"wrong: {wrong}", file=sys.stderr)
    there = _kept(cluster, seen.acknowledged)
    p50, p95 = median(seen.milliseconds), quantiles(seen.milliseconds, n=20)[-1]
    statuses = ", ".join(f"{status}: {count}" for status, count in sorted(seen.statuses.items()))
    return [
        Row("calls and their answers", statuses),
        Row("time of a call", f"median {p50:.0f} ms, 95 % {p95:.0f} ms"),
        Row("wrong cards", str(len(seen.wrong)), bar="none", passed=not seen.wrong),
        Row("5xx but 503 on feedback", str(faults or "none"), bar="none", passed=not faults),
        Row("503 on feedback while the database was away", str(seen.statuses["feedback 503"])),
        Row(
            "without an answer",
            f"{len(seen.unanswered)}, of them {len(elsewhere)} not around the kill",
            bar="only the killed worker's",
            passed=not elsewhere,
        ),
        Row(
            "acknowledged feedback that is there afterwards",
            f"{there} of {len(seen.acknowledged)}",
            bar="all",
            passed=there == len(seen.acknowledged),
        ),
    ]


_KEPT = """
    SELECT card FROM shown JOIN feedback ON feedback.shown_id = shown.id
    UNION SELECT card FROM early_feedback
"""
"""Feedback on a card whose record went with the killed worker waits for it, and is kept all the same."""


def _kept(cluster: Cluster, cards: Sequence[str]) -> int:
    engine = create_engine(cluster.url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        kept = {row[0] for row in connection.execute(text(_KEPT))}
    engine.dispose()
    return len(kept & set(cards))
