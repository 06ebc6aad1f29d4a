"""Deleting: what is older than the retention time, and all about one patient.

Events of the audit trail are deleted by ``cds_service.audit``, which says so in the trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, select, tuple_
from sqlalchemy.exc import IntegrityError

from cds_service.audit.key_ring import KeyRing
from cds_service.storage.database import Database
from cds_service.storage.people import find, patient
from cds_service.storage.records import Subject
from cds_service.storage.tables import (
    early_feedback,
    feedback,
    pseudonym,
    referral,
    seen_token,
    shown,
    silent_candidate,
)

BATCH = 500
"""Rows deleted in one transaction: others write between two of them."""


EARLY_FOR = timedelta(days=30)
"""How long feedback waits for the record of its card: if it has not come by then, it was lost."""


class PurgeCounts(NamedTuple):
    """Rows deleted, or that would be. ``people`` are pseudonyms that nothing refers to any more."""

    tokens: int = 0
    shown: int = 0
    feedback: int = 0
    referrals: int = 0
    candidates: int = 0
    people: int = 0
    early_feedback: int = 0


class ForgetCounts(NamedTuple):
    """Rows deleted about one patient."""

    shown: int = 0
    feedback: int = 0
    referrals: int = 0
    candidates: int = 0


class _Shown(NamedTuple):
    shown: int = 0
    feedback: int = 0
    referrals: int = 0
    people: frozenset[int] = frozenset()

    def plus(self, other: _Shown) -> _Shown:
        """The counts of both together."""
        return _Shown(
            self.shown + other.shown, self.feedback + other.feedback, self.referrals + other.referrals
        )


def due(connection: Connection, before: datetime, now: datetime) -> PurgeCounts:
    """What ``purge`` would delete, but for people."""
    old = select(shown.c.id).where(_old(before))
    return PurgeCounts(
        tokens=_count(connection, seen_token, seen_token.c.expires < now),
        shown=_count(connection, shown, _old(before)),
        feedback=_count(connection, feedback, feedback.c.shown_id.in_(old)),
        referrals=_count(connection, referral, referral.c.shown_id.in_(old)),
        candidates=_count(connection, silent_candidate, silent_candidate.c.last_seen < before),
        early_feedback=_count(connection, early_feedback, early_feedback.c.received < now - EARLY_FOR),
    )


def purge(database: Database, before: datetime, now: datetime) -> PurgeCounts:
    """Deletes what was recorded before ``before``, and tokens that expired before ``now``, in batches.

    A card stays as long as feedback on it does. What was shown goes with its feedback and referral.
    """
    tokens = _in_batches(database, seen_token, seen_token.c.expires < now)
    people: set[int] = set()
    counts = _Shown()
    while True:
        with database.relaxed() as connection:
            ids = connection.execute(select(shown.c.id).where(_old(before)).limit(BATCH)).scalars().all()
            part = _delete_shown(connection, ids)
        people |= part.people
        counts = counts.plus(part)
        if len(ids) < BATCH:
            break
    people |= _candidates_of(database, before)
    return PurgeCounts(
        tokens=tokens,
        shown=counts.shown,
        feedback=counts.feedback,
        referrals=counts.referrals,
        candidates=_in_batches(database, silent_candidate, silent_candidate.c.last_seen < before),
        people=_drop_people(database, people),
        early_feedback=_in_batches(database, early_feedback, early_feedback.c.received < now - EARLY_FOR),
    )


def forget(database: Database, ring: KeyRing, subject: Subject) -> ForgetCounts:
    """Deletes all that is held on a patient of a client, but for the audit trail. Durable when it returns."""
    with database.durable() as connection:
        rows = find(connection, ring, patient(subject))
        of_patient = select(shown.c.id).where(shown.c.patient_id.in_(rows))
        part = _delete_shown(connection, connection.execute(of_patient).scalars().all())
        gone = connection.execute(delete(silent_candidate).where(silent_candidate.c.patient_id.in_(rows)))
    _drop_people(database, part.people | set(rows))
    database.tidy()
    return ForgetCounts(part.shown, part.feedback, part.referrals, gone.rowcount)


def delete_expired_tokens(connection: Connection, now: datetime) -> int:
    """Some of those that expired before ``now``."""
    return _delete_some(connection, seen_token, seen_token.c.expires < now)


def _old(before: datetime) -> ColumnElement[bool]:
    answered_since = exists().where(feedback.c.shown_id == shown.c.id, feedback.c.received >= before)
    return and_(shown.c.at < before, ~answered_since)


def _count(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _in_batches(database: Database, table: Table, which: ColumnElement[bool]) -> int:
    total = 0
    while True:
        with database.relaxed() as connection:
            deleted = _delete_some(connection, table, which)
        total += deleted
        if deleted < BATCH:
            return total


def _delete_some(connection: Connection, table: Table, which: ColumnElement[bool]) -> int:
    key = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(which).limit(BATCH)
    return connection.execute(delete(table).where(key.in_(some))).rowcount


def _delete_shown(connection: Connection, ids: Iterable[int]) -> _Shown:
    """With what hangs on them; the database deletes that by itself, so it is counted first."""
    ids = list(ids)
    of_feedback, of_referral = feedback.c.shown_id.in_(ids), referral.c.shown_id.in_(ids)
    people = set(connection.execute(select(feedback.c.user_id).where(of_feedback)).scalars())
    for both in connection.execute(select(shown.c.patient_id, shown.c.user_id).where(shown.c.id.in_(ids))):
        people.update(both)
    result = _Shown(
        len(ids),
        _count(connection, feedback, of_feedback),
        _count(connection, referral, of_referral),
        frozenset(people - {None}),
    )
    connection.execute(delete(shown).where(shown.c.id.in_(ids)))
    return result


def _candidates_of(database: Database, before: datetime) -> set[int]:
    with database.autocommit() as connection:
        old = select(silent_candidate.c.patient_id).where(silent_candidate.c.last_seen < before)
        return set(connection.execute(old).scalars())


def _drop_people(database: Database, people: Iterable[int]) -> int:
    """Those of them whom nothing refers to any more."""
    free = [
        ~exists().where(column == pseudonym.c.id)
        for column in (shown.c.patient_id, shown.c.user_id, feedback.c.user_id, silent_candidate.c.patient_id)
    ]
    dropped, rows = 0, sorted(people)
    for start in range(0, len(rows), BATCH):
        some = pseudonym.c.id.in_(rows[start : start + BATCH])
        with suppress(IntegrityError), database.relaxed() as connection:  # recorded again at this moment
            dropped += connection.execute(delete(pseudonym).where(some, *free)).rowcount
    return dropped
