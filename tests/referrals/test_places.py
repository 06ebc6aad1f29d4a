"""A trial whose places are taken takes nobody, and says so on the referrals that are open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from cds_service.assessing import definitions
from cds_service.recruitment.states import RecruitmentStates, TrialState
from cds_service.referrals.book import Book
from cds_service.referrals.places import Enrolled, word_of
from cds_service.referrals.states import State
from cds_service.storage.database import Database
from cds_service.storage.records import StorageAwayError
from tests.referrals.samples import TRIAL, moved, on_the_path, opening, subject

DAY = date(2026, 3, 3)
DEFINITION = definitions().trial(TRIAL)


def enrol(book: Book, *clients: str) -> None:
    for client in clients:
        on_the_path(book, book.open(opening(subject=subject(client=client))), State.ENROLLED)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def with_places(places: int | None, enrolled: int) -> TrialState:
    assert DEFINITION.recruitment is not None
    trial = replace(DEFINITION, recruitment=replace(DEFINITION.recruitment, places=places))
    return RecruitmentStates(enrolled=lambda _: enrolled).of(trial, DAY)


@pytest.mark.parametrize(
    ("places", "enrolled", "why"), [(18, 17, ""), (18, 18, "full"), (18, 19, "full"), (None, 99, "")]
)
def test_a_trial_is_full_when_its_places_are_taken(places: int | None, enrolled: int, why: str) -> None:
    assert with_places(places, enrolled)[:2] == (not why, why)


def test_the_definition_has_eighteen_places() -> None:
    assert RecruitmentStates().places(DEFINITION) == 18


def test_a_trial_that_is_closed_is_not_called_full() -> None:
    assert DEFINITION.recruitment is not None
    closed = replace(DEFINITION, recruitment=replace(DEFINITION.recruitment, status="closed"))
    assert RecruitmentStates(enrolled=lambda _: 18).of(closed, DAY).why == "closed"


def test_who_is_enrolled_counts_at_every_client_and_nobody_else_does(book: Book, database: Database) -> None:
    enrol(book, "a", "b")
    on_the_path(book, book.open(opening(subject=subject(client="c"))), State.SCREENING)
    on_the_path(book, book.open(opening(trial="NCT2")), State.ENROLLED)
    assert Enrolled(database).of(TRIAL) == 2
    moved(book, book.of_patient(subject(client="a"))[0], State.WITHDRAWN)
    assert Enrolled(database).of(TRIAL) == 1


def test_it_is_counted_once_a_second(book: Book, database: Database) -> None:
    clock = Clock()
    enrolled = Enrolled(database, clock)
    assert enrolled.of(TRIAL) == 0
    enrol(book, "a")
    clock.now = 0.9
    assert enrolled.of(TRIAL) == 0
    clock.now = 1.0
    assert enrolled.of(TRIAL) == 1
    enrol(book, "b")
    enrolled.forget()
    assert enrolled.of(TRIAL) == 2


def test_while_the_database_is_away_the_last_count_holds(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(book, "a")
    clock = Clock()
    enrolled = Enrolled(database, clock)
    assert enrolled.of(TRIAL) == 1

    def away() -> None:
        raise StorageAwayError("away")

    monkeypatch.setattr(database, "autocommit", away)
    clock.now = 5.0
    assert enrolled.of(TRIAL) == 1
    assert Enrolled(database, clock).of(TRIAL) == 0


# --- what it says on open referrals


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ("full", "trial-full"),
        ("closed", "trial-closed"),
        ("ended", "trial-closed"),
        ("paused", "trial-paused"),
        ("not_started", ""),
        ("", ""),
    ],
)
def test_a_state_of_the_trial_asks_for_a_look(why: str, word: str) -> None:
    assert word_of(TrialState(not why, why, None)) == word


def test_a_trial_that_is_not_served_any_more_is_as_good_as_closed() -> None:
    assert word_of(None) == "trial-closed"
