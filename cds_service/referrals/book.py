"""The referrals of a service: opened once, moved by whoever may, each change in their history."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, select

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.tracing_evidence import traces_of
from cds_service.referrals import rows
from cds_service.referrals.changing import Desk, Step, check, check_place, move_at, open_at, staff_row, told
from cds_service.referrals.identity import resolved
from cds_service.referrals.learning import learn_at
from cds_service.referrals.reassessing import reading_of, reassess_at
from cds_service.referrals.records import (
    SERVICE,
    ConflictError,
    Event,
    Happened,
    Learned,
    NotFoundError,
    Opening,
    Referral,
    ReferralRecord,
    Remote,
    Terms,
    Who,
)
from cds_service.referrals.rows import Row
from cds_service.referrals.states import OPEN, State
from cds_service.storage.database import Database
from cds_service.storage.people import find, patient, written_again
from cds_service.storage.records import Subject
from cds_service.storage.tables import storable
from cds_service.storage.workflow_tables import trial_referral
from mappings.results import Assessment

T = TypeVar("T")

SAME_NOTE = timedelta(minutes=1)
"""The same words by the same person within this time are one note: a button pressed twice. Ours."""

_KEPT = sorted({*OPEN, State.ENROLLED})


def _no_limit(_trial: str) -> int | None:
    return None


def _tell_nobody(_record: ReferralRecord) -> None:
    return None


class Book:
    """Safe for threads, processes and over a fork. Raises ``StorageAwayError`` while the database is away.

    ``terms`` by client: what its FHIR server keeps; a client that is not in it gets nothing written.
    ``places`` of a trial: how many may be enrolled, None if nobody has said. ``tell`` is told of every change
    once it is on the disk.
    """

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        *,
        terms: Mapping[str, Terms] | None = None,
        places: Callable[[str], int | None] = _no_limit,
        tell: Callable[[ReferralRecord], None] = _tell_nobody,
    ) -> None:
        self._database, self._ring = database, ring
        self._terms, self._places, self._tell = terms or {}, places, tell

    # --- changing

    def open(self, opening: Opening) -> Referral:
        """The patient's referral to the trial: a new one, or the one there is, whoever opened it.

        Nothing is reopened by it: one that was left asks for a look, and stays as it is.
        """

        def write(connection: Connection) -> tuple[Referral, str | None]:
            opened = open_at(self._desk(connection, opening.subject.client), opening)
            referral = self._read(connection, opened.id)
            return referral, opened.from_state if opened.happened else None

        referral, from_state = self._written(write)
        if from_state is not None:
            self._told(referral, "opened", from_state, opening.who, opening.at)
        return referral

    def move(  # noqa: PLR0913 -- what a form says
        self,
        ident: str,
        expected_version: int,
        to: State,
        who: Who,
        now: datetime,
        *,
        reason: str = "",
        why: str = "",
    ) -> Referral:
        """Moves a referral that still is as the mover saw it.

        Raises NotFoundError, ConflictError with what happened since, NotAllowedError, or NoPlaceError.
        """
        places = self._places_of(ident) if to is State.ENROLLED else None

        def write(connection: Connection) -> tuple[Referral, str]:
            row, desk = self._locked(connection, ident)
            if row.version != expected_version:
                since = rows.events(connection, self._ring, ident, expected_version)
                raise ConflictError(rows.referral_of(self._ring, row), since)
            step = Step(to, who, now, staff_row(desk, row, who), reason, why.strip())
            check(row, step)
            if to is State.ENROLLED:
                check_place(connection, row.trial, places)
            move_at(desk, row, step)
            return self._read(connection, ident), row.state

        referral, from_state = self._written(write)
        self._told(referral, "moved", from_state, who, now)
        return referral

    def note(self, ident: str, text: str, who: Who, now: datetime) -> None:
        """Adds a note, once. It makes no new version: two who write at once both have written."""

        def write(connection: Connection) -> Referral | None:
            row, desk = self._locked(connection, ident)
            staff = staff_row(desk, row, who)
            if rows.noted_since(connection, self._ring, ident, staff, now - SAME_NOTE, text):
                return None
            rows.change(connection, ident, {"changed": now})
            told(desk, row, Step(State(row.state), who, now, staff, why=text, kind="noted"), row.state)
            return rows.referral_of(self._ring, row)

        referral = self._written(write)
        if referral is not None:
            self._told(referral, "noted", referral.state.value, who, now)

    def looked(self, ident: str, words: Collection[str], who: Who, now: datetime) -> Referral:
        """Takes away words that ask for a look, because somebody has looked.

        Where the EHR had said something else, what stands here is written there again.
        """

        def write(connection: Connection) -> Referral:
            row, desk = self._locked(connection, ident)
            attention = rows.attention_in(row)
            seen = [word for word in attention if word in words]
            if seen:
                left = rows.written_attention(word for word in attention if word not in seen)
                rows.change(connection, ident, {"attention": left, "changed": now})
                staff = staff_row(desk, row, who)
                step = Step(State(row.state), who, now, staff, seen[0], " ".join(seen), "looked")
                number = told(desk, row, step, row.state)
                if "differs-in-ehr" in seen:
                    rows.queue(connection, self._ring, row, number, desk.terms.kinds)
            return self._read(connection, ident)

        return self._written(write)

    def reassess(self, ident: str, assessment: Assessment, now: datetime) -> Referral:
        """Compares an assessment of the patient with the one before; see ``reassessing``."""
        reading = reading_of(assessment, traces_of(assessment, self._ring))

        def write(connection: Connection) -> Referral:
            row, _ = self._locked(connection, ident)
            if row.state in OPEN:
                reassess_at(connection, self._ring, row, reading, now)
            return self._read(connection, ident)

        return self._written(write)

    # --- what the EHR has

    def learned(self, ident: str, learned: Learned, now: datetime) -> Happened:
        """Takes over what was just read at the EHR, if it is new and may follow; see ``learning``."""
        places = self._places_of(ident) if learned.state is State.ENROLLED else None

        def write(connection: Connection) -> tuple[Happened, str]:
            row, desk = self._locked(connection, ident)
            return learn_at(desk, row, learned, places, now), row.state

        happened, from_state = self._written(write)
        if happened.what == "moved":
            self._told(happened.referral, "learned", from_state, SERVICE, now)
        return happened

    def wrote(self, ident: str, remote: Remote, now: datetime) -> None:
        """Remembers what the EHR has now; the first time of each resource stands in the history."""

        def write(connection: Connection) -> None:
            row, desk = self._locked(connection, ident)
            before = rows.remotes(connection, self._ring, ident).get(remote.kind)
            rows.put_remote(connection, self._ring, ident, remote)
            if before is None or before.id != remote.id:
                step = Step(State(row.state), SERVICE, now, reason=remote.kind, kind="written")
                told(desk, row, step, row.state)

        self._written(write)

    def attend(self, ident: str, word: str, wanted: bool, fault: str, now: datetime) -> None:
        """Asks for a look, or no longer: as with "not-written", because of a fault in one word of ours."""

        def write(connection: Connection) -> None:
            row, desk = self._locked(connection, ident)
            attention = rows.attention_in(row)
            if wanted is (word in attention):
                return
            words = [*attention, word] if wanted else [one for one in attention if one != word]
            rows.change(connection, ident, {"attention": rows.written_attention(words)})
            if wanted:
                told(desk, row, Step(State(row.state), SERVICE, now, reason=fault, kind="refused"), row.state)

        self._written(write)

    # --- reading

    def get(self, ident: str) -> Referral | None:
        """The referral of an id."""
        return self._one(trial_referral.c.id == ident)

    def by_identifier(self, identifier: str) -> Referral | None:
        """The referral of the identifier that its FHIR resources bear."""
        return self._one(trial_referral.c.identifier == identifier)

    def history(self, ident: str) -> tuple[Event, ...]:
        """All that happened to it, oldest first."""
        with self._database.autocommit() as connection:
            return rows.events(connection, self._ring, ident)

    def of_patient(self, subject: Subject) -> tuple[Referral, ...]:
        """The patient's referrals to all trials, by trial."""
        about = resolved(subject, self._terms.get(subject.client, Terms()).base)
        with self._database.autocommit() as connection:
            found = find(connection, self._ring, patient(about))
            query = select(trial_referral).where(trial_referral.c.patient_id.in_(found))
            ordered = query.order_by(trial_referral.c.trial)
            return tuple(rows.referral_of(self._ring, row) for row in connection.execute(ordered))

    def open_of(self, client: str, after_id: str = "", limit: int = 100) -> tuple[Referral, ...]:
        """Referrals of a client that are open or enrolled, by id: the next of them after one."""
        column = trial_referral.c
        which = column.client == storable(client), column.state.in_(_KEPT), column.id > after_id
        query = select(trial_referral).where(*which).order_by(column.id).limit(limit)
        with self._database.autocommit() as connection:
            return tuple(rows.referral_of(self._ring, row) for row in connection.execute(query))

    def remotes(self, ident: str) -> dict[str, Remote]:
        """Where its resources are at the EHR, and what they stood for when they were last seen."""
        with self._database.autocommit() as connection:
            return rows.remotes(connection, self._ring, ident)

    def terms(self, client: str) -> Terms:
        """What of its referrals a client's FHIR server keeps."""
        return self._terms.get(client, Terms())

    # --- the parts of all these

    def _written(self, write: Callable[[Connection], T]) -> T:
        return written_again(self._database.durable, write)

    def _desk(self, connection: Connection, client: str) -> Desk:
        return Desk(connection, self._ring, self.terms(client))

    def _locked(self, connection: Connection, ident: str) -> tuple[Row, Desk]:
        row = rows.locked(connection, ident)
        if row is None:
            raise NotFoundError
        return row, self._desk(connection, row.client)

    def _read(self, connection: Connection, ident: str) -> Referral:
        return rows.referral_of(self._ring, rows.locked(connection, ident))

    def _one(self, which: ColumnElement[bool]) -> Referral | None:
        with self._database.autocommit() as connection:
            row = rows.one(connection, select(trial_referral).where(which))
        return rows.referral_of(self._ring, row) if row is not None else None

    def _places_of(self, ident: str) -> int | None:
        referral = self.get(ident)
        return self._places(referral.trial) if referral is not None else None

    def _told(self, referral: Referral, kind: str, from_state: str, who: Who, now: datetime) -> None:
        self._tell(
            ReferralRecord(
                now,
                referral.client,
                referral.tenant,
                referral.trial,
                referral.id,
                kind,
                from_state,
                referral.state.value,
                who,
                referral.subject,
            )
        )
