"""What the trail says, and that it is on disk when a call returns."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.audit.trail import Trail
from cds_service.storage.records import CallRecord
from tests.audit.conftest import WAIT, NewTrail, soon
from tests.audit.databases import TrialDatabase
from tests.audit.records import AT, SECRETS, SHOWN, SUBJECT, USER, call_record, feedback_record, view_record

ROOT = Path(__file__).parents[2]
MOMENT = 0.1
"""Seconds that a call may take beyond its wait."""


def bodies(database: TrialDatabase, kind: str) -> list[dict[str, object]]:
    return [orjson.loads(body) for found, body in database.rows() if found == kind]


# --- what is said


def test_a_call_says_who_asked_what_about_whom_and_what_was_answered(
    new_trail: NewTrail, database: TrialDatabase, ring: KeyRing
) -> None:
    record = call_record()
    new_trail().call(record)
    patient, user = ring.pseudonym("patient", *SUBJECT), ring.pseudonym("user", "ehr-one", "clinic", USER)
    assert bodies(database, "call") == [
        {
            "client": "ehr-one",
            "tenant": "clinic",
            "service": "trial-match-patient-view",
            "hook": "patient-view",
            "hookInstance": record.hook_instance,
            "status": 200,
            "ms": 12.3,
            "patient": f"k1.{patient.digest}",
            "user": f"k1.{user.digest}",
            "trials": [
                {
                    "trial": "NCT06920433",
                    "version": "1",
                    "digest": SHOWN.digest,
                    "outcome": "possible-candidate",
                    "card": SHOWN.card,
                }
            ],
        }
    ]


def test_feedback_is_told_in_closed_words_and_uuids_only(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    new_trail().feedback(feedback_record(user=""))
    assert bodies(database, "feedback") == [
        {
            "client": "ehr-one",
            "tenant": "clinic",
            "service": "trial-match-patient-view",
            "status": 200,
            "ms": 3.2,
            "kept": 1,
            "repeated": 0,
            "unknown": 1,
            "answers": [
                {
                    "card": SHOWN.card,
                    "outcome": "overridden",
                    "reason": "patient-declined",
                },
                {
                    "outcome": "other",
                    "reason": "other",
                    "suggestions": ["7a4f0f9a-4f6f-4f2b-8f7c-0b5ffb0a6a5b"],
                },
            ],
        }
    ]


def test_a_view_says_who_of_the_staff_looked_at_whom(
    new_trail: NewTrail, database: TrialDatabase, ring: KeyRing
) -> None:
    new_trail().view(view_record())
    [body] = bodies(database, "view")
    assert body["staff"] == f"k1.{ring.pseudonym('staff', 'secretstaff').digest}"
    assert body["patient"] == f"k1.{ring.pseudonym('patient', *SUBJECT).digest}"
    assert (body["trial"], body["page"]) == ("NCT06920433", "worksheet")


def test_a_time_is_kept_as_the_instant_that_it_is(new_trail: NewTrail, database: TrialDatabase) -> None:
    from cds_service.audit.rows import read_events

    new_trail().call(call_record(at=AT.astimezone()))
    [event] = read_events(database)
    assert (event.at, event.at.tzinfo) == (AT, UTC)


@pytest.mark.parametrize("away", [False, True])
def test_nothing_private_is_in_the_database_the_spool_or_the_log(
    new_trail: NewTrail, database: TrialDatabase, tmp_path: Path, caplog: pytest.LogCaptureFixture, away: bool
) -> None:
    database.away = away
    with caplog.at_level(logging.DEBUG):
        trail = new_trail()
        trail.call(call_record())
        trail.feedback(feedback_record())
        trail.view(view_record())
        trail.refused("Bearer secretpatient", 401)
        trail.refused("signature", 401, "")
        trail.call(call_record(milliseconds="secretpatient"))
        database.broken, database.away = ValueError("secretpatient"), False
        trail.call(call_record(hook_instance="secretpatient"))
        trail.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    written = b"".join(path.read_bytes() for path in files)
    assert b"NCT06920433" in written
    assert [secret for secret in SECRETS if secret.encode() in written or secret in caplog.text] == []


# --- durable, in few commits


def test_many_threads_share_few_commits(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail(wait=10.0)
    database.hang_for = 0.01

    def calls() -> None:
        for _ in range(10):
            trail.call(call_record())

    threads = [threading.Thread(target=calls) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.count() == 100
    assert database.commits < 50


def test_a_call_returns_when_its_event_is_committed_and_not_before(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    database.hang_for = 0.05
    trail = new_trail(wait=10.0)
    for number in range(1, 4):
        trail.call(call_record())
        assert database.count() == number


def test_no_thread_and_no_file_exist_before_the_first_event(new_trail: NewTrail, spool_dir: Path) -> None:
    before = threading.active_count()
    trail = new_trail()
    assert threading.active_count() == before
    trail.call(call_record())
    assert threading.active_count() == before + 1
    assert not spool_dir.exists()


def test_a_child_process_has_a_writer_of_its_own(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail()
    trail.call(call_record(client="parent"))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of Python 3.12 and later
        child = os.fork()
    if child == 0:  # no assertion here: only the exit code is seen
        trail.call(call_record(client="child"))
        trail.close()
        os._exit(0 if trail.tally.counts == {} else 1)
    assert os.waitpid(child, 0)[1] == 0
    trail.call(call_record(client="parent"))
    assert sorted(str(body["client"]) for body in bodies(database, "call")) == ["child", "parent", "parent"]


def test_a_child_process_has_a_spool_of_its_own(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    trail = new_trail()
    database.away = True
    trail.call(call_record(client="parent"))
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        child = os.fork()
    if child == 0:
        trail.call(call_record(client="child"))
        os._exit(0)
    os.waitpid(child, 0)
    written = [path.read_text(encoding="utf-8") for path in spool_dir.iterdir()]
    assert sorted(text.count('\\"client\\":\\"child\\"') for text in written) == [0, 1]
    database.away = False
    assert soon(lambda: database.count() == 2)


def test_a_process_that_ends_says_what_it_still_had_to_say(database: TrialDatabase, tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.trail import Trail
from tests.audit.databases import TrialDatabase

folder = Path(sys.argv[1])
trail = Trail(TrialDatabase(folder), KeyRing.random(), folder / "spool", 5.0)
for _ in range(8):
    trail.refused("expired", 401)
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=ROOT)
    assert [body["times"] for body in bodies(database, "refused")] == [1, 1, 1, 1, 1, 3]


def test_what_comes_after_closing_is_kept_as_well(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail()
    trail.call(call_record())
    trail.close()
    trail.close()
    trail.call(call_record())
    assert database.count() == 2


# --- time


def test_a_database_that_hangs_holds_nobody_up(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    """The event is on disk all the same when the call returns, and in the database once, later."""
    trail = new_trail(wait=WAIT)
    database.hang_for = 1.5
    taken = []
    for _ in range(3):
        started = time.monotonic()
        trail.call(call_record())
        taken.append(time.monotonic() - started)
    assert min(taken) < WAIT + MOMENT
    assert max(taken) < 1.0  # on a machine that is busy with other things
    assert sum(len(path.read_bytes().splitlines()) for path in spool_dir.iterdir()) == 3
    database.hang_for = 0.0
    assert soon(lambda: database.count() == 3 and not list(spool_dir.iterdir()))


def test_whoever_comes_while_the_database_hangs_does_not_wait_for_it(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    trail = new_trail(wait=WAIT)
    database.hang_for = 1.0
    trail.call(call_record())
    time.sleep(0.05)
    taken = []
    for _ in range(3):
        started = time.monotonic()
        trail.call(call_record())
        taken.append(time.monotonic() - started)
    assert min(taken) < MOMENT < WAIT


def test_closing_does_not_wait_for_ever(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail(wait=WAIT)
    database.hang_for = 8.0
    trail.call(call_record())
    started = time.monotonic()
    trail._writer.close(patience=0.1)
    assert time.monotonic() - started < 1


def test_a_record_that_cannot_be_told_of_is_counted_and_stops_nobody(new_trail: NewTrail) -> None:
    trail = new_trail()
    trail.call(call_record(milliseconds="twelve"))
    assert trail.tally.counts == {"lost": 1}


# --- what was shown


def test_what_was_shown_is_recorded_before_the_call_returns(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    """And before its event, whose durable commit takes it along."""
    recorded: list[tuple[str, int]] = []

    def record_shown(records: Sequence[CallRecord]) -> None:
        time.sleep(0.05)
        recorded.extend((record.hook_instance, database.count()) for record in records)

    record = call_record()
    new_trail(record_shown=record_shown).call(record)
    assert recorded == [(record.hook_instance, 0)]
    assert database.count() == 1


# --- refused calls


class Clock:
    """A clock that stands still until it is moved."""

    now = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def refusals(trail: Trail, cause: str, times: int) -> None:
    for _ in range(times):
        trail.refused(cause, 401)


def test_of_many_refused_calls_a_few_are_told_and_the_others_counted(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    clock = Clock()
    trail = new_trail(clock=clock)
    refusals(trail, "signature", 1000)
    trail.refused("rate", 429, "ehr-one")
    told = bodies(database, "refused")
    assert [(body["cause"], body["status"], body["times"]) for body in told] == [
        ("signature", 401, 1)
    ] * 5 + [("rate", 429, 1)]
    clock.now += timedelta(seconds=61)
    assert soon(lambda: database.count() == 7)
    assert bodies(database, "refused")[-1] == {
        "cause": "signature",
        "status": 401,
        "times": 995,
        "since": "2026-06-15T09:30:00+00:00",
    }
    refusals(trail, "signature", 1)
    assert database.count() == 8


def test_many_causes_do_not_fill_the_disk_either(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail(clock=Clock())
    for number in range(1000):
        trail.refused(f"cause-{number}", 401)
    assert database.count() == 20
    trail.close()
    told = bodies(database, "refused")
    assert sum(body["times"] for body in told if isinstance(body["times"], int)) == 1000
    assert len(told) < 250


def test_the_count_is_told_when_the_service_stops(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail(clock=Clock())
    refusals(trail, "expired", 8)
    trail.close()
    assert [body["times"] for body in bodies(database, "refused")] == [1, 1, 1, 1, 1, 3]


def test_events_have_ids_of_their_own(new_trail: NewTrail, database: TrialDatabase) -> None:
    from cds_service.audit.rows import read_events

    trail = new_trail()
    for _ in range(3):
        trail.call(call_record())
    ids = [event.id for event in read_events(database)]
    assert len({UUID(one) for one in ids}) == 3
