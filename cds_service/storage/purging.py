"""Deleting: what is older than the retention time, and all about one patient.

Events of the audit trail are deleted by ``cds_service.audit``, which says so in the trail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, exists, func, select, tuple_
from sqlalchemy.exc import IntegrityError

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals.states import LEFT, State
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
from cds_service.storage.workflow_tables import (
    one_time,
    outbox,
    referral_event,
    trial_referral,
    web_session,
    worksheet_answer,
)

BATCH = 500
"""Rows deleted in one transaction: others write between two of them."""


EARLY_FOR = timedelta(days=30)
"""How long feedback waits for the record of its card: if it has not come by then, it was lost."""


_OVER = sorted({*LEFT, State.SUGGESTED})
_EXPIRING = (web_session, one_time)


class PurgeCounts(NamedTuple):
    """Rows deleted, or that would be. ``people`` are pseudonyms that nothing refers to any more.

    ``referrals`` are those accepted on a card, ``trial_referrals`` what became of one, with its history.
    """

    tokens: int = 0
    shown: int = 0
    feedback: int = 0
    referrals: int = 0
    candidates: int = 0
    people: int = 0
    early_feedback: int = 0
    trial_referrals: int = 0
    worksheet_answers: int = 0
    sessions: int = 0


class ForgetCounts(NamedTuple):
    """Rows deleted about one patient."""

    shown: int = 0
    feedback: int = 0
    referrals: int = 0
    candidates: int = 0
    trial_referrals: int = 0
    worksheet_answers: int = 0


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
        trial_referrals=_count(connection, trial_referral, _over(before)),
        worksheet_answers=_count(connection, worksheet_answer, worksheet_answer.c.at < before),
        sessions=sum(_count(connection, table, table.c.expires < now) for table in _EXPIRING),
    )


def purge(database: Database, before: datetime, now: datetime) -> PurgeCounts:
    """Deletes what was recorded before ``before``, and tokens that expired before ``now``, in batches.

    A card stays as long as feedback on it does. What was shown goes with its feedback and what was accepted.
    A referral that is open, or whose patient is enrolled, stays; one that was left goes with its history.
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
    followed = _workflow(database, _over(before), worksheet_answer.c.at < before)
    people |= followed.people
    return PurgeCounts(
        tokens=tokens,
        shown=counts.shown,
        feedback=counts.feedback,
        referrals=counts.referrals,
        candidates=_in_batches(database, silent_candidate, silent_candidate.c.last_seen < before),
        people=_drop_people(database, people),
        early_feedback=_in_batches(database, early_feedback, early_feedback.c.received < now - EARLY_FOR),
        trial_referrals=followed.referrals,
        worksheet_answers=followed.answers,
        sessions=sum(_in_batches(database, table, table.c.expires < now) for table in _EXPIRING),
    )


def forget(database: Database, ring: KeyRing, subjects: Sequence[Subject]) -> ForgetCounts:
    """Deletes all that is held on a patient of a client, but for the audit trail. Durable when it returns.

    ``subjects``: all ways in which the patient may have been named.
    """
    with database.durable() as connection:
        rows = [row for subject in subjects for row in find(connection, ring, patient(subject))]
        followed = _delete_workflow(
            connection,
            connection.execute(_referrals(trial_referral.c.patient_id.in_(rows))).scalars().all(),
            connection.execute(_answers(worksheet_answer.c.patient_id.in_(rows))).scalars().all(),
        )
        of_patient = select(shown.c.id).where(shown.c.patient_id.in_(rows))
        part = _delete_shown(connection, connection.execute(of_patient).scalars().all())
        gone = connection.execute(delete(silent_candidate).where(silent_candidate.c.patient_id.in_(rows)))
    _drop_people(database, part.people | followed.people | set(rows))
    database.tidy()
    return ForgetCounts(
        part.shown, part.feedback, part.referrals, gone.rowcount, followed.referrals, followed.answers
    )


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


# --- referrals to trials, and answers on worksheets


class _Workflow(NamedTuple):
    referrals: int = 0
    answers: int = 0
    people: frozenset[int] = frozenset()

    def plus(self, other: _Workflow) -> _Workflow:
        """Both together."""
        return _Workflow(
            self.referrals + other.referrals, self.answers + other.answers, self.people | other.people
        )


def _over(before: datetime) -> ColumnElement[bool]:
    """Left long ago. What is open stays, and who is enrolled: they take a place."""
    return and_(trial_referral.c.state.in_(_OVER), trial_referral.c.changed < before)


def _referrals(which: ColumnElement[bool]) -> Select[Any]:
    return select(trial_referral.c.id).where(which)


def _answers(which: ColumnElement[bool]) -> Select[Any]:
    return select(worksheet_answer.c.id).where(which)


def _workflow(database: Database, left: ColumnElement[bool], old: ColumnElement[bool]) -> _Workflow:
    """Deletes these referrals and answers, in batches."""
    counts = _Workflow()
    while True:
        with database.relaxed() as connection:
            referrals = connection.execute(_referrals(left).limit(BATCH)).scalars().all()
            answers = connection.execute(_answers(old).limit(BATCH)).scalars().all()
            counts = counts.plus(_delete_workflow(connection, referrals, answers))
        if max(len(referrals), len(answers)) < BATCH:
            return counts


def _delete_workflow(connection: Connection, referrals: Sequence[str], answers: Sequence[str]) -> _Workflow:
    """With what hangs on them, which the database deletes by itself, and what was to be written of them."""
    people = [
        select(trial_referral.c.patient_id).where(trial_referral.c.id.in_(referrals)),
        select(referral_event.c.staff_id).where(referral_event.c.referral_id.in_(referrals)),
        select(worksheet_answer.c.patient_id).where(worksheet_answer.c.id.in_(answers)),
    ]
    found = {row for query in people for row in connection.execute(query.distinct()).scalars()}
    connection.execute(delete(trial_referral).where(trial_referral.c.id.in_(referrals)))
    connection.execute(delete(outbox).where(outbox.c.key.in_([f"answer/{ident}" for ident in answers])))
    connection.execute(delete(worksheet_answer).where(worksheet_answer.c.id.in_(answers)))
    return _Workflow(len(referrals), len(answers), frozenset(found - {None}))


def _candidates_of(database: Database, before: datetime) -> set[int]:
    with database.autocommit() as connection:
        old = select(silent_candidate.c.patient_id).where(silent_candidate.c.last_seen < before)
        return set(connection.execute(old).scalars())


def _drop_people(database: Database, people: Iterable[int]) -> int:
    """Those of them whom nothing refers to any more."""
    free = [
        ~exists().where(column == pseudonym.c.id)
        for column in (
            *(shown.c.patient_id, shown.c.user_id, feedback.c.user_id, silent_candidate.c.patient_id),
            *(trial_referral.c.patient_id, referral_event.c.staff_id, worksheet_answer.c.patient_id),
        )
    ]
    dropped, rows = 0, sorted(people)
    for start in range(0, len(rows), BATCH):
        some = pseudonym.c.id.in_(rows[start : start + BATCH])
        with suppress(IntegrityError), database.relaxed() as connection:  # recorded again at this moment
            dropped += connection.execute(delete(pseudonym).where(some, *free)).rowcount
    return dropped
