"""Candidates of silent trials that nobody has referred: "possible, not yet referred".

A candidate has no random id of its own. What stands in an address is made of its row and encrypted, so that
it names nobody and cannot be made up; one that was forgotten or referred since is not found any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Connection, Select, exists, func, select, tuple_

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.fatigue.history import CriterionTrace
from cds_service.storage import sealing
from cds_service.storage.records import Subject
from cds_service.storage.shown import read_traces
from cds_service.storage.tables import shown, silent_candidate, storable
from cds_service.storage.workflow_tables import trial_referral
from cds_service.worklist.filters import PAGE_SIZE, Asked, Sort, page_within
from cds_service.worklist.scope import Scope

LONGEST_ID = 400
_CODE = 6
_table = silent_candidate.c
_ORDERS: Mapping[Sort, Sequence[ColumnElement[Any]]] = {
    Sort.CHANGED: (_table.last_seen.desc(),),
    Sort.OLDEST: (_table.first_seen,),
    Sort.NEWEST: (_table.first_seen.desc(),),
    Sort.TRIAL: (_table.trial, _table.last_seen.desc()),
    Sort.SITE: (_table.client, _table.last_seen.desc()),
}
_LONGEST_WAITING = (_table.first_seen,)


class Candidate(NamedTuple):
    """One candidate without the patient."""

    id: str
    code: str
    client: str
    trial: str
    first_seen: datetime
    last_seen: datetime
    traces: tuple[CriterionTrace, ...]


class CandidatePage(NamedTuple):
    """``total`` candidates in all, of which these are page number ``page``."""

    rows: tuple[Candidate, ...]
    total: int
    page: int


class Opened(NamedTuple):
    """A candidate with the patient: None if the key that encrypted it is no longer in the ring."""

    candidate: Candidate
    subject: Subject | None


class _Key(NamedTuple):
    patient_id: int
    trial: str
    first_seen: datetime


def candidate_page(
    connection: Connection, ring: KeyRing, scope: Scope, asked: Asked, now: datetime
) -> CandidatePage:
    """One page of those that may be seen and were not referred; the last one if so many are not there."""
    which = _which(scope, asked, now)
    count = connection.execute(select(func.count()).select_from(silent_candidate).where(*which)).scalar_one()
    page = page_within(asked.page, count)
    order = _ORDERS.get(asked.sort, _LONGEST_WAITING)
    ordered = _found().where(*which).order_by(*order, _table.patient_id, _table.trial)
    rows = connection.execute(ordered.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)).all()
    traces = _traces(connection, [(row.patient_id, row.trial) for row in rows])
    return CandidatePage(tuple(_candidate(ring, row, traces) for row in rows), count, page)


def candidate_of(connection: Connection, ring: KeyRing, scope: Scope, ident: str) -> Opened | None:
    """The candidate of an address; None if there is none, or none that may be seen."""
    key = _key_of(ring, ident)
    if key is None:
        return None
    which = (
        _table.patient_id == key.patient_id,
        _table.trial == key.trial,
        _table.first_seen == key.first_seen,
    )
    row = connection.execute(_found().where(scope.condition(silent_candidate), _waiting(), *which)).first()
    if row is None:
        return None
    traces = _traces(connection, [(row.patient_id, row.trial)])
    return Opened(_candidate(ring, row, traces), sealing.decrypted(ring, row.secret))


def _found() -> Select[Any]:
    return select(
        _table.patient_id, _table.trial, _table.client, _table.first_seen, _table.last_seen, _table.secret
    )


def _which(scope: Scope, asked: Asked, now: datetime) -> list[ColumnElement[bool]]:
    which = [scope.condition(silent_candidate), _waiting()]
    if asked.trial:
        which.append(_table.trial == asked.trial)
    if asked.site:
        which.append(_table.client == storable(asked.site))
    if asked.age:
        which.append(_table.first_seen < now - timedelta(days=asked.age))
    return which


def _waiting() -> ColumnElement[bool]:
    """Not referred to this trial, however that went on."""
    referral = trial_referral.c
    return ~exists().where(referral.patient_id == _table.patient_id, referral.trial == _table.trial)


def _traces(
    connection: Connection, candidates: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[CriterionTrace, ...]]:
    """What was found of each when a card was last held back."""
    if not candidates:
        return {}
    newest = (
        select(func.max(shown.c.id))
        .where(tuple_(shown.c.patient_id, shown.c.trial).in_(candidates), shown.c.silenced != "")
        .group_by(shown.c.patient_id, shown.c.trial)
    )
    found = connection.execute(
        select(shown.c.patient_id, shown.c.trial, shown.c.traces).where(shown.c.id.in_(newest))
    )
    return {(row.patient_id, row.trial): read_traces(row.traces) for row in found}


def _candidate(
    ring: KeyRing, row: Any, traces: Mapping[tuple[int, str], tuple[CriterionTrace, ...]]
) -> Candidate:
    key = _Key(row.patient_id, row.trial, row.first_seen)
    return Candidate(
        _id_of(ring, key),
        _code_of(ring, key),
        row.client,
        row.trial,
        row.first_seen,
        row.last_seen,
        traces.get((row.patient_id, row.trial), ()),
    )


def _code_of(ring: KeyRing, key: _Key) -> str:
    digest = ring.digest("worklist candidate", str(key.patient_id), key.trial, key.first_seen.isoformat())
    return digest.rpartition(".")[2][:_CODE].upper()


def _id_of(ring: KeyRing, key: _Key) -> str:
    plain = ["candidate", key.patient_id, key.trial, key.first_seen.isoformat()]
    return ring.encrypt(orjson.dumps(plain)).decode("ascii").rstrip("=")


def _key_of(ring: KeyRing, ident: str) -> _Key | None:
    """What an address names, if it was made here and for this. Fernet tells nothing apart but the keys: what
    else the ring encrypts is never a list that begins like this one."""
    if len(ident) > LONGEST_ID or not ident.isascii():
        return None
    try:
        found = orjson.loads(ring.decrypt(f"{ident}{'=' * (-len(ident) % 4)}".encode("ascii")))
    except (UndecryptableError, orjson.JSONDecodeError):
        return None
    if not isinstance(found, list) or len(found) != 4 or found[0] != "candidate":
        return None
    return _Key(int(found[1]), str(found[2]), datetime.fromisoformat(found[3]))
