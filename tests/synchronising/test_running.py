"""The real thing: in a worker, as a process of its own, and by hand; with real tokens over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner

from cds_service.cli import main
from cds_service.demo.fhir_server import store_of
from cds_service.deployment import Deployment
from cds_service.observing import metrics
from cds_service.referrals.states import State
from cds_service.synchronising.starting import InWorker, is_wanted
from mappings.units import load_ucum
from tests.deployment.running import ROOT, until
from tests.synchronising.hospital import PATIENT, Hospital, hospital
from tests.synchronising.world import saying

KINDS = ("ServiceRequest", "Task", "ResearchSubject")


@pytest.fixture
def ehr(tmp_path: Path) -> Iterator[Hospital]:
    load_ucum()
    with hospital(tmp_path) as found:
        yield found


@pytest.fixture
def service(ehr: Hospital) -> Iterator[Deployment]:
    deployment = ehr.deployed()
    yield deployment
    deployment.close()


def run(ehr: Hospital, *arguments: str) -> str:
    """What a command says."""
    environment = {**ehr.environment, "COLUMNS": "160"}
    done = CliRunner().invoke(main, ["sync", *arguments], env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def test_once_writes_what_waits_and_reads_the_record(ehr: Hospital, service: Deployment) -> None:
    referral = ehr.refer(service)
    assert run(ehr, "once") == "0 waiting, 0 refused for good.\n"
    (task,) = ehr.ours("Task")
    assert task["for"]["reference"] == f"Patient/{PATIENT}"
    assert task["identifier"][0]["value"] == referral.identifier
    assert [len(ehr.ours(kind)) for kind in ("ServiceRequest", "ResearchSubject")] == [1, 1]
    assert service.records is not None
    current = service.records.book.get(referral.id)
    assert current is not None
    assert current.outcome == "possible-candidate"


def test_status_shows_what_failed_and_names_nobody(ehr: Hospital, service: Deployment) -> None:
    referral = ehr.refer(service)
    ehr.refuses.update(dict.fromkeys(KINDS, 403))
    assert run(ehr, "once") == "3 waiting, 0 refused for good.\n"
    said = run(ehr, "status")
    assert said.count("forbidden") >= 3
    assert all(kind in said for kind in KINDS)
    for private in (PATIENT, referral.id, referral.identifier, ehr.base):
        assert private not in said


def rows(ehr: Hospital) -> dict[str, str]:
    """The numbers that the status gives to what failed, by kind."""
    failed = run(ehr, "status").partition("Failed")[2].partition("FHIR servers")[0]
    return {kind: row for row, kind in re.findall(r"│ (\d+) +│ ehr +│ (\w+)", failed)}


def test_what_failed_is_tried_again_at_once_by_row_or_client(ehr: Hospital, service: Deployment) -> None:
    ehr.refer(service)
    ehr.refuses.update(dict.fromkeys(KINDS, 403))
    run(ehr, "once")
    ehr.refuses.clear()
    assert run(ehr, "once") == "3 waiting, 0 refused for good.\n"  # none is due yet
    assert run(ehr, "retry", "--row", rows(ehr)["Task"]) == "1 to be tried again.\n"
    assert run(ehr, "once") == "2 waiting, 0 refused for good.\n"
    assert [len(ehr.ours(kind)) for kind in KINDS] == [0, 1, 0]
    assert run(ehr, "retry", "--client", "another") == "0 to be tried again.\n"
    assert run(ehr, "retry", "--client", "ehr") == "2 to be tried again.\n"
    assert run(ehr, "once") == "0 waiting, 0 refused for good.\n"
    assert [len(ehr.ours(kind)) for kind in KINDS] == [1, 1, 1]
    assert run(ehr, "retry") == "0 to be tried again.\n"


def test_a_server_that_was_in_trouble_is_asked_at_once_on_demand(ehr: Hospital, service: Deployment) -> None:
    ehr.refer(service)
    ehr.refuses.update(dict.fromkeys(KINDS, 429))
    run(ehr, "once")
    ehr.refuses.clear()
    assert "too_busy" in run(ehr, "status")
    run(ehr, "retry")
    assert run(ehr, "once") == "0 waiting, 0 refused for good.\n"


def test_without_a_client_that_gave_access_there_is_nothing_to_do(tmp_path: Path) -> None:
    environment = {"TRIALHOOK_STATE_DIR": str(tmp_path), "TRIALHOOK_POLICY": "1"}
    done = CliRunner().invoke(main, ["sync", "once"], env=environment)
    assert done.exit_code == 1
    assert "Nothing to synchronise" in done.output


def test_a_worker_does_it_by_itself_and_stops_at_once(ehr: Hospital, service: Deployment) -> None:
    worker = InWorker(service)
    worker.begin()
    referral = ehr.refer(service)
    for _ in until("the Task is there", 60):
        if ehr.ours("Task"):
            break
    (task,) = ehr.ours("Task")
    store_of(ehr.app).update({**task, **saying(State.CONTACTED)}, service.now("UTC"))
    assert service.records is not None
    for _ in until("the change is learnt", 60):
        current = service.records.book.get(referral.id)
        if current and current.state is State.CONTACTED:
            break
    began = monotonic()
    worker.close()
    assert monotonic() - began < 6
    assert 'trialhook_sync_writes_total{client="ehr",kind="Task",outcome="created"}' in (
        metrics.exposition().decode()
    )


def test_a_worker_that_is_told_not_to_leaves_it_to_others(ehr: Hospital, service: Deployment) -> None:
    quiet = replace(service, settings=replace(service.settings, sync=False))
    worker = InWorker(quiet)
    worker.begin()
    assert worker._running is None
    worker.close()
    assert is_wanted(quiet)


def test_a_process_of_its_own_ends_with_a_signal_and_is_the_only_one(
    ehr: Hospital, service: Deployment
) -> None:
    ehr.refer(service)
    with process(ehr) as first:
        for _ in until("the Task is there", 60):
            if ehr.ours("Task"):
                break
        with process(ehr, "once") as second:
            refused = second.communicate(timeout=60)[1]
        first.send_signal(signal.SIGTERM)
        said = first.communicate(timeout=30)[1]
    assert (second.returncode, first.returncode) == (1, 0)
    assert "Another process is synchronising" in refused
    assert "Traceback" not in said
    assert PATIENT not in said
    assert run(ehr, "once")  # the lease was given back


def process(ehr: Hospital, *arguments: str) -> subprocess.Popen[str]:
    """`trialhook sync` as an operator starts it."""
    command = [sys.executable, "-m", "cds_service.cli", "sync", *arguments]
    environment = {**os.environ, **ehr.environment}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
