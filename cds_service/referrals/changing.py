"""Opening and moving a referral, with its event and what is to be written, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, func, select, text

from cds_service.audit.key_ring import KeyRing
from cds_service.referrals import rows
from cds_service.referrals.changes import Change, written
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
from cds_service.referrals.states import LEFT, OPEN, State, kind_of
from cds_service.storage.people import ForgottenMeanwhileError, Person, find, patient, rows_for
from cds_service.storage.records import Subject
from cds_service.storage.sealing import subject_in_parts
from cds_service.storage.shown import written_traces
from cds_service.storage.tables import storable
from cds_service.storage.workflow_tables import trial_referral

LASTING = frozenset({"no-longer-meets", "needs-data", "not-written"})
"""What asks for a look whoever moves the referral; the rest has been seen by who moved it."""


class Opened(NamedTuple):
    """``happened``: whether anything was changed, and from which state."""

    id: str
    happened: bool
    from_state: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A move, and who makes it."""

    to: State
    who: Who
    at: datetime
    reason: str = ""
    why: str = field(default="", repr=False)
    kind: EventKind = "moved"
    attention: tuple[str, ...] = ()


def open_in(
    connection: Connection, ring: KeyRing, opening: Opening, terms: Terms, given_by: int | None = None
) -> Opened:
    """Opens a referral unless the patient has one to the trial. ``given_by``: the row of who refers, if known.

    One that was left stays so, and asks for a look.
    """
    subject = resolved(opening.subject, terms.base)
    person = opening.who.person(subject.client, subject.tenant) if given_by is None else None
    people = rows_for(connection, ring, [patient(subject), *([person] if person else [])])
    given_by = people[person] if person else given_by
    row = _existing(connection, ring, subject, opening.trial)
    if row is None:
        made = _new_row(ring, opening, subject, people[patient(subject)])
        if rows.add(connection, made):
            row = rows.locked(connection, made["id"])
            before = State.SUGGESTED.value if opening.was_suggested else ""
            _told(connection, ring, row, Step(opening.state, opening.who, opening.at, why=opening.why), before, given_by)
            _queued(connection, ring, row, terms, opening.at)
            return Opened(made["id"], True, before)
        row = _existing(connection, ring, subject, opening.trial)
    if row is None:
        raise ForgottenMeanwhileError
    return _again(connection, ring, row, opening, terms, given_by)
