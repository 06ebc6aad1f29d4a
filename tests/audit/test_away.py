"""The database is away and comes back; workers are killed; disks are full: nothing lost, nothing doubled."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest

from cds_service.audit import spool as spooling
from cds_service.audit import writer
from cds_service.audit.events import AuditEvent, call_event
from cds_service.audit.key_ring import KeyRing
from cds_service.audit.spool import Spool, SpoolError, SpoolImport
from cds_service.audit.tally import Tally
from cds_service.audit.writer import Limits
from cds_service.storage.records import CallRecord, StorageAwayError
from tests.audit.conftest import NewTrail, soon
from tests.audit.databases import TrialDatabase
from tests.audit.records import AT, call_record

ROOT = Path(__file__).parents[2]


def instances(database: TrialDatabase) -> list[str]:
    """The hookInstance of every call in the database."""
    return [orjson.loads(body)["hookInstance"] for kind, body in database.rows() if kind == "call"]


def events(times: int = 3) -> list[AuditEvent]:
    ring = KeyRing.random()
    return [call_event(call_record(), ring) for _ in range(times)]


def spooled(folder: Path) -> list[bytes]:
    return [line for path in sorted(folder.glob("audit-*.jsonl")) for line in path.read_bytes().splitlines()]


def imported(folder: Path) -> tuple[list[AuditEvent], Tally]:
    """What a new process would take out of the spool."""
    found: list[AuditEvent] = []
    tally = Tally()
    importing = SpoolImport(Spool(folder), tally)
    while importing.step(found.extend, 0.0):
        pass
    return found, tally


# --- away and back


def test_what_happened_while_the_database_was_away_is_there_once_when_it_is_back(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    trail = new_trail(wait=5.0)
    records = [call_record() for _ in range(30)]
    for number, record in enumerate(records):
        database.away = number % 10 in (3, 4, 5, 6)
        trail.call(record)
    database.away = False
    assert soon(lambda: database.count() == 30 and not spooled(spool_dir))
    assert sorted(instances(database)) == sorted(record.hook_instance for record in records)
    assert trail.tally.counts["spooled"] == trail.tally.counts["imported"] > 0
    assert trail.tally.counts["lost"] == 0


def test_a_call_while_the_database_is_away_is_on_disk_when_it_returns(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    database.away = True
    record = call_record()
    new_trail().call(record)
    [line] = spooled(spool_dir)
    assert record.hook_instance.encode() in line
    [path] = spool_dir.glob("audit-*.jsonl")
    assert (path.stat().st_mode & 0o777, spool_dir.stat().st_mode & 0o777) == (0o600, 0o700)


def test_an_event_that_is_in_both_places_is_there_once(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    """As after a commit whose answer got lost, or an import that was killed halfway."""
    known, spool = events(), Spool(spool_dir)
    spool.append(known)
    spool.append(known)
    spool.close()
    new_trail().call(call_record())
    assert soon(lambda: not spooled(spool_dir))
    assert database.count() == 4


def test_a_database_that_fails_in_an_unforeseen_way_is_away_too(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database.broken = RuntimeError("no such table, says secretpatient")
    trail = new_trail()
    trail.call(call_record())
    trail.call(call_record())
    assert len(spooled(spool_dir)) == 2
    database.broken = None
    assert soon(lambda: database.count() == 2 and not spooled(spool_dir))
    complaints = [line for line in caplog.messages if "cannot be put into the database: RuntimeError" in line]
    assert len(complaints) == 1
    assert "secretpatient" not in caplog.text


def test_a_service_that_restarts_while_the_database_is_away_loses_nothing(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    database.away = True
    for _ in range(3):
        trail = new_trail()
        trail.call(call_record())
        trail.close()
    database.away = False
    new_trail().call(call_record())
    assert soon(lambda: database.count() == 4)


def test_the_spool_of_a_process_that_lives_is_left_to_it(tmp_path: Path) -> None:
    mine, others = Spool(tmp_path), Spool(tmp_path)
    mine.append(events())
    assert others.take() is None
    mine.close()
    assert others.take() is not None
    assert Spool(tmp_path).take() is None  # one takes it, not two


def test_a_file_that_another_process_has_just_imported_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our opening it and our lock it may be gone, and with it what it held."""
    left, late, flock = Spool(tmp_path), Spool(tmp_path), fcntl.flock
    left.append(events())
    left.close()

    def too_late(descriptor: int, operation: int) -> None:
        for path in tmp_path.iterdir():
            path.unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", too_late)
    assert late.take() is None


def test_an_import_goes_on_where_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spooling, "AT_ONCE", 2)
    spool, known, added = Spool(tmp_path), events(5), list[AuditEvent]()
    spool.append(known)
    importing = SpoolImport(spool, Tally())
    answers = [True, False, False, True, True, True]

    def add(batch: Sequence[AuditEvent]) -> None:
        if not answers.pop(0):
            raise StorageAwayError
        added.extend(batch)

    for _ in range(10):
        try:
            importing.step(add, 0.0)
        except StorageAwayError:
            spool.append([known[0]])  # meanwhile more comes in
    assert added == [*known, known[0], known[0]]
    assert not answers


