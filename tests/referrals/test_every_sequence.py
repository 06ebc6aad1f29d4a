"""Whatever people and the EHR do in whatever order: the database says what a plain model says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.book import Book
from cds_service.referrals.reasons import reasons_for
from cds_service.referrals.records import ConflictError, Learned, NoPlaceError, NotAllowedError, Referral
from cds_service.referrals.states import LEFT, PATH, State, kind_of
from cds_service.storage.database import Database
from cds_service.storage.store import Store
from tests.referrals.samples import COORDINATOR, NOW, TERMS, opening, queued, subject
from tests.storage.conftest import sqlite_url

PATIENTS, PLACES = ("a", "b", "c"), 1
patients = st.sampled_from(PATIENTS)
states = st.sampled_from(State)


@dataclass
class Expected:
    """One referral as it should be."""

    state: State = State.REFERRED
    version: int = 1
    events: int = 1
    writings: int = 1
    visited: list[State] = field(default_factory=lambda: [State.REFERRED])

    def go(self, to: State) -> None:
        self.state, self.version, self.events = to, self.version + 1, self.events + 1
        self.writings += 1
        self.visited.append(to)


class Referrals(RuleBasedStateMachine):
    """Three patients, one place. ``seen`` is what an editor has on the screen, perhaps for long."""

    template: Path
    folder: Path
    number = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).number += 1
        path = self.folder / f"{self.number}.db"
        copy(self.template, path)
        self.database = Database(sqlite_url(path), wait=20)
        ring = KeyRing.random()
        self.book = Book(self.database, ring, terms=TERMS, places=lambda _: PLACES)
        self.store = Store(self.database, ring, TERMS)
        self.expected: dict[str, Expected] = {}
        self.seen: dict[str, Referral] = {}
        self.at, self.task_version = NOW, 1

    def teardown(self) -> None:
        self.database.close()

    def now(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at

    def current(self, patient: str) -> Referral:
        [found] = self.book.of_patient(subject(patient))
        return found

    def full(self, to: State) -> bool:
        enrolled = [one for one in self.expected.values() if one.state is State.ENROLLED]
        return to is State.ENROLLED and len(enrolled) >= PLACES

    @rule(patient=patients)
    def refer(self, patient: str) -> None:
        before = self.book.of_patient(subject(patient))
        referral = self.book.open(opening(patient, at=self.now()))
        expected = self.expected.setdefault(patient, Expected())
        if before and before[0].state in LEFT and "asked-again" not in before[0].attention:
            expected.events += 1
        assert referral.state is expected.state
        self.seen.setdefault(patient, referral)

    @rule(patient=patients)
    def look(self, patient: str) -> None:
        if patient in self.expected:
            self.seen[patient] = self.current(patient)

    @rule(patient=patients, to=states, choice=st.integers(0, 20), why=st.sampled_from(["", "so it is"]))
    def move(self, patient: str, to: State, choice: int, why: str) -> None:
        if patient not in self.seen:
            return
        seen, expected = self.seen[patient], self.expected[patient]
        reasons = reasons_for(expected.state, to)
        reason = reasons[choice % len(reasons)] if reasons else None
        code = reason.code if reason else ""
        fits = kind_of(expected.state, to) is not None and not (reason and reason.needs_words and not why)
        try:
            came: object = self.book.move(
                seen.id, seen.version, to, COORDINATOR, self.now(), reason=code, why=why
            )
        except (ConflictError, NotAllowedError, NoPlaceError) as refused:
            came = refused
        self.judge(patient, came, to, fits)

    def judge(self, patient: str, came: object, to: State, fits: bool) -> None:
        """What is told first: it was changed meanwhile; it may not follow; no place is left."""
        expected = self.expected[patient]
        if isinstance(came, ConflictError):
            assert self.seen[patient].version != expected.version
            assert came.current.state is expected.state
            assert came.since[-1].version == expected.version
        elif isinstance(came, NotAllowedError):
            assert not fits
        elif isinstance(came, NoPlaceError):
            assert fits
            assert self.full(to)
        else:
            assert isinstance(came, Referral)
            assert fits
            assert not self.full(to)
            assert self.seen[patient].version == expected.version
            expected.go(to)
            self.seen[patient] = came

    @rule(patient=patients)
    def take_a_note(self, patient: str) -> None:
        if patient in self.expected:
            self.book.note(self.current(patient).id, "a note", COORDINATOR, self.now())
            self.expected[patient].events += 1

    @rule(patient=patients, state=states, again=st.booleans())
    def learn(self, patient: str, state: State, again: bool) -> None:
        """The EHR's Task was changed, and read once or twice."""
        if patient not in self.expected:
            return
        expected, referral = self.expected[patient], self.current(patient)
        self.task_version += 1
        learned = Learned("Task", f"t-{patient}", str(self.task_version), state)
        may = kind_of(expected.state, state) is not None and not self.full(state)
        happened = self.book.learned(referral.id, learned, self.now())
        if again:
            assert self.book.learned(referral.id, learned, self.now()).what == "nothing"
        match happened.what:
            case "moved":
                assert may
                expected.go(state)
            case "differs":
                assert not may
                assert "differs-in-ehr" in happened.referral.attention
                expected.events += 1
            case "nothing":
                assert state is expected.state
            case "ours":
                assert state is not expected.state
        assert happened.referral.state is expected.state

    @rule(patient=patients)
    def forget(self, patient: str) -> None:
        if patient in self.expected:
            assert self.store.forget(subject(patient)).trial_referrals == 1
            del self.expected[patient]
            self.seen.pop(patient, None)

    @invariant()
    def the_database_says_the_same(self) -> None:
        for patient in PATIENTS:
            found = self.book.of_patient(subject(patient))
            assert [(one.state, one.version) for one in found] == [
                (expected.state, expected.version)
                for expected in [self.expected.get(patient)]
                if expected is not None
            ]

    @invariant()
    def the_history_adds_up(self) -> None:
        for patient, expected in self.expected.items():
            referral = self.current(patient)
            events = self.book.history(referral.id)
            assert [event.number for event in events] == list(range(1, expected.events + 1))
            moves = [event for event in events if event.kind in ("moved", "learned")]
            assert [event.to_state for event in moves] == expected.visited
            assert all(one.to_state == other.from_state for one, other in pairwise(moves))
            assert all(one.at <= other.at for one, other in pairwise(events))
            assert referral.entered == moves[-1].at
            assert (referral.left_from is None) is (referral.state in PATH)

    @invariant()
    def each_move_is_to_be_written(self) -> None:
        rows = queued(self.database)
        for patient, expected in self.expected.items():
            ident = self.current(patient).id
            assert len([row for row in rows if row.referral == ident]) == 2 * expected.writings
        assert {row.referral for row in rows} == {self.current(patient).id for patient in self.expected}

    @invariant()
    def no_place_is_given_twice(self) -> None:
        assert sum(one.state is State.ENROLLED for one in self.expected.values()) <= PLACES


@pytest.fixture
def machine(sqlite_template: Path, tmp_path: Path) -> type[Referrals]:
    class Here(Referrals):
        template, folder = sqlite_template, tmp_path

    return Here


def test_every_sequence_of_changes_adds_up(machine: type[Referrals]) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=40, deadline=None)
    )
