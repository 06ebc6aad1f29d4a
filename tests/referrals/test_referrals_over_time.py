"""What was done to a referral long ago does not decide what is read, enrolled or compared today."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.referrals.changes import Change, Reading
from cds_service.referrals.records import Learned, NoPlaceError, Remote, Who
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from cds_service.storage.records import CallRecord
from cds_service.storage.store import Store
from tests.referrals.samples import TERMS, TRACES, TRIAL, later, moved, on_the_path, opening, subject
from tests.storage import samples as shown


def test_the_ehr_may_say_again_what_was_undone_here_before_it_was_last_seen(book: Book) -> None:
    lost = moved(book, book.open(opening()), State.RECEIVED, State.LOST, at=later(2))
    back = moved(book, lost, State.RECEIVED, at=later(3))
    book.wrote(back.id, Remote("Task", "t1", "1", back.state, later(4)), later(4))
    happened = book.learned(back.id, Learned("Task", "t1", "2", State.LOST), later(5))
    assert (happened.what, happened.referral.state) == ("moved", State.LOST)


def test_one_place_is_for_one(database: Database, ring: KeyRing) -> None:
    book = Book(database, ring, terms=TERMS, places=lambda _: 1)
    first, second = (book.open(opening(subject=subject(patient))) for patient in ("p1", "p2"))
    assert on_the_path(book, first, State.ENROLLED).state is State.ENROLLED
    with pytest.raises(NoPlaceError):
        on_the_path(book, second, State.ENROLLED)


def test_a_trial_without_a_place_takes_nobody(database: Database, ring: KeyRing) -> None:
    book = Book(database, ring, terms=TERMS, places=lambda _: 0)
    with pytest.raises(NoPlaceError):
        on_the_path(book, book.open(opening()), State.ENROLLED)


# --- what hook calls found, told in batches

FAILS = Change("criterion", "age", "not-met", "Age")
MEETS, FAILED = Reading(TRIAL, "", "met", TRACES, (), True), Reading(TRIAL, "", "met", TRACES, (FAILS,), True)
ELSEWHERE = FAILED._replace(trial="NCT00000002")


def found(reading: Reading, days: float = 1) -> CallRecord:
    """A call about the patient, and what it found of one trial."""
    trial = replace(shown.assessed(reading.trial, card=False), reading=reading)
    return shown.call(trial, about=subject(), at=later(days))


@pytest.mark.parametrize(
    ("calls", "attention"),
    [
        ([found(MEETS)], ()),
        ([found(FAILED)], ("no-longer-meets",)),
        ([found(MEETS, 1), found(FAILED, 2)], ("no-longer-meets",)),
        ([found(FAILED, 2), found(MEETS, 1)], ("no-longer-meets",)),
        ([found(FAILED, 1), found(MEETS, 2)], ()),
        ([found(MEETS, 2), found(FAILED, 1)], ()),
        ([found(ELSEWHERE)], ()),
        ([found(MEETS, 1), found(ELSEWHERE, 2)], ()),
        ([found(ELSEWHERE, 1), found(FAILED, 2)], ("no-longer-meets",)),
    ],
)
def test_of_several_calls_the_newest_about_the_trial_counts(
    book: Book, store: Store, calls: list[CallRecord], attention: tuple[str, ...]
) -> None:
    referral = book.open(opening())
    store.record_shown(calls)
    [after] = book.of_patient(subject())
    assert (after.id, after.attention) == (referral.id, attention)


# --- what is remembered of a reading that was not complete

GATE = Change("gate", "", "unknown")
UNKNOWN = Reading(TRIAL, "", "unknown", TRACES, (GATE,), True)


@pytest.mark.parametrize(
    ("readings", "gate", "attention", "why"),
    [
        ([MEETS], "met", (), "the first is the basis"),
        ([MEETS._replace(complete=False)], "met", (), "what was met without all data is met"),
        ([MEETS._replace(complete=False), UNKNOWN], "unknown", ("needs-data",), "and may cease to be"),
        ([MEETS, UNKNOWN], "unknown", ("needs-data",), "not known any more"),
        ([MEETS, UNKNOWN._replace(complete=False)], "met", (), "what was not retrieved proves nothing"),
        ([MEETS, UNKNOWN, MEETS], "met", ("meets-again",), "known again"),
    ],
)
def test_the_gate_that_is_remembered_is_the_last_that_was_known(
    book: Book, store: Store, readings: list[Reading], gate: str, attention: tuple[str, ...], why: str
) -> None:
    book.open(opening(traces=(), gate="", outcome=""))
    for days, reading in enumerate(readings, 1):
        store.record_shown([found(reading, days)])
    [after] = book.of_patient(subject())
    assert (after.gate, after.attention) == (gate, attention), why


@pytest.mark.parametrize(
    ("account", "is_one"),
    [("https://login.example|c7", True), ("local|rosa", True), ("Practitioner/7", False)],
)
def test_staff_are_one_person_everywhere_and_users_of_an_ehr_are_its_own(account: str, is_one: bool) -> None:
    here, there = (Who(account).person(client, "north") for client in ("ehr", "other"))
    assert None not in (here, there)
    assert (here == there) is is_one
