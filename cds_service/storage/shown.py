"""Recording what was shown, and the candidates that nobody was shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import cache
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Connection

from cds_service.audit.key_ring import KeyRing
from cds_service.fatigue.history import CriterionTrace
from cds_service.storage import sealing, tables
from cds_service.storage.engines.inserts import InsertOr, insert_new, insert_or
from cds_service.storage.people import Person, patient, rows_for, user_of
from cds_service.storage.records import AssessedTrial, CallRecord
from cds_service.storage.tables import storable

REFER = "refer"
"""The kind of suggestion that refers a patient for screening."""


def record(connection: Connection, ring: KeyRing, records: Sequence[CallRecord]) -> None:
    """Writes several calls in the transaction under way. What was written before is left as it is.

    Traces are kept of cards that were shown or held back: for the others nothing asks for them, and they
    would be most of the database.
    """
    rows = rows_for(connection, ring, _people(records))
    cards = [_shown_row(call, trial, rows) for call in records for trial in call.trials]
    if cards:
        connection.execute(insert_new(connection.dialect.name, tables.shown), cards)
    suggestions = [row for call in records for row in _suggestion_rows(ring, call)]
    if suggestions:
        connection.execute(insert_new(connection.dialect.name, tables.suggestion), suggestions)
    candidates = sorted(
        (row for call in records for row in _candidate_rows(ring, call, rows)),
        key=lambda row: (row["patient_id"], row["trial"]),
    )
    if candidates:
        connection.execute(_upsert_candidate(connection.dialect.name), candidates)


def card_key(uuid: str) -> str:
    """A card's uuid as it is stored, and as it is looked up whatever a client sends."""
    return storable(uuid.strip().lower())


def written_traces(traces: Sequence[CriterionTrace]) -> str:
    """Traces as stored."""
    return orjson.dumps([list(trace) for trace in traces]).decode()


def read_traces(text: str) -> tuple[CriterionTrace, ...]:
    """Traces from what was stored."""
    return tuple(CriterionTrace(*trace) for trace in orjson.loads(text))


def _people(records: Sequence[CallRecord]) -> dict[Person, None]:
    people: dict[Person, None] = {}
    for call in records:
        if call.trials or call.candidates:
            people[patient(call.subject)] = None
        if call.trials and call.user:
            people[_user(call)] = None
    return people


def _user(call: CallRecord) -> Person:
    return user_of(call.client, call.tenant, call.user)


def _shown_row(call: CallRecord, trial: AssessedTrial, rows: dict[Person, int]) -> dict[str, Any]:
    return {
        "call_id": _call_id(call),
        "at": call.at,
        "client": storable(call.client),
        "tenant": storable(call.tenant),
        "hook": storable(call.hook),
        "hook_instance": storable(call.hook_instance),
        "service": storable(call.service),
        "milliseconds": call.milliseconds,
        "patient_id": rows[patient(call.subject)],
        "user_id": rows[_user(call)] if call.user else None,
        "trial": trial.trial,
        "version": trial.version,
        "digest": trial.digest,
        "site_digest": trial.site_digest or None,
        "outcome": trial.outcome,
        "silenced": trial.silenced,
        "card": card_key(trial.card) if trial.card else None,
        "traces": written_traces(trial.traces if trial.card or trial.silenced else ()),
    }


def _call_id(call: CallRecord) -> str:
    """The same whenever the same record is written again, as after a failure in the middle."""
    at = call.at.astimezone(UTC).isoformat()
    cards = (trial.card for trial in call.trials)
    parts = (call.client, call.tenant, call.service, call.hook_instance, at, *cards)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _suggestion_rows(ring: KeyRing, call: CallRecord) -> Iterator[dict[str, Any]]:
    for trial in call.trials:
        for uuid, kind in trial.suggestions if trial.card else ():
            yield {
                "digest": sealing.suggestion_digest(uuid),
                "card": card_key(trial.card),
                "kind": kind,
                "sealed": sealing.sealed(ring, call.subject, uuid) if kind == REFER else None,
            }


def _candidate_rows(ring: KeyRing, call: CallRecord, rows: dict[Person, int]) -> Iterator[dict[str, Any]]:
    for trial in dict.fromkeys(call.candidates):
        yield {
            "patient_id": rows[patient(call.subject)],
            "trial": trial,
            "client": storable(call.client),
            "first_seen": call.at,
            "last_seen": call.at,
            "secret": sealing.encrypted(ring, call.subject),
        }


@cache
def _upsert_candidate(dialect: str) -> InsertOr:
    """One row for each patient and trial; encrypted anew, so that key rotation reaches it."""
    made = insert_or(dialect, tables.silent_candidate)
    return made.on_conflict_do_update(
        index_elements=["patient_id", "trial"],
        set_={"last_seen": made.excluded.last_seen, "secret": made.excluded.secret},
    )
