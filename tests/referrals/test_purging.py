"""What became of a referral goes when it is over and past retention, or with its patient if that is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.referrals.states import LEFT, OPEN, State
from cds_service.storage import purging
from cds_service.storage.database import Database
from cds_service.storage.people import patient, rows_for
from cds_service.storage.purging import ForgetCounts, PurgeCounts
from cds_service.storage.store import Store
from cds_service.storage.workflow_tables import one_time, outbox, web_session, worksheet_answer
from tests.referrals.samples import (
    COORDINATOR,
    NOW,
    TERMS,
    TRIAL,
    later,
    moved,
    on_the_path,
    opening,
    subject,
)
from tests.storage.samples import left

BEFORE = later(400)


@pytest.fixture
def store(database: Database, ring: KeyRing) -> Store:
    return Store(database, ring, TERMS)


def referred_until(book: Book, state: State, patient_id: str) -> None:
    """A referral that came into a state a day after it was opened."""
    referral = book.open(opening(patient_id))
    if state in LEFT:
        start = State.CONTACTED if state is State.NOT_ELIGIBLE else State.SCREENING
        moved(book, on_the_path(book, referral, start), state)
    else:
        on_the_path(book, referral, state)


def answer(database: Database, ring: KeyRing, ident: str, patient_id: str, days: float = 1) -> None:
    """A clinician's answers, and that they are to be written to the EHR."""
    about = patient(subject(patient_id))
    with database.durable() as connection:
        row = rows_for(connection, ring, [about])[about]
        values = {"patient_id": row, "client": "ehr", "trial": TRIAL, "at": later(days), "secret": b"x"}
        connection.execute(insert(worksheet_answer), {"id": ident, **values})
        queued = {"key": f"answer/{ident}", "client": "ehr", "kind": "QuestionnaireResponse", "made": NOW}
        queued |= {"next_at": NOW, "attempts": 0, "fault": "", "secret": b"x"}
        connection.execute(insert(outbox), queued)


@pytest.mark.parametrize("state", sorted(LEFT))
def test_one_that_was_left_goes_with_all_that_hangs_on_it(
    book: Book, store: Store, database: Database, state: State
) -> None:
    referred_until(book, state, "p1")
    assert store.purge(NOW, NOW) == PurgeCounts()
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(trial_referrals=1, people=3)
    assert left(database) == {}


@pytest.mark.parametrize("state", sorted({*OPEN, State.ENROLLED}))
def test_one_that_is_open_or_holds_a_place_stays(book: Book, store: Store, state: State) -> None:
    referred_until(book, state, "p1")
    assert store.purge(BEFORE, BEFORE) == PurgeCounts()
    assert book.of_patient(subject())[0].state is state


def test_one_of_which_somebody_took_a_note_since_stays(book: Book, store: Store) -> None:
    referred_until(book, State.LOST, "p1")
    book.note(book.of_patient(subject())[0].id, "called back", COORDINATOR, later(500))
    assert store.purge(BEFORE, BEFORE).trial_referrals == 0


def test_a_candidate_who_was_never_referred_goes_too(book: Book, store: Store, database: Database) -> None:
    book.open(opening(state=State.SUGGESTED))
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(trial_referrals=1, people=2)
    assert left(database) == {}


def test_staff_stay_while_a_history_names_them(book: Book, store: Store, database: Database) -> None:
    referred_until(book, State.LOST, "p1")
    referred_until(book, State.SCREENING, "p2")
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(trial_referrals=1, people=1)
    assert left(database)["pseudonym"] == 3  # the other patient, who referred, and the coordinator


def test_a_dry_run_counts_the_same(book: Book, store: Store, database: Database, ring: KeyRing) -> None:
    referred_until(book, State.LOST, "p1")
    answer(database, ring, "a1", "p1")
    expire(database)
    before = left(database)
    with database.autocommit() as connection:
        counted = purging.due(connection, BEFORE, BEFORE)
    assert left(database) == before
    assert counted == PurgeCounts(trial_referrals=1, worksheet_answers=1, sessions=2)
    assert store.purge(BEFORE, BEFORE)._replace(people=0) == counted


def expire(database: Database) -> None:
    """A session and a link whose time is over."""
    with database.durable() as connection:
        session = {"digest": "s", "created": NOW, "last_seen": NOW, "expires": NOW, "secret": b"x"}
        connection.execute(insert(web_session), session)
        connection.execute(
            insert(one_time), {"digest": "o", "purpose": "link", "expires": NOW, "secret": b"x"}
        )


def test_answers_go_by_their_own_age_and_with_what_was_to_be_written(
    store: Store, database: Database, ring: KeyRing
) -> None:
    answer(database, ring, "old", "p1")
    answer(database, ring, "new", "p1", days=500)
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(worksheet_answers=1)
    assert left(database) == {"pseudonym": 1, "worksheet_answer": 1, "outbox": 1}


def test_much_is_deleted_in_batches(
    book: Book, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    for number in range(5):
        referred_until(book, State.LOST, f"p{number}")
    assert store.purge(BEFORE, BEFORE) == PurgeCounts(trial_referrals=5, people=7)
    assert left(database) == {}


# --- one patient


def test_a_patient_is_forgotten_and_nobody_else(
    book: Book, store: Store, database: Database, ring: KeyRing
) -> None:
    for name in ("p1", "p2"):
        on_the_path(book, book.open(opening(name)), State.ENROLLED)
        book.open(opening(name, trial="NCT2"))
        answer(database, ring, f"answer-{name}", name)
    both = left(database)
    assert store.forget(subject()) == ForgetCounts(trial_referrals=2, worksheet_answers=1)
    assert book.of_patient(subject()) == ()
    assert len(book.of_patient(subject("p2"))) == 2
    half = {name: count / 2 for name, count in both.items()}
    assert left(database) == half | {"pseudonym": 3}


@pytest.mark.parametrize("base", ["", subject().fhir_base])
def test_a_patient_is_forgotten_however_the_server_is_named(
    book: Book, store: Store, database: Database, base: str
) -> None:
    book.open(opening())
    assert store.forget(subject()._replace(fhir_base=base)).trial_referrals == 1
    assert set(left(database)) <= {"pseudonym"}


def test_another_server_of_a_client_is_another_patient(book: Book, store: Store) -> None:
    book.open(opening())
    elsewhere = subject()._replace(fhir_base="https://b.example/fhir")
    assert store.forget(elsewhere) == ForgetCounts()
