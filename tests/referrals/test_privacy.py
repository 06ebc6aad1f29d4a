"""What names a patient, a person or a value stands nowhere in the database, nor in any text of ours."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.referrals.changes import Change, Reading
from cds_service.referrals.reassessing import reassess_at
from cds_service.referrals.records import (
    ConflictError,
    Learned,
    Opening,
    Referral,
    Remote,
    Who,
)
from cds_service.referrals.rows import locked
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from cds_service.storage.records import Subject
from tests.referrals.samples import NOW, TERMS, TRACES, TRIAL, later
from tests.storage.test_privacy import everything_in

SUBJECT = Subject("ehr", "north", "https://MARKED-base.example/fhir", "MARKED-patient")
WHO = Who("https://login.example|MARKED-account", "MARKED name", "coordinator")
OPENING = Opening(
    SUBJECT, TRIAL, WHO, "worklist", NOW, why="MARKED why", patient_name="MARKED patient", traces=TRACES
)
FAILING = Change("criterion", "sledai-2k", "not-met", "SLEDAI-2K", "SLEDAI-2K", "MARKED 6", "MARKED-date")


def use_everything(database: Database, ring: KeyRing) -> Referral:
    """One of everything that may be written, with marks in all that is secret."""
    book = Book(database, ring, terms=TERMS)
    referral = book.open(OPENING)
    book.note(referral.id, "MARKED note", WHO, later())
    book.move(referral.id, 1, State.RECEIVED, WHO, later(), why="MARKED why")
    with database.durable() as connection:
        reading = Reading(TRIAL, "ruled-out", "met", TRACES, (FAILING,), True)
        reassess_at(connection, ring, locked(connection, referral.id), reading, later())
    book.wrote(referral.id, Remote("Task", "MARKED-task", "1", State.RECEIVED, later()), later())
    seen = Learned("Task", "MARKED-task", "2", State.DECLINED, "MARKED who", "", "MARKED words")
    assert book.learned(referral.id, seen, later(2)).what == "moved"
    book.open(OPENING)
    book.looked(referral.id, ["asked-again"], WHO, later(3))
    found = book.get(referral.id)
    assert found is not None
    assert found.changes == (FAILING,)
    return found


def test_no_row_names_a_patient_a_person_or_a_value(database: Database, ring: KeyRing) -> None:
    referral = use_everything(database, ring)
    written = everything_in(database)
    assert "MARKED" not in written
    assert referral.id in written, "nothing was read"


def test_neither_the_file_nor_its_log_holds_them(
    tmp_path: Path, sqlite_template: Path, ring: KeyRing
) -> None:
    path = tmp_path / "trialhook.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}", wait=20)
    referral = use_everything(database, ring)
    database.close()
    held = b"".join(file.read_bytes() for file in tmp_path.glob("trialhook.db*"))
    assert b"MARKED" not in held
    assert referral.id.encode() in held, "nothing was read"


def test_nothing_that_is_shown_of_an_object_names_them(
    database: Database, ring: KeyRing, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    referral = use_everything(database, ring)
    book = Book(database, ring)
    with pytest.raises(ConflictError) as refused:
        book.move(referral.id, 1, State.RECEIVED, WHO, later())
    shown = [referral, OPENING, WHO, FAILING, *book.history(referral.id), *book.remotes(referral.id).values()]
    shown += [refused.value, book, Reading(TRIAL, "", "met", TRACES, (FAILING,), True)]
    assert "MARKED" not in " ".join(f"{one!r} {one}" for one in shown) + caplog.text