# --- crashes


@pytest.mark.parametrize(
    ("tail", "torn"),
    [
        (b"", 0),
        (b'{"id":"5a4f0f9a-4f6f-4f2b-8f7c-0b5ffb0a6a5a","at":"2026-06-15T09:3', 1),
        (b"\n", 1),
        (b"\0" * 4096, 1),
        (b"[]\n", 1),
        (b"7\n", 1),
        (b'{"id":"1","at":"2026-06-15T09:30:00+00:00","kind":"call","body":"{}"}\n', 1),
        (
            b'{"id":"5a4f0f9a-4f6f-4f2b-8f7c-0b5ffb0a6a5a","at":"2026-06-15T09:30:00","kind":"call","body":"{}"}',
            1,
        ),
        (
            b'{"id":"5a4f0f9a-4f6f-4f2b-8f7c-0b5ffb0a6a5a","at":"2026-06-15T09:30:00Z","kind":"call","body":"{"}',
            1,
        ),
        (b"\xff\xfe\n" * 3, 3),
    ],
)
def test_a_line_that_a_crash_broke_off_is_skipped_and_counted(tmp_path: Path, tail: bytes, torn: int) -> None:
    spool, known = Spool(tmp_path), events()
    spool.append(known)
    spool.close()
    [path] = tmp_path.glob("audit-*.jsonl")
    path.write_bytes(path.read_bytes() + tail)
    found, tally = imported(tmp_path)
    assert found == known
    assert tally.counts["torn"] == torn
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", ["up", "away"])
def test_a_killed_worker_loses_nothing_that_was_acknowledged(
    database: TrialDatabase, tmp_path: Path, new_trail: NewTrail, how: str
) -> None:
    command = [sys.executable, "-m", "tests.audit.killed_worker", str(tmp_path), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
        assert worker.stdout is not None
        acknowledged = [worker.stdout.readline().strip() for _ in range(100)]
        worker.send_signal(signal.SIGKILL)
        acknowledged += re.findall(r"(.{36})\n", worker.stdout.read())
    found, tally = imported(tmp_path / "spool")
    kept = instances(database) + [orjson.loads(event.body)["hookInstance"] for event in found]
    assert bool(found) is (how == "away")
    assert tally.counts["torn"] <= 1
    assert set(acknowledged) <= set(kept)
    assert len(acknowledged) >= 100
    assert len(kept) == len(set(kept))


# --- bounds


def test_a_full_spool_is_loud_and_holds_nobody_up(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reported: list[tuple[str, int]] = []
    trail = new_trail(limits=Limits(spool_bytes=2000), report=lambda word, n: reported.append((word, n)))
    database.away = True
    for _ in range(20):
        trail.call(call_record())
    there = len(spooled(spool_dir))
    assert 0 < there < 20
    assert Spool(spool_dir).size() <= 2000
    assert trail.tally.counts == {"spooled": there, "lost": 20 - there}
    assert sum(times for word, times in reported if word == "lost") == 20 - there
    loud = [record for record in caplog.records if "AUDIT EVENTS ARE LOST" in record.message]
    assert [(record.levelno, record.message[-3:]) for record in loud] == [(logging.ERROR, ": 1")]
    trail.tally.flush()
    assert f"takes them: {19 - there}" in caplog.text


def test_lines_are_forced_onto_the_disk_before_the_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced: list[tuple[bool, int]] = []

    def fsync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        forced.append((stat.S_ISDIR(found.st_mode), found.st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    spool = Spool(tmp_path)
    spool.append(events())
    spool.append(events())
    half, whole = spool.size() // 2, spool.size()
    assert forced[0][0]  # the name of the new file, in its folder
    assert forced[1:] == [(False, half), (False, whole)]


def test_the_limit_is_for_the_spools_of_all_processes_together(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, limit=3000), Spool(tmp_path, limit=3000)
    first.append(events(4))
    with pytest.raises(SpoolError, match="full"):
        second.append(events(4))


def test_lines_that_do_not_fit_on_the_disk_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, write = events(2), os.write
    spool = Spool(tmp_path)
    spool.append(known)

    def half(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", full)
        return write(descriptor, data[: len(data) // 2])

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device: secretpatient")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(SpoolError, match=r"could not be spooled: OSError$"):
        spool.append(events(2))
    monkeypatch.setattr(os, "write", write)
    later = events(1)
    spool.append(later)
    spool.close()
    found, tally = imported(tmp_path)
    assert (found, tally.counts["torn"]) == (known + later, 0)


def test_a_spool_that_cannot_be_made_is_counted_as_lost(new_trail: NewTrail, database: TrialDatabase) -> None:
    trail = new_trail()
    trail._writer._spool.folder = Path("/proc/trialhook")
    database.away = True
    trail.call(call_record())
    assert trail.tally.counts == {"lost": 1}


def test_a_full_queue_goes_to_the_spool(
    new_trail: NewTrail, database: TrialDatabase, spool_dir: Path
) -> None:
    trail = new_trail(wait=0.05, limits=Limits(waiting=1))
    database.hang_for = 1.0
    for _ in range(5):
        trail.call(call_record())
    assert len(spooled(spool_dir)) == 5
    database.hang_for = 0.0
    assert soon(lambda: database.count() == 5)


def test_a_disk_that_stalls_holds_nobody_up(
    new_trail: NewTrail, database: TrialDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def stalling(descriptor: int) -> None:
        time.sleep(0.5)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", stalling)
    trail = new_trail(wait=0.05)
    database.hang_for = 0.3
    started = time.monotonic()
    trail.call(call_record())
    assert time.monotonic() - started < 0.3
    assert trail.tally.counts == {"late": 1}
    assert soon(lambda: database.count() == 1)


def test_where_neither_takes_the_event_in_time_the_writer_still_has_it(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    trail = new_trail(wait=0.05, limits=Limits(spool_bytes=0))
    database.hang_for = 0.3
    trail.call(call_record())
    assert trail.tally.counts == {"late": 1}
    assert soon(lambda: database.count() == 1)
    assert trail.tally.counts == {"late": 1}


# --- what was shown, meanwhile


class Shown:
    """Where records of what was shown go; ``away`` as the database may be."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.away = False
        self.poison: str | None = None

    def __call__(self, records: Sequence[CallRecord]) -> None:
        if self.away:
            raise StorageAwayError
        if any(record.hook_instance == self.poison for record in records):
            raise ValueError("secretpatient")
        self.records.extend(records)


def test_what_was_shown_while_the_database_was_away_is_recorded_later(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    shown = Shown()
    trail = new_trail(record_shown=shown)
    database.away = shown.away = True
    records = [call_record() for _ in range(3)]
    for record in records:
        trail.call(record)
    assert shown.records == []
    database.away = shown.away = False
    assert soon(lambda: shown.records == records)


def test_what_was_shown_may_wait_even_where_its_event_need_not(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    shown = Shown()
    shown.away = True
    trail = new_trail(record_shown=shown)
    records = [call_record() for _ in range(3)]
    for record in records:
        trail.call(record)
    assert (database.count(), shown.records) == (3, [])
    shown.away = False
    assert soon(lambda: shown.records == records)


def test_a_stop_waits_a_moment_for_the_database_to_take_what_was_shown(
    new_trail: NewTrail, database: TrialDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LAST_SECONDS", 3.0)
    shown = Shown()
    shown.away = True
    trail = new_trail(record_shown=shown)
    trail.call(call_record())
    back = threading.Timer(0.2, lambda: setattr(shown, "away", False))
    back.start()
    trail.close()
    back.join()
    assert len(shown.records) == 1
    assert trail.tally.counts["shown_lost"] == 0


def test_too_much_that_was_shown_is_lost_oldest_first_and_counted(
    new_trail: NewTrail, database: TrialDatabase
) -> None:
    shown = Shown()
    trail = new_trail(record_shown=shown, limits=Limits(shown=2))
    database.away = shown.away = True
    records = [call_record() for _ in range(5)]
    for record in records:
        trail.call(record)
    database.away = shown.away = False
    assert soon(lambda: shown.records == records[3:])
    assert trail.tally.counts["shown_lost"] == 3


def test_what_still_waits_at_the_end_is_counted_as_lost(new_trail: NewTrail, database: TrialDatabase) -> None:
    shown = Shown()
    shown.away = True
    trail = new_trail(record_shown=shown)
    trail.call(call_record())
    trail.close()
    assert trail.tally.counts == {"shown_lost": 1}


def test_one_record_that_cannot_be_written_does_not_stop_the_others(
    new_trail: NewTrail, database: TrialDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    shown = Shown()
    trail = new_trail(record_shown=shown)
    database.away = shown.away = True
    records = [call_record() for _ in range(3)]
    shown.poison = records[1].hook_instance
    for record in records:
        trail.call(record)
    database.away = shown.away = False
    assert soon(lambda: shown.records == [records[0], records[2]])
    assert trail.tally.counts["shown_lost"] == 1
    assert "what was shown cannot be recorded: ValueError" in caplog.text
    assert "secretpatient" not in caplog.text


def test_threads_that_spool_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    spool, known = Spool(tmp_path), events(40)
    threads = [
        threading.Thread(target=lambda part=part: spool.append(known[part : part + 10]))
        for part in range(0, 40, 10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    found, _ = imported(tmp_path)
    assert sorted(found) == sorted(known)
    assert {event.at for event in found} == {AT}
