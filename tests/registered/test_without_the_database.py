"""While the database is away, cards still come; what cannot be kept is not acknowledged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.registered.conftest import NewHospital
from tests.registered.hospital import ISSUER, Hospital, registered
from tests.service import charts
from tests.service.definitions import TRIAL


@contextmanager
def locked(hospital: Hospital) -> Iterator[None]:
    """Somebody else holds the database and does not let go."""
    file = hospital.folder / "state" / "trialhook.db"
    other = sqlite3.connect(file, isolation_level=None, timeout=5)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    hospital.records.database.close()  # our own readers would keep the other from locking
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("COMMIT")
        other.close()


@pytest.fixture
def hospital(new_hospital: NewHospital) -> Hospital:
    return new_hospital(settings={"storage_wait": 0.2})


def test_cards_come_and_feedback_is_sent_away_until_later(hospital: Hospital) -> None:
    [before] = hospital.cards()
    with locked(hospital):
        began = time.monotonic()
        assert len(hospital.cards()) == 1
        assert time.monotonic() - began < 3
        refused = hospital.answer(before, "patient-declined")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert hospital.http.get("/readyz").get_json() == {
            "status": "degraded",
            "database": "away",
            "recruitment": "ok",
        }
    wait_until_back(hospital)
    assert hospital.answer(before, "patient-declined").status_code == 200
    assert hospital.cards() == []


def test_a_silent_trial_stays_silent(new_hospital: NewHospital) -> None:
    trials = [{"id": TRIAL.id, "silent": "yes"}]
    hospital = new_hospital(
        clients=[registered("hospital", ISSUER, trials=trials)], settings={"storage_wait": 0.2}
    )
    with locked(hospital):
        assert hospital.cards() == []


def test_tokens_are_checked_in_the_process_and_old_ones_refused(hospital: Hospital) -> None:
    with locked(hospital):
        token = hospital.token()
        assert hospital.post(charts.SERVICE, charts.request_body(), token).status_code == 200
        assert hospital.post(charts.SERVICE, charts.request_body(), token).status_code == 401
        assert hospital.open_chart(iat=time.time() - 90).status_code == 401


def test_strict_replay_answers_503_instead(new_hospital: NewHospital) -> None:
    hospital = new_hospital(settings={"storage_wait": 0.2, "replay": "strict"})
    with locked(hospital):
        answer = hospital.open_chart()
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0


def test_what_happened_meanwhile_is_in_the_audit_trail_afterwards(hospital: Hospital) -> None:
    with locked(hospital):
        assert len(hospital.cards()) == 1
    wait_until_back(hospital)
    hospital.cards()
    assert eventually(lambda: audit_kinds(hospital).count("call") == 2)


def test_the_service_starts_without_a_database_and_takes_it_up_when_it_comes(
    new_hospital: NewHospital, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    other = sqlite3.connect(state / "trialhook.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    hospital = new_hospital(settings={"storage_wait": 0.2})
    assert len(hospital.cards()) == 1
    other.execute("ROLLBACK")
    other.close()
    wait_until_back(hospital)
    [card] = hospital.cards()
    assert hospital.answer(card, "patient-declined").status_code == 200


def wait_until_back(hospital: Hospital) -> None:
    assert eventually(lambda: hospital.http.get("/readyz").get_json()["database"] == "up")


def eventually(holds: Any, seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def audit_kinds(hospital: Hospital) -> list[str]:
    """The kinds of all audit events in the database."""
    connection = sqlite3.connect(hospital.folder / "state" / "trialhook.db")
    try:
        return [kind for (kind,) in connection.execute("SELECT kind FROM audit_event")]
    finally:
        connection.close()
