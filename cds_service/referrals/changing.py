"""Opening and moving a referral, with its event and what is to be written, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, func, select, text

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals import changes, rows
from cds_service.referrals.identity import identifier_of, resolved
from cds_service.referrals.reasons import IN_EHR, reasons_for
from cds_service.referrals.records import (
    EHR_ROLE,
    EventKind,
    NoPlaceError,
    NotAllowedError,
    Opening,
    Terms,
    Who,
)
from cds_service.referrals.rows import Row, Values
from cds_service.referrals.states import LEFT, OPEN, State, kind_of
from cds_service.storage.people import ForgottenMeanwhileError, find, patient, rows_for
from cds_service.storage.records import Subject
from cds_service.storage.sealing import subject_in_parts
from cds_service.storage.shown import written_traces
from cds_service.storage.tables import storable
from cds_service.storage.workflow_tables import trial_referral

_LASTING = frozenset({"no-longer-meets", "needs-data", "not-written", "gone-in-ehr"})
"""What asks for a look whoever moves the referral; the rest was seen by who moved it."""


class Desk(NamedTuple):
    """With what a change is made: a transaction, the keys, and what a referral's client keeps of it."""

    connection: Connection
    ring: KeyRing
    terms: Terms = Terms()


class Opened(NamedTuple):
    """``happened``: whether anything was changed; if so, from which state."""

    id: str
    happened: bool = False
    from_state: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens to a referral: into which state, by whom. ``staff``: the row of that person."""

    to: State
    who: Who
    at: datetime
    staff: int | None = None
    reason: str = ""
    why: str = field(default="", repr=False)
    kind: EventKind = "moved"
    attention: tuple[str, ...] = ()


def open_at(desk: Desk, opening: Opening, given_by: int | None = None) -> Opened:
    """Opens a referral unless the patient has one to the trial; one that was left asks for a look.

    ``given_by``: the row of who refers, if it is known.
    """
    connection, ring, terms = desk
    subject = resolved(opening.subject, terms.base)
    about = patient(subject)
    person = opening.who.person(subject.client, subject.tenant) if given_by is None else None
    people = rows_for(connection, ring, [about, *([person] if person else [])])
    staff = people[person] if person else given_by
    step = Step(opening.state, opening.who, opening.at, staff, why=opening.why)
    row = _existing(connection, ring, subject, opening.trial)
    if row is None:
        values = _new(ring, opening, subject) | {"patient_id": people[about]}
        if rows.add(connection, values):
            before = State.SUGGESTED.value if opening.was_suggested else ""
            finish(desk, values["id"], step, before)
            return Opened(values["id"], True, before)
        row = _existing(connection, ring, subject, opening.trial)
    if row is None:
        raise ForgottenMeanwhileError
    return _again(desk, row, opening, step)


def _existing(connection: Connection, ring: KeyRing, subject: Subject, trial: str) -> Row | None:
    found = find(connection, ring, patient(subject))
    return rows.one(connection, rows.of_patients(trial, found).with_for_update())


def _new(ring: KeyRing, opening: Opening, subject: Subject) -> Values:
    return {
        "id": uuid4().hex,
        "identifier": identifier_of(ring, subject, opening.trial),
        "client": storable(subject.client),
        "tenant": storable(subject.tenant),
        "trial": opening.trial,
        "state": opening.state.value,
        "version": 1,
        "entered": opening.at,
        "changed": opening.at,
        "left_from": "",
        "reason": "",
        "attention": "[]",
        **_basis(ring, opening, subject),
    }


def _basis(ring: KeyRing, opening: Opening, subject: Subject) -> Values:
    """What a referral rests on."""
    content = {
        "subject": subject_in_parts(subject),
        "patient_name": opening.patient_name,
        "referrer": opening.who.practitioner,
    }
    return {
        "opened": opening.at,
        "source": opening.source,
        "assessed": opening.assessed,
        "outcome": opening.outcome,
        "gate": opening.gate,
        "traces": written_traces(opening.traces),
        "secret": rows.sealed(ring, content),
    }


def _again(desk: Desk, row: Row, opening: Opening, step: Step) -> Opened:
    """Referred before, by whomever; or a candidate who had been set aside, or looked at."""
    state, attention = State(row.state), rows.attention_in(row)
    if opening.state is not State.REFERRED:
        return Opened(row.id)
    if state is State.SUGGESTED:
        subject = resolved(opening.subject, desk.terms.base)
        move_at(desk, row, step, _basis(desk.ring, opening, subject))
        return Opened(row.id, True, state.value)
    if state in LEFT and "asked-again" not in attention:
        words = rows.written_attention([*attention, "asked-again"])
        rows.change(desk.connection, row.id, {"attention": words, "changed": step.at})
        told(desk, row, replace(step, to=state, kind="asked"), row.state)
        return Opened(row.id, True, state.value)
    return Opened(row.id)


def check(row: Row, step: Step) -> None:
    """NotAllowedError unless the step may follow, with a reason where it needs one."""
    state = State(row.state)
    if kind_of(state, step.to) is None:
        raise NotAllowedError("move", state, step.to)
    choices = {reason.code: reason for reason in reasons_for(state, step.to)}
    if not choices and not step.reason:
        return
    if step.who.role == EHR_ROLE:
        choices[IN_EHR.code] = IN_EHR
    chosen = choices.get(step.reason)
    if chosen is None:
        raise NotAllowedError("reason", state, step.to)
    if chosen.needs_words and not step.why.strip():
        raise NotAllowedError("words", state, step.to)


def check_place(connection: Connection, trial: str, places: int | None) -> None:
    """NoPlaceError if every place is taken. Two who take the last one at once do so one after the other."""
    if places is None:
        return
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyhow
        lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
        connection.execute(lock, {"name": f"trialhook places {trial}"})
    enrolled = enrolled_by_trial(connection).get(trial, 0)
    if enrolled >= places:
        raise NoPlaceError(places, enrolled)


def enrolled_by_trial(connection: Connection) -> dict[str, int]:
    """How many are enrolled now, over all clients. Who left the study has given the place back: ours."""
    column = trial_referral.c
    query = select(column.trial, func.count().label("enrolled")).where(column.state == State.ENROLLED.value)
    return {row.trial: row.enrolled for row in connection.execute(query.group_by(column.trial))}


def move_at(desk: Desk, row: Row, step: Step, also: Values | None = None) -> None:
    """Moves a ``locked`` referral that was checked before; ``also``: what else changes in its row."""
    content = rows.private(desk.ring, row.secret)
    values: dict[str, Any] = {
        "state": step.to.value,
        "version": row.version + 1,
        "entered": step.at,
        "changed": step.at,
        "left_from": row.state if step.to in LEFT else "",
        "reason": step.reason if step.to in LEFT else "",
        "attention": rows.written_attention({*_still(row, content, step.to), *step.attention}),
        "secret": row.secret if content is None else rows.sealed(desk.ring, content),
    }
    rows.change(desk.connection, row.id, values | (also or {}))
    finish(desk, row.id, step, row.state)


def _still(row: Row, content: dict[str, Any] | None, to: State) -> set[str]:
    """What asks for a look after a move. Who is enrolled or left is not re-assessed."""
    before = set(rows.attention_in(row)) & _LASTING
    if to not in OPEN:
        return before - set(changes.WORDS)
    return before | set(changes.words_for(changes.read((content or {}).get("changes"))))


def finish(desk: Desk, ident: str, step: Step, before: str) -> None:
    """The event of a change that was just made, and what is to be written for it."""
    row = rows.locked(desk.connection, ident)
    number = told(desk, row, step, before)
    if step.to is not State.SUGGESTED:
        rows.queue(desk.connection, desk.ring, row, number, desk.terms.kinds)


def told(desk: Desk, row: Row, step: Step, before: str) -> int:
    """Adds to the history of a ``locked`` referral what a step does, and gives the entry's number."""
    values = {
        "version": row.version,
        "at": step.at,
        "kind": step.kind,
        "from_state": before,
        "to_state": step.to.value,
        "reason": step.reason,
        "staff_id": step.staff,
        "role": step.who.role,
    }
    return rows.tell(desk.connection, desk.ring, row.id, values, {"name": step.who.name, "why": step.why})


def staff_row(desk: Desk, row: Row, who: Who) -> int | None:
    """The row of who does something to a referral; made if need be."""
    person = who.person(row.client, row.tenant)
    return rows_for(desk.connection, desk.ring, [person])[person] if person else None
